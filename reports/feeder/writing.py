"""Writes a declared file as a stream under a temporary name, and reads it back.

Only what was read back and agrees with the totals kept while writing gets its final name, which
must be free. So a full disk or a killed process leaves nothing under a final name, and a file
that was issued is never overwritten.
"""

import csv
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TextIO

from aim_loans.cells import Row, columns_of
from aim_loans.errors import Conflict, Refused
from aim_loans.money import PAISA_PER_RUPEE
from reports.feeder.columns import FeederFile, FileColumn

PARTIAL = ".partial"
_LINES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Totals:
    """How many rows a file has, and the sum of each column that is summed (paisa or counts)."""

    rows: int
    sums: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds: its totals, its SHA-256 in hex, its size in bytes."""

    totals: Totals
    sha256: str
    size: int


class Draft:
    """A file under its temporary name; what is not published goes when the draft is closed."""

    def __init__(self, folder: Path, declared: FeederFile) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.declared = declared
        # Two at work in one folder do not meet.
        self.path = folder / f".{declared.name}.{os.getpid()}{PARTIAL}"

    def __enter__(self) -> Self:
        """Give the draft."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Take the temporary file away, if it is still there."""
        self.path.unlink(missing_ok=True)

    def write(self, rows: Iterable[Row], *, bom: bool = False) -> Contents:
        """Write the rows, read the file back, and give what it holds; Refused if they differ."""
        encoding = encoding_of(bom=bom)
        with self.path.open("w", encoding=encoding, newline="") as stream:
            written = write_csv(rows, self.declared, stream)
            stream.flush()
            os.fsync(stream.fileno())
        held = read_back(self.path, self.declared, encoding=encoding)
        if held.totals != written:
            raise Refused(
                "The file {file} does not hold what was written to it: nothing was issued. "
                "Check the disk and try again.",
                file=self.declared.name,
            )
        return held

    def publish(self, final: Path) -> None:
        """Give the file its final name; Conflict when something stands there already."""
        refuse_taken(final)
        self.path.rename(final)


def encoding_of(*, bom: bool) -> str:
    """Give the encoding of a file, with a byte order mark or without."""
    return "utf-8-sig" if bom else "utf-8"


def refuse_taken(path: Path) -> None:
    """Refuse to write over a file."""
    if path.exists():
        raise Conflict(
            "The file {file} is there already, and an issued file is never overwritten. Choose "
            "another folder.",
            file=path.name,
        )


def publish_text(final: Path, text: str) -> None:
    """Write a small text whole under its final name."""
    publish_bytes(final, text.encode("utf-8"))


def publish_bytes(final: Path, content: bytes) -> None:
    """Write some bytes whole under their final name."""
    refuse_taken(final)
    partial = final.with_name(f".{final.name}.{os.getpid()}{PARTIAL}")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(final)
    finally:
        partial.unlink(missing_ok=True)


def write_csv(rows: Iterable[Row], declared: FeederFile, stream: TextIO) -> Totals:
    """Write the header and the rows (RFC 4180, CRLF); gives the totals of what was written."""
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(declared.header)
    writers = [column.writer for column in declared.columns]
    places = [place for place, _ in declared.summed]
    count, sums = 0, [0] * len(places)
    for columns in columns_of(rows):
        texts = [write(cells) for write, cells in zip(writers, columns, strict=True)]
        writer.writerows(zip(*texts, strict=True))
        count += len(columns[0])
        for number, place in enumerate(places):
            sums[number] += sum(filter(None, columns[place]))
    return Totals(count, tuple(sums))


def read_back(path: Path, declared: FeederFile, *, encoding: str) -> Contents:
    """Read a file and give what it holds; Refused at the first line that is not as declared."""
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    with path.open(encoding=encoding, newline="") as stream:
        totals = _read(csv.reader(stream), declared)
    return Contents(totals, sha256, path.stat().st_size)


def parts(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Give a file's bytes in parts of so many."""
    while part := stream.read(size):
        yield part


def _read(lines: Iterator[list[str]], declared: FeederFile) -> Totals:
    if next(lines, None) != declared.header:
        raise Refused("{file}: the header is not the declared one.", file=declared.name)
    count, sums = 0, [0] * len(declared.summed)
    required = [place for place, column in enumerate(declared.columns) if column.required]
    for columns in _columns(lines, len(declared.columns), declared.name):
        count += len(columns[0])
        if any("" in columns[place] for place in required):
            raise Refused("{file}: a cell that must be filled is empty.", file=declared.name)
        for number, (place, column) in enumerate(declared.summed):
            sums[number] += _sum(columns[place], column, declared.name)
    return Totals(count, tuple(sums))


def _columns(lines: Iterator[list[str]], width: int, name: str) -> Iterator[list[Sequence[str]]]:
    while batch := list(islice(lines, _LINES_AT_ONCE)):
        if any(len(line) != width for line in batch):
            raise Refused("{file}: a line has too many or too few cells.", file=name)
        yield list(zip(*batch, strict=True))


def _sum(cells: Sequence[str], column: FileColumn, name: str) -> int:
    scale = PAISA_PER_RUPEE if column.kind == "amount" else 1
    try:
        # Most amounts are whole rupees, and whole numbers are read ten times as fast.
        return sum(map(int, cells)) * scale
    except ValueError:
        return sum(_number(cell, scale, name) for cell in cells if cell)


def _number(cell: str, scale: int, name: str) -> int:
    try:
        exact = Decimal(cell) * scale
        if exact == int(exact):
            return int(exact)
    except (ArithmeticError, ValueError):
        pass
    raise Refused("{file}: {text} is no amount.", file=name, text=cell)
