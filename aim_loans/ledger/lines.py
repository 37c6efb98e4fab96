"""Journal lines as values: each moves one amount inside one branch and one fund. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from aim_loans.ledger.chart import Account


class Side(NamedTuple):
    """An account of one branch and one fund."""

    account: str
    branch: str
    fund: str


class Line(NamedTuple):
    """An amount (paisa, over 0) from one account to another in one branch and one fund."""

    value_on: date
    branch: str
    fund: str
    debit: str
    credit: str
    amount: int


def bridge(value_on: date, debit: Side, credit: Side, amount: int) -> list[Line]:
    """Give the lines that debit one side and credit the other.

    Sides of two branches meet in the inter-branch account, of two funds in the inter-fund
    account, so that the books of every branch and every fund balance by themselves.
    """
    if (debit.branch, debit.fund) == (credit.branch, credit.fund):
        return [Line(value_on, debit.branch, debit.fund, debit.account, credit.account, amount)]
    if debit.branch == credit.branch:
        meeting = Account.INTER_FUND
        halfway = Side(meeting, debit.branch, credit.fund)
    else:
        meeting = Account.INTER_BRANCH
        halfway = Side(meeting, credit.branch, debit.fund)
    first = Line(value_on, debit.branch, debit.fund, debit.account, meeting, amount)
    return [first, *bridge(value_on, halfway, credit, amount)]


def settle(value_on: date, changes: Mapping[Side, int]) -> list[Line]:
    """Give the lines that bring about the changes of a day (debit positive; they sum to 0)."""
    if sum(changes.values()):
        raise ValueError(f"the changes of {value_on} do not sum to zero")
    debits = [(side, amount) for side, amount in sorted(changes.items()) if amount > 0]
    credits = [(side, -amount) for side, amount in sorted(changes.items()) if amount < 0]
    lines: list[Line] = []
    while debits:
        (debit, owed), (credit, given) = debits.pop(), credits.pop()
        amount = min(owed, given)
        lines += bridge(value_on, debit, credit, amount)
        if owed > amount:
            debits.append((debit, owed - amount))
        if given > amount:
            credits.append((credit, given - amount))
    return lines
