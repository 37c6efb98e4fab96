"""What both parties and the public may read of a joint statement, as one frozen value. Pure.

Counts from 1 to 9, and whatever would give them away, are held back (`publishing`). Papers, files
and the partner's pages are drawn from this value and from nothing else. Amounts are paisa.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from aim_loans.mou.definitions import DEFINITIONS, Unit

# The status of a line whose figure is held back; the others are those of `statement`.
HELD_BACK = "held_back"

State = Literal["provisional", "final"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as it may be read; `number` is None where it is held back.

    `of` is the denominator of a share or a mean, None for a plain number.
    """

    number: int | None
    of: int | None = None

    @property
    def held(self) -> bool:
        """Say whether the figure is held back."""
        return self.number is None


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """A line of the scoreboard; None where there is no figure at all.

    `last_period` is what was published of the period before, so that no report opens another.
    """

    id: str
    actual: Shown | None
    cohort: Shown | None
    baseline: Shown | None
    last_period: Shown | None
    target: int | None
    status: str

    @property
    def name(self) -> str:
        """Give its name, as a message."""
        return DEFINITIONS[self.id].name

    @property
    def owner(self) -> str:
        """Give the party that answers for it."""
        return DEFINITIONS[self.id].owner

    @property
    def unit(self) -> Unit:
        """Give what its figures are."""
        return DEFINITIONS[self.id].unit


@dataclass(frozen=True, slots=True)
class PublishedCell:
    """A cell of a table: the values that it stands for, all of AIM, and the cohort."""

    values: tuple[str, ...]
    number: int | None
    cohort: int | None


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A line by one or two dimensions; `together` is what the cells held back add up to.

    Tables by sector and by gender tell the cohort beside.
    """

    line: str
    by: tuple[str, ...]
    cells: tuple[PublishedCell, ...]
    together: int | None

    @property
    def with_cohort(self) -> bool:
        """Say whether the table tells the cohort beside all of AIM."""
        return any(cell.cohort is not None for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Stage:
    """How many enterprises stand at a stage of a registration; None where it is held back."""

    name: str
    number: int | None


@dataclass(frozen=True, slots=True)
class PublishedFunnel:
    """A registration at the period's end, stage by stage."""

    type: str
    stages: tuple[Stage, ...]

    def number(self, stage: str) -> int | None:
        """Give the number at a stage; None where it is held back."""
        return next(each.number for each in self.stages if each.name == stage)


@dataclass(frozen=True, slots=True)
class PublishedCohort:
    """The MoU cohort, and its loans from before it joined (paisa)."""

    enterprises: int | None
    earlier_loans: int | None
    earlier_amount: int | None


@dataclass(frozen=True, slots=True)
class PublishedSample:
    """Who was drawn and answered; the margin of a share at 95 % in tenths of a point."""

    drawn: int | None
    answered: int | None
    population: int | None
    margin: int | None


@dataclass(frozen=True, slots=True)
class National:
    """The national benchmark with its own date and source (paisa)."""

    total: int
    as_of: date
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that another edition shows otherwise; None where it was or is held back.

    `before_of` and `now_of` are the denominators as in `Shown`, 0 where there was no figure.
    """

    line: str
    before: int | None
    now: int | None
    before_of: int | None = None
    now_of: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Which report this is: its period, its cut K with the seal, and its edition.

    A provisional one was drawn before the period was closed: edition 0, and no seal.
    """

    institution: str
    period: str
    first: date
    last: date
    known_at: datetime
    state: State
    edition: int
    seal: str
    started_on: date


@dataclass(frozen=True, slots=True)
class JointReport:
    """The published joint report of a period; of a month its lines alone."""

    head: Head
    lines: tuple[PublishedLine, ...]
    tables: tuple[PublishedTable, ...]
    funnels: tuple[PublishedFunnel, ...]
    cohort: PublishedCohort | None
    sample: PublishedSample | None
    national: National
    waiting: int | None
    unverified: tuple[str, ...]
    reason: str
    changes: tuple[Change, ...]

    def line(self, line_id: str) -> PublishedLine:
        """Give a line by its id."""
        return next(each for each in self.lines if each.id == line_id)

    def table(self, line: str, *by: str) -> PublishedTable:
        """Give a table by its line and dimensions."""
        return next(each for each in self.tables if (each.line, each.by) == (line, by))

    @property
    def is_month(self) -> bool:
        """Say whether the period is a month, of which there is the brief alone."""
        return self.head.first.month == self.head.last.month
