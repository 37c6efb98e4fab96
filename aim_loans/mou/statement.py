"""The joint statement as finished values, for screens, papers and files. Pure.

Amounts are paisa, shares are left as numerator and denominator, days are dates. None stands
for what nobody provided; a denominator of 0 for a share that does not exist.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from aim_loans.mou.definitions import DEFINITIONS, Unit
from aim_loans.mou.periods import Period

NOT_SET = "not_set"
NO_FIGURE = "no_figure"
REACHED = "reached"
SHORT = "short"
# A target of a share is a whole number of hundredths of a per cent; of a score, hundredths.
SCALE = {Unit.SHARE: 10_000, Unit.SCORE: 100}


class Figure(NamedTuple):
    """A number; `of` is the denominator of a share or a mean, None for a plain number."""

    number: int
    of: int | None = None

    @property
    def exists(self) -> bool:
        """Tell whether there is anything to show: a share of nothing does not exist."""
        return self.of != 0


class Behind(NamedTuple):
    """How many make an amount or a share of money: those in its number, and those beside it.

    Of a share these are loans; one paid in part is in both. Of an amount of the cohort these are
    enterprises, of the cohort and of all others.
    """

    inside: int
    beside: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its figures in the period, before the programme, in the period before.

    `cohort` is the figure of the MoU cohort alone, where the line is about enterprises; `behind`
    tells of the figures by their names here, where no count of the statement does.
    """

    id: str
    owner: str
    unit: str
    actual: Figure | None
    cohort: Figure | None
    baseline: Figure | None
    last_period: Figure | None
    target: int | None
    status: str
    behind: Mapping[str, Behind] = field(default_factory=dict)


class Cell(NamedTuple):
    """A cell of a split: its keys, the figure of all of AIM, and that of the cohort.

    `units` counts the enterprises (of trainings: the persons) that the figure is made of.
    """

    keys: tuple[str, ...]
    value: int
    cohort: int
    units: int


@dataclass(frozen=True, slots=True)
class Split:
    """A line by one or two dimensions; its cells add up to the line."""

    line: str
    by: tuple[str, ...]
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Funnel:
    """A registration at the period's end: enterprises by how far they are.

    `reached` counts by state those that were ever there; `held` those registered now, of which
    `baseline` were registered before the programme.
    """

    type: str
    applicable: int
    reached: Sequence[tuple[str, int]]
    held: int
    verified: int
    lapsed: int
    baseline: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """The MoU cohort: enterprises with a confirmed event of SMEDA, from its day on.

    Their loans from before that day are no result, and stand here apart (paisa).
    """

    enterprises: int
    earlier_loans: int
    earlier_amount: int
    earlier_enterprises: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Who answered about outcomes; the margin of a share at 95 % in tenths of a point."""

    drawn: int
    answered: int
    population: int
    margin: int | None


@dataclass(frozen=True, slots=True)
class NationalBook:
    """The national benchmark beside the statement: paisa, its own date and source."""

    total: int
    as_of: date
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class JointStatement:
    """The joint statement of a period, as known at a moment."""

    period: Period
    known_at: datetime | None
    started_on: date
    lines: Sequence[Line]
    splits: Sequence[Split]
    funnels: Sequence[Funnel]
    cohort: Cohort
    sample: Sample | None
    benchmark: NationalBook
    waiting: int
    unverified: Sequence[str]


def status_of(line: str, actual: Figure | None, target: int | None) -> str:
    """Say how a line stands against its target; an empty target is not set, never invented."""
    definition = DEFINITIONS[line]
    if target is None:
        return NOT_SET
    if actual is None or not actual.exists:
        return NO_FIGURE
    scale = SCALE.get(definition.unit, 1)
    short = actual.number * scale - target * (1 if actual.of is None else actual.of)
    return REACHED if (short <= 0 if definition.less else short >= 0) else SHORT
