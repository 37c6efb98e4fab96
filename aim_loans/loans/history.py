"""The facts of one loan in hand, and what may be added to them. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from aim_loans.errors import Refused
from aim_loans.loans.facts import (
    FIELD,
    BranchFrom,
    Changes,
    Fact,
    Kind,
    State,
    Sums,
    lowest_credit,
    required_changes,
    state_of,
)
from aim_loans.money import Rupees


@dataclass(slots=True)
class History:
    """A loan's contract in short, the branches it belonged to, and its facts so far.

    `simple` says that nothing but its disbursement and receipts within the balance, all in
    one branch, ever happened: then a receipt's journal entry is one line.
    """

    loan_id: int
    ref: str
    fund: str
    principal: int
    branches: list[BranchFrom]
    facts: list[Fact] = field(default_factory=list)
    totals: list[int] = field(default_factory=lambda: [0] * len(FIELD))
    simple: bool = True

    @property
    def sums(self) -> Sums:
        """Give the sums of the facts so far."""
        return Sums(*self.totals)

    def add(self, fact: Fact) -> None:
        """Take a fact in."""
        if not self.add_simply(fact):
            self.simple = False
            self._append(fact)

    def add_simply(self, fact: Fact) -> bool:
        """Take a fact in if the loan stays simple with it; otherwise say no."""
        if not self.takes_simply(fact):
            return False
        self._append(fact)
        return True

    def _append(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.totals[FIELD[fact.kind]] += fact.amount

    def takes_simply(self, fact: Fact) -> bool:
        """Say whether the loan stays simple with this fact."""
        if not self.simple or fact.amount < 0 or len(self.branches) > 1:
            return False
        if fact.kind == Kind.RECEIPT:
            disbursed, applied = self.totals[:2]
            return applied + fact.amount <= disbursed and fact.value_on >= self.facts[0].value_on
        return fact.kind == Kind.DISBURSEMENT and not self.facts and fact.amount == self.principal

    def required(self) -> Changes:
        """Give what the facts so far require of the ledger."""
        return required_changes(self.facts, self.branches, fund=self.fund)

    @property
    def last_value_on(self) -> date:
        """Give the latest value date among the facts."""
        return max(fact.value_on for fact in self.facts)

    @property
    def disbursed_on(self) -> date:
        """Give the value date of the first disbursement that stands."""
        reversed_days = [
            f.value_on for f in self.facts if f.kind == Kind.DISBURSEMENT and f.amount < 0
        ]
        days = [f.value_on for f in self.facts if f.kind == Kind.DISBURSEMENT and f.amount > 0]
        for day in reversed_days:
            days.remove(day)
        return min(days)

    def check(self, fact: Fact) -> None:
        """Refuse a fact that the loan's state does not allow, with the rule and the way out."""
        check = _UNDOING if fact.amount < 0 else _DOING
        check[Kind(fact.kind)](self, fact)
        self._check_credit(fact)

    def _check_credit(self, fact: Fact) -> None:
        if lowest_credit([*self.facts, fact]) < 0:
            raise Refused(
                "Loan {ref} would owe the borrower less than was paid back as credit. "
                "Cancel the refund first, or refund no more than the credit of that day.",
                ref=self.ref,
            )


def kind_of_money(history: History) -> Kind:
    """Say what money put on a loan is: a receipt, a recovery after a write-off, or credit.

    Money entered after a write-off is a recovery even when it was received before it; money
    entered after a waiver is the borrower's credit.
    """
    return {State.WRITTEN_OFF: Kind.RECOVERY, State.WAIVED: Kind.CREDIT}.get(
        state_of(history.sums), Kind.RECEIPT
    )


def _require_state(history: History, *allowed: State) -> None:
    state = state_of(history.sums)
    if state not in allowed:
        raise Refused(
            "Loan {ref} is {state}, which does not allow this. Open its page to see what "
            "happened to it.",
            ref=history.ref,
            state=state.value,
        )


