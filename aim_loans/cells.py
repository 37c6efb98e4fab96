"""Cells of files: what a column holds, and how its cells are written as CSV. Pure.

Amounts are plain decimals in rupees, days ISO dates, ratios fractions of six places, and what
has no value is empty. A text that a spreadsheet would take for a formula is neutralised.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

from aim_loans.money import Ratio, plain, ratio_text

Kind = Literal["text", "date", "amount", "count", "ratio"]


# A cell is a text, a day, a whole number (paisa where its column holds amounts) or a ratio.
Cell = str | date | int | Ratio | None
Row = Sequence[Any]
Cells = Sequence[Any]
Writer = Callable[[Cells], Sequence[str | int]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in files, and what its cells are; amounts are in paisa."""

    name: str
    kind: Kind


# Rows are written in batches: so small that the garbage collector hardly looks at them.
_BATCH = 500
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_A_FORMULA = re.compile(f"\n[{re.escape(''.join(_FORMULA_SIGNS))}]")
_day_text = lru_cache(maxsize=100_000)(date.isoformat)
# Files hold few different ratios of loans, and many times each.
ratio_cell = lru_cache(maxsize=1_000)(ratio_text)


def columns_of(rows: Iterable[Row]) -> Iterator[list[Cells]]:
    """Give the cells column by column, some hundred rows at a time: half the work of each."""
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield list(zip(*batch, strict=True))


def rupees(cells: Cells) -> list[str | int]:
    """Write amounts of paisa as plain decimals in rupees."""
    return [plain(paisa) if paisa % 100 else paisa // 100 for paisa in cells]


def ratios(cells: Cells) -> list[str]:
    """Write ratios as fractions of six places."""
    return [ratio_cell(*ratio) for ratio in cells]


def harmless(cells: Cells) -> Sequence[str]:
    """Write texts so that no spreadsheet takes one for a formula: an apostrophe goes before it."""
    # Hardly a text is a formula: one look at all of them tells that none is.
    if not _A_FORMULA.search("\n".join(("", *cells))):
        return cells
    return [f"'{cell}" if cell.startswith(_FORMULA_SIGNS) else cell for cell in cells]


def as_meant(cells: Sequence[str]) -> list[str]:
    """Give back the texts that `harmless` wrote."""
    return [
        cell[1:] if cell[:1] == "'" and cell.startswith(_FORMULA_SIGNS, 1) else cell
        for cell in cells
    ]


def with_blanks(write: Writer) -> Writer:
    """Let a writer leave cells without a value empty."""

    def written(cells: Cells) -> Sequence[str | int]:
        if None not in cells:
            return write(cells)
        given = iter(write([cell for cell in cells if cell is not None]))
        return ["" if cell is None else next(given) for cell in cells]

    return written


CSV: Mapping[Kind, Writer] = {
    "text": harmless,
    "date": lambda days: [_day_text(day) for day in days],
    "amount": rupees,
    "count": lambda counts: counts,
    "ratio": ratios,
}
