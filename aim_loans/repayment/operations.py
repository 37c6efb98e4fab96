"""What can happen to repayments: money is received, applied, moved, cancelled, paid back.

Every operation runs in the door's transaction, takes the actor and the business date, and
leaves facts, journal entries, positions and its audit entry together. `key` is the one-time
key of a form: the same key again gives the first answer.
"""

from dataclasses import dataclass
from datetime import date

from aim_loans.cash.models import money_in
from aim_loans.cash.operations import (
    MoneyDraft,
    cancel_money,
    receipt_entry,
    receive,
    take_receipt,
    waiting_side,
)
from aim_loans.cash.queries import Receipt, receipt, receipt_of_act
from aim_loans.cash.series import INCOME_OF_SERIES
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_both, require_two
from aim_loans.identity.queries import require_branch
from aim_loans.identity.requests import check_reason
from aim_loans.ledger.models import journal_line
from aim_loans.ledger.queries import require_fund
from aim_loans.loans.facts import branch_on
from aim_loans.loans.history import History, kind_of_money
from aim_loans.loans.models import loan_fact
from aim_loans.loans.operations import FactDraft, opposite, post_facts
from aim_loans.loans.queries import (
    fact_by_id,
    facts_of_money,
    load_histories,
    load_history,
    loan_id_of,
    standing_facts,
)
from aim_loans.money import Rupees
from aim_loans.repayment.receivable import (
    check_money,
    check_payer,
    is_backdated,
    permission_needed,
)

_TABLES = (money_in, loan_fact, journal_line)


@dataclass(frozen=True, slots=True)
class RecordReceipt:
    """Money received for a loan: amount in paisa, the day it was received.

    `branch` is the one that took the money, by default the loan's. `account` names the bank
    or wallet account ('' for cash); every channel but cash has a reference.
    """

    loan_ref: str
    amount: int
    received_on: date
    channel: str
    account: str = ""
    reference: str | None = None
    payer: str | None = None
    book_number: str | None = None
    branch: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to a receipt: the receipt, and the loan after it (paisa)."""

    receipt: Receipt
    loan_ref: str
    outstanding: int
    credit: int
    repeated: bool


def record_receipt(
    tx: Writing,
    command: RecordReceipt,
    *,
    actor: Actor,
    today: date,
    backdating_days: int,
    permitted_by: Actor | None = None,
    key: str | None = None,
) -> Recorded:
    """Receive money and apply it to a loan.

    A day more than `backdating_days` back needs `permitted_by` (somebody else) and a reason.
    """
    history = load_history(tx.connection, command.loan_ref)
    branch = command.branch or branch_on(command.received_on, history.branches)
    require(actor, Deed.RECEIVE, branch=branch)
    if command.branch is not None:
        require_branch(tx.connection, command.branch)
    check_money(command.amount, command.received_on, command.channel, command.reference, today)
    check_payer(command.payer)
    _check_backdating(
        command,
        today=today,
        allowed_days=backdating_days,
        actor=actor,
        permitted_by=permitted_by,
        branch=branch,
    )
    this = begin_branch_act(
        tx,
        kind="record_receipt",
        command=command,
        actor=actor,
        second=permitted_by,
        reason=command.reason,
        subject=f"loan {command.loan_ref}",
        branch_code=branch,
        key=key,
    )
    if this.repeated:
        taken = receipt_of_act(tx.connection, this.id)
    else:
        taken = _post_receipt(tx, this, command, history=history, branch=branch, today=today)
    return Recorded(
        receipt=taken,
        loan_ref=command.loan_ref,
        outstanding=history.sums.outstanding,
        credit=history.sums.credit,
        repeated=this.repeated,
    )


@dataclass(frozen=True, slots=True)
class ReceiveMoney:
    """Money that came in without a loan's number; it waits in suspense to be applied."""

    branch: str
    fund: str
    amount: int
    received_on: date
    channel: str
    account: str = ""
    reference: str | None = None


def receive_money(
    tx: Writing, command: ReceiveMoney, *, actor: Actor, today: date, key: str | None = None
) -> Receipt:
    """Receive money into suspense."""
    require(actor, Deed.RECEIVE, branch=command.branch)
    require_branch(tx.connection, command.branch)
    require_fund(tx.connection, command.fund)
    check_money(command.amount, command.received_on, command.channel, command.reference, today)
    this = begin_branch_act(
        tx,
        kind="receive_money",
        command=command,
        actor=actor,
        subject=f"money {command.reference or command.channel}",
        branch_code=command.branch,
        key=key,
    )
    if this.repeated:
        return receipt_of_act(tx.connection, this.id)
    draft = MoneyDraft(
        branch=command.branch,
        fund=command.fund,
        channel=command.channel,
        account=command.account,
        reference=command.reference,
        amount=command.amount,
        received_on=command.received_on,
    )
    taken = receive(tx, this, draft, today=today)
    seal_act(tx, this, (money_in, journal_line))
    return taken


@dataclass(frozen=True, slots=True)
class ApplyMoney:
    """Put money that waits in suspense on a loan: amount in paisa."""

    money_in_id: int
    loan_ref: str
    amount: int


def apply_money(tx: Writing, command: ApplyMoney, *, actor: Actor, key: str | None = None) -> Act:
    """Apply received money to a loan, as of the day it was received."""
    money = receipt(tx.connection, command.money_in_id, lock=True)
    history = load_history(tx.connection, command.loan_ref)
    require(actor, Deed.APPLY, branch=money.branch_code)
    this = begin_branch_act(
        tx,
        kind="apply_money",
        command=command,
        actor=actor,
        subject=f"receipt {money.number}",
        branch_code=money.branch_code,
        key=key,
    )
    if this.repeated:
        return this
    _check_remainder(tx, money, command.amount)
    post_facts(tx, this, [_application(history, money, command.amount)], [history])
    seal_act(tx, this, _TABLES)
    return this


