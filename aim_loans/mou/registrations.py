"""What can happen to a registration: a step further, or a step undone; and what stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from aim_loans.borrowers.details import tidy
from aim_loans.borrowers.enterprises import OwnedEnterprise, begin_on_enterprise, owned_enterprise
from aim_loans.borrowers.referrals import checked_code
from aim_loans.config.mou import REGISTRATIONS
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.operations import Act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_two
from aim_loans.identity.requests import check_reason
from aim_loans.mou.models import registration
from aim_loans.mou.registering import State, check_step
from aim_loans.mou.standing import not_undone

_COLUMNS = (
    "enterprise_id",
    "type",
    "state",
    "on_day",
    "number",
    "proof",
    "smeda_code",
    "entered_by",
    "undoes_id",
    "act_id",
    "recorded_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeStep:
    """An enterprise reaches a state of a registration on a day.

    Registered needs the number and what proves it. `smeda_code` names the case at SMEDA, which
    then confirms it. `branch_code` as in ReviewEnterprise.
    """

    enterprise_id: int
    branch_code: str
    type: str
    state: State
    on_day: date
    number: str | None = None
    proof: str | None = None
    smeda_code: str | None = None


@dataclass(frozen=True, slots=True)
class UndoStep:
    """Take back the last step of a registration, which was a mistake."""

    step_id: int
    reason: str
    branch_code: str


class Registered(NamedTuple):
    """A step that stands: the state reached, the day, what proves it, who entered it."""

    id: int
    enterprise_id: int
    type: str
    state: State
    on_day: date
    number: str | None
    proof: str | None
    smeda_code: str | None
    entered_by: str


def deed_of(state: State) -> Deed:
    """Give the deed that a step to a state is."""
    return Deed.VERIFY_REGISTRATION if state is State.VERIFIED else Deed.RECORD_SUPPORT


def take_step(
    tx: Writing, command: TakeStep, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write a step down; Refused when it cannot follow, or lacks its number or proof."""
    known, branch = _allowed(tx, command.enterprise_id, command.branch_code, actor, command.state)
    number, proof = tidy(command.number or "") or None, tidy(command.proof or "") or None
    code = checked_code(command.smeda_code)
    _check(command, number=number, proof=proof, today=today)
    this = begin_on_enterprise(tx, known, "take_step", command, actor=actor, branch=branch, key=key)
    if this.repeated:
        return
    standing = steps_of(tx.connection, known.id).get(command.type)
    check_step(standing.state if standing else None, command.state)
    if command.state is State.VERIFIED and standing:
        require_two(Actor(standing.entered_by, ()), actor)
        if command.on_day < standing.on_day:
            raise Refused("It is verified after it was registered. Check the date.", field="on_day")
    row = (command.type, command.state.value, command.on_day, number, proof, code, actor.name)
    _write(tx, this, (known.id, *row, None))


def undo_step(tx: Writing, command: UndoStep, *, actor: Actor, key: str | None = None) -> None:
    """Take the last step of a registration back; the row stays and no longer counts."""
    found = _step(tx.connection, command.step_id)
    known, branch = _allowed(tx, found.enterprise_id, command.branch_code, actor, found.state)
    check_reason(command.reason)
    this = begin_on_enterprise(
        tx, known, "undo_step", command, actor=actor, branch=branch, key=key, reason=command.reason
    )
    if this.repeated:
        return
    standing = steps_of(tx.connection, known.id).get(found.type)
    if standing is None or standing.id != found.id:
        raise Refused("Only the last step can be taken back. Open the page again.")
    _write(tx, this, (known.id, *found[2:8], actor.name, found.id))


def steps_of(connection: Connection, enterprise_id: int) -> Mapping[str, Registered]:
    """Give the last step that stands of each registration of an enterprise."""
    mine = _standing().where(registration.c.enterprise_id == enterprise_id)
    rows = connection.execute(mine.order_by(registration.c.id))
    return {row.type: _registered(row) for row in rows}


@cache
def _standing() -> Select[Any]:
    return select(*(registration.c[name] for name in Registered._fields)).where(
        not_undone(registration)
    )


def _step(connection: Connection, step_id: int) -> Registered:
    row = connection.execute(_standing().where(registration.c.id == step_id)).first()
    if row is None:
        raise NotFound("There is no such step any more. Open the page again.")
    return _registered(row)


def _registered(row: Any) -> Registered:
    return Registered(*row)._replace(state=State(row.state))


def _allowed(
    tx: Writing, enterprise_id: int, branch_code: str, actor: Actor, state: State
) -> tuple[OwnedEnterprise, str]:
    """Give the enterprise, held for this act, and the branch of the act."""
    known = owned_enterprise(tx.connection, enterprise_id, lock=True)
    branch = known.branch_code or branch_code
    require(actor, deed_of(state), branch=branch)
    return known, branch


def _check(command: TakeStep, *, number: str | None, proof: str | None, today: date) -> None:
    if command.type not in REGISTRATIONS:
        raise Refused("Choose one of the list.", field="type")
    if command.on_day > today:
        raise Refused("This day lies in the future.", field="on_day")
    if command.state is State.REGISTERED:
        if number is None:
            raise Refused("Give the number of the registration.", field="number")
        if proof is None:
            raise Refused("Say what proves it, for example: certificate seen.", field="proof")
    elif number is not None:
        raise Refused("Only a registration has a number. Leave it out.", field="number")


def _write(tx: Writing, this: Act, values: tuple[Any, ...]) -> None:
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, registration, _COLUMNS, [row])
    seal_act(tx, this, (registration,))
