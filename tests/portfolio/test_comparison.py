"""The own sectors beside the national ones: what is not itemised is never split."""

from datetime import date

import pytest

from aim_loans.config.reader import read_settings
from aim_loans.config.resources import resource
from aim_loans.money import points
from aim_loans.portfolio.comparison import SectorBeside, beside_national
from aim_loans.web.bars import WIDTH, bars

BENCHMARKS = read_settings(resource("config.toml"), {}).dated
STATED = BENCHMARKS.benchmark_on(date(2026, 3, 31))


def test_only_sectors_with_a_line_of_their_own_are_compared() -> None:
    beside = beside_national({"housing": 30, "trade": 70}, STATED)
    by_sector = {row.sector: (row.own, row.national) for row in beside.sectors}
    assert by_sector["housing"] == (30, None)
    assert by_sector["trade"] == (70, 144_000_000_000_00)
    assert by_sector["agriculture"] == (0, 138_000_000_000_00)
    assert "education" not in by_sector
    assert beside.own_whole == 100
    assert beside.largest == SectorBeside("trade", 70, 144_000_000_000_00)
    lines = sum(row.national or 0 for row in beside.sectors)
    assert lines + STATED.not_itemised == STATED.total


def test_a_source_without_lines_is_compared_with_nothing() -> None:
    total_alone = BENCHMARKS.benchmark_on(date(2024, 1, 31))
    beside = beside_national({"trade": 1}, total_alone)
    assert beside.sectors == [SectorBeside("trade", 1, None)]
    assert total_alone.not_itemised == total_alone.total


@pytest.mark.parametrize(
    ("shares", "tenths"),
    [
        ((1, 2, 1, 4), 250),
        ((1, 4, 1, 2), -250),
        ((1, 3, 1, 3), 0),
        ((1, 2000, 0, 5), 1),
        ((0, 5, 1, 2000), -1),
        ((1, 2001, 0, 5), 0),
        ((0, 0, 1, 2), None),
        ((1, 2, 0, 0), None),
    ],
)
def test_points_are_tenths_rounded_away_from_zero(
    shares: tuple[int, int, int, int], tenths: int | None
) -> None:
    assert points(*shares) == tenths


@pytest.mark.parametrize("right_to_left", [False, True])
def test_the_longest_bar_takes_the_width_and_all_have_one_scale(right_to_left: bool) -> None:
    chart = bars(beside_national({"trade": 50, "housing": 50}, STATED), right_to_left=right_to_left)
    widths = {bar.row.sector: bar.width for bar in chart.bars}
    assert (widths["trade"], widths["housing"], widths["livestock"]) == (WIDTH, WIDTH, 0)
    marks = {bar.row.sector: bar.marker for bar in chart.bars}
    assert marks["housing"] is None
    # 164 of 644 is half of the scale's 50 % and a little more.
    assert marks["livestock"] == (WIDTH - 183 if right_to_left else 183)
    assert bars(beside_national({}, STATED), right_to_left=right_to_left).height > 0
