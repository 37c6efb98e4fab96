"""The book as a table for people, and as CSV or JSON for programs.

Cells of files are those of `aim_loans.cells`; CSV follows RFC 4180. JSON is a list of objects
whose amounts are exact number literals: no amount passes through a binary float; what has no
value is null. Files are written as the rows come.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TextIO, get_args

import pandas as pd

from aim_loans.cells import (
    CSV,
    Cell,
    Cells,
    Column,
    Kind,
    Row,
    Writer,
    columns_of,
    ratios,
    rupees,
)
from aim_loans.money import Grouping, Ratio, divide_rounded, format_rupees
from aim_loans.portfolio.engine import LoanRow
from aim_loans.portfolio.layout import Sheet, write_sheet
from aim_loans.texts import Translator
from aim_loans.vocabulary import N_

Format = Literal["table", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

LOAN_COLUMNS = (
    Column("loan_ref", "text"),
    Column("disbursed_on", "date"),
    Column("principal", "amount"),
    Column("received", "amount"),
    Column("credit", "amount"),
    Column("outstanding", "amount"),
    Column("due", "amount"),
    Column("arrears", "amount"),
    Column("advance", "amount"),
    Column("days_past_due", "count"),
    Column("bucket", "text"),
    Column("class", "text"),
)

# Ratios of the book by name, each after the column named, with its parts.
_RATIOS = {
    "par180": ("par30_ratio", "par30", "glp"),
    "recovery_due": ("recovery", "recovery_collected", "recovery_due"),
}
_COUNTS = ("active_loans", "active_borrowers")


def write_rows(
    rows: Iterable[Row],
    columns: Sequence[Column],
    *,
    form: str,
    stream: TextIO,
    words: Translator,
    total: Row | None = None,
    grouping: Grouping = "thousands",
) -> None:
    """Write rows in one of `FORMATS`; the total only in the table, where `None` is blank."""
    if form == "csv":
        _write_csv(rows, columns, stream)
    elif form == "json":
        _write_json(rows, columns, stream)
    else:
        write_sheet(_sheet(rows, columns, total, words, grouping), stream)


def write_loans(
    loans: Iterable[LoanRow],
    *,
    form: str,
    stream: TextIO,
    words: Translator,
    grouping: Grouping = "thousands",
) -> None:
    """Write loans one a row; CSV and JSON take no more memory for a large book."""
    if form != "table":
        write_rows(loans, LOAN_COLUMNS, form=form, stream=stream, words=words)
        return
    rows = list(loans)
    total = _total_of(rows, words)
    stream.write(words.text(N_("Amounts in rupees.")) + "\n\n")
    write_rows(
        rows, LOAN_COLUMNS, form=form, stream=stream, words=words, total=total, grouping=grouping
    )


def write_book(
    book: pd.DataFrame,
    whole: pd.DataFrame | None,
    *,
    by: Sequence[str],
    form: str,
    stream: TextIO,
    words: Translator,
    grouping: Grouping = "thousands",
) -> None:
    """Write the book by group, as `engine.book_rows` gives it.

    `whole` is the book without groups: its one row is the total of the table, where persons
    are counted once each and ratios come from the whole sums. CSV and JSON have no total and
    do not need it.
    """
    columns = book_columns(book, by)
    if form != "table":
        write_rows(_cells(book, columns), columns, form=form, stream=stream, words=words)
        return
    stream.write(words.text(N_("Amounts in rupees.")) + "\n")
    for part in _parts(columns, by):
        total = None
        if by and whole is not None:
            (total,) = _cells(whole, part, label=words.heading("total"))
        stream.write("\n")
        rows = _cells(book, part)
        write_rows(
            rows, part, form=form, stream=stream, words=words, total=total, grouping=grouping
        )
    if by:
        note = N_("A borrower with loans in several groups counts in each, and once in the total.")
        stream.write("\n" + words.text(note) + "\n")


def book_columns(book: pd.DataFrame, by: Sequence[str]) -> list[Column]:
    """Give the columns of a book as files have them: the frame's, with the ratios between."""
    columns = [Column(name, "text") for name in by]
    for name in book.columns[len(by) :]:
        columns.append(Column(name, "count" if name in _COUNTS else "amount"))
        if name in _RATIOS:
            columns.append(Column(_RATIOS[name][0], "ratio"))
    return columns


