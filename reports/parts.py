"""Parts that several papers share: facts side by side, clauses, places to sign, a square code."""

from collections.abc import Sequence
from dataclasses import replace

import segno

from reports.marks import Box, Mark, Rule
from reports.page import WIDTH, Piece, beside, paragraph
from reports.style import BODY, FIGURE, FIRM, GROUND, INK, LARGEST, NOTE, SPACES, WRONG, Style
from reports.text import Hand

_GUTTER = 16.0
_CODE = 56.0  # the side of a square code, in points
_QUIET = 4  # the modules around it that stay white (ISO/IEC 18004)


def facts(
    hand: Hand,
    named: Sequence[tuple[str, str]],
    *,
    large: frozenset[str] = frozenset(),
    width: float = WIDTH,
    columns: int = 2,
) -> list[Piece]:
    """Set values under their names, so many side by side; `large` names those that stand out."""
    each = column_width(columns, width)
    pieces = []
    for start in range(0, len(named), columns):
        shown = named[start : start + columns]
        heads = [paragraph(hand, name, NOTE, width=each) for name, _ in shown]
        deepest = max(map(len, heads))
        cells = [
            [*_filled(head, deepest), *paragraph(hand, value, style, width=each)]
            for head, (name, value) in zip(heads, shown, strict=True)
            for style in [FIGURE if name in large else BODY]
        ]
        row = beside(cells, side_by_side(hand, len(cells), each, width))
        pieces.append(replace(row, space=SPACES[1]))
    return pieces


def _filled(head: Sequence[Piece], lines: int) -> list[Piece]:
    """Put empty lines above a short name, so that values side by side stand on one line."""
    return [Piece(head[0].height)] * (lines - len(head)) + list(head)


def tiles(hand: Hand, shown: Sequence[tuple[str, str, str]], *, width: float = WIDTH) -> Piece:
    """Set large values side by side, each with its name above and a note below it."""
    each = column_width(len(shown), width)
    within = each - 2 * SPACES[2]
    cells = [
        paragraph(hand, name, NOTE, width=within)
        + paragraph(hand, value, LARGEST, width=within)
        + paragraph(hand, note, NOTE, width=within)
        for name, value, note in shown
    ]
    offsets = side_by_side(hand, len(cells), each, width)
    row = beside(cells, [offset + SPACES[2] for offset in offsets])
    height = row.height + 2 * SPACES[1]
    grounds = [Box(offset, 0, each, height, fill=GROUND) for offset in offsets]
    marks = (*grounds, *(mark.moved(0, SPACES[1]) for mark in row.marks))
    return Piece(height, marks, SPACES[2])


def clauses(
    hand: Hand,
    sentences: Sequence[str],
    *,
    counted: bool = False,
    style: Style = BODY,
    width: float = WIDTH,
) -> list[Piece]:
    """Set sentences below each other, each with a dot or its number."""
    indent = float(SPACES[3])
    pieces: list[Piece] = []
    for number, sentence in enumerate(sentences, start=1):
        first, *others = paragraph(hand, sentence, style, width=width, indent=indent)
        (mark,) = paragraph(hand, f"{number}." if counted else "•", style, width=width)
        space = SPACES[0] if pieces else SPACES[1]
        pieces.append(replace(first, marks=(*mark.marks, *first.marks), space=space))
        pieces += others
    return pieces


def signatures(hand: Hand, names: Sequence[str], *, width: float = WIDTH) -> list[Piece]:
    """Leave room to sign side by side, with a line and what stands below it.

    One alone signs on half the width.
    """
    each = column_width(max(len(names), 2), width)
    offsets = side_by_side(hand, len(names), each, width)
    marks = [Rule(offset, 0, offset + each, 0, FIRM, INK) for offset in offsets]
    below = [paragraph(hand, name, NOTE, width=each) for name in names]
    row = beside(below, offsets)
    named = replace(row, marks=(*marks, *(mark.moved(0, SPACES[0]) for mark in row.marks)))
    return [Piece(2.0 * SPACES[5], (), 0, tied=True), replace(named, height=row.height + SPACES[0])]


def stamp(hand: Hand, word: str, *, width: float = WIDTH) -> Piece:
    """Set a word in a frame of warning across the paper."""
    style = Style(FIGURE.size, bold=True, colour=WRONG)
    line = hand.set(word, style).width(style.size) + 2 * SPACES[2]
    (said,) = paragraph(hand, word, style, width=line - 2 * SPACES[2])
    x = width - line if hand.right_to_left else 0.0
    height = said.height + 2 * SPACES[0]
    frame = Box(x, 0, line, height, edge=WRONG, edge_width=2 * FIRM)
    marks = (frame, *(mark.moved(x + SPACES[2], SPACES[0]) for mark in said.marks))
    return Piece(height, marks, SPACES[1])


def square_code(text: str) -> Piece:
    """Draw a QR code of the text, with the white edge that readers need."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    module = _CODE / (len(rows) + 2 * _QUIET)
    marks: list[Mark] = []
    for y, row in enumerate(rows):
        for start, length in _dark(row):
            left, top = (start + _QUIET) * module, (y + _QUIET) * module
            marks.append(Box(left, top, length * module, module, fill=INK))
    return Piece(_CODE, tuple(marks))


def with_code(hand: Hand, pieces: Sequence[Piece], text: str, *, width: float = WIDTH) -> Piece:
    """Put a square code at the far side of pieces that were set for `beside_code`."""
    offsets = [_CODE, 0.0] if hand.right_to_left else [0.0, width - _CODE]
    return beside([list(pieces), [square_code(text)]], offsets)


def beside_code(width: float = WIDTH) -> float:
    """Give the width that is left beside a square code, in points."""
    return width - _CODE


def _dark(row: bytes) -> list[tuple[int, int]]:
    """Give where the dark modules of a row begin, and how many follow."""
    runs: list[tuple[int, int]] = []
    start = None
    for place, module in enumerate([*row, 0]):
        if module and start is None:
            start = place
        elif not module and start is not None:
            runs.append((start, place - start))
            start = None
    return runs


def column_width(count: int, width: float = WIDTH) -> float:
    """Give the width of each of some equal columns (points)."""
    return (width - (count - 1) * _GUTTER) / count


def side_by_side(hand: Hand, count: int, each: float, width: float) -> list[float]:
    """Give how far from the left each of some equal columns stands (points)."""
    offsets = [place * (each + _GUTTER) for place in range(count)]
    return [width - each - offset for offset in offsets] if hand.right_to_left else offsets
