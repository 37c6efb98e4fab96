"""The tables of a portfolio statement, a value a line. Pure.

Amounts are whole paisa, counts whole numbers; a share is kept as its two parts (`Ratio`).
"""

from dataclasses import dataclass
from datetime import date, datetime

from aim_loans.money import Ratio

# A paper lists so many of the loans to be watched, those with the most outstanding first.
MOST_WATCHED = 50


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A branch, officer, programme, sector or gender: its book, and its month.

    `key` is empty for what nobody entered. Persons are counted once in each group: they do
    not add up over groups.
    """

    key: str
    active_loans: int
    active_borrowers: int
    outstanding: int
    arrears: int
    par0: int
    par30: int
    due: int
    due_met: int
    loans_made: int
    disbursed: int
    received: int

    @property
    def par30_ratio(self) -> Ratio:
        """Give portfolio at risk over 30 days."""
        return Ratio(self.par30, self.outstanding)

    @property
    def recovery(self) -> Ratio:
        """Give the cumulative recovery rate."""
        return Ratio(self.due_met, self.due)


@dataclass(frozen=True, slots=True)
class FundLine:
    """A fund's loans over the month, as the ledger has them (paisa).

    opening + disbursed + moved_in - received - waived - written_off = closing. `moved_in` is
    the outstanding of loans that came into the scope during the month, less those that left
    it; 0 for the whole institution.
    """

    fund: str
    opening: int
    disbursed: int
    moved_in: int
    received: int
    waived: int
    written_off: int
    closing: int


@dataclass(frozen=True, slots=True)
class VintagePoint:
    """A cohort at a month end: `age` months after the month of its first tranche.

    Bad is what is more than 30 days late or was written off.
    """

    age: int
    bad: int
    disbursed: int

    @property
    def ratio(self) -> Ratio:
        """Give the part of all that was disbursed on the cohort's loans."""
        return Ratio(self.bad, self.disbursed)


@dataclass(frozen=True, slots=True)
class Vintage:
    """The loans first paid out in a month, named by its last day; ages not reached are left out."""

    month: date
    points: tuple[VintagePoint, ...]


@dataclass(frozen=True, slots=True)
class RollLine:
    """Where the outstanding of a bucket went in the month.

    opening + disbursed = the closing buckets + paid + waived + written off. The bucket ""
    holds the loans with nothing outstanding at the opening: paid out in the month, or due
    again after a reversal. `closing` is in the order of the buckets.
    """

    bucket: str
    opening: int
    disbursed: int
    closing: tuple[int, ...]
    paid: int
    waived: int
    written_off: int


@dataclass(frozen=True, slots=True)
class WatchedLoan:
    """A loan more than 30 days late; its borrower is not named."""

    loan_ref: str
    branch: str
    days_past_due: int
    outstanding: int
    arrears: int


@dataclass(frozen=True, slots=True)
class WatchList:
    """The watched loans with the most outstanding, and how many there are in all."""

    loans: tuple[WatchedLoan, ...]
    count: int
    outstanding: int


@dataclass(frozen=True, slots=True)
class Concentration:
    """How the portfolio gathers in a dimension: Herfindahl-Hirschman index, top-ten share."""

    dimension: str
    groups: int
    hhi: Ratio
    top_ten: Ratio


@dataclass(frozen=True, slots=True)
class Turnaround:
    """Days from application to disbursement, of the applications paid out in the month.

    The median is the mean of the middle two, the 90th percentile the nearest rank; None
    where there were none.
    """

    applications: int
    median: Ratio | None
    ninetieth: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A field that is missing or not known in so many active loans."""

    field: str
    loans: int


@dataclass(frozen=True, slots=True)
class PostingLag:
    """The money for loans of the month that was entered so many days later, or more."""

    from_days: int
    receipts: int
    amount: int


@dataclass(frozen=True, slots=True)
class DataQuality:
    """What is missing in the book, and how late money was entered (in rising days)."""

    active_loans: int
    gaps: tuple[Gap, ...]
    lag: tuple[PostingLag, ...]


@dataclass(frozen=True, slots=True)
class Restatement:
    """A loan of a closed month that facts recorded after the close changed (paisa).

    `reason` names the kinds of the facts, a blank between them; `recorded_by` and `recorded_at`
    are those of the last. A line without a number holds the loans beyond the longest list.
    """

    month: date
    loan_ref: str
    branch: str
    reason: str
    recorded_by: str
    recorded_at: datetime
    outstanding: int
    arrears: int
    par30: int


@dataclass(frozen=True, slots=True)
class ControlLine:
    """A control account of the ledger beside the loans that it stands for, in one fund."""

    account: str
    fund: str
    control: int
    sub_ledger: int

    @property
    def difference(self) -> int:
        """Give control less sub-ledger; 0 in every statement that exists."""
        return self.control - self.sub_ledger
