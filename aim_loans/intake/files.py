"""Reads a CSV file strictly: UTF-8, comma, one header row; faults name their line.

A byte-order mark and any line ends are fine. A file whose header or encoding is wrong is
refused as a whole; a line that is cut off or has too many fields is refused by itself.
"""

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aim_loans.cells import as_meant
from aim_loans.errors import Refused
from aim_loans.intake.layout import REASON_COLUMN
from aim_loans.texts import explain
from aim_loans.vocabulary import N_

if TYPE_CHECKING:
    from _csv import Reader


class FilesRefused(Refused):
    """All that is wrong with the files, or the mapping, as such; nothing was written."""

    def __init__(self, faults: Sequence[Refused]) -> None:
        """Keep the faults; `field` of each names the file, or the key of the mapping."""
        self.faults = tuple(faults)
        super().__init__(N_("Nothing was imported:\n{faults}"), faults=self.faults)

    def __str__(self) -> str:
        """Give the English text, one fault a line."""
        return explain(self, "en")


class Record(NamedTuple):
    """One line of a file: where it begins, its fields, and why it cannot be read, if so."""

    line: int
    fields: list[str]
    fault: Refused | None = None


@dataclass(frozen=True, slots=True)
class CsvFile:
    """An open CSV file; its header has been read."""

    path: Path
    header: tuple[str, ...]
    _reader: "Reader"

    @property
    def of_refused_rows(self) -> bool:
        """Tell whether the import wrote the file itself: its first column gives the reasons."""
        return self.header[0] == REASON_COLUMN

    def records(self) -> Iterator[Record]:
        """Give the records below the header; blank ones are left out.

        A file of refused rows is read as it was meant (`cells`).
        Refused, naming the line, where the bytes are no UTF-8 or a quote is never closed.
        """
        reader, width, line = self._reader, len(self.header), self._reader.line_num + 1
        guarded = self.of_refused_rows
        while True:
            try:
                for fields in reader:
                    if any(fields):
                        fault = None if len(fields) == width else _wrong_width(len(fields), width)
                        yield Record(line, as_meant(fields) if guarded else fields, fault)
                    line = reader.line_num + 1
            except UnicodeDecodeError as error:
                raise _not_utf8(self.path) from error
            except csv.Error:
                yield Record(line, [], self._broken(line))
                line = reader.line_num + 1
            else:
                return

    def _broken(self, line: int) -> Refused:
        if self._reader.line_num > line:
            raise Refused(
                "A quote that opens on line {line} is never closed. Close it, or remove it.",
                field=self.path.name,
                line=line,
            )
        return Refused("The quotes of this line do not match, or it is cut off. Mend it.")


@contextmanager
def open_csv(path: Path) -> Iterator[CsvFile]:
    """Open a file and read its header; Refused when either cannot be done."""
    try:
        file = path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise Refused(
            "The file cannot be opened: {reason}. Check its path.",
            field=path.name,
            reason=error.strerror or type(error).__name__,
        ) from error
    with file:
        reader = csv.reader(file, strict=True)
        yield CsvFile(path, _header(path, reader), reader)


def ends_in_mid_line(path: Path) -> bool:
    """Tell whether a file stops without a line end, as one that was cut off does."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) not in (b"\n", b"\r")


def physical_line(path: Path, number: int) -> str:
    """Give one line of a file as it stands there, counted from 1."""
    with path.open(encoding="utf-8-sig") as file:
        return next(islice(file, number - 1, None), "").rstrip("\n")


def _header(path: Path, reader: "Reader") -> tuple[str, ...]:
    try:
        header = tuple(name.strip() for name in next(reader, []))
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    except csv.Error as error:
        raise Refused(
            "The quotes of the first line, which names the columns, do not match.",
            field=path.name,
        ) from error
    if not any(header):
        raise Refused(
            "The file has no header: its first line must name the columns.", field=path.name
        )
    if "" in header:
        raise Refused(
            "Column {place} has no name. Name it in the first line, or remove it.",
            field=path.name,
            place=header.index("") + 1,
        )
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise Refused(
            "The first line names a column twice: {columns}. Keep one of each.",
            field=path.name,
            columns=", ".join(twice),
        )
    return header


def _not_utf8(path: Path) -> Refused:
    line = 0
    with path.open("rb") as file:
        for content in file:
            line += 1
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                break
    return Refused(
        "The file is not UTF-8 text: look at line {line}. Save it as CSV UTF-8.",
        field=path.name,
        line=line,
    )


def _wrong_width(count: int, expected: int) -> Refused:
    if count < expected:
        return Refused(
            "The line has {count} of {expected} fields; it may be cut off. Complete it.",
            count=count,
            expected=expected,
        )
    return Refused(
        "The line has {count} fields, the header names {expected}. Put quotes around a field "
        "that holds a comma.",
        count=count,
        expected=expected,
    )
