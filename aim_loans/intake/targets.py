"""What money and events of a file are put on: a loan of the book, or one of the same files."""

from dataclasses import dataclass
from datetime import date

from aim_loans.errors import Refused
from aim_loans.intake.rows import LoanRow
from aim_loans.loans.facts import BranchFrom, Fact, Kind, branch_on
from aim_loans.loans.history import History, kind_of_money


@dataclass(slots=True)
class Target:
    """A loan that facts can be added to.

    `loan_id` is None until a new loan is opened. A new loan with nothing but receipts needs
    no `history`: it takes each from its day of disbursement on. `opening_as_of` is the day up
    to which the loan's opening amount holds what was received.
    """

    ref: str
    fund: str
    loan_id: int | None
    branch: str = ""
    disbursed_on: date = date.min
    opening_as_of: date | None = None
    history: History | None = None

    def opened(self) -> int:
        """Give the id of the loan, which is in the book by now."""
        if self.loan_id is None:
            raise AssertionError("loans are opened before their facts are posted")
        return self.loan_id

    def branch_of(self, day: date) -> str:
        """Give the loan's branch on a day."""
        if self.history is None or len(self.history.branches) == 1:
            return self.branch
        return branch_on(day, self.history.branches)

    def takes(self, day: date) -> bool:
        """Tell whether a new loan without events takes money of a day, whatever the amount."""
        return day >= self.disbursed_on and (self.opening_as_of is None or day > self.opening_as_of)

    def take_money(self, amount: int, day: date, *, kind: Kind | None = None) -> Kind:
        """Take money in, and say what it is to the loan; Refused when it cannot be.

        Without a kind it is what the loan's state makes it: a receipt, a recovery or credit.
        """
        if self.opening_as_of is not None and day <= self.opening_as_of:
            raise Refused(
                "Money up to {day} is in the opening amount of loan {ref} already.",
                field="received_on",
                day=self.opening_as_of.isoformat(),
                ref=self.ref,
            )
        if self.history is not None:
            found = kind or kind_of_money(self.history)
            self.take(Fact(found, amount, day), self.history)
            return found
        if day < self.disbursed_on:
            raise Refused(
                "Loan {ref} was paid out on {day}; money cannot be received for it before. "
                "Check the date.",
                field="received_on",
                ref=self.ref,
                day=self.disbursed_on.isoformat(),
            )
        return Kind.RECEIPT

    def take(self, fact: Fact, history: History) -> None:
        """Take any fact; Refused when the loan's state does not allow it."""
        if not history.add_simply(fact):
            history.check(fact)
            history.add(fact)


def new_target(row: LoanRow, fund: str, *, with_history: bool) -> Target:
    """Give the target that a loan of the files will be, its opening amount taken in."""
    opened = bool(row.opening_received)
    history = None
    if with_history:
        branches = [BranchFrom(row.disbursed_on, row.branch)]
        history = History(0, row.loan_ref, fund, row.principal, branches)
        history.add(Fact(Kind.DISBURSEMENT, row.principal, row.disbursed_on))
        if row.opening_received and row.opening_as_of:
            history.add(Fact(Kind.RECEIPT, row.opening_received, row.opening_as_of))
    return Target(
        row.loan_ref,
        fund,
        None,
        row.branch,
        row.disbursed_on,
        row.opening_as_of if opened else None,
        history,
    )
