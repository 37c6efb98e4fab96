"""The figures of a portfolio statement: month ends, flows, sectors, lateness, classes. Pure.

Amounts are whole paisa, counts whole numbers; a share is kept as its two parts (`Ratio`).
"""

from dataclasses import dataclass
from datetime import date

from aim_loans.money import Ratio


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """How the book stood at the end of a month, and all that had happened by then (paisa).

    `members` are the persons ever lent to, `loans_made` the loans ever paid out. `disbursed`
    = `received` + `waived` + `written_off` + `outstanding`. `due` is what had fallen due as
    first agreed, `due_met` the part of it that was paid; `arrears` is by the schedules in
    force.
    """

    day: date
    members: int
    loans_made: int
    active_loans: int
    active_borrowers: int
    active_women: int
    disbursed: int
    received: int
    waived: int
    written_off: int
    outstanding: int
    due: int
    due_met: int
    arrears: int
    par0: int
    par30: int
    par60: int
    par90: int
    par180: int

    @property
    def recovery(self) -> Ratio:
        """Give the cumulative recovery rate; it is never shown without PAR beside it."""
        return Ratio(self.due_met, self.due)

    @property
    def par30_ratio(self) -> Ratio:
        """Give portfolio at risk over 30 days."""
        return Ratio(self.par30, self.outstanding)


@dataclass(frozen=True, slots=True)
class Flow:
    """What happened in one month (paisa; reversals are taken off).

    `received` is money on principal; `received_due` leaves out what was paid ahead, on
    instalments due after the month. `due` fell due as first agreed, `due_on_time` of it was
    covered on or before its day. `recovered` came in on written-off loans, within the claim;
    `refunded` was paid back to borrowers.
    """

    loans_made: int
    disbursed: int
    received: int
    received_due: int
    due: int
    due_on_time: int
    waived: int
    written_off: int
    recovered: int
    refunded: int

    @property
    def on_time_recovery(self) -> Ratio:
        """Give what was covered on time of what fell due in the month."""
        return Ratio(self.due_on_time, self.due)

    @property
    def current_recovery(self) -> Ratio:
        """Give what came in, without prepayments, over what fell due; it can pass 100 %."""
        return Ratio(self.received_due, self.due)


@dataclass(frozen=True, slots=True)
class Headline:
    """The figures of the first page that stand in no table below.

    The write-off and waiver ratios are the month's, annualised: twelve times the amount over
    the mean of the opening and the closing portfolio. `credit` is the borrowers' own money
    above their balances; `allowance` the loss allowance that the ledger holds.
    """

    arrears_rate: Ratio
    average_loan: Ratio
    average_balance: Ratio
    women_share: Ratio
    write_off_ratio: Ratio
    waiver_ratio: Ratio
    risk_coverage: Ratio
    credit: int
    allowance: int


@dataclass(frozen=True, slots=True)
class SectorLine:
    """A sector: the own book's and the nation's outstanding, where the source says it.

    `difference` is own share less national share in tenths of a percentage point.
    """

    sector: str
    own: int
    national: int | None
    difference: int | None


@dataclass(frozen=True, slots=True)
class SectorComparison:
    """The own book beside the national one; what its source does not itemise stays whole.

    `dates_differ` warns that the two are not of one day.
    """

    lines: tuple[SectorLine, ...]
    own_whole: int
    own_as_of: date
    national_whole: int
    national_not_itemised: int
    national_as_of: date
    national_stated_on: date | None
    national_source: str
    national_verified: bool
    dates_differ: bool

    def own_share(self, line: SectorLine) -> Ratio:
        """Give a sector's share of the own book."""
        return Ratio(line.own, self.own_whole)

    def national_share(self, line: SectorLine) -> Ratio | None:
        """Give a sector's share of the national book; None where the source has no line."""
        return None if line.national is None else Ratio(line.national, self.national_whole)


@dataclass(frozen=True, slots=True)
class AgeingLine:
    """A bucket of days past due."""

    bucket: str
    loans: int
    outstanding: int
    arrears: int


@dataclass(frozen=True, slots=True)
class RiskLine:
    """The loans more than so many days late (or exactly so many): their whole outstanding."""

    days: int
    loans: int
    outstanding: int


@dataclass(frozen=True, slots=True)
class Risk:
    """Lateness: buckets, the loans exactly at an edge, portfolio at risk.

    `renegotiated` counts PAR over 30 days with the rescheduled loans that are less late, too;
    `rescheduled` is what all rescheduled loans have outstanding.
    """

    ageing: tuple[AgeingLine, ...]
    exactly: tuple[RiskLine, ...]
    over: tuple[RiskLine, ...]
    renegotiated: RiskLine
    rescheduled: RiskLine
    whole: int

    def ratio(self, line: RiskLine) -> Ratio:
        """Give a line's part of the gross loan portfolio."""
        return Ratio(line.outstanding, self.whole)


@dataclass(frozen=True, slots=True)
class ClassLine:
    """A class of the ladder; `provision` is the rate (basis points) on the outstanding.

    `expected_loss` is entered by head office; None prints "not provided".
    """

    name: str
    from_days: int
    loans: int
    outstanding: int
    arrears: int
    provision_bps: int
    provision: int
    expected_loss: int | None


@dataclass(frozen=True, slots=True)
class Classification:
    """The classes with their provisions; `verified` says whether the ladder is confirmed."""

    lines: tuple[ClassLine, ...]
    specific: int
    general_bps: int
    general: int
    expected_loss_source: str
    ladder_from: date
    ladder_source: str
    verified: bool