def _check_disbursement(history: History, fact: Fact) -> None:
    _require_state(history, State.APPROVED)
    if fact.amount != history.principal:
        raise Refused(
            "Loan {ref} is for Rs {principal}; pay out exactly that.",
            field="amount",
            ref=history.ref,
            principal=Rupees(history.principal),
        )


def _check_paid_out(history: History, fact: Fact) -> None:
    if fact.value_on < history.disbursed_on:
        raise Refused(
            "Loan {ref} was paid out on {day}; money cannot be received for it before. "
            "Check the date.",
            field="received_on",
            ref=history.ref,
            day=history.disbursed_on.isoformat(),
        )


def _check_receipt(history: History, fact: Fact) -> None:
    _require_state(history, State.ACTIVE, State.CLOSED)
    _check_paid_out(history, fact)


def _check_recovery(history: History, fact: Fact) -> None:
    _require_state(history, State.WRITTEN_OFF)
    _check_paid_out(history, fact)


def _check_credit_kind(history: History, fact: Fact) -> None:
    _require_state(history, State.WAIVED)
    _check_paid_out(history, fact)


def _check_ending(history: History, fact: Fact) -> None:
    _require_state(history, State.ACTIVE)
    if fact.value_on < history.last_value_on:
        raise Refused(
            "Loan {ref} has facts up to {day}; a waiver or write-off is dated on that day or "
            "later.",
            field="on",
            ref=history.ref,
            day=history.last_value_on.isoformat(),
        )
    if fact.amount != history.sums.outstanding:
        raise Refused(
            "A waiver or write-off ends the whole balance of loan {ref}, which is "
            "Rs {outstanding}. Give that amount.",
            field="amount",
            ref=history.ref,
            outstanding=Rupees(history.sums.outstanding),
        )


def _check_refund(history: History, fact: Fact) -> None:
    if fact.amount > history.sums.credit:
        raise Refused(
            "The borrower's credit on loan {ref} is Rs {credit}; no more can be paid back.",
            field="amount",
            ref=history.ref,
            credit=Rupees(history.sums.credit),
        )


def _undo_disbursement(history: History, _fact: Fact) -> None:
    if any(history.sums[1:]):
        raise Refused(
            "Loan {ref} has receipts or other facts. Cancel those before its disbursement.",
            ref=history.ref,
        )


def _undo_receipt(history: History, _fact: Fact) -> None:
    if state_of(history.sums) in (State.WAIVED, State.WRITTEN_OFF):
        raise Refused(
            "Loan {ref} was waived or written off after this receipt. Cancel that first.",
            ref=history.ref,
        )


def _undo_write_off(history: History, _fact: Fact) -> None:
    if history.sums.recovered:
        raise Refused(
            "Money was recovered on loan {ref} since its write-off. Cancel those receipts first.",
            ref=history.ref,
        )


def _undo_freely(_history: History, _fact: Fact) -> None:
    """Nothing but the borrower's credit limits this, which every fact is checked for."""


_Check = Callable[[History, Fact], None]
_DOING: Mapping[Kind, _Check] = {
    Kind.DISBURSEMENT: _check_disbursement,
    Kind.RECEIPT: _check_receipt,
    Kind.WAIVER: _check_ending,
    Kind.WRITE_OFF: _check_ending,
    Kind.RECOVERY: _check_recovery,
    Kind.CREDIT: _check_credit_kind,
    Kind.REFUND: _check_refund,
}
_UNDOING: Mapping[Kind, _Check] = {
    Kind.DISBURSEMENT: _undo_disbursement,
    Kind.RECEIPT: _undo_receipt,
    Kind.WAIVER: _undo_freely,
    Kind.WRITE_OFF: _undo_write_off,
    Kind.RECOVERY: _undo_freely,
    Kind.CREDIT: _undo_freely,
    Kind.REFUND: _undo_freely,
}
