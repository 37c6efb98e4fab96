"""Counts what becomes of each row while an import runs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aim_loans.errors import Refused
from aim_loans.intake.layout import LAYOUTS, FileKind
from aim_loans.intake.report import Count, FileTotals
from aim_loans.intake.staging import Staging


@dataclass(slots=True)
class _Tally:
    """Rows and the sum of their amounts (paisa), so far."""

    rows: int = 0
    amount: int = 0

    def count(self, amount: int, rows: int = 1) -> None:
        self.rows += rows
        self.amount += amount

    def total(self) -> Count:
        return Count(self.rows, self.amount)


@dataclass(frozen=True, slots=True)
class _FileOutcomes:
    """The outcomes of one file."""

    found: _Tally = field(default_factory=_Tally)
    added: _Tally = field(default_factory=_Tally)
    there: _Tally = field(default_factory=_Tally)
    refused: _Tally = field(default_factory=_Tally)


class Outcomes:
    """The outcomes so far; every row of a file has exactly one. Amounts are paisa."""

    def __init__(self, staging: Staging, kinds: Iterable[FileKind] = LAYOUTS) -> None:
        """Start from nothing; faults go to the temporary database."""
        self._staging = staging
        self._files: dict[FileKind, _FileOutcomes] = {kind: _FileOutcomes() for kind in kinds}
        self.gaps: Counter[str] = Counter()
        self.made: dict[str, set[str]] = defaultdict(set)

    def find(self, file: FileKind, amount: int, *, rows: int = 1) -> None:
        """Count a row of a file, or rows of that amount together, whatever becomes of them."""
        self._files[file].found.count(amount, rows)

    def add(self, file: FileKind, amount: int, *, rows: int = 1) -> None:
        """Count a row, or rows of that amount together, new to the book."""
        self._files[file].added.count(amount, rows)

    def skip(self, file: FileKind, amount: int) -> None:
        """Count a row that is in the book already, with the same values."""
        self._files[file].there.count(amount)

    def refuse(self, file: FileKind, line: int, amount: int, *errors: Refused) -> None:
        """Count a row that is refused, and keep why."""
        self._files[file].refused.count(amount)
        self._staging.refuse(file, line, errors)

    def rows_found(self) -> int:
        """Count the rows of all files."""
        return sum(outcomes.found.rows for outcomes in self._files.values())

    def rows_refused(self) -> int:
        """Count the rows refused so far."""
        return sum(outcomes.refused.rows for outcomes in self._files.values())

    def added_any(self) -> bool:
        """Tell whether anything was new."""
        return any(outcomes.added.rows for outcomes in self._files.values())

    def totals(self, paths: Mapping[FileKind, Path]) -> tuple[FileTotals, ...]:
        """Give the counts of each file."""
        return tuple(
            FileTotals(
                kind,
                path,
                self._files[kind].found.total(),
                self._files[kind].added.total(),
                self._files[kind].there.total(),
                self._files[kind].refused.total(),
            )
            for kind, path in paths.items()
        )
