"""Charts as vectors: bars, one stacked bar, lines; each stands beside the table that it draws.

Values are whole numbers of any unit (paisa, basis points, loans); what is printed beside them is
given as text. `most` is the value at the end of the scale: charts of one unit on a page share it.
Actual is filled, the month before outlined, a target a dashed line, the benchmark a short marker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from reports.marks import Box, Mark, Rule, Stroke, Words
from reports.page import Piece
from reports.style import BODY, FIRM, HAIR, INK, LINE, MUTED, NOTE, PAPER, SPACES, Style
from reports.text import Hand, isolated

_BAR = 9.0  # how thick a bar is, in points
_STEP = 18.0  # from one bar to the next
_KEYS = 3  # of a stacked bar's parts named on one line
_MARKER = 3.0  # how far a marker stands out of its bar
_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its name and its value as text; `before` and `benchmark` where there are any."""

    label: str
    value: int
    shown: str
    colour: str
    before: int | None = None
    benchmark: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a stacked bar."""

    label: str
    value: int
    shown: str
    colour: str


@dataclass(frozen=True, slots=True)
class Series:
    """A line over the months: a value for each, None where there is none; its name at the end."""

    label: str
    values: Sequence[int | None]
    colour: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class _Side:
    """Where a chart begins: at the left, or at the right of a width in Urdu."""

    hand: Hand
    width: float

    def box(self, start: float, y: float, length: float, height: float, **look: str) -> Box:
        """Draw a box that begins so far from the chart's own side."""
        x = self.width - start - length if self.hand.right_to_left else start
        return Box(x, y, length, height, look.get("fill"), look.get("edge"))

    def words(self, start: float, top: float, text: str, style: Style) -> Words:
        """Set words that begin so far from the chart's own side."""
        line = self.hand.set(text, style)
        width = line.width(style.size)
        x = self.width - start - width if self.hand.right_to_left else start
        return Words(x, top + self.hand.foot(style), line, style.size, style.colour)

    def rule(self, start: float, top: float, bottom: float, width: float, colour: str) -> Rule:
        """Draw a short line down, so far from the chart's own side."""
        x = self.width - start if self.hand.right_to_left else start
        return Rule(x, top, x, bottom, width, colour)


def bars(
    hand: Hand,
    shown: Sequence[Bar],
    *,
    width: float,
    most: int,
    target: int | None = None,
    space: float = SPACES[1],
) -> Piece:
    """Draw bars below each other, with names at their side and values at the other."""
    side = _Side(hand, width)
    names = max((_wide(hand, bar.label, BODY) for bar in shown), default=0.0) + SPACES[1]
    figures = max((_wide(hand, bar.shown, NOTE) for bar in shown), default=0.0) + SPACES[1]
    scale = max(width - names - figures, 1.0) / max(most, 1)
    marks: list[Mark] = []
    for place, bar in enumerate(shown):
        marks += _bar(side, bar, place * _STEP, names, scale)
    height = len(shown) * _STEP
    if target is not None:
        marks.append(_target(side, names + target * scale, height))
    return Piece(height, tuple(marks), space)


def _bar(side: _Side, bar: Bar, top: float, names: float, scale: float) -> list[Mark]:
    y = top + (_STEP - _BAR) / 2
    middle = top + (_STEP - side.hand.leading(BODY)) / 2
    marks: list[Mark] = [
        side.words(0, middle, bar.label, BODY),
        side.box(names, y, bar.value * scale, _BAR, fill=bar.colour),
    ]
    if bar.before is not None:
        marks.append(side.box(names, y - 2, bar.before * scale, _BAR + 4, edge=MUTED))
    if bar.benchmark is not None:
        at = names + bar.benchmark * scale
        marks.append(side.rule(at, y - _MARKER, y + _BAR + _MARKER, 2 * FIRM, INK))
    middle = top + (_STEP - side.hand.leading(NOTE)) / 2
    value = isolated(bar.shown)
    at = side.width - _wide(side.hand, value, NOTE)
    return [*marks, side.words(at, middle, value, NOTE)]


def _target(side: _Side, start: float, height: float) -> Stroke:
    x = side.width - start if side.hand.right_to_left else start
    return Stroke(((x, 0.0), (x, height)), FIRM, INK, dashed=True)


def stacked(
    hand: Hand, parts: Sequence[Part], *, width: float, space: float = SPACES[1]
) -> list[Piece]:
    """Draw one bar of parts, and below it what each part is, with its value."""
    side, whole, start = _Side(hand, width), sum(part.value for part in parts), 0.0
    marks: list[Mark] = []
    for part in parts:
        length = part.value * width / max(whole, 1)
        if length:
            # A white edge keeps neighbours apart in a print without colours.
            marks.append(side.box(start, 0, length, 2 * _BAR, fill=part.colour, edge=PAPER))
        start += length
    bar = Piece(2 * _BAR, tuple(marks), space, tied=True)
    rows = [parts[first : first + _KEYS] for first in range(0, len(parts), _KEYS)]
    return [bar, *(_keys(side, row) for row in rows)]


