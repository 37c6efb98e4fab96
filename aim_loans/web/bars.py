"""Where the bars of the sector chart lie: own shares as bars, national ones as marker lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from aim_loans.portfolio.comparison import Comparison, SectorBeside

WIDTH = 360
_ROW, _TEXT, _TOP, _BAR = 48, 14, 24, 14


class Bar(NamedTuple):
    """One sector's row of the chart, in units of the drawing; `marker` is None without a line."""

    row: SectorBeside
    text_y: int
    x: int
    y: int
    width: int
    marker: int | None


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart: all bars on one scale, from the side where the language begins to read."""

    bars: Sequence[Bar]
    start: int
    width: int
    height: int
    bar_height: int = _BAR


def bars(comparison: Comparison, *, right_to_left: bool) -> Bars:
    """Lay the chart out; the longest bar or marker takes the whole width."""
    whole, total = comparison.own_whole, comparison.benchmark.total
    own = [Fraction(row.own, whole or 1) for row in comparison.sectors]
    national = [Fraction(row.national or 0, total or 1) for row in comparison.sectors]
    longest = max((*own, *national), default=Fraction()) or Fraction(1)
    drawn = []
    for place, row in enumerate(comparison.sectors):
        width, mark = (round(share[place] / longest * WIDTH) for share in (own, national))
        x, marker = (WIDTH - width, WIDTH - mark) if right_to_left else (0, mark)
        top = place * _ROW
        shown = None if row.national is None else marker
        drawn.append(Bar(row, top + _TEXT, x, top + _TOP, width, shown))
    return Bars(drawn, WIDTH if right_to_left else 0, WIDTH, len(drawn) * _ROW)
