"""Reads the files of a book into the temporary database, good rows and faults."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aim_loans.errors import Refused
from aim_loans.intake.files import CsvFile, FilesRefused, ends_in_mid_line, open_csv
from aim_loans.intake.layout import (
    EVENTS,
    LAYOUTS,
    LINE_COLUMN,
    LOANS,
    REASON_COLUMN,
    RECEIPTS,
    SCHEDULES,
    FileKind,
    Layout,
)
from aim_loans.intake.mapping import (
    NO_MAPPING,
    BookMapping,
    Picker,
    header_faults,
    unread_columns,
)
from aim_loans.intake.mapping_reader import read_mapping
from aim_loans.intake.outcomes import Outcomes
from aim_loans.intake.report import Note
from aim_loans.intake.rows import FileRow, LoanRow, RowReader
from aim_loans.intake.staging import Staging
from aim_loans.money import plain
from aim_loans.vocabulary import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSources:
    """The files of a book, the mapping of their columns, and how to import them."""

    loans: Path
    receipts: Path | None = None
    schedules: Path | None = None
    events: Path | None = None
    mapping: Path | None = None
    create_missing: bool = False
    dry_run: bool = False

    @property
    def paths(self) -> dict[FileKind, Path]:
        """Give the files that there are."""
        given = {
            LOANS: self.loans,
            SCHEDULES: self.schedules,
            RECEIPTS: self.receipts,
            EVENTS: self.events,
        }
        return {kind: path for kind, path in given.items() if path is not None}


class BookReader:
    """Reads all files of a book as of one moment."""

    def __init__(
        self, staging: Staging, outcomes: Outcomes, *, now: datetime, zone: ZoneInfo
    ) -> None:
        """Take where rows and outcomes go, the moment, and the institution's time zone."""
        self._staging = staging
        self._outcomes = outcomes
        self._zone = zone
        self._rows = RowReader(now, zone)

    def read(self, sources: BookSources) -> list[Note]:
        """Read the files; FilesRefused when one of them, or the mapping, cannot be used.

        Gives what is worth knowing about the files.
        """
        mapping = read_mapping(sources.mapping) if sources.mapping else NO_MAPPING
        notes: list[Note] = []
        with ExitStack() as stack:
            files, faults = _open_all(sources, mapping, stack)
            for kind, file in files.items():
                picker = Picker(LAYOUTS[kind], file.header, mapping, self._zone)
                try:
                    self._read_file(kind, file, picker)
                except Refused as refused:
                    faults.append(refused)
                notes += file_notes(LAYOUTS[kind], file, mapping)
                notes += _rate_notes(file, mapping, picker)
        if faults:
            raise FilesRefused(faults)
        self._staging.arrange()
        return notes

    def _read_file(self, kind: FileKind, file: CsvFile, picker: Picker) -> None:
        make, keep = self._rows.maker(kind), self._staging.keeper(kind)
        good, amounts = 0, 0
        for line, fields, broken in file.records():
            if broken is not None:
                self._refuse(kind, line, picker.pick_broken(fields), [broken], 0)
                continue
            values, gaps, faults = picker.pick(fields)
            row: FileRow | None = None
            try:
                row = make(values)
            except Refused as refused:
                faults = (*faults, *self._rows.faults(kind, values, refused))
            if row is None or faults:
                self._refuse(kind, line, values, faults, self._rows.amount(kind, values))
                continue
            if gaps and isinstance(row, LoanRow):
                row = row._replace(gaps=gaps + row.gaps)
            good += 1
            amounts += row.principal if isinstance(row, LoanRow) else row.amount or 0
            keep(line, row)
        self._outcomes.find(kind, amounts, rows=good)

    def _refuse(
        self,
        kind: FileKind,
        line: int,
        values: Sequence[str],
        faults: Sequence[Refused],
        amount: int,
    ) -> None:
        self._outcomes.find(kind, amount)
        self._outcomes.refuse(kind, line, amount, *faults)
        # Whatever hangs on this row is refused too, and told where to look.
        loan_ref = values[LAYOUTS[kind].columns.index("loan_ref")].strip()
        if loan_ref and kind == LOANS:
            self._staging.refuse_loan(loan_ref, line)
        elif loan_ref and kind == SCHEDULES:
            self._staging.spoil_schedule(loan_ref, line)


def _open_all(
    sources: BookSources, mapping: BookMapping, stack: ExitStack
) -> tuple[dict[FileKind, CsvFile], list[Refused]]:
    """Open the files and compare their headers with what is wanted."""
    files: dict[FileKind, CsvFile] = {}
    faults: list[Refused] = []
    for kind, path in sources.paths.items():
        try:
            file = stack.enter_context(open_csv(path))
        except Refused as refused:
            faults.append(refused)
            continue
        lacking = header_faults(LAYOUTS[kind], file.header, mapping)
        faults += [Refused(each.message, field=path.name, **each.values) for each in lacking]
        if not lacking:
            files[kind] = file
    return files, faults


def file_notes(layout: Layout, file: CsvFile, mapping: BookMapping = NO_MAPPING) -> list[Note]:
    """Say which columns of a file nothing reads, and whether it may be cut off."""
    notes = []
    unread = unread_columns(layout, file.header, mapping)
    own = (REASON_COLUMN, LINE_COLUMN) if file.of_refused_rows else ()
    ignored = [name for name in unread if name not in own]
    if ignored:
        message = N_("{file}: the import does not read the columns {columns}.")
        notes.append(Note(message, {"file": file.path.name, "columns": ", ".join(ignored)}))
    if ends_in_mid_line(file.path):
        message = N_("{file} does not end with a line end. Check that its last line is whole.")
        notes.append(Note(message, {"file": file.path.name}))
    return notes


def _rate_notes(file: CsvFile, mapping: BookMapping, picker: Picker) -> list[Note]:
    if mapping.rate is None:
        return []
    message = N_("{file}: {total} {currency} in all, taken at {rate} rupees for one ({source}).")
    # Hundredths of any currency are written as paisa are.
    total = plain(picker.foreign_total)
    values = {"total": total, "rate": mapping.rate.written, "source": mapping.rate.source}
    named = {"file": file.path.name, "currency": mapping.rate.currency}
    return [Note(message, values | named)]
