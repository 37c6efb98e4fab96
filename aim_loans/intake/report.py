"""What an import did: counts and amounts a file, faults, gaps and notes; the rejects."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from typing import NamedTuple, Self

from aim_loans.cells import harmless
from aim_loans.errors import Refused
from aim_loans.intake.files import open_csv, physical_line
from aim_loans.intake.layout import REASON_COLUMN, FileKind
from aim_loans.intake.staging import Staging
from aim_loans.texts import explain, translator

# Writes the refused rows of a file, header first, from the reasons by line.
Rejects = Callable[[Path, Iterator[tuple[int, str]]], Iterator[list[str]]]


class Count(NamedTuple):
    """A number of rows and the sum of their amounts, in paisa."""

    rows: int = 0
    amount: int = 0


@dataclass(frozen=True, slots=True)
class FileTotals:
    """The rows of one file: `found` is always added + already_there + refused.

    An amount that cannot be read counts as 0, on both sides.
    """

    kind: FileKind
    path: Path
    found: Count
    added: Count
    already_there: Count
    refused: Count


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row was refused: the file's name, the line on which the row begins, the column."""

    file: str
    line: int
    column: str
    error: Refused

    @property
    def reason(self) -> str:
        """Give the English sentence."""
        return str(self.error)


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about the import that refused nothing."""

    message: str
    values: Mapping[str, object]

    def text(self, language: str) -> str:
        """Say it in a language."""
        return translator(language).text(self.message, **self.values)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or in a dry run would do.

    `gaps` counts the gaps of added loans by field. The faults stay in the import's temporary
    database until the report is closed; use it as a context manager.
    """

    files: tuple[FileTotals, ...]
    gaps: Mapping[str, int]
    notes: tuple[Note, ...]
    dry_run: bool
    _staging: Staging

    def __enter__(self) -> Self:
        """Give the report itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Throw the temporary database away; the faults are gone with it."""
        self._staging.close()

    @property
    def refused(self) -> int:
        """Count the refused rows of all files."""
        return sum(totals.refused.rows for totals in self.files)

    @property
    def exit_code(self) -> int:
        """Give 1 if a row was refused, else 0; gaps never count."""
        return 1 if self.refused else 0

    def faults(self) -> Iterator[Fault]:
        """Give every fault of every refused row, by file and line."""
        for totals in self.files:
            for line, error in self._staging.faults(totals.kind):
                yield Fault(totals.path.name, line, error.field, error)

    def write_rejects(
        self, folder: Path, *, language: str = "en", rejects: Rejects | None = None
    ) -> list[Path]:
        """Write the refused rows of each file as they are there, behind a column `reason`.

        One file for each that has refused rows, `<name>.rejects.csv` in `folder`; a file that
        is there is never overwritten. Mended, it can be sent again as it is. `rejects` writes
        the rows otherwise.
        """
        rejected = rejects or _rejected
        written = []
        for totals in self.files:
            if totals.refused.rows:
                rows = rejected(totals.path, self._reasons(totals.kind, language))
                written.append(_write(folder, totals.path, rows))
        return written

    def _reasons(self, kind: FileKind, language: str) -> Iterator[tuple[int, str]]:
        """Give one reason a refused line, the faults of its columns in one text."""
        faults = self._staging.faults(kind)
        for line, group in groupby(faults, key=lambda fault: fault.line):
            said = [(fault.error.field, explain(fault.error, language)) for fault in group]
            yield line, " ".join(f"{column}: {why}" if column else why for column, why in said)


def _rejected(path: Path, reasons: Iterator[tuple[int, str]]) -> Iterator[list[str]]:
    """Give the header and the refused records of a file, read once more, with their reasons."""
    with open_csv(path) as file:
        header = list(file.header)
        # A rejects file that is sent again gets new reasons.
        old = header.index(REASON_COLUMN) if REASON_COLUMN in header else len(header)
        yield [REASON_COLUMN, *header[:old], *header[old + 1 :]]
        wanted = next(reasons, None)
        for record in file.records():
            if wanted is None:
                return
            if record.line == wanted[0]:
                fields = record.fields or [physical_line(path, record.line)]
                yield [wanted[1], *fields[:old], *fields[old + 1 :]]
                wanted = next(reasons, None)


def _write(folder: Path, source: Path, rows: Iterator[list[str]]) -> Path:
    for number in count(1):
        ending = ".rejects.csv" if number == 1 else f".rejects-{number}.csv"
        path = folder / f"{source.stem}{ending}"
        try:
            # Only its owner may read it: it holds names and CNICs.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(map(harmless, rows))
        return path
    raise AssertionError("counting never ends")
