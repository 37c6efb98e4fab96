"""What can happen to the wish to cancel a receipt: asked for, confirmed by another, declined."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, select

from aim_loans.cash.models import money_in
from aim_loans.cash.queries import Receipt, no_receipt, receipt, receipts_by_id
from aim_loans.cash.series import DONATION_SERIES
from aim_loans.db.bulk import Row, insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import act
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_two
from aim_loans.identity.queries import actor_of
from aim_loans.identity.requests import ByTwo, already_answered, check_reason, unanswered
from aim_loans.repayment.models import cancel_request
from aim_loans.repayment.operations import CancelReceipt, cancel_receipt

MOST_SHOWN = 100

_COLUMNS = (
    "money_in_id",
    "asked_by",
    "reason",
    "dishonoured_on",
    "declines_id",
    "act_id",
    "recorded_at",
)


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A receipt that somebody asked to cancel, and nobody confirmed or declined yet."""

    id: int
    asked_by: str
    asked_at: datetime
    reason: str
    dishonoured_on: date | None
    money: Receipt


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Why a receipt was cancelled, and by which two people."""

    by: ByTwo
    reason: str


@dataclass(frozen=True, slots=True)
class AskToCancel:
    """Ask to cancel a receipt; `dishonoured_on` when its cheque came back."""

    money_in_id: int
    reason: str
    dishonoured_on: date | None = None


def ask_to_cancel(
    tx: Writing, command: AskToCancel, *, actor: Actor, key: str | None = None
) -> Act:
    """Ask; another person confirms. Refused when it is cancelled or asked for already."""
    money = receipt(tx.connection, command.money_in_id, lock=True)
    require(actor, Deed.ASK_REVERSAL, branch=money.branch_code)
    if money.series == DONATION_SERIES:
        raise no_receipt()
    check_reason(command.reason)
    this = begin_branch_act(
        tx,
        kind="ask_to_cancel",
        command=command,
        actor=actor,
        reason=command.reason,
        subject=f"receipt {money.number}",
        branch_code=money.branch_code,
        key=key,
    )
    if this.repeated:
        return this
    if money.cancelled:
        raise Refused("Receipt {number} is cancelled already.", number=money.number)
    if open_request_of(tx.connection, money):
        raise Refused(
            "Somebody asked already to cancel receipt {number}. It waits to be confirmed.",
            number=money.number,
        )
    _write(tx, this, (money.id, actor.name, command.reason, command.dishonoured_on, None))
    return this


def confirm_cancelling(tx: Writing, request_id: int, *, actor: Actor, today: date) -> int:
    """Cancel the receipt that another person asked to cancel; gives its id."""
    asked = _open_request(tx.connection, request_id)
    asker = actor_of(tx.connection, asked.asked_by, today=today)
    command = CancelReceipt(asked.money.id, asked.reason, asked.dishonoured_on)
    cancel_receipt(tx, command, asked_by=asker, confirmed_by=actor, today=today)
    return asked.money.id


@dataclass(frozen=True, slots=True)
class Decline:
    """Say no to a request, with the reason."""

    request_id: int
    reason: str


def decline_cancelling(tx: Writing, command: Decline, *, actor: Actor) -> Act:
    """Decline what another person asked for; the receipt stays."""
    asked = _open_request(tx.connection, command.request_id)
    require(actor, Deed.CONFIRM_REVERSAL, branch=asked.money.branch_code)
    require_two(Actor(asked.asked_by, ()), actor)
    check_reason(command.reason)
    this = begin_branch_act(
        tx,
        kind="decline_cancelling",
        command=command,
        actor=actor,
        reason=command.reason,
        subject=f"receipt {asked.money.number}",
        branch_code=asked.money.branch_code,
    )
    _write(tx, this, (asked.money.id, asked.asked_by, command.reason, None, asked.id))
    return this


def open_requests(connection: Connection, *, branches: frozenset[str] | None) -> list[OpenRequest]:
    """Give what waits to be confirmed at these branches (None: at all), the oldest first."""
    rows = waiting_cancellings(branches).order_by(cancel_request.c.id).limit(MOST_SHOWN)
    found = connection.execute(rows).all()
    money = receipts_by_id(connection, [row.money_in_id for row in found])
    return [_request(row, money[row.money_in_id]) for row in found]


def open_request_of(connection: Connection, money: Receipt) -> OpenRequest | None:
    """Give the request that waits for a receipt; None when there is none."""
    row = connection.execute(_open().where(cancel_request.c.money_in_id == money.id)).first()
    return None if row is None else _request(row, money)


def cancelling_of(connection: Connection, money: Receipt) -> Cancelled | None:
    """Give how a receipt was cancelled; None while it stands."""
    asked, opposite = cancel_request, money_in.alias("opposite")
    of_it = (asked.c.money_in_id == opposite.c.reverses_id) & unanswered(asked.c.declines_id)
    row = connection.execute(
        select(act, asked.c.recorded_at.label("asked_at"))
        .join_from(opposite, act, act.c.id == opposite.c.act_id)
        .outerjoin(asked, of_it)
        .where(opposite.c.reverses_id == money.id)
    ).first()
    if row is None:
        return None
    # Two people who stand at one screen leave no request: they did it in one act.
    asked_at = row.asked_at or row.recorded_at
    return Cancelled(ByTwo(row.second_actor, asked_at, row.actor, row.recorded_at), row.reason)


def waiting_cancellings(branches: frozenset[str] | None) -> Select[Any]:
    """Select what waits to be confirmed at these branches (None: at all)."""
    if branches is None:
        return _open()
    # Asked of each request: joined, a planner without statistics goes through all money.
    mine = money_in.c.id == cancel_request.c.money_in_id
    return _open().where(exists().where(mine, money_in.c.branch_code.in_(branches)))


def _write(tx: Writing, this: Act, values: Row) -> None:
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, cancel_request, _COLUMNS, [row])
    seal_act(tx, this, (cancel_request,))


def _open_request(connection: Connection, request_id: int) -> OpenRequest:
    """Give a request with its receipt locked; Refused when it was dealt with meanwhile."""
    known = connection.execute(
        select(cancel_request.c.money_in_id).where(cancel_request.c.id == request_id)
    ).scalar()
    if known is None:
        raise NotFound("There is no such request. Open the list again.")
    money = receipt(connection, known, lock=True)
    row = connection.execute(_open().where(cancel_request.c.id == request_id)).first()
    if row is None:
        raise already_answered()
    return _request(row, money)


def _open() -> Select[Any]:
    opposite = money_in.alias("opposite")
    return select(cancel_request).where(
        unanswered(cancel_request.c.declines_id),
        ~exists().where(opposite.c.reverses_id == cancel_request.c.money_in_id),
    )


def _request(row: Any, money: Receipt) -> OpenRequest:
    return OpenRequest(row.id, row.asked_by, row.recorded_at, row.reason, row.dishonoured_on, money)
