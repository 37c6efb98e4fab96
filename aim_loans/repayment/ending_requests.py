"""What can happen to the wish to end a loan or pay credit back: asked for, confirmed, declined.

One asks, another confirms. While a waiver waits, nothing is collected on the loan: when the
giving fund is short, the case simply stays waiting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, or_, select

from aim_loans.borrowers.models import person
from aim_loans.db.bulk import insert_new, stored_day
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_both
from aim_loans.identity.queries import actor_of
from aim_loans.identity.requests import already_answered, check_reason, unanswered
from aim_loans.ledger.queries import fund_balance, fund_names, lock_fund, require_fund
from aim_loans.loans.facts import branch_on
from aim_loans.loans.history import History
from aim_loans.loans.models import loan, loan_position
from aim_loans.loans.queries import load_histories
from aim_loans.money import Rupees
from aim_loans.repayment.endings import EndLoan, RefundCredit, refund_credit, waive, write_off
from aim_loans.repayment.models import ending_request
from aim_loans.repayment.receivable import check_money

MOST_SHOWN = 100

_ASKED = ("kind", "value_on", "amount", "channel", "fund_code", "reason", "asked_by")
_COLUMNS = ("loan_id", *_ASKED, "answers_id", "answer", "act_id", "recorded_at")
_WAITS = unanswered(ending_request.c.answers_id)


class Ending(StrEnum):
    """What may be asked for."""

    WAIVER = "waiver"
    WRITE_OFF = "write_off"
    REFUND = "refund"


# Who asks, and who confirms.
DEEDS: Mapping[Ending, tuple[Deed, Deed]] = {
    Ending.WAIVER: (Deed.WAIVE, Deed.WAIVE),
    Ending.WRITE_OFF: (Deed.WRITE_OFF, Deed.WRITE_OFF),
    Ending.REFUND: (Deed.ASK_REFUND, Deed.CONFIRM_REFUND),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskEnding:
    """Ask that a loan's balance be waived or written off, or credit (paisa) be paid back.

    A waiver names the fund that gives; a refund its amount and channel.
    """

    loan_id: int
    kind: Ending
    on: date
    reason: str
    fund: str | None = None
    amount: int | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class EndingRequest:
    """What somebody asked for, and nobody confirmed or declined yet; amounts in paisa."""

    id: int
    asked: AskEnding
    asked_by: str
    asked_at: datetime
    loan_ref: str
    borrower: str
    branch_code: str
    outstanding: int


def ask_ending(
    tx: Writing, command: AskEnding, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Ask; another person confirms. Refused where there is nothing to end or to pay back."""
    history = _history(tx.connection, command.loan_id)
    branch = branch_on(command.on, history.branches)
    require(actor, DEEDS[command.kind][0], branch=branch)
    this = _begin(tx, "ask_ending", command, history, actor=actor, branch=branch, key=key)
    if this.repeated:
        return this
    _check_asked(tx.connection, command, history, today)
    _write(tx, this, command, actor.name)
    return this


def confirm_ending(tx: Writing, request_id: int, *, actor: Actor, today: date) -> int:
    """Carry out what another person asked for; gives the loan's id.

    A waiver is Refused while the fund is short, and stays waiting.
    """
    request = _open_request(tx.connection, request_id)
    command = request.asked
    history = _history(tx.connection, command.loan_id)
    asker = actor_of(tx.connection, request.asked_by, today=today)
    asks, confirms = DEEDS[command.kind]
    branch = branch_on(command.on, history.branches)
    require_both((asker, asks), (actor, confirms), branch=branch)
    if command.kind is Ending.WAIVER:
        _check_fund(tx.connection, command, history)
    this = _begin(tx, "confirm_ending", command, history, actor=actor, branch=branch)
    _write(tx, this, command, request.asked_by, answer=(request.id, "confirmed"))
    _carry_out(tx, command, history, asker=asker, actor=actor, today=today)
    return command.loan_id


@dataclass(frozen=True, slots=True)
class DeclineEnding:
    """Say no to a request, or take one's own back, with the reason."""

    request_id: int
    reason: str


def decline_ending(tx: Writing, command: DeclineEnding, *, actor: Actor) -> Act:
    """Decline what was asked for; the loan stays as it is."""
    request = _open_request(tx.connection, command.request_id)
    history = _history(tx.connection, request.asked.loan_id)
    own = request.asked_by == actor.name
    branch = branch_on(request.asked.on, history.branches)
    require(actor, DEEDS[request.asked.kind][0 if own else 1], branch=branch)
    check_reason(command.reason)
    this = begin_branch_act(
        tx,
        kind="decline_ending",
        command=command,
        actor=actor,
        reason=command.reason,
        subject=f"loan {history.ref}",
        branch_code=branch,
    )
    _write(tx, this, request.asked, request.asked_by, answer=(request.id, "declined"))
    return this


def open_ending_requests(
    connection: Connection, *, branches: frozenset[str] | None, loan_id: int | None = None
) -> list[EndingRequest]:
    """Give what waits at these branches (None: at all), the oldest first; 100 at most."""
    rows = _open().order_by(ending_request.c.id).limit(MOST_SHOWN)
    if branches is not None:
        rows = rows.where(loan_position.c.branch_code.in_(branches))
    if loan_id is not None:
        rows = rows.where(ending_request.c.loan_id == loan_id)
    return _requests(connection.execute(rows).all())


