"""What can happen to the movement of a loss allowance: asked for, posted, declined, reversed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from aim_loans.db.bulk import insert_new, stored_day
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, Act, begin_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_both
from aim_loans.identity.queries import actor_of
from aim_loans.identity.requests import check_reason, hold_unanswered, unanswered
from aim_loans.ledger.chart import Account
from aim_loans.ledger.lines import Line
from aim_loans.ledger.models import journal_line
from aim_loans.ledger.operations import Entry, post_entries
from aim_loans.portfolio.allowance import Movement, is_posted, proposed
from aim_loans.portfolio.models import allowance_entry, allowance_request, month_close
from aim_loans.portfolio.months import ClosedMonth, close_by_id, last_closed

_REQUEST = (
    *("close_id", "asked_by", "movement", "answers_id", "answer", "reason"),
    *("act_id", "recorded_at"),
)
_ENTRY = (
    *("request_id", "branch_code", "fund_code", "amount", "value_on", "reverses_id"),
    *("act_id", "recorded_at"),
)


@dataclass(frozen=True, slots=True)
class AllowanceRequest:
    """A movement (paisa in all) that somebody asked to post, and nobody answered yet."""

    id: int
    close_id: int
    month: date
    movement: int
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class AskAllowance:
    """Ask to post the movement that a close proposes."""

    close_id: int


def ask_allowance(
    tx: Writing, command: AskAllowance, *, actor: Actor, key: str | None = None
) -> Act:
    """Ask; another person confirms. Refused for any but the last closed month, and twice."""
    require(actor, Deed.ASK_ALLOWANCE, branch=None)
    closed = _locked(tx.connection, command.close_id)
    this = _begin(tx, "ask_allowance", command, actor, closed.month, key=key)
    if this.repeated:
        return this
    _check_last(tx.connection, closed)
    if is_posted(tx.connection, closed.id):
        raise Refused("The allowance of this month is posted already.")
    if any(each.close_id == closed.id for each in open_allowances(tx.connection)):
        raise Refused("Somebody asked already to post this. It waits to be confirmed.")
    moves = _moves(tx.connection, closed)
    if not moves:
        raise Refused("The ledger holds the allowance already that the ladder asks for.")
    movement = sum(each.amount for each in moves)
    _write(tx, this, (closed.id, actor.name, movement, None, None, None))
    seal_act(tx, this, (allowance_request,))
    return this


@dataclass(frozen=True, slots=True)
class ConfirmAllowance:
    """Another person says yes: the movement is posted by branch and fund."""

    request_id: int


def confirm_allowance(tx: Writing, command: ConfirmAllowance, *, actor: Actor, today: date) -> Act:
    """Post the movement that another person asked for, dated on the month's last day."""
    asked = _open_request(tx.connection, command.request_id)
    asker = actor_of(tx.connection, asked.asked_by, today=today)
    require_both((asker, Deed.ASK_ALLOWANCE), (actor, Deed.CONFIRM_ALLOWANCE), branch=None)
    closed = _locked(tx.connection, asked.close_id)
    _check_last(tx.connection, closed)
    this = _begin(tx, "post_allowance", command, asker, closed.month, second=actor)
    answer = (closed.id, asker.name, asked.movement, asked.id, "confirmed", None)
    request_id = _write(tx, this, answer)
    rows = [
        (request_id, each.branch, each.fund, each.amount, closed.month, None)
        for each in _moves(tx.connection, closed)
    ]
    _post(tx, this, rows)
    seal_act(tx, this, (allowance_request, allowance_entry, journal_line))
    return this


@dataclass(frozen=True, slots=True)
class DeclineAllowance:
    """Say no to a request, with the reason."""

    request_id: int
    reason: str


def decline_allowance(tx: Writing, command: DeclineAllowance, *, actor: Actor) -> Act:
    """Decline what was asked for, or take one's own request back; nothing is posted."""
    asked = _open_request(tx.connection, command.request_id)
    own = actor.name == asked.asked_by
    require(actor, Deed.ASK_ALLOWANCE if own else Deed.CONFIRM_ALLOWANCE, branch=None)
    check_reason(command.reason)
    this = _begin(tx, "decline_allowance", command, actor, asked.month, reason=command.reason)
    answer = (asked.close_id, asked.asked_by, asked.movement, asked.id, "declined")
    _write(tx, this, (*answer, command.reason))
    seal_act(tx, this, (allowance_request,))
    return this


