"""Charts: one scale for one unit, mirrored in Urdu, nothing outside its place."""

import pytest

from reports.charts import Bar, Part, Series, bars, lines, stacked
from reports.marks import Box, Mark, Stroke, Words
from reports.page import Piece
from reports.style import MUTED, SECTORS
from reports.text import Hand

ENGLISH, URDU = Hand("en"), Hand("ur")
WIDTH = 300.0
SHARES = [
    Bar("Trade", 5_000, "50.0 %", SECTORS["trade"], before=4_000, benchmark=4_500),
    Bar("Housing", 2_500, "25.0 %", SECTORS["housing"]),
]


def boxes(piece: Piece) -> list[Box]:
    return [mark for mark in piece.marks if isinstance(mark, Box)]


def extent(mark: Mark) -> tuple[float, float]:
    if isinstance(mark, Words):
        return mark.x, mark.x + mark.line.width(mark.size)
    if isinstance(mark, Box):
        return mark.x, mark.x + mark.width
    if isinstance(mark, Stroke):
        return min(x for x, _ in mark.points), max(x for x, _ in mark.points)
    return min(mark.x, mark.to_x), max(mark.x, mark.to_x)


@pytest.mark.parametrize("hand", [ENGLISH, URDU], ids=["en", "ur"])
def test_bars_are_as_long_as_their_values_and_stay_within_their_width(hand: Hand) -> None:
    piece = bars(hand, SHARES, width=WIDTH, most=6_000, target=3_000)
    trade, before, housing = boxes(piece)
    assert trade.width == pytest.approx(2 * housing.width)
    assert before.width == pytest.approx(trade.width * 4 / 5)
    assert before.fill is None
    assert before.edge == MUTED
    for mark in piece.marks:
        left, right = extent(mark)
        assert -0.01 <= left <= right <= WIDTH + 0.01


def test_bars_begin_at_the_side_where_the_language_begins() -> None:
    english = boxes(bars(ENGLISH, SHARES, width=WIDTH, most=6_000))
    urdu = boxes(bars(URDU, SHARES, width=WIDTH, most=6_000))
    assert {round(box.x, 6) for box in english} == {round(english[0].x, 6)}
    assert {round(box.x + box.width, 6) for box in urdu} == {round(WIDTH - english[0].x, 6)}


def test_one_scale_for_two_charts_of_a_unit() -> None:
    small, large = (
        boxes(bars(ENGLISH, [Bar("Same", value, "x", MUTED)], width=WIDTH, most=1_000))[0].width
        for value in (100, 400)
    )
    assert large == pytest.approx(4 * small)


def test_a_stacked_bar_is_whole_and_names_every_part() -> None:
    parts = [Part("A", 3, "3", MUTED), Part("B", 0, "0", MUTED), Part("C", 1, "1", MUTED)]
    bar, *keys = stacked(ENGLISH, parts, width=WIDTH)
    assert sum(box.width for box in boxes(bar)) == pytest.approx(WIDTH)
    named = [mark for key in keys for mark in key.marks if isinstance(mark, Words)]
    assert [mark.line.text[0] for mark in named] == ["A", "B", "C"]
    assert stacked(ENGLISH, [Part("A", 0, "0", MUTED)], width=WIDTH)[0].marks == ()


def test_lines_skip_what_is_not_known_and_run_from_left_to_right() -> None:
    series = [Series("Balance", [1, None, 3, 4], MUTED), Series("None", [None] * 4, MUTED)]
    months = ["Jan", "Feb", "Mar", "Apr"]
    scale = [(0, "0"), (4, "4 m")]
    for hand in (ENGLISH, URDU):
        piece = lines(hand, series, months=months, scale=scale, width=WIDTH)
        (stroke,) = (mark for mark in piece.marks if isinstance(mark, Stroke))
        assert len(stroke.points) == 3
        assert [x for x, _ in stroke.points] == sorted(x for x, _ in stroke.points)
        assert stroke.points[-1][1] == 0
        for mark in piece.marks:
            assert extent(mark)[1] <= WIDTH + 0.01


@pytest.mark.parametrize(("hand", "month"), [(ENGLISH, "Oct 2026"), (URDU, "اکتوبر 2026")])
def test_the_last_month_stays_within_the_width_beside_a_line_without_a_name(
    hand: Hand, month: str
) -> None:
    line = Series("", [1, 2], MUTED)
    piece = lines(hand, [line], months=["Jan", month], scale=[(0, "0"), (2, "2")], width=WIDTH)
    assert max(extent(mark)[1] for mark in piece.marks) <= WIDTH + 0.01


def test_nothing_to_draw_draws_nothing() -> None:
    assert bars(ENGLISH, [], width=WIDTH, most=0).height == 0
    assert lines(ENGLISH, [], months=[], scale=[(0, "0")], width=WIDTH).height > 0
