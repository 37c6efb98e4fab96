"""What can happen to the wish for a dated rule: asked for, confirmed by another, declined."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from aim_loans.config.dated import DatedRow
from aim_loans.db.bulk import insert_new, stored_day
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import act
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, Act, begin_act, hold_chain, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_both
from aim_loans.identity.queries import actor_of
from aim_loans.identity.requests import ByTwo, check_reason, hold_unanswered, unanswered
from aim_loans.origination.models import dated_setting, setting_request
from aim_loans.origination.operations import add_row, offer_product
from aim_loans.origination.queries import stored_row

MOST_SHOWN = 50

_COLUMNS = (
    "table_name",
    "key",
    "effective_from",
    "source",
    "verified",
    "body",
    "asked_by",
    "answers_id",
    "answer",
    "reason",
    "act_id",
    "recorded_at",
)


@dataclass(frozen=True, slots=True)
class SettingRequest:
    """A dated rule that somebody asked for, and nobody confirmed or declined yet."""

    id: int
    row: DatedRow
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class AskSetting:
    """Ask that a rule holds from a day on."""

    row: DatedRow


def ask_setting(
    tx: Writing, command: AskSetting, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Ask; another person confirms. Refused before today, or where the day has a rule already."""
    row = command.row
    require(actor, Deed.MANAGE_SETTINGS, branch=None)
    this = _begin(tx, "ask_setting", command, actor, row, key=key)
    if this.repeated:
        return this
    hold_chain(tx, HEAD_OFFICE_CHAIN)
    _check_day(tx.connection, row, today)
    _check_asked(tx.connection, row)
    _write(tx, this, row, asked_by=actor.name)
    seal_act(tx, this, (setting_request,))
    return this


@dataclass(frozen=True, slots=True)
class ConfirmSetting:
    """Another person says yes; the rule holds from its day on."""

    request_id: int


def confirm_setting(tx: Writing, command: ConfirmSetting, *, actor: Actor, today: date) -> Act:
    """Add the dated rule that another person asked for, unless its day has passed."""
    asked = _open_request(tx.connection, command.request_id)
    asker = actor_of(tx.connection, asked.asked_by, today=today)
    require_both((asker, Deed.MANAGE_SETTINGS), (actor, Deed.MANAGE_SETTINGS), branch=None)
    this = _begin(tx, "confirm_setting", command, asker, asked.row, second=actor)
    hold_chain(tx, HEAD_OFFICE_CHAIN)
    _check_day(tx.connection, asked.row, today)
    add_row(tx, this, asked.row)
    if asked.row.table == "products":
        offer_product(tx, this, asked.row)
    _write(tx, this, asked.row, asked_by=asker.name, answers_id=asked.id, answer="confirmed")
    seal_act(tx, this, (dated_setting, setting_request))
    return this


@dataclass(frozen=True, slots=True)
class DeclineSetting:
    """Another person says no, with the reason."""

    request_id: int
    reason: str


def decline_setting(tx: Writing, command: DeclineSetting, *, actor: Actor) -> Act:
    """Decline what was asked for, or take one's own request back; nothing changes."""
    asked = _open_request(tx.connection, command.request_id)
    require(actor, Deed.MANAGE_SETTINGS, branch=None)
    check_reason(command.reason)
    this = _begin(tx, "decline_setting", command, actor, asked.row, reason=command.reason)
    answer = {"answer": "declined", "reason": command.reason}
    _write(tx, this, asked.row, asked_by=asked.asked_by, answers_id=asked.id, **answer)
    seal_act(tx, this, (setting_request,))
    return this


def open_setting_requests(connection: Connection) -> list[SettingRequest]:
    """Give what waits to be confirmed, the oldest first."""
    rows = _open().order_by(setting_request.c.id).limit(MOST_SHOWN)
    return _requests(connection.execute(rows).all())


def confirmed_settings(connection: Connection) -> dict[tuple[str, str, date], ByTwo]:
    """Give who asked for a rule and who confirmed it, by its table, key and first day.

    What came with the configuration file nobody asked for.
    """
    answer, asked = setting_request, setting_request.alias("asked")
    rows = connection.execute(
        select(
            *(answer.c[name] for name in ("table_name", "key", "effective_from", "asked_by")),
            asked.c.recorded_at.label("asked_at"),
            act.c.second_actor,
            answer.c.recorded_at,
        )
        .join(asked, asked.c.id == answer.c.answers_id)
        .join(act, act.c.id == answer.c.act_id)
        .where(answer.c.answer == "confirmed")
    )
    return {(table, key, begins): ByTwo(*by) for table, key, begins, *by in rows}


def _begin(
    tx: Writing,
    kind: str,
    command: AskSetting | ConfirmSetting | DeclineSetting,
    actor: Actor,
    row: DatedRow,
    *,
    second: Actor | None = None,
    reason: str | None = None,
    key: str | None = None,
) -> Act:
    return begin_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=f"{row.table} {row.key} from {row.effective_from.isoformat()}",
        chain=HEAD_OFFICE_CHAIN,
        second=second,
        reason=reason,
        key=key,
    )


def _check_day(connection: Connection, row: DatedRow, today: date) -> None:
    """Refuse a rule for days that have passed, for a key that is not there, or a second one.

    Only a product may be new.
    """
    if row.effective_from < today:
        raise Refused(
            "A rule cannot hold from a day that has passed. Choose {day} or a later day.",
            field="effective_from",
            day=today,
        )
    known = select(dated_setting.c.effective_from).where(
        dated_setting.c.table_name == row.table, dated_setting.c.key == row.key
    )
    begun = set(connection.execute(known).scalars())
    if not begun and row.table != "products":
        raise NotFound("There is no rule {name} to be changed.", name=row.key)
    if row.effective_from in begun:
        raise Refused(
            "Another rule begins on {day} already. Choose another day.",
            field="effective_from",
            day=row.effective_from,
        )


def _check_asked(connection: Connection, row: DatedRow) -> None:
    same = _open().where(
        setting_request.c.table_name == row.table,
        setting_request.c.key == row.key,
        setting_request.c.effective_from == row.effective_from,
    )
    if connection.execute(same).first() is not None:
        raise Refused(
            "Somebody asked already for a rule from {day}. It waits to be confirmed.",
            field="effective_from",
            day=row.effective_from,
        )


def _write(
    tx: Writing,
    this: Act,
    row: DatedRow,
    *,
    asked_by: str,
    answers_id: int | None = None,
    answer: str | None = None,
    reason: str | None = None,
) -> None:
    header = (row.table, row.key, stored_day(row.effective_from), row.source, row.verified)
    answered = (asked_by, answers_id, answer, reason)
    values = (*header, row.body, *answered, this.id, this.recorded_micros)
    insert_new(tx.connection, setting_request, _COLUMNS, [values])


def _open_request(connection: Connection, request_id: int) -> SettingRequest:
    """Give a request, locked; Refused when it was dealt with meanwhile."""
    hold_unanswered(connection, setting_request.c.answers_id, request_id)
    mine = _open().where(setting_request.c.id == request_id)
    (found,) = _requests(connection.execute(mine).all())
    return found


def _open() -> Select[Any]:
    return select(setting_request).where(unanswered(setting_request.c.answers_id))


def _requests(rows: Sequence[Any]) -> list[SettingRequest]:
    return [SettingRequest(row.id, stored_row(row), row.asked_by, row.recorded_at) for row in rows]
