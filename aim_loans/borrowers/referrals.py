"""Referrals: SMEDA sends somebody to us by its code; we send who outgrew us to a bank."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import DBAPIError

from aim_loans.borrowers.consents import has_consent
from aim_loans.borrowers.details import tidy
from aim_loans.borrowers.models import referral, referral_closing, referral_undoing
from aim_loans.borrowers.queries import person
from aim_loans.borrowers.undoing import Mistake, TakeBack, take_back
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.db.tables import stands
from aim_loans.errors import Conflict, NotFound, Refused
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require

FROM_SMEDA = "from_smeda"
TO_BANK = "to_bank"
LONGEST_CODE = 40
MOST_SHOWN = 20
ACCEPTED = "accepted"
# How a referral can end: a bank takes somebody, which SMEDA's end only in a loan of ours.
OUTCOMES = {
    FROM_SMEDA: ("declined", "withdrew", "not_reached"),
    TO_BANK: (ACCEPTED, "declined", "withdrew", "not_reached"),
}

# What the trigger says that lets a code stand on one row.
_ONCE = "a code of SMEDA stands once"
_ENTERED = ("direction", "person_id", "branch_code", "on_day", "smeda_code", "bank")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refer:
    """A person sent by SMEDA (its `smeda_code`) or sent to a bank (its name).

    `on_day` is the day on which the referral came in, or went out.
    """

    person_id: int
    branch_code: str
    on_day: date
    smeda_code: str | None = None
    bank: str | None = None


@dataclass(frozen=True, slots=True)
class CloseReferral:
    """How a referral ended of which no loan here tells, one of `OUTCOMES`, on a day."""

    referral_id: int
    outcome: str
    on_day: date
    note: str | None = None


class Referral(NamedTuple):
    """A referral as recorded, how it ended, and why it was taken back; None for neither."""

    id: int
    direction: str
    person_id: int
    branch_code: str
    on_day: date
    smeda_code: str | None
    bank: str | None
    outcome: str | None
    closed_on: date | None
    note: str | None
    taken_back: str | None


def refer(tx: Writing, command: Refer, *, actor: Actor, today: date, key: str | None = None) -> int:
    """Write a referral down; gives its id. One to a bank needs the person's consent."""
    known = person(tx.connection, command.person_id, lock=True)
    branch = known.branch_code or command.branch_code
    require(actor, Deed.RECORD_SUPPORT, branch=branch)
    direction, code, bank = _checked(command, today=today)
    subject = f"borrower {known.id}"
    this = _begin(tx, "refer", command, subject, branch, actor=actor, key=key)
    if this.repeated:
        made = select(referral.c.id).where(referral.c.act_id == this.id)
        return int(tx.connection.execute(made).scalar_one())
    taken = Conflict(
        "The code {code} stands on another referral. Check it.", field="smeda_code", code=code
    )
    if code is not None and referral_by_code(tx.connection, code):
        raise taken
    if bank and not has_consent(tx.connection, known.id, "bank", on=command.on_day):
        raise Refused(
            "The borrower has not consented that a bank sees this. Ask for the consent first.",
            field="bank",
        )
    values = (direction, known.id, branch, command.on_day, code, bank)
    row = (*values, this.id, this.recorded_micros)
    columns = (*_ENTERED, "act_id", "recorded_at")
    with code_once(taken):
        (new_id,) = insert_new(tx.connection, referral, columns, [row])
    seal_act(tx, this, (referral,))
    return new_id


