"""Lines of cells laid out for a terminal: columns aligned by what the eye sees. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

# Marks written above and below letters, and invisible signs of direction, take no place.
_WITHOUT_WIDTH = ("Mn", "Me", "Cf")
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Sheet:
    """A headed table of texts: figures stand to the right; the total, if any, below a rule."""

    headings: Sequence[str]
    figures: Sequence[bool]
    lines: Sequence[Sequence[str]]
    total: Sequence[str] | None = None


def width(text: str) -> int:
    """Count the places that a text takes on a screen of fixed width."""
    return sum(unicodedata.category(letter) not in _WITHOUT_WIDTH for letter in text)


def write_sheet(sheet: Sheet, stream: TextIO) -> None:
    """Write a sheet, each column as wide as its widest cell."""
    totals = [] if sheet.total is None else [sheet.total]
    widths = [
        max(map(width, cells)) for cells in zip(sheet.headings, *sheet.lines, *totals, strict=True)
    ]
    rule = _GAP.join("-" * wide for wide in widths) + "\n"
    stream.write(_line(sheet.headings, sheet.figures, widths))
    stream.write(rule)
    stream.writelines(_line(line, sheet.figures, widths) for line in sheet.lines)
    for total in totals:
        stream.write(rule)
        stream.write(_line(total, sheet.figures, widths))


def _line(cells: Iterable[str], figures: Iterable[bool], widths: Iterable[int]) -> str:
    placed = (
        _placed(cell, wide - width(cell), figure=figure)
        for cell, figure, wide in zip(cells, figures, widths, strict=True)
    )
    return _GAP.join(placed).rstrip() + "\n"


def _placed(cell: str, space: int, *, figure: bool) -> str:
    return " " * space + cell if figure else cell + " " * space
