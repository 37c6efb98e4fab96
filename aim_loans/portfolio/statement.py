"""The monthly portfolio statement as one frozen value: all that its paper shows. Pure.

Amounts are whole paisa, counts whole numbers, and a share is kept as its two parts (`Ratio`):
over a zero it has no value, and its cell stays empty with a note. Totals come from summed
parts, never from averaged shares. What each figure means stands in `definitions`; the
formulas follow CGAP's technical guide to performance indicators and DOMAIN.md 5.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from aim_loans.portfolio.statement_figures import (
    Classification,
    Flow,
    Headline,
    MonthEnd,
    Risk,
    SectorComparison,
)
from aim_loans.portfolio.statement_tables import (
    Concentration,
    ControlLine,
    DataQuality,
    FundLine,
    GroupLine,
    Restatement,
    RollLine,
    Turnaround,
    Vintage,
    WatchList,
)

ScopeLevel = Literal["whole", "division", "region", "area", "branch"]
State = Literal["provisional", "final"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What the statement is about: the whole book (no name), a line by its name, a branch."""

    level: ScopeLevel = "whole"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which statement this is.

    Facts count with a value date up to `as_of` and recorded up to `known_at`. A final one
    stands on a closed month: its edition (from 1), the moment it was closed and the seal of
    its cut; a provisional one has edition 0, no moment and no seal.
    """

    institution: str
    scope: Scope
    month: date
    as_of: date
    known_at: datetime
    state: State
    edition: int
    closed_at: datetime | None
    seal: str
    code_version: str
    settings_digest: str


@dataclass(frozen=True, slots=True)
class Definition:
    """An indicator and the message that says its formula."""

    indicator: str
    formula: str


@dataclass(frozen=True, slots=True)
class PortfolioStatement:
    """The whole statement, in the order of its paper.

    `trend` holds the month ends from a year ago to this one, thirteen in all; the progress
    table shows the last, the one before it and the first. `flow_before` is last month's.
    """

    identity: Identity
    no_repayments: bool
    trend: tuple[MonthEnd, ...]
    headline: Headline
    sectors: SectorComparison
    risk: Risk
    classification: Classification
    flow: Flow
    flow_before: Flow
    by_sector: tuple[GroupLine, ...]
    by_branch: tuple[GroupLine, ...]
    by_officer: tuple[GroupLine, ...]
    by_programme: tuple[GroupLine, ...]
    by_gender: tuple[GroupLine, ...]
    funds: tuple[FundLine, ...]
    vintages: tuple[Vintage, ...]
    rolls: tuple[RollLine, ...]
    watch_list: WatchList
    concentration: tuple[Concentration, ...]
    turnaround: Turnaround
    quality: DataQuality
    restatements: tuple[Restatement, ...]
    reconciliation: tuple[ControlLine, ...]
    definitions: tuple[Definition, ...]

    @property
    def now(self) -> MonthEnd:
        """Give this month's end."""
        return self.trend[-1]

    @property
    def last_month(self) -> MonthEnd:
        """Give the month's end before it."""
        return self.trend[-2]

    @property
    def year_ago(self) -> MonthEnd:
        """Give the month's end a year before."""
        return self.trend[0]