def close_referral(
    tx: Writing, command: CloseReferral, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write down how a referral ended; Refused once it has ended or was taken back."""
    found = _held(tx, command.referral_id, actor=actor)
    _check_closing(found, command, today=today)
    subject = f"borrower {found.person_id}"
    this = _begin(tx, "close_referral", command, subject, found.branch_code, actor=actor, key=key)
    if this.repeated:
        return
    if found.outcome or found.taken_back:
        raise Refused("This referral has ended already. Open the page again.")
    values = (found.id, command.outcome, command.on_day, tidy(command.note or "") or None)
    columns = ("referral_id", "outcome", "on_day", "note", "act_id", "recorded_at")
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, referral_closing, columns, [row])
    seal_act(tx, this, (referral_closing,))


def take_back_referral(
    tx: Writing, command: TakeBack, *, actor: Actor, key: str | None = None
) -> None:
    """Take a referral back that was a mistake; its code may then stand on another one."""
    found = _held(tx, command.row_id, actor=actor)
    mistake = Mistake(referral_undoing, f"borrower {found.person_id}", found.branch_code)
    take_back(tx, command, mistake, actor=actor, key=key)


def referrals_of(connection: Connection, person_id: int) -> list[Referral]:
    """Give the referrals of a person, those taken back too, the newest first; 20 at most."""
    mine = _referrals().where(referral.c.person_id == person_id)
    rows = connection.execute(mine.order_by(referral.c.id.desc()).limit(MOST_SHOWN))
    return [Referral(*row) for row in rows]


def referral_by_id(connection: Connection, referral_id: int) -> Referral:
    """Give a referral; NotFound when there is none."""
    row = connection.execute(_referrals().where(referral.c.id == referral_id)).first()
    if row is None:
        raise NotFound("There is no such referral. Open the borrower's page again.")
    return Referral(*row)


def referral_by_code(connection: Connection, code: str) -> Referral | None:
    """Give the referral that a code of SMEDA stands on; None where it stands on none."""
    wanted = _referrals().where(referral.c.smeda_code == code, stands(referral, referral_undoing))
    row = connection.execute(wanted).first()
    return Referral(*row) if row else None


@contextmanager
def code_once(taken: Conflict) -> Iterator[None]:
    """Raise `taken` where somebody wrote the same code of SMEDA at the same moment.

    Two can look for a code before either has written it, so the database decides: the second
    waits for the first, and then fails here.
    """
    try:
        yield
    except DBAPIError as fault:
        if _ONCE not in str(fault.orig):
            raise
        raise taken from fault


def checked_code(text: str | None) -> str | None:
    """Bring a code of SMEDA to one spelling; None for none."""
    code = tidy(text or "").upper().replace(" ", "")
    if len(code) > LONGEST_CODE:
        raise Refused(
            "This is too long: at most {longest} characters.",
            field="smeda_code",
            longest=LONGEST_CODE,
        )
    return code or None


def _referrals() -> Select[Any]:
    closing, undoing = referral_closing, referral_undoing
    return (
        select(
            *(referral.c[name] for name in ("id", *_ENTERED)),
            closing.c.outcome,
            closing.c.on_day.label("closed_on"),
            closing.c.note,
            undoing.c.reason.label("taken_back"),
        )
        .outerjoin(closing, closing.c.referral_id == referral.c.id)
        .outerjoin(undoing, undoing.c.undoes_id == referral.c.id)
    )


def _held(tx: Writing, referral_id: int, *, actor: Actor) -> Referral:
    """Give a referral at a branch where the actor may change it, its person held for this act."""
    found = referral_by_id(tx.connection, referral_id)
    require(actor, Deed.RECORD_SUPPORT, branch=found.branch_code)
    person(tx.connection, found.person_id, lock=True)
    return referral_by_id(tx.connection, referral_id)


def _checked(command: Refer, *, today: date) -> tuple[str, str | None, str | None]:
    if command.on_day > today:
        raise Refused("This day lies in the future.", field="on_day")
    code, bank = checked_code(command.smeda_code), tidy(command.bank or "") or None
    if (code is None) == (bank is None):
        raise Refused("Give SMEDA's code or the name of the bank, one of them.", field="smeda_code")
    return (FROM_SMEDA if code else TO_BANK), code, bank


def _check_closing(found: Referral, command: CloseReferral, *, today: date) -> None:
    if command.outcome not in OUTCOMES[found.direction]:
        raise Refused("Choose one of the list.", field="outcome")
    if command.on_day > today:
        raise Refused("This day lies in the future.", field="on_day")
    if command.on_day < found.on_day:
        raise Refused("This lies before the referral of {day}.", field="on_day", day=found.on_day)


def _begin(
    tx: Writing,
    kind: str,
    command: Refer | CloseReferral,
    subject: str,
    branch: str,
    *,
    actor: Actor,
    key: str | None,
) -> Act:
    return begin_branch_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=subject,
        branch_code=branch,
        key=key,
    )
