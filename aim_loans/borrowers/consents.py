"""What a person lets a partner see, from the day of consent to the day of withdrawal.

Consent governs rows that a partner reads. It never takes anybody out of totals, nor out of
what the law demands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, select

from aim_loans.borrowers.models import consent, consent_undoing
from aim_loans.borrowers.queries import person
from aim_loans.borrowers.undoing import Mistake, TakeBack, take_back
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.db.tables import stands
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.value_words import WORDS

SCOPES = tuple(WORDS["consent"])
MANNERS = tuple(WORDS["manner"])
MOST_SHOWN = 20

_COLUMNS = ("person_id", "scope", "on_day", "manner", "withdraws_id", "act_id", "recorded_at")


@dataclass(frozen=True, slots=True)
class GiveConsent:
    """A person consents, by signature or thumbprint; `branch_code` as in ChangePerson."""

    person_id: int
    scope: str
    on_day: date
    manner: str
    branch_code: str


@dataclass(frozen=True, slots=True)
class WithdrawConsent:
    """A person takes a consent back, from a day on; nobody needs to say why."""

    person_id: int
    scope: str
    on_day: date
    branch_code: str


class Consent(NamedTuple):
    """A consent, the day of its withdrawal, and why it was taken back; None for neither."""

    id: int
    scope: str
    given_on: date
    manner: str
    withdrawn_on: date | None
    taken_back: str | None


def give_consent(
    tx: Writing, command: GiveConsent, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write a consent down; Refused when one of this scope stands already."""
    if command.scope not in SCOPES:
        raise Refused("Choose one of the list.", field="scope")
    if command.manner not in MANNERS:
        raise Refused("Choose one of the list.", field="manner")
    this = _begin(tx, "give_consent", command, actor=actor, today=today, key=key)
    if this.repeated:
        return
    standing = _standing(tx.connection, command.person_id, command.scope)
    if standing:
        raise Refused(
            "This consent stands since {day}. It need not be given twice.",
            field="scope",
            day=standing.given_on,
        )
    _write(tx, this, command, command.manner, None)


def withdraw_consent(
    tx: Writing, command: WithdrawConsent, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write a withdrawal down; it can be done at any time."""
    this = _begin(tx, "withdraw_consent", command, actor=actor, today=today, key=key)
    if this.repeated:
        return
    standing = _standing(tx.connection, command.person_id, command.scope)
    if standing is None:
        raise Refused("There is no such consent to take back.", field="scope")
    if command.on_day < standing.given_on:
        raise Refused("The withdrawal lies before the consent. Check the date.", field="on_day")
    _write(tx, this, command, standing.manner, standing.id)


def take_back_consent(
    tx: Writing, command: TakeBack, *, branch_code: str, actor: Actor, key: str | None = None
) -> None:
    """Take a consent back that nobody gave: it never held; `branch_code` as in ChangePerson."""
    row = tx.connection.execute(
        select(consent.c.person_id).where(
            consent.c.id == command.row_id, consent.c.withdraws_id.is_(None)
        )
    ).first()
    if row is None:
        raise NotFound("There is no such consent. Open the borrower's page again.")
    known = person(tx.connection, row.person_id, lock=True)
    branch = known.branch_code or branch_code
    require(actor, Deed.RECORD_SUPPORT, branch=branch)
    mistake = Mistake(consent_undoing, f"borrower {known.id}", branch)
    take_back(tx, command, mistake, actor=actor, key=key)


def consents_of(connection: Connection, person_id: int) -> list[Consent]:
    """Give what a person consented to, the newest first; 20 at most."""
    wanted = _consents().where(consent.c.person_id == person_id).limit(MOST_SHOWN)
    return [Consent(*row) for row in connection.execute(wanted)]


def consenting(scope: str, on: date) -> Select[Any]:
    """Select the persons whose consent of a scope holds on a day."""
    withdrawal = consent.alias("withdrawal")
    withdrawn = exists().where(withdrawal.c.withdraws_id == consent.c.id, withdrawal.c.on_day <= on)
    return select(consent.c.person_id).where(
        consent.c.scope == scope,
        consent.c.withdraws_id.is_(None),
        consent.c.on_day <= on,
        ~withdrawn,
        stands(consent, consent_undoing),
    )


def has_consent(connection: Connection, person_id: int, scope: str, *, on: date) -> bool:
    """Tell whether a person's consent of a scope holds on a day."""
    wanted = consenting(scope, on).where(consent.c.person_id == person_id)
    return connection.execute(wanted).first() is not None


def _consents() -> Select[Any]:
    withdrawal = consent.alias("withdrawal")
    return (
        select(
            consent.c.id,
            consent.c.scope,
            consent.c.on_day,
            consent.c.manner,
            withdrawal.c.on_day.label("withdrawn_on"),
            consent_undoing.c.reason.label("taken_back"),
        )
        .outerjoin(withdrawal, withdrawal.c.withdraws_id == consent.c.id)
        .outerjoin(consent_undoing, consent_undoing.c.undoes_id == consent.c.id)
        .where(consent.c.withdraws_id.is_(None))
        .order_by(consent.c.id.desc())
    )


def _standing(connection: Connection, person_id: int, scope: str) -> Consent | None:
    wanted = _consents().where(
        consent.c.person_id == person_id,
        consent.c.scope == scope,
        consent_undoing.c.id.is_(None),
    )
    newest: Iterable[Consent] = (Consent(*row) for row in connection.execute(wanted.limit(1)))
    return next((each for each in newest if each.withdrawn_on is None), None)


def _begin(
    tx: Writing,
    kind: str,
    command: GiveConsent | WithdrawConsent,
    *,
    actor: Actor,
    today: date,
    key: str | None,
) -> Act:
    known = person(tx.connection, command.person_id, lock=True)
    branch = known.branch_code or command.branch_code
    require(actor, Deed.RECORD_SUPPORT, branch=branch)
    if command.on_day > today:
        raise Refused("This day lies in the future.", field="on_day")
    return begin_branch_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=f"borrower {known.id}",
        branch_code=branch,
        key=key,
    )


def _write(
    tx: Writing,
    this: Act,
    command: GiveConsent | WithdrawConsent,
    manner: str,
    withdraws: int | None,
) -> None:
    values = (command.person_id, command.scope, command.on_day, manner, withdraws)
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, consent, _COLUMNS, [row])
    seal_act(tx, this, (consent,))
