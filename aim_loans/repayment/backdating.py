"""What can happen to a receipt for a day long past: asked for, permitted by another, declined.

Nothing is written of the money until it is permitted: the request holds all that the receipt will
say. The receipt is then the act of whoever asked, and names who permitted it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, select

from aim_loans.borrowers.models import person
from aim_loans.cash.operations import check_origin
from aim_loans.db.bulk import Row, insert_new
from aim_loans.db.engine import Writing, hold_row
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import act
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_both
from aim_loans.identity.queries import actor_of, require_branch
from aim_loans.identity.requests import already_answered, check_reason
from aim_loans.loans.facts import Fact, branch_on
from aim_loans.loans.history import History, kind_of_money
from aim_loans.loans.models import loan
from aim_loans.loans.queries import load_history
from aim_loans.repayment.models import backdating_answer, backdating_request
from aim_loans.repayment.operations import Recorded, RecordReceipt, record_receipt
from aim_loans.repayment.receivable import (
    check_money,
    check_payer,
    is_backdated,
    permission_needed,
)

MOST_SHOWN = 100

_SAID = ("amount", "received_on", "channel", "account", "reference", "payer", "book_number")
_REQUEST = ("loan_id", "branch_code", *_SAID, "reason", "asked_by", "act_id", "recorded_at")
_ANSWER = ("request_id", "answer", "money_in_id", "reason", "act_id", "recorded_at")


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered, when: with the receipt it was permitted, with a reason declined."""

    by: str
    at: datetime
    money_in_id: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class BackdatingRequest:
    """A receipt that somebody asked to write for a day long past, and the answer once it has one.

    `asked` says all of the receipt: its branch is the one that took the money, its reason the one
    given for the day.
    """

    id: int
    asked: RecordReceipt
    loan_id: int
    borrower: str
    branch_code: str
    asked_by: str
    asked_at: datetime
    reason: str
    answer: Answer | None


def ask_backdating(
    tx: Writing,
    command: RecordReceipt,
    *,
    actor: Actor,
    today: date,
    backdating_days: int,
    key: str | None = None,
) -> int:
    """Ask for a receipt more than `backdating_days` back; gives the request's id.

    Refused for what could not be written as a receipt now, for a day that needs no permission,
    without a reason, and while the same is asked for already.
    """
    history = load_history(tx.connection, command.loan_ref)
    branch = command.branch or branch_on(command.received_on, history.branches)
    require(actor, Deed.RECEIVE, branch=branch)
    require_branch(tx.connection, branch)
    command = replace(command, branch=branch)
    check_money(command.amount, command.received_on, command.channel, command.reference, today)
    check_payer(command.payer)
    _check_day(command, today=today, allowed_days=backdating_days)
    this = begin_branch_act(
        tx,
        kind="ask_backdating",
        command=command,
        actor=actor,
        reason=command.reason,
        subject=f"loan {command.loan_ref}",
        branch_code=branch,
        key=key,
    )
    if this.repeated:
        return _request_of_act(tx.connection, this.id)
    check_origin(tx.connection, command.channel, command.account, command.reference)
    history.check(Fact(kind_of_money(history), command.amount, command.received_on))
    _check_new(tx.connection, command, history)
    return _write(tx, this, command, history=history, branch=branch, asked_by=actor.name)


@dataclass(frozen=True, slots=True)
class PermitBackdating:
    """Another person says yes."""

    request_id: int


def permit_backdating(
    tx: Writing, command: PermitBackdating, *, actor: Actor, today: date, backdating_days: int
) -> Recorded:
    """Write the receipt that another person asked for.

    Refused when it cannot be written any more; the request then stays open.
    """
    request = _open_request(tx.connection, command.request_id)
    asker = actor_of(tx.connection, request.asked_by, today=today)
    deeds = ((asker, Deed.RECEIVE), (actor, Deed.CONFIRM_REVERSAL))
    require_both(*deeds, branch=request.branch_code)
    recorded = record_receipt(
        tx,
        request.asked,
        actor=asker,
        today=today,
        backdating_days=backdating_days,
        permitted_by=actor,
    )
    this = _begin_answer(tx, command, request, actor=actor, reason=request.reason)
    _answer(tx, this, (request.id, "permitted", recorded.receipt.id, None))
    return recorded


@dataclass(frozen=True, slots=True)
class DeclineBackdating:
    """Say no to a request, or take one's own back, with the reason."""

    request_id: int
    reason: str


def decline_backdating(tx: Writing, command: DeclineBackdating, *, actor: Actor) -> Act:
    """Decline what was asked for; no receipt is written."""
    request = _open_request(tx.connection, command.request_id)
    own = request.asked_by == actor.name
    require(actor, Deed.RECEIVE if own else Deed.CONFIRM_REVERSAL, branch=request.branch_code)
    check_reason(command.reason)
    this = _begin_answer(tx, command, request, actor=actor, reason=command.reason)
    _answer(tx, this, (request.id, "declined", None, command.reason))
    return this