def reverse_allowance(tx: Writing, act: Act, close_id: int) -> None:
    """Reverse what was posted for a close, inside the act that reopens its month.

    While its days are locked still: then the reversal is booked on the day of the original.
    """
    _locked(tx.connection, close_id)
    posted = (
        select(allowance_entry)
        .join(allowance_request, allowance_request.c.id == allowance_entry.c.request_id)
        .where(allowance_request.c.close_id == close_id)
        .order_by(allowance_entry.c.id)
    )
    rows = [
        (row.request_id, row.branch_code, row.fund_code, -row.amount, row.value_on, row.id)
        for row in tx.connection.execute(posted)
    ]
    _post(tx, act, rows)


def open_allowances(connection: Connection) -> list[AllowanceRequest]:
    """Give what waits to be confirmed; there is at most one a close."""
    return _requests(connection.execute(_open()).all())


def _begin(
    tx: Writing,
    kind: str,
    command: AskAllowance | ConfirmAllowance | DeclineAllowance,
    actor: Actor,
    month: date,
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
        subject=f"allowance of {month:%Y-%m}",
        chain=HEAD_OFFICE_CHAIN,
        second=second,
        reason=reason,
        key=key,
    )


def _locked(connection: Connection, close_id: int) -> ClosedMonth:
    """Give a close, held until the act ends: nobody reopens it or posts for it meanwhile."""
    mine = select(month_close.c.id).where(month_close.c.id == close_id)
    connection.execute(mine.with_for_update()).all()
    return close_by_id(connection, close_id)


def _check_last(connection: Connection, closed: ClosedMonth) -> None:
    """Refuse a month that was reopened, or on which a later one stands."""
    if closed.reopened:
        raise Refused("This month was reopened. Its next close proposes the movement anew.")
    last = last_closed(connection)
    if last is not None and last.month > closed.month:
        raise Refused(
            "The month that ends on {day} is closed: its movement holds this one too. Ask for "
            "that.",
            day=last.month,
        )


def _moves(connection: Connection, closed: ClosedMonth) -> list[Movement]:
    return [each for each in proposed(connection, closed) if each.amount]


def _post(tx: Writing, this: Act, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write movements in the order of `_ENTRY`, and a journal entry for each."""
    if not rows:
        return
    marks = (this.id, this.recorded_micros)
    stored = [
        (request_id, branch, fund, amount, stored_day(on), reverses, *marks)
        for request_id, branch, fund, amount, on, reverses in rows
    ]
    ids = insert_new(tx.connection, allowance_entry, _ENTRY, stored)
    entries = [
        Entry(allowance_entry.name, entry_id, [_line(row)])
        for entry_id, row in zip(ids, rows, strict=True)
    ]
    post_entries(tx, this, entries)


def _line(row: tuple[Any, ...]) -> Line:
    """Set more aside at the expense of the fund, or give back what is no longer needed."""
    _, branch, fund, amount, on, _ = row
    more, less = Account.PROVISION, Account.LOSS_ALLOWANCE
    debit, credit = (more, less) if amount > 0 else (less, more)
    return Line(on, branch, fund, debit, credit, abs(amount))


def _write(tx: Writing, this: Act, values: tuple[Any, ...]) -> int:
    row = (*values, this.id, this.recorded_micros)
    (request_id,) = insert_new(tx.connection, allowance_request, _REQUEST, [row])
    return request_id


def _open_request(connection: Connection, request_id: int) -> AllowanceRequest:
    """Give a request, locked; Refused when it was dealt with meanwhile."""
    hold_unanswered(connection, allowance_request.c.answers_id, request_id)
    mine = _open().where(allowance_request.c.id == request_id)
    (found,) = _requests(connection.execute(mine).all())
    return found


def _open() -> Select[Any]:
    return (
        select(allowance_request, month_close.c.month)
        .join(month_close, month_close.c.id == allowance_request.c.close_id)
        .where(unanswered(allowance_request.c.answers_id))
        .order_by(allowance_request.c.id)
    )


def _requests(rows: Sequence[Any]) -> list[AllowanceRequest]:
    return [
        AllowanceRequest(
            row.id, row.close_id, row.month, row.movement, row.asked_by, row.recorded_at
        )
        for row in rows
    ]
