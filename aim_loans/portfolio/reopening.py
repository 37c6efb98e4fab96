"""What can happen to the wish to reopen a closed month: asked for, confirmed, declined."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, Act, begin_act, hold_chain, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_both
from aim_loans.identity.queries import actor_of
from aim_loans.identity.requests import check_reason, hold_unanswered, unanswered
from aim_loans.ledger.models import journal_line, period_lock
from aim_loans.ledger.operations import lock_until
from aim_loans.portfolio.allowance_requests import reverse_allowance
from aim_loans.portfolio.models import allowance_entry, month_close, reopen_request
from aim_loans.portfolio.months import ClosedMonth, closed_months, last_closed

_COLUMNS = (
    *("close_id", "asked_by", "reason", "answers_id", "answer"),
    *("act_id", "recorded_at"),
)


@dataclass(frozen=True, slots=True)
class ReopenRequest:
    """A closed month that somebody asked to reopen, and nobody confirmed or declined yet."""

    id: int
    close_id: int
    month: date
    asked_by: str
    reason: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class AskToReopen:
    """Ask to reopen the last closed month, given by its last day."""

    month: date
    reason: str


def ask_to_reopen(
    tx: Writing, command: AskToReopen, *, actor: Actor, key: str | None = None
) -> Act:
    """Ask; another person confirms. Refused for any but the last closed month."""
    require(actor, Deed.ASK_REOPEN, branch=None)
    check_reason(command.reason)
    month, reason = command.month, command.reason
    this = _begin(tx, "ask_to_reopen", command, actor, month, reason=reason, key=key)
    if this.repeated:
        return this
    hold_chain(tx, HEAD_OFFICE_CHAIN)
    closed = _last(tx.connection, month)
    if any(each.close_id == closed.id for each in open_reopenings(tx.connection)):
        raise Refused("Somebody asked already to reopen this month. It waits to be confirmed.")
    _write(tx, this, (closed.id, actor.name, reason, None, None))
    seal_act(tx, this, (reopen_request,))
    return this


@dataclass(frozen=True, slots=True)
class ConfirmReopening:
    """Another person says yes: the days of the month take entries again."""

    request_id: int


def confirm_reopening(tx: Writing, command: ConfirmReopening, *, actor: Actor, today: date) -> Act:
    """Reopen the month that another person asked to reopen; its allowance is reversed."""
    asked = _open_request(tx.connection, command.request_id)
    asker = actor_of(tx.connection, asked.asked_by, today=today)
    require_both((asker, Deed.ASK_REOPEN), (actor, Deed.CONFIRM_REOPEN), branch=None)
    _last(tx.connection, asked.month)
    month, reason = asked.month, asked.reason
    this = _begin(tx, "reopen_month", command, asker, month, reason=reason, second=actor)
    _write(tx, this, (asked.close_id, asker.name, reason, asked.id, "confirmed"))
    reverse_allowance(tx, this, asked.close_id)
    lock_until(tx, this, _closed_before(tx.connection, month))
    seal_act(tx, this, (reopen_request, allowance_entry, journal_line, period_lock))
    return this


@dataclass(frozen=True, slots=True)
class DeclineReopening:
    """Say no to a request, with the reason."""

    request_id: int
    reason: str


def decline_reopening(tx: Writing, command: DeclineReopening, *, actor: Actor) -> Act:
    """Decline what was asked for, or take one's own request back; the month stays closed."""
    asked = _open_request(tx.connection, command.request_id)
    own = actor.name == asked.asked_by
    require(actor, Deed.ASK_REOPEN if own else Deed.CONFIRM_REOPEN, branch=None)
    check_reason(command.reason)
    this = _begin(tx, "decline_reopening", command, actor, asked.month, reason=command.reason)
    _write(tx, this, (asked.close_id, asked.asked_by, command.reason, asked.id, "declined"))
    seal_act(tx, this, (reopen_request,))
    return this


def open_reopenings(connection: Connection) -> list[ReopenRequest]:
    """Give what waits to be confirmed; there is at most one a month."""
    return _requests(connection.execute(_open()).all())


def _begin(
    tx: Writing,
    kind: str,
    command: AskToReopen | ConfirmReopening | DeclineReopening,
    actor: Actor,
    month: date,
    *,
    reason: str,
    second: Actor | None = None,
    key: str | None = None,
) -> Act:
    return begin_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=f"month {month:%Y-%m}",
        chain=HEAD_OFFICE_CHAIN,
        second=second,
        reason=reason,
        key=key,
    )


def _last(connection: Connection, month: date) -> ClosedMonth:
    """Give the month if it is the last one closed; the later ones stand on it."""
    last = last_closed(connection)
    if last is None or month > last.month:
        raise Refused(
            "The month that ends on {day} is not closed. There is nothing to reopen.",
            field="month",
            day=month,
        )
    if month < last.month:
        raise Refused(
            "Only the last closed month can be reopened. Reopen the month that ends on {day} "
            "first.",
            field="month",
            day=last.month,
        )
    return last


def _closed_before(connection: Connection, month: date) -> date | None:
    """Give the last day that stays locked once a month is open again."""
    earlier = [
        each.month for each in closed_months(connection) if each.month < month and not each.reopened
    ]
    return max(earlier, default=None)


def _write(tx: Writing, this: Act, values: tuple[Any, ...]) -> None:
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, reopen_request, _COLUMNS, [row])


def _open_request(connection: Connection, request_id: int) -> ReopenRequest:
    """Give a request, locked; Refused when it was dealt with meanwhile."""
    hold_unanswered(connection, reopen_request.c.answers_id, request_id)
    (found,) = _requests(connection.execute(_open().where(reopen_request.c.id == request_id)).all())
    return found


def _open() -> Select[Any]:
    return (
        select(reopen_request, month_close.c.month)
        .join(month_close, month_close.c.id == reopen_request.c.close_id)
        .where(unanswered(reopen_request.c.answers_id))
        .order_by(reopen_request.c.id)
    )


def _requests(rows: Sequence[Any]) -> list[ReopenRequest]:
    return [
        ReopenRequest(row.id, row.close_id, row.month, row.asked_by, row.reason, row.recorded_at)
        for row in rows
    ]
