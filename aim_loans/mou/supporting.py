"""What help is given to enterprises: advice, plans, mentoring, links, visits, help-desks."""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from aim_loans.borrowers.details import tidy
from aim_loans.borrowers.enterprises import owned_enterprise
from aim_loans.borrowers.referrals import checked_code
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing, hold_row
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import act
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.identity.queries import require_branch
from aim_loans.identity.requests import check_reason
from aim_loans.mou.models import support
from aim_loans.mou.next_steps import MENTORING_MONTHS
from aim_loans.mou.standing import not_undone
from aim_loans.value_words import WORDS

KINDS = tuple(WORDS["support"])
HELP_DESK = "help_desk"
MENTORING = "mentoring"
HIGHEST_SATISFACTION = 5
MOST_SHOWN = 50

_GIVEN = ("kind", "enterprise_id", "on_day", "month", "smeda_code", "satisfaction", "note")
_COLUMNS = ("branch_code", *_GIVEN, "undoes_id", "act_id", "recorded_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveSupport:
    """Help given on a day; a help-desk is held for everybody and names no enterprise.

    `month` is 3, 6 or 12 for mentoring. With `smeda_code` it is an event of SMEDA, which then
    confirms it. `branch_code` as in ReviewEnterprise.
    """

    kind: str
    branch_code: str
    on_day: date
    enterprise_id: int | None = None
    month: int | None = None
    smeda_code: str | None = None
    satisfaction: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class UndoSupport:
    """Take back help that was written down by mistake."""

    support_id: int
    reason: str


class Support(NamedTuple):
    """Help as recorded, and who recorded it."""

    id: int
    kind: str
    branch_code: str
    enterprise_id: int | None
    on_day: date
    month: int | None
    smeda_code: str | None
    satisfaction: int | None
    note: str | None
    actor: str


def give_support(
    tx: Writing, command: GiveSupport, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write help down; Refused at the field that is wrong."""
    branch = _branch(tx.connection, command)
    require(actor, Deed.RECORD_SUPPORT, branch=branch)
    _check(command, today=today)
    this = _begin(tx, "give_support", command, branch, command.enterprise_id, actor=actor, key=key)
    if this.repeated:
        return
    code, note = checked_code(command.smeda_code), tidy(command.note or "") or None
    given = (command.kind, command.enterprise_id, command.on_day, command.month)
    _write(tx, this, (branch, *given, code, command.satisfaction, note, None))


def undo_support(
    tx: Writing, command: UndoSupport, *, actor: Actor, key: str | None = None
) -> None:
    """Take help back; the row stays and no longer counts."""
    hold_row(tx.connection, support.c.id, command.support_id)
    found = _found(tx.connection, command.support_id)
    require(actor, Deed.RECORD_SUPPORT, branch=found.branch_code)
    check_reason(command.reason)
    this = _begin(
        tx,
        "undo_support",
        command,
        found.branch_code,
        found.enterprise_id,
        actor=actor,
        key=key,
        reason=command.reason,
    )
    if this.repeated:
        return
    _write(tx, this, (found.branch_code, *(getattr(found, name) for name in _GIVEN), found.id))


def support_of(connection: Connection, enterprise_id: int) -> list[Support]:
    """Give the help that an enterprise got, the latest first; 50 at most."""
    rows = _standing().where(support.c.enterprise_id == enterprise_id)
    rows = rows.order_by(support.c.on_day.desc(), support.c.id.desc()).limit(MOST_SHOWN)
    return [Support(*row) for row in connection.execute(rows)]


def help_desks(connection: Connection, *, branches: frozenset[str] | None) -> list[Support]:
    """Give the help-desks held at these branches (None: all), the latest first; 50 at most."""
    rows = _standing().where(support.c.kind == HELP_DESK)
    if branches is not None:
        rows = rows.where(support.c.branch_code.in_(branches))
    rows = rows.order_by(support.c.on_day.desc(), support.c.id.desc()).limit(MOST_SHOWN)
    return [Support(*row) for row in connection.execute(rows)]


def _standing() -> Select[Any]:
    return (
        select(*(support.c[name] for name in Support._fields[:-1]), act.c.actor)
        .join(act, act.c.id == support.c.act_id)
        .where(not_undone(support))
    )


def _found(connection: Connection, support_id: int) -> Support:
    row = connection.execute(_standing().where(support.c.id == support_id)).first()
    if row is None:
        raise NotFound("There is no such entry any more. Open the page again.")
    return Support(*row)


def _branch(connection: Connection, command: GiveSupport) -> str:
    if command.enterprise_id is None:
        require_branch(connection, command.branch_code)
        return command.branch_code
    return owned_enterprise(connection, command.enterprise_id).branch_code or command.branch_code


def _check(command: GiveSupport, *, today: date) -> None:
    if command.kind not in KINDS:
        raise Refused("Choose one of the list.", field="kind")
    if (command.kind == HELP_DESK) != (command.enterprise_id is None):
        raise Refused("A help-desk is held for everybody; all else names an enterprise.")
    if command.on_day > today:
        raise Refused("This day lies in the future.", field="on_day")
    if command.kind == MENTORING and command.month not in MENTORING_MONTHS:
        raise Refused("Say whether it is month 3, 6 or 12 of the mentoring.", field="month")
    if command.kind != MENTORING and command.month is not None:
        raise Refused("Only mentoring has a month. Leave it out.", field="month")
    given = command.satisfaction
    if given is not None and not 1 <= given <= HIGHEST_SATISFACTION:
        raise Refused(
            "Give a whole number from {least} to {most}.",
            field="satisfaction",
            least=1,
            most=HIGHEST_SATISFACTION,
        )


def _begin(
    tx: Writing,
    kind: str,
    command: GiveSupport | UndoSupport,
    branch: str,
    enterprise: int | None,
    *,
    actor: Actor,
    key: str | None,
    reason: str | None = None,
) -> Act:
    return begin_branch_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        reason=reason,
        subject=f"enterprise {enterprise}" if enterprise else "support",
        branch_code=branch,
        key=key,
    )


def _write(tx: Writing, this: Act, values: tuple[Any, ...]) -> None:
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, support, _COLUMNS, [row])
    seal_act(tx, this, (support,))