def waiting_endings(branches_of: Mapping[Ending, frozenset[str] | None]) -> Select[Any]:
    """Select what waits of these kinds, each at its branches (None: at all)."""
    wanted = (
        ending_request.c.kind == kind.value
        if branches is None
        else and_(ending_request.c.kind == kind.value, loan_position.c.branch_code.in_(branches))
        for kind, branches in branches_of.items()
    )
    return (
        select(ending_request.c.id)
        .join(loan_position, loan_position.c.loan_id == ending_request.c.loan_id)
        .where(_WAITS, or_(false(), *wanted))
    )


def waiver_waits(loan_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Say that a waiver of this loan was asked for and waits: nothing is collected on it."""
    return (
        exists()
        .where(ending_request.c.loan_id == loan_id)
        .where(ending_request.c.kind == Ending.WAIVER.value, _WAITS)
    )


def _history(connection: Connection, loan_id: int) -> History:
    histories = load_histories(connection, [loan_id])
    if loan_id not in histories:
        raise NotFound("There is no such loan. Look for it by its number.")
    return histories[loan_id]


def _check_asked(connection: Connection, command: AskEnding, history: History, today: date) -> None:
    check_reason(command.reason)
    if command.on > today:
        raise Refused("The day {day} lies in the future.", field="on", day=command.on.isoformat())
    if open_ending_requests(connection, branches=None, loan_id=command.loan_id):
        raise Refused("Something was asked for on this loan already. It waits to be confirmed.")
    if command.kind is Ending.REFUND:
        _check_refund(command, history, today)
    elif not history.sums.outstanding:
        raise Refused("Loan {ref} has no balance to waive or to write off.", ref=history.ref)
    if command.kind is Ending.WAIVER:
        _check_giver(connection, command, history)


def _check_refund(command: AskEnding, history: History, today: date) -> None:
    check_money(command.amount or 0, command.on, command.channel or "", "-", today)
    if (command.amount or 0) > history.sums.credit:
        raise Refused(
            "The borrower's credit is Rs {credit}. Pay back that or less.",
            field="amount",
            credit=Rupees(history.sums.credit),
        )


def _check_giver(connection: Connection, command: AskEnding, history: History) -> None:
    if command.fund is None or command.fund == history.fund:
        raise Refused(
            "A waiver is a gift of another fund than the one that was lent. Name that fund.",
            field="fund",
        )
    require_fund(connection, command.fund)


def _check_fund(connection: Connection, command: AskEnding, history: History) -> None:
    giver = command.fund or ""
    lock_fund(connection, giver)
    held, needed = fund_balance(connection, giver), history.sums.outstanding
    if held < needed:
        raise Refused(
            "Fund {fund} holds Rs {held}, and Rs {needed} are needed. The case stays waiting and "
            "nothing is collected meanwhile; confirm it once the fund has received more.",
            fund=fund_names(connection)[giver],
            held=Rupees(max(held, 0)),
            needed=Rupees(needed),
        )


def _carry_out(
    tx: Writing, command: AskEnding, history: History, *, asker: Actor, actor: Actor, today: date
) -> None:
    if command.kind is Ending.REFUND:
        refund = RefundCredit(history.ref, command.amount or 0, command.on, command.channel or "")
        refund_credit(tx, refund, asked_by=asker, confirmed_by=actor, today=today)
        return
    end = waive if command.kind is Ending.WAIVER else write_off
    ended = EndLoan(history.ref, command.on, command.reason, command.fund)
    end(tx, ended, actor=actor, today=today, asked_by=asker)


def _begin(
    tx: Writing,
    kind: str,
    command: AskEnding,
    history: History,
    *,
    actor: Actor,
    branch: str,
    key: str | None = None,
) -> Act:
    return begin_branch_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        reason=command.reason,
        subject=f"loan {history.ref}",
        branch_code=branch,
        key=key,
    )


def _write(
    tx: Writing,
    this: Act,
    command: AskEnding,
    asked_by: str,
    *,
    answer: tuple[int, str] | tuple[None, None] = (None, None),
) -> None:
    row = (
        command.loan_id,
        command.kind.value,
        stored_day(command.on),
        command.amount,
        command.channel,
        command.fund,
        command.reason,
        asked_by,
        *answer,
        this.id,
        this.recorded_micros,
    )
    insert_new(tx.connection, ending_request, _COLUMNS, [row])
    seal_act(tx, this, (ending_request,))


def _open_request(connection: Connection, request_id: int) -> EndingRequest:
    """Give a request with its loan locked; Refused when it was dealt with meanwhile."""
    mine = ending_request.c.id == request_id
    loan_id = connection.execute(select(ending_request.c.loan_id).where(mine)).scalar()
    if loan_id is None:
        raise NotFound("There is no such request. Open the list again.")
    load_histories(connection, [loan_id])
    found = _requests(connection.execute(_open().where(mine)).all())
    if not found:
        raise already_answered()
    return found[0]


def _open() -> Select[Any]:
    held = (loan_position.c.branch_code, loan_position.c.outstanding)
    return (
        select(ending_request, loan.c.ref, person.c.name, *held)
        .join(loan, loan.c.id == ending_request.c.loan_id)
        .join(person, person.c.id == loan.c.borrower_id)
        .join(loan_position, loan_position.c.loan_id == loan.c.id)
        .where(_WAITS)
    )


def _requests(rows: Sequence[Any]) -> list[EndingRequest]:
    return [_request(row) for row in rows]


def _request(row: Any) -> EndingRequest:
    asked = AskEnding(
        loan_id=row.loan_id,
        kind=Ending(row.kind),
        on=row.value_on,
        reason=row.reason,
        fund=row.fund_code,
        amount=row.amount,
        channel=row.channel,
    )
    return EndingRequest(
        row.id,
        asked,
        row.asked_by,
        row.recorded_at,
        row.ref,
        row.name,
        row.branch_code,
        row.outstanding,
    )