def _keys(side: _Side, parts: Sequence[Part]) -> Piece:
    """Say what some parts are, side by side."""
    leading = side.hand.leading(NOTE)
    marks: list[Mark] = []
    for place, part in enumerate(parts):
        start = place * side.width / _KEYS
        marks.append(side.box(start, (leading - 6) / 2, 6, 6, fill=part.colour))
        named = f"{part.label}  {isolated(part.shown)}"
        marks.append(side.words(start + SPACES[2], 0, named, NOTE))
    return Piece(leading, tuple(marks), 0)


def lines(
    hand: Hand,
    series: Sequence[Series],
    *,
    months: Sequence[str],
    scale: Sequence[tuple[int, str]],
    width: float,
    height: float = 120.0,
    space: float = SPACES[1],
) -> Piece:
    """Draw lines over months, which run from left to right, with each name at its line's end.

    The names of lines that reach the last month stand beside each other's, never on them; the
    name of a line that ends before stands above its end, clear of the lines that go on.
    `scale` gives the values that get a hairline, and their texts; the last is the highest.
    """
    figures = max((_wide(hand, text, NOTE) for _, text in scale), default=0.0) + SPACES[0]
    names = max((_wide(hand, each.label, NOTE) for each in series), default=0.0) + SPACES[1]
    # The last month is written below its point, and its end stays within the width.
    names = max(names, _wide(hand, months[-1], NOTE) / 2 if months else 0.0)
    plot = max(width - figures - names, 1.0)
    most = max(scale[-1][0], 1)
    marks: list[Mark] = []
    for value, text in scale:
        y = height - value * height / most
        marks.append(Rule(figures, y, figures + plot, y, HAIR, LINE))
        marks.append(_centred(hand, text, y, figures - SPACES[0]))
    step = plot / max(len(months) - 1, 1)
    ends: list[tuple[str, _Point]] = []
    for each in series:
        points = [
            (figures + place * step, height - value * height / most)
            for place, value in enumerate(each.values)
            if value is not None
        ]
        if not points:
            continue
        marks.append(Stroke(tuple(points), 1.5 * FIRM, each.colour, each.dashed))
        if each.values[-1] is None:
            marks.append(_above(hand, each.label, points[-1], figures))
        else:
            ends.append((each.label, points[-1]))
    marks += _beside(hand, ends)
    marks += _months(hand, months, figures, step, height)
    return Piece(height + 2 * hand.leading(NOTE), tuple(marks), space + NOTE.size)


def _beside(hand: Hand, ends: Sequence[tuple[str, _Point]]) -> list[Mark]:
    """Write each name beside its line's end, lower where the one above leaves no room."""
    marks: list[Mark] = []
    leading, taken = hand.leading(NOTE), -inf
    for label, (x, y) in sorted(ends, key=lambda end: end[1][1]):
        top = max(y - leading / 2, taken)
        taken = top + leading
        name = hand.set(label, NOTE)
        marks.append(Words(x + SPACES[0], top + hand.foot(NOTE), name, NOTE.size, INK))
    return marks


def _above(hand: Hand, label: str, end: _Point, left: float) -> Words:
    name = hand.set(label, NOTE)
    x = max(left, end[0] - name.width(NOTE.size) / 2)
    foot = end[1] - hand.leading(NOTE) + hand.foot(NOTE)
    return Words(x, foot, name, NOTE.size, INK)


def _months(
    hand: Hand, months: Sequence[str], left: float, step: float, height: float
) -> list[Mark]:
    """Write so many months below their points as find room, the last one always."""
    widest = max((_wide(hand, month, NOTE) for month in months), default=0.0) + SPACES[1]
    every = max(1, int(-(-widest // step))) if step else 1
    marks: list[Mark] = []
    for place in range(len(months) - 1, -1, -every):
        line = hand.set(months[place], NOTE)
        x = left + place * step - line.width(NOTE.size) / 2
        foot = height + SPACES[0] + hand.foot(NOTE)
        marks.append(Words(x, foot, line, NOTE.size, NOTE.colour))
    return marks


def _centred(hand: Hand, text: str, y: float, right: float) -> Words:
    line = hand.set(isolated(text), NOTE)
    foot = y - hand.leading(NOTE) / 2 + hand.foot(NOTE)
    return Words(right - line.width(NOTE.size), foot, line, NOTE.size, NOTE.colour)


def _wide(hand: Hand, text: str, style: Style) -> float:
    return hand.set(text, style).width(style.size)