@dataclass(frozen=True, slots=True)
class MoveMoney:
    """Move what was applied to the wrong loan to the right one."""

    fact_id: int
    to_loan_ref: str
    reason: str


def move_money(tx: Writing, command: MoveMoney, *, actor: Actor, key: str | None = None) -> Act:
    """Take an application back and apply the same money to another loan, on its day."""
    wrong = fact_by_id(tx.connection, command.fact_id)
    if wrong.money_in_id is None:
        raise Refused("Only money that was received can be moved to another loan.")
    right_id = loan_id_of(tx.connection, command.to_loan_ref)
    money = receipt(tx.connection, wrong.money_in_id, lock=True)
    histories = load_histories(tx.connection, [wrong.loan_id, right_id])
    require(actor, Deed.MOVE, branch=money.branch_code)
    check_reason(command.reason)
    this = begin_branch_act(
        tx,
        kind="move_money",
        command=command,
        actor=actor,
        reason=command.reason,
        subject=f"receipt {money.number}",
        branch_code=money.branch_code,
        key=key,
    )
    if this.repeated:
        return this
    if wrong not in standing_facts(facts_of_money(tx.connection, money.id)):
        raise Refused("This was taken back already. Open the loan to see where the money is.")
    post_facts(tx, this, [opposite(wrong, wrong.value_on)], histories.values())
    right = histories[right_id]
    post_facts(tx, this, [_application(right, money, wrong.amount)], [right])
    seal_act(tx, this, _TABLES)
    return this


@dataclass(frozen=True, slots=True)
class CancelReceipt:
    """Cancel a receipt that was a mistake, or whose cheque was dishonoured on a day."""

    money_in_id: int
    reason: str
    dishonoured_on: date | None = None


def cancel_receipt(
    tx: Writing,
    command: CancelReceipt,
    *,
    asked_by: Actor,
    confirmed_by: Actor,
    today: date,
    key: str | None = None,
) -> Act:
    """Take money in and its applications back; its number stays and prints "cancelled"."""
    connection = tx.connection
    # Money is locked before loans, here and wherever it is applied: so nobody applies it
    # meanwhile, and two who want the same money and the same loan never wait for each other.
    money = receipt(connection, command.money_in_id, lock=True)
    standing = standing_facts(facts_of_money(connection, money.id))
    histories = load_histories(connection, (fact.loan_id for fact in standing))
    require_both(
        (asked_by, Deed.ASK_REVERSAL),
        (confirmed_by, Deed.CONFIRM_REVERSAL),
        branch=money.branch_code,
    )
    check_reason(command.reason)
    value_on = command.dishonoured_on or money.received_on
    if not money.received_on <= value_on <= today:
        raise Refused(
            "The day of dishonour lies between the receipt and today.", field="dishonoured_on"
        )
    this = begin_branch_act(
        tx,
        kind="cancel_receipt",
        command=command,
        actor=confirmed_by,
        second=asked_by,
        reason=command.reason,
        subject=f"receipt {money.number}",
        branch_code=money.branch_code,
        key=key,
    )
    if this.repeated:
        return this
    if money.cancelled:
        raise Refused("Receipt {number} is cancelled already.", number=money.number)
    post_facts(tx, this, [opposite(fact, value_on) for fact in standing], histories.values())
    cancel_money(tx, this, money.id, value_on=value_on)
    seal_act(tx, this, _TABLES)
    return this


def _post_receipt(
    tx: Writing, this: Act, command: RecordReceipt, *, history: History, branch: str, today: date
) -> Receipt:
    draft = MoneyDraft(
        branch=branch,
        fund=history.fund,
        channel=command.channel,
        account=command.account,
        reference=command.reference,
        amount=command.amount,
        received_on=command.received_on,
        payer=command.payer,
        book_number=command.book_number,
    )
    taken = take_receipt(tx, this, draft, today=today)
    application = _application(history, taken, command.amount)
    post_facts(tx, this, [application], [history], before=[receipt_entry(taken)])
    seal_act(tx, this, _TABLES)
    return taken


def _application(history: History, money: Receipt, amount: int) -> FactDraft:
    return FactDraft(
        loan_id=history.loan_id,
        kind=kind_of_money(history),
        amount=amount,
        value_on=money.received_on,
        contra=waiting_side(money.account, money.branch_code, money.fund_code),
        money_in_id=money.id,
    )


def _check_backdating(
    command: RecordReceipt,
    *,
    today: date,
    allowed_days: int,
    actor: Actor,
    permitted_by: Actor | None,
    branch: str,
) -> None:
    if not is_backdated(command.received_on, today=today, allowed_days=allowed_days):
        return
    if permitted_by is None or not (command.reason or "").strip():
        raise permission_needed(allowed_days)
    require_two(actor, permitted_by)
    require(permitted_by, Deed.CONFIRM_REVERSAL, branch=branch)


def _check_remainder(tx: Writing, money: Receipt, amount: int) -> None:
    if money.cancelled:
        raise Refused("Receipt {number} is cancelled already.", number=money.number)
    if money.series in INCOME_OF_SERIES:
        raise Refused(
            "Receipt {number} is for a fee or a gift, and pays no loan.", number=money.number
        )
    applied = sum(fact.amount for fact in facts_of_money(tx.connection, money.id))
    if not 0 < amount <= money.amount - applied:
        raise Refused(
            "Of receipt {number}, Rs {left} are left to apply. Give that or less.",
            field="amount",
            number=money.number,
            left=Rupees(money.amount - applied),
        )
