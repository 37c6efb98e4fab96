"""Referrals: SMEDA sends somebody to us by its code; we send who outgrew us to a bank."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from aim_loans.borrowers.consents import has_consent
from aim_loans.borrowers.details import tidy
from aim_loans.borrowers.models import referral
from aim_loans.borrowers.queries import person
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import Conflict, NotFound, Refused
from aim_loans.identity.operations import begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require

FROM_SMEDA = "from_smeda"
TO_BANK = "to_bank"
LONGEST_CODE = 40
MOST_SHOWN = 20

_COLUMNS = (
    "direction",
    "person_id",
    "branch_code",
    "on_day",
    "smeda_code",
    "bank",
    "act_id",
    "recorded_at",
)


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


class Referral(NamedTuple):
    """A referral as recorded."""

    id: int
    direction: str
    person_id: int
    branch_code: str
    on_day: date
    smeda_code: str | None
    bank: str | None


def refer(
    tx: Writing, command: Refer, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write a referral down; one to a bank needs the person's consent."""
    known = person(tx.connection, command.person_id, lock=True)
    branch = known.branch_code or command.branch_code
    require(actor, Deed.RECORD_SUPPORT, branch=branch)
    direction, code, bank = _checked(command, today=today)
    this = begin_branch_act(
        tx,
        kind="refer",
        command=command,
        actor=actor,
        subject=f"borrower {known.id}",
        branch_code=branch,
        key=key,
    )
    if this.repeated:
        return
    if code is not None and _by_code(tx.connection, code):
        raise Conflict(
            "The code {code} stands on another referral. Check it.",
            field="smeda_code",
            code=code,
        )
    if bank and not has_consent(tx.connection, known.id, "bank", on=command.on_day):
        raise Refused(
            "The borrower has not consented that a bank sees this. Ask for the consent first.",
            field="bank",
        )
    values = (direction, known.id, branch, command.on_day, code, bank)
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, referral, _COLUMNS, [row])
    seal_act(tx, this, (referral,))


def referrals_of(connection: Connection, person_id: int) -> list[Referral]:
    """Give the referrals of a person, the newest first; 20 at most."""
    columns = [referral.c[name] for name in Referral._fields]
    mine = select(*columns).where(referral.c.person_id == person_id)
    rows = connection.execute(mine.order_by(referral.c.id.desc()).limit(MOST_SHOWN))
    return [Referral(*row) for row in rows]


def referral_by_id(connection: Connection, referral_id: int) -> Referral:
    """Give a referral; NotFound when there is none."""
    columns = [referral.c[name] for name in Referral._fields]
    row = connection.execute(select(*columns).where(referral.c.id == referral_id)).first()
    if row is None:
        raise NotFound("There is no such referral. Open the borrower's page again.")
    return Referral(*row)


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


def _checked(command: Refer, *, today: date) -> tuple[str, str | None, str | None]:
    if command.on_day > today:
        raise Refused("This day lies in the future.", field="on_day")
    code, bank = checked_code(command.smeda_code), tidy(command.bank or "") or None
    if (code is None) == (bank is None):
        raise Refused("Give SMEDA's code or the name of the bank, one of them.", field="smeda_code")
    return (FROM_SMEDA if code else TO_BANK), code, bank


def _by_code(connection: Connection, code: str) -> bool:
    found = connection.execute(select(referral.c.id).where(referral.c.smeda_code == code))
    return found.first() is not None
