"""What can happen at the end of a loan: credit is paid back, the balance waived or written off.

As in `operations`: in the door's transaction, with the actor and the business date.
"""

from dataclasses import dataclass
from datetime import date

from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_both
from aim_loans.identity.requests import check_reason
from aim_loans.ledger.chart import Account, account_of_channel
from aim_loans.ledger.lines import Side
from aim_loans.ledger.models import journal_line
from aim_loans.ledger.queries import require_fund
from aim_loans.loans.facts import Kind, branch_on
from aim_loans.loans.history import History
from aim_loans.loans.models import loan_fact
from aim_loans.loans.operations import FactDraft, opposite, post_facts
from aim_loans.loans.queries import fact_by_id, load_histories, load_history, reversal_of
from aim_loans.repayment.receivable import check_money

_TABLES = (loan_fact, journal_line)


@dataclass(frozen=True, slots=True)
class RefundCredit:
    """Pay the borrower's credit on a loan back: amount in paisa."""

    loan_ref: str
    amount: int
    paid_on: date
    channel: str


def refund_credit(
    tx: Writing,
    command: RefundCredit,
    *,
    asked_by: Actor,
    confirmed_by: Actor,
    today: date,
    key: str | None = None,
) -> Act:
    """Pay money above the balance back to the borrower."""
    history = load_history(tx.connection, command.loan_ref)
    branch = branch_on(command.paid_on, history.branches)
    require_both((asked_by, Deed.ASK_REFUND), (confirmed_by, Deed.CONFIRM_REFUND), branch=branch)
    check_money(command.amount, command.paid_on, command.channel, "-", today)
    this = begin_branch_act(
        tx,
        kind="refund_credit",
        command=command,
        actor=confirmed_by,
        second=asked_by,
        subject=f"loan {command.loan_ref}",
        branch_code=branch,
        key=key,
    )
    if this.repeated:
        return this
    contra = Side(account_of_channel(command.channel), branch, history.fund)
    draft = FactDraft(history.loan_id, Kind.REFUND, command.amount, command.paid_on, contra)
    post_facts(tx, this, [draft], [history])
    seal_act(tx, this, _TABLES)
    return this


@dataclass(frozen=True, slots=True)
class EndLoan:
    """End a loan's whole balance on a day: a gift from a fund, or an act of accounting.

    `fund` gives the money of a waiver; a write-off stays in the loan's own fund.
    """

    loan_ref: str
    on: date
    reason: str
    fund: str | None = None


def waive(
    tx: Writing,
    command: EndLoan,
    *,
    actor: Actor,
    today: date,
    asked_by: Actor | None = None,
    key: str | None = None,
) -> Act:
    """Waive the balance (death, permanent disability, remission): the claim ends.

    The giving fund bears it, and the lending fund gets its money back from there. `asked_by` is
    written down beside whoever confirms.
    """
    people = (actor, asked_by)
    return _end(tx, command, Kind.WAIVER, Deed.WAIVE, people=people, today=today, key=key)


def write_off(
    tx: Writing,
    command: EndLoan,
    *,
    actor: Actor,
    today: date,
    asked_by: Actor | None = None,
    key: str | None = None,
) -> Act:
    """Write the balance off; the claim stays, and later money is a recovery."""
    people = (actor, asked_by)
    return _end(tx, command, Kind.WRITE_OFF, Deed.WRITE_OFF, people=people, today=today, key=key)


@dataclass(frozen=True, slots=True)
class CancelFact:
    """Take back a disbursement, waiver, write-off or refund that was a mistake."""

    fact_id: int
    reason: str


def cancel_fact(
    tx: Writing,
    command: CancelFact,
    *,
    asked_by: Actor,
    confirmed_by: Actor,
    key: str | None = None,
) -> Act:
    """Record the opposite of a fact on its day; the loan's state is again what it was before."""
    wrong = fact_by_id(tx.connection, command.fact_id)
    history = load_histories(tx.connection, [wrong.loan_id])[wrong.loan_id]
    branch = branch_on(wrong.value_on, history.branches)
    require_both(
        (asked_by, Deed.ASK_REVERSAL), (confirmed_by, Deed.CONFIRM_REVERSAL), branch=branch
    )
    check_reason(command.reason)
    this = begin_branch_act(
        tx,
        kind="cancel_fact",
        command=command,
        actor=confirmed_by,
        second=asked_by,
        reason=command.reason,
        subject=f"loan {history.ref}",
        branch_code=branch,
        key=key,
    )
    if this.repeated:
        return this
    if wrong.money_in_id is not None:
        raise Refused("Money that was received is cancelled with its receipt.")
    if wrong.reverses_id is not None or reversal_of(tx.connection, wrong.id) is not None:
        raise Refused("This was taken back already. Open the loan to see what happened.")
    post_facts(tx, this, [opposite(wrong, wrong.value_on)], [history])
    seal_act(tx, this, _TABLES)
    return this


def _end(
    tx: Writing,
    command: EndLoan,
    kind: Kind,
    deed: Deed,
    *,
    people: tuple[Actor, Actor | None],
    today: date,
    key: str | None,
) -> Act:
    actor, asked_by = people
    history = load_history(tx.connection, command.loan_ref)
    branch = branch_on(command.on, history.branches)
    require(actor, deed, branch=branch)
    check_reason(command.reason)
    if command.fund is not None:
        require_fund(tx.connection, command.fund)
    if command.on > today:
        raise Refused("The day {day} lies in the future.", field="on", day=command.on.isoformat())
    this = begin_branch_act(
        tx,
        kind=kind.value,
        command=command,
        actor=actor,
        second=asked_by,
        reason=command.reason,
        subject=f"loan {command.loan_ref}",
        branch_code=branch,
        key=key,
    )
    if this.repeated:
        return this
    post_facts(tx, this, [ending_draft(history, kind, command.on, command.fund)], [history])
    seal_act(tx, this, _TABLES)
    return this


def ending_draft(
    history: History, kind: Kind, on: date, fund: str | None, amount: int | None = None
) -> FactDraft:
    """Draft the waiver or write-off of a loan's balance (or of an amount that a file claims)."""
    account = Account.WAIVER if kind is Kind.WAIVER else Account.WRITE_OFF
    contra = Side(account, branch_on(on, history.branches), fund or history.fund)
    whole = history.sums.outstanding if amount is None else amount
    return FactDraft(history.loan_id, kind, whole, on, contra)
