"""Short ways to write the files of a book, import them, and ask what became of them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select

from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading
from aim_loans.db.tables import metadata
from aim_loans.intake.layout import LAYOUTS, FileKind
from aim_loans.intake.operations import BookSources, import_book
from aim_loans.intake.report import Fault, FileTotals
from aim_loans.loans.models import loan, loan_position
from tests.book import AUDIT_KEY, SHELL, Book

WORKED = Path(__file__).resolve().parent.parent / "worked"
SETTINGS = read_settings(None, {})

Row = Mapping[str, str]

LOAN = {
    "loan_ref": "L1",
    "branch": "LHR-01",
    "borrower_ref": "B1",
    "borrower_name": "Bushra Perveen",
    "cnic": "35201-1234567-2",
    "gender": "female",
    "birth_date": "1985-04-03",
    "district": "Lahore",
    "sector": "trade",
    "disbursed_on": "2025-01-08",
    "principal": "25000",
    "instalments": "12",
    "frequency": "monthly",
}
RECEIPT = {
    "receipt_ref": "R1",
    "loan_ref": "L1",
    "received_on": "2025-02-10",
    "amount": "2100",
    "channel": "cash",
}
EVENT = {"loan_ref": "L1", "kind": "write_off", "on": "2025-12-31"}
INSTALMENT = {"loan_ref": "L1", "number": "1", "due_on": "2025-02-10", "amount": "25000"}


def a_loan(**changes: str) -> Row:
    return LOAN | changes


def another_loan(ref: str, **changes: str) -> Row:
    """Give the loan of another borrower, without faults or gaps."""
    number = sum(ord(letter) for letter in ref)
    whom = {"borrower_ref": f"B-{ref}", "borrower_name": f"Borrower of {ref}"}
    return LOAN | whom | {"loan_ref": ref, "cnic": f"35201{number:07d}2"} | changes


def a_receipt(**changes: str) -> Row:
    return RECEIPT | changes


def an_event(**changes: str) -> Row:
    return EVENT | changes


def an_instalment(**changes: str) -> Row:
    return INSTALMENT | changes


def write_csv(path: Path, kind: FileKind, rows: Sequence[Row]) -> Path:
    """Write rows under the columns of their layout, and any others that they have."""
    extra = {name: None for row in rows for name in row if name not in LAYOUTS[kind].columns}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*LAYOUTS[kind].columns, *extra], restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


@dataclass(frozen=True, slots=True)
class Done:
    """What an import said, with its temporary database closed."""

    files: Mapping[FileKind, FileTotals]
    faults: tuple[Fault, ...]
    gaps: Mapping[str, int]
    notes: tuple[str, ...]
    exit_code: int
    rejects: tuple[Path, ...] = ()

    @property
    def counts(self) -> dict[FileKind, tuple[int, int, int]]:
        """Give added, already there and refused rows of each file."""
        return {
            kind: (totals.added.rows, totals.already_there.rows, totals.refused.rows)
            for kind, totals in self.files.items()
        }

    @property
    def reasons(self) -> list[str]:
        """Give the faults as a person reads them."""
        return [f"{f.file}:{f.line} {f.column}: {f.reason}" for f in self.faults]


@dataclass(frozen=True, slots=True)
class Desk:
    """A book and a folder in which its files are written before they are imported."""

    book: Book
    folder: Path

    def send(
        self,
        loans: Sequence[Row],
        *,
        receipts: Sequence[Row] = (),
        schedules: Sequence[Row] = (),
        events: Sequence[Row] = (),
        create_missing: bool = True,
        dry_run: bool = False,
    ) -> Done:
        """Write the rows as files and import them."""
        given: dict[FileKind, Sequence[Row]] = {
            "receipts": receipts,
            "schedules": schedules,
            "events": events,
        }
        paths = {
            kind: write_csv(self.folder / f"{kind}.csv", kind, rows)
            for kind, rows in given.items()
            if rows
        }
        return self.send_files(
            BookSources(
                loans=write_csv(self.folder / "loans.csv", "loans", loans),
                receipts=paths.get("receipts"),
                schedules=paths.get("schedules"),
                events=paths.get("events"),
                create_missing=create_missing,
                dry_run=dry_run,
            )
        )

    def send_files(self, sources: BookSources, *, rejects: Path | None = None) -> Done:
        """Import files; with a folder for rejects, write those too."""
        report = import_book(
            self.book.engine,
            sources,
            settings=SETTINGS,
            actor=SHELL,
            audit_key=AUDIT_KEY,
            clock=self.book.clock,
        )
        with report:
            for totals in report.files:
                outcomes = (totals.added, totals.already_there, totals.refused)
                assert totals.found.rows == sum(count.rows for count in outcomes)
                assert totals.found.amount == sum(count.amount for count in outcomes)
            done = Done(
                {totals.kind: totals for totals in report.files},
                tuple(report.faults()),
                report.gaps,
                tuple(note.text("en") for note in report.notes),
                report.exit_code,
            )
            if rejects is not None:
                done = replace(done, rejects=tuple(report.write_rejects(rejects)))
        return done

    def row_counts(self) -> dict[str, int]:
        """Count the rows of every table."""
        with reading(self.book.engine) as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in metadata.tables.items()
            }

    def positions(self) -> dict[str, dict[str, object]]:
        """Give what the positions say, by loan; whatever counts ids is left out."""
        columns = [c for c in loan_position.columns if not c.name.endswith("_id")]
        with reading(self.book.engine) as connection:
            rows = connection.execute(
                select(loan.c.ref, *columns).join(loan, loan.c.id == loan_position.c.loan_id)
            )
            return {row.ref: dict(row._mapping) for row in rows}  # noqa: SLF001  # its public name
