"""Tables: a head repeated on every page, figures at the right, totals ruled above.

Columns stand in the direction of the language. A row never splits; where a page breaks, a table
with running sums closes the page with the sum so far and opens the next one with the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from reports.marks import Mark, Rule, Words
from reports.page import WIDTH, Piece, paragraph
from reports.style import BODY, FIRM, INK, NOTE, SPACES, Style
from reports.text import Hand, isolated

_PAD, _DENSE_PAD = 6.0, 4.0  # beside each cell, in points
_OPEN = 2.0  # above and below each row, in points
_FEW = 3  # rows that stand under a head or above totals at least
_HARDLY = 0.01  # a hundredth of a point, which nobody sees


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, with the unit, and whether it holds figures."""

    heading: str
    figures: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts under columns; `note` stands below, `running` says the sums before a row.

    `strong` names the rows that stand out, by their places.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    totals: Sequence[Sequence[str]] = ()
    note: str = ""
    running: Callable[[int], Sequence[str]] | None = None
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the columns stand, from the left, and how wide they are (points)."""

    hand: Hand
    columns: Sequence[Column]
    lefts: Sequence[float]
    widths: Sequence[float]
    width: float
    size: float

    @property
    def pad(self) -> float:
        """Give the room beside each cell."""
        return _pad(self.size)

    def text(self, place: int, text: str) -> str:
        """Give a cell's text; a figure keeps its direction in Urdu as well."""
        return isolated(text) if self.columns[place].figures and text else text

    def start(self, place: int, width: float) -> float:
        """Give where a text of this width begins; figures stand at the right in both languages."""
        left, right = self.lefts[place] + _PAD, self.lefts[place] + self.widths[place] - _PAD
        ends = self.columns[place].figures or self.hand.right_to_left
        return right - width if ends else left


def table(
    hand: Hand, shown: Table, *, width: float = WIDTH, style: Style = BODY, space: float = 8
) -> list[Piece]:
    """Set a table of this width, in points; `style` is that of its rows."""
    grid = _grid(hand, shown, width, style)
    quiet = Style(min(NOTE.size, style.size), bold=True, colour=NOTE.colour)
    head = _row(grid, [column.heading for column in shown.columns], quiet)
    pieces = [replace(head, space=space, tied=True)]
    last = len(shown.rows) - 1
    for place, texts in enumerate(shown.rows):
        row = _row(grid, texts, replace(style, bold=place in shown.strong))
        carried = partial(_carried, grid, shown, place)
        again = partial(_again, head, carried)
        # Few rows alone on a page look like a fault of the paper.
        at_an_end = place < _FEW - 1 or place > last - _FEW
        tied = at_an_end and (place < last or bool(shown.totals))
        pieces.append(replace(row, tied=tied, again=again, closing=carried))
    for place, texts in enumerate(shown.totals):
        row = _row(grid, texts, replace(style, bold=True), total=place == 0)
        pieces.append(replace(row, tied=place + 1 < len(shown.totals)))
    if shown.note:
        pieces[-1] = replace(pieces[-1], tied=True)
        pieces += paragraph(hand, shown.note, NOTE, width=width, space=SPACES[0])
    return pieces


def _carried(grid: _Grid, shown: Table, place: int) -> Sequence[Piece]:
    """Give the row with the sums of what stands before a row."""
    if shown.running is None or place == 0:
        return ()
    return (_row(grid, shown.running(place), Style(grid.size, colour=NOTE.colour)),)


def _again(head: Piece, carried: Callable[[], Sequence[Piece]]) -> Sequence[Piece]:
    return (head, *carried())


def _row(grid: _Grid, texts: Sequence[str], style: Style, *, total: bool = False) -> Piece:
    """Set one row, a hairline below it; a total has a firm line above."""
    marks: list[Mark] = []
    lines_of = [
        grid.hand.wrap(grid.text(place, text), style, grid.widths[place] - 2 * grid.pad)
        for place, text in enumerate(texts)
    ]
    for place, lines in enumerate(lines_of):
        for number, line in enumerate(lines):
            foot = _OPEN + number * grid.hand.leading(style) + grid.hand.foot(style)
            x = grid.start(place, line.width(style.size))
            marks.append(Words(x, foot, line, style.size, style.colour))
    height = 2 * _OPEN + max(map(len, lines_of), default=1) * grid.hand.leading(style)
    marks.append(Rule(0, height, grid.width, height))
    if total:
        marks.append(Rule(0, 0, grid.width, 0, FIRM, INK))
    return Piece(height, tuple(marks))


def _grid(hand: Hand, shown: Table, width: float, style: Style) -> _Grid:
    """Give each column what its widest text needs; texts that find no room are broken."""
    needed, least = _needs(hand, shown, style)
    spare = width - sum(needed)
    if spare < 0:
        soft = [need - floor for need, floor in zip(needed, least, strict=True)]
        share = min(1.0, -spare / (sum(soft) or 1))
        widths = [need - part * share for need, part in zip(needed, soft, strict=True)]
    else:
        widths = [need + spare * need / (sum(needed) or 1) for need in needed]
    order = list(range(len(widths)))
    lefts = [0.0] * len(widths)
    left = 0.0
    for place in reversed(order) if hand.right_to_left else order:
        lefts[place] = left
        left += widths[place]
    return _Grid(hand, shown.columns, lefts, widths, width, style.size)


def _needs(hand: Hand, shown: Table, style: Style) -> tuple[list[float], list[float]]:
    """Give how wide each column wants to be, and how narrow it may become, in points.

    A column of figures is never broken; of words each fits.
    """
    bold = replace(style, bold=True)
    sums = [shown.running(len(shown.rows))] if shown.running and shown.rows else []
    needed: list[float] = []
    least: list[float] = []
    for place, column in enumerate(shown.columns):
        texts = [row[place] for row in (*shown.rows, *shown.totals, *sums)]
        lines = [part for text in texts for part in text.split("\n")]
        head = _widest(hand, column.heading.split(), bold)
        whole = max(_widest(hand, lines, bold), head)
        words = [word for text in lines for word in text.split()]
        narrow = whole if column.figures else max(_widest(hand, words, bold), head)
        # What is exactly as wide as its column would be broken by the last bit of a fraction.
        around = 2 * _pad(style.size) + _HARDLY
        needed.append(whole + around)
        least.append(narrow + around)
    return needed, least


def _pad(size: float) -> float:
    return _DENSE_PAD if size < BODY.size else _PAD


def _widest(hand: Hand, texts: Sequence[str], style: Style) -> float:
    return max((hand.set(text, style).width(style.size) for text in texts), default=0.0)