def backdating_by_id(connection: Connection, request_id: int) -> BackdatingRequest:
    """Give a request, answered or not; NotFound when there is none."""
    row = connection.execute(_requests().where(backdating_request.c.id == request_id)).first()
    if row is None:
        raise NotFound("There is no such request. Open the list again.")
    return _request(row)


def backdating_of_money(connection: Connection, money_in_id: int) -> BackdatingRequest | None:
    """Give the request that a receipt was permitted by; None when it needed none."""
    mine = backdating_answer.c.money_in_id == money_in_id
    row = connection.execute(_requests().where(mine)).first()
    return None if row is None else _request(row)


def open_backdatings(
    connection: Connection, *, branches: frozenset[str] | None, loan_id: int | None = None
) -> list[BackdatingRequest]:
    """Give what waits at these branches (None: at all), the oldest first; 100 at most."""
    waiting = waiting_backdatings(branches)
    if loan_id is not None:
        waiting = waiting.where(backdating_request.c.loan_id == loan_id)
    rows = _requests().where(backdating_request.c.id.in_(waiting))
    ordered = rows.order_by(backdating_request.c.id).limit(MOST_SHOWN)
    return [_request(row) for row in connection.execute(ordered)]


def waiting_backdatings(branches: frozenset[str] | None) -> Select[tuple[int]]:
    """Select what waits to be permitted at these branches (None: at all)."""
    answered = exists().where(backdating_answer.c.request_id == backdating_request.c.id)
    waiting = select(backdating_request.c.id).where(~answered)
    if branches is None:
        return waiting
    return waiting.where(backdating_request.c.branch_code.in_(branches))


def _check_day(command: RecordReceipt, *, today: date, allowed_days: int) -> None:
    if not is_backdated(command.received_on, today=today, allowed_days=allowed_days):
        raise Refused(
            "This day needs nobody's permission. Write the receipt as usual.", field="received_on"
        )
    if not (command.reason or "").strip():
        raise permission_needed(allowed_days)


def _check_new(connection: Connection, command: RecordReceipt, history: History) -> None:
    """Refuse to ask twice for the same; the loan is locked, so nobody asks meanwhile."""
    for each in open_backdatings(connection, branches=None, loan_id=history.loan_id):
        if replace(each.asked, reason=command.reason) == command:
            raise Refused("Somebody asked for this receipt already. It waits to be permitted.")


def _write(
    tx: Writing,
    this: Act,
    command: RecordReceipt,
    *,
    history: History,
    branch: str,
    asked_by: str,
) -> int:
    said = (getattr(command, name) for name in _SAID)
    marks = (command.reason, asked_by, this.id, this.recorded_micros)
    row = (history.loan_id, branch, *said, *marks)
    (request_id,) = insert_new(tx.connection, backdating_request, _REQUEST, [row])
    seal_act(tx, this, (backdating_request,))
    return request_id


def _begin_answer(
    tx: Writing,
    command: PermitBackdating | DeclineBackdating,
    request: BackdatingRequest,
    *,
    actor: Actor,
    reason: str,
) -> Act:
    permits = isinstance(command, PermitBackdating)
    return begin_branch_act(
        tx,
        kind="permit_backdating" if permits else "decline_backdating",
        command=command,
        actor=actor,
        reason=reason,
        subject=f"loan {request.asked.loan_ref}",
        branch_code=request.branch_code,
    )


def _answer(tx: Writing, this: Act, values: Row) -> None:
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, backdating_answer, _ANSWER, [row])
    seal_act(tx, this, (backdating_answer,))


def _open_request(connection: Connection, request_id: int) -> BackdatingRequest:
    """Give a request, held for this act; Refused when it was dealt with meanwhile."""
    hold_row(connection, backdating_request.c.id, request_id)
    found = backdating_by_id(connection, request_id)
    if found.answer is not None:
        raise already_answered()
    return found


def _request_of_act(connection: Connection, act_id: int) -> int:
    mine = select(backdating_request.c.id).where(backdating_request.c.act_id == act_id)
    return int(connection.execute(mine).scalar_one())


def _requests() -> Select[Any]:
    answered = backdating_answer
    return (
        select(
            backdating_request,
            loan.c.ref,
            person.c.name,
            act.c.actor.label("answered_by"),
            answered.c.recorded_at.label("answered_at"),
            answered.c.money_in_id,
            answered.c.reason.label("why_not"),
        )
        .join(loan, loan.c.id == backdating_request.c.loan_id)
        .join(person, person.c.id == loan.c.borrower_id)
        .outerjoin(answered, answered.c.request_id == backdating_request.c.id)
        .outerjoin(act, act.c.id == answered.c.act_id)
    )


def _request(row: Any) -> BackdatingRequest:
    said = {name: getattr(row, name) for name in _SAID}
    answer = Answer(row.answered_by, row.answered_at, row.money_in_id, row.why_not)
    return BackdatingRequest(
        id=row.id,
        asked=RecordReceipt(row.ref, branch=row.branch_code, reason=row.reason, **said),
        loan_id=row.loan_id,
        borrower=row.name,
        branch_code=row.branch_code,
        asked_by=row.asked_by,
        asked_at=row.recorded_at,
        reason=row.reason,
        answer=answer if row.answered_by else None,
    )