def _cells(frame: pd.DataFrame, columns: Sequence[Column], label: str = "") -> Iterator[Row]:
    """Give rows of cells; a text that the frame does not have is blank, the first `label`."""
    parts = {name: (over, under) for name, over, under in _RATIOS.values()}
    values: list[list[Any]] = []
    for place, column in enumerate(columns):
        if column.kind == "ratio":
            over, under = (frame[name].tolist() for name in parts[column.name])
            values.append([Ratio(*each) for each in zip(over, under, strict=True)])
        elif column.name in frame:
            values.append(frame[column.name].tolist())
        else:
            values.append([label if place == 0 else ""] * len(frame))
    return zip(*values, strict=True)


def _parts(columns: Sequence[Column], by: Sequence[str]) -> Iterator[list[Column]]:
    """Part the table, which is too wide for a screen: portfolio at risk, lateness, classes."""
    groups, rest = list(columns[: len(by)]), columns[len(by) :]
    lateness = [column for column in rest if column.name.startswith("bucket_")]
    classes = [column for column in rest if column.name.startswith("class_")]
    for part in ([c for c in rest if c not in (*lateness, *classes)], lateness, classes):
        yield groups + part


def _total_of(loans: Sequence[LoanRow], words: Translator) -> Row:
    """Add the amounts of loans up."""
    cells = list(zip(*loans, strict=True)) or [()] * len(LOAN_COLUMNS)
    sums: list[Cell] = [
        sum(column_cells) if column.kind == "amount" else None
        for column, column_cells in zip(LOAN_COLUMNS, cells, strict=True)
    ]
    return [words.heading("total"), *sums[1:]]


def _write_csv(rows: Iterable[Row], columns: Sequence[Column], stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    for texts in _by_column(rows, columns, CSV):
        writer.writerows(zip(*texts, strict=True))


def _write_json(rows: Iterable[Row], columns: Sequence[Column], stream: TextIO) -> None:
    names = [json.dumps(column.name) for column in columns]
    member = "  {" + ", ".join(f"{name}: %s" for name in names) + "}"
    between = "[\n"
    for texts in _by_column(rows, columns, _JSON):
        objects = (member % cells for cells in zip(*texts, strict=True))
        stream.write(between + ",\n".join(objects))
        between = ",\n"
    stream.write("\n]\n" if between == ",\n" else "[]\n")


def _by_column(
    rows: Iterable[Row], columns: Sequence[Column], write: Mapping[Kind, Writer]
) -> Iterator[list[Sequence[str | int]]]:
    for cells in columns_of(rows):
        yield [write[column.kind](each) for column, each in zip(columns, cells, strict=True)]


def _json_texts(cells: Cells) -> list[str]:
    return [json.dumps(cell, ensure_ascii=False) for cell in cells]


_JSON: Mapping[Kind, Writer] = {
    "text": _json_texts,
    "date": lambda days: [f'"{day.isoformat()}"' for day in days],
    "amount": rupees,
    "count": lambda counts: counts,
    "ratio": lambda shares: [text or "null" for text in ratios(shares)],
}


def _sheet(
    rows: Iterable[Row],
    columns: Sequence[Column],
    total: Row | None,
    words: Translator,
    grouping: Grouping,
) -> Sheet:
    def line(row: Row) -> list[str]:
        return [
            "" if cell is None else _shown(cell, column, words, grouping)
            for column, cell in zip(columns, row, strict=True)
        ]

    return Sheet(
        headings=[words.heading(column.name) for column in columns],
        figures=[column.kind not in ("text", "date") for column in columns],
        lines=[line(row) for row in rows],
        total=None if total is None else line(total),
    )


def _shown(cell: Any, column: Column, words: Translator, grouping: Grouping) -> str:
    """Write a cell for people."""
    if column.kind == "text":
        return words.word(column.name, cell)
    if column.kind == "date":
        return words.day(cell)
    if column.kind == "amount":
        # The heading of the table says that these are rupees.
        return format_rupees(cell, grouping=grouping).removeprefix("Rs ")
    if column.kind == "count":
        return f"{cell:,}"
    return _percent(cell)


def _percent(ratio: Ratio) -> str:
    if ratio.denominator == 0:
        return ""
    hundredths = divide_rounded(
        ratio.numerator * 10_000, ratio.denominator, multiple=1, rule="half_up"
    )
    return f"{hundredths // 100}.{hundredths % 100:02d} %"
