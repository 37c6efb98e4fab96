"""What the facts of a loan add up to, and what the ledger must show for them. Pure.

A loan's facts are amounts with a kind and a value date; a reversal is the opposite amount.
Everything here is a sum up to a day, so the order in which facts were recorded never
matters.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from aim_loans.ledger.chart import Account
from aim_loans.ledger.lines import Line, Side, settle


class Kind(StrEnum):
    """What can happen to a loan."""

    DISBURSEMENT = "disbursement"
    RECEIPT = "receipt"
    WAIVER = "waiver"
    WRITE_OFF = "write_off"
    RECOVERY = "recovery"
    CREDIT = "credit"
    REFUND = "refund"


class Fact(NamedTuple):
    """One fact: amount in paisa, negative for a reversal."""

    kind: str
    amount: int
    value_on: date


class Sums(NamedTuple):
    """The sums of a loan's facts by kind, in paisa."""

    disbursed: int = 0
    applied: int = 0
    waived: int = 0
    written_off: int = 0
    recovered: int = 0
    credited: int = 0
    refunded: int = 0

    @property
    def principal_paid(self) -> int:
        """Give the money that reached the principal: never more than there is to pay."""
        return min(self.applied, self.disbursed - self.waived - self.written_off)

    @property
    def outstanding(self) -> int:
        """Give disbursed - paid - waived - written off."""
        return self.disbursed - self.principal_paid - self.waived - self.written_off

    @property
    def recovery(self) -> int:
        """Give what came in on the claim of a write-off, never more than the claim."""
        return min(self.recovered, self.written_off)

    @property
    def credit(self) -> int:
        """Give the money above the balance, which is the borrower's."""
        above = self.applied - self.principal_paid + self.recovered - self.recovery
        return above + self.credited - self.refunded


class State(StrEnum):
    """What a loan is, derived from its facts."""

    APPROVED = "approved"
    ACTIVE = "active"
    CLOSED = "closed"
    WAIVED = "waived"
    WRITTEN_OFF = "written_off"


# Where a kind stands in `Sums`.
FIELD: Mapping[str, int] = {
    Kind.DISBURSEMENT: 0,
    Kind.RECEIPT: 1,
    Kind.WAIVER: 2,
    Kind.WRITE_OFF: 3,
    Kind.RECOVERY: 4,
    Kind.CREDIT: 5,
    Kind.REFUND: 6,
}


def add_up(facts: Iterable[Fact]) -> Sums:
    """Sum facts by kind."""
    sums = [0] * len(FIELD)
    for fact in facts:
        sums[FIELD[fact.kind]] += fact.amount
    return Sums(*sums)


def balances(facts: Iterable[Fact]) -> list[int]:
    """Give what is outstanding after each fact, in the order given (paisa)."""
    sums, stands = [0] * len(FIELD), []
    for fact in facts:
        sums[FIELD[fact.kind]] += fact.amount
        stands.append(Sums(*sums).outstanding)
    return stands


def state_of(sums: Sums) -> State:
    """Derive the state: approved until paid out, then by what ended it."""
    if sums.waived:
        return State.WAIVED
    if sums.written_off:
        return State.WRITTEN_OFF
    if not sums.disbursed:
        return State.APPROVED
    return State.ACTIVE if sums.outstanding else State.CLOSED


def lowest_credit(facts: Sequence[Fact]) -> int:
    """Give the lowest the borrower's credit ever stood at, on any day (paisa)."""
    days = sorted({fact.value_on for fact in facts})
    stands = (add_up(fact for fact in facts if fact.value_on <= day).credit for day in days)
    return min(stands, default=0)


class BranchFrom(NamedTuple):
    """The branch of a loan from a day on."""

    from_on: date
    branch: str


def branch_on(day: date, branches: Sequence[BranchFrom]) -> str:
    """Give the branch on a day; the first one also holds for all days before it."""
    held = [entry.branch for entry in branches if entry.from_on <= day]
    return held[-1] if held else branches[0].branch


# For each day, the amount by which each side of the ledger changes, debit positive.
Changes = dict[date, dict[Side, int]]


def required_changes(
    facts: Sequence[Fact], branches: Sequence[BranchFrom], *, fund: str
) -> Changes:
    """Give what each day must change in the loan's ledger accounts (debit positive).

    The loan's balance and the borrower's credit stand in the loan's branch and move with
    it; income from a recovery stays where it was earned. `branches` is in date order.
    """
    changes: Changes = defaultdict(lambda: defaultdict(int))
    days = sorted({fact.value_on for fact in facts} | {entry.from_on for entry in branches})
    before, branch = Sums(), branches[0].branch
    for day in days:
        now, here = add_up(f for f in facts if f.value_on <= day), branch_on(day, branches)
        today = changes[day]
        loans, credit = Account.LOANS, Account.BORROWER_CREDIT
        today[Side(loans, branch, fund)] -= before.outstanding
        today[Side(loans, here, fund)] += now.outstanding
        today[Side(credit, branch, fund)] += before.credit
        today[Side(credit, here, fund)] -= now.credit
        today[Side(Account.RECOVERY_INCOME, here, fund)] -= now.recovery - before.recovery
        before, branch = now, here
    return changes


def difference(after: Changes, before: Changes) -> Changes:
    """Give the changes that turn one required ledger into another; nothing where equal."""
    result: Changes = {}
    for day in sorted(set(after) | set(before)):
        new, old = after.get(day, {}), before.get(day, {})
        sides = {side: new.get(side, 0) - old.get(side, 0) for side in {*new, *old}}
        kept = {side: amount for side, amount in sides.items() if amount}
        if kept:
            result[day] = kept
    return result


def with_contra(changes: Changes, contra: Side, on: date) -> Changes:
    """Add the other side of a fact: what its day does not balance by itself goes there."""
    today = dict(changes.get(on, {}))
    today[contra] = today.get(contra, 0) - sum(today.values())
    return {**changes, on: today}


def entry_lines(changes: Changes) -> list[Line]:
    """Give the journal lines that bring changes about, each on its day."""
    return [
        line
        for day, sides in sorted(changes.items())
        for line in settle(day, {side: amount for side, amount in sides.items() if amount})
    ]
