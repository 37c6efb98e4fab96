"""Keeps the rows of a book's files in a private temporary database while they go in.

The database is SQLite's own nameless file: nobody else can open it, and it is gone when it
is closed. Rows come out grouped by loan, in the order in which they happened, so that memory
stays flat however long the files are.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from aim_loans.db.tables import from_micros, to_micros
from aim_loans.errors import Refused
from aim_loans.intake.layout import EVENTS, LAYOUTS, LOANS, RECEIPTS, SCHEDULES, FileKind
from aim_loans.intake.mapping import Gap
from aim_loans.intake.rows import EventRow, LoanRow, ReceiptRow, ScheduleRow

BATCH = 5_000
CACHE_KIBIBYTES = 32_768

_LOAN_COLUMNS = LoanRow._fields
_LOAN_DATES = tuple(
    _LOAN_COLUMNS.index(name) for name in LAYOUTS[LOANS].columns if name in LAYOUTS[LOANS].dates
)

# What happens to a loan on one day counts in this order.
_RANKS = {"receipt": 0, "waiver": 1, "write_off": 1, "recovery": 2}

# The id of a happening is its line: positive in the receipts, negative in the events.
_TABLES = f"""
CREATE TABLE loan (line INTEGER PRIMARY KEY, {", ".join(_LOAN_COLUMNS)});
CREATE TABLE schedule (line INTEGER PRIMARY KEY, loan_ref, number, due_on, amount);
CREATE TABLE happening (
    id INTEGER PRIMARY KEY, ref, loan_ref, day, rank, kind, amount, extra, recorded_at);
CREATE TABLE refused_loan (ref PRIMARY KEY, line) WITHOUT ROWID;
CREATE TABLE spoiled_schedule (ref PRIMARY KEY, line) WITHOUT ROWID;
CREATE TABLE fault (file, line, field, message, vals);
CREATE TABLE repeated (ref PRIMARY KEY, line) WITHOUT ROWID;
CREATE TABLE borrower (ref PRIMARY KEY, line) WITHOUT ROWID;
CREATE TABLE cnic_owner (cnic PRIMARY KEY, line) WITHOUT ROWID;
CREATE TABLE loan_group (number INTEGER PRIMARY KEY, ref UNIQUE);
"""

_ARRANGE = """
INSERT INTO repeated
    SELECT ref, min(id) FROM happening WHERE id > 0 GROUP BY ref HAVING count(*) > 1;
INSERT INTO borrower SELECT borrower_ref, min(line) FROM loan GROUP BY borrower_ref;
INSERT INTO cnic_owner
    SELECT f.cnic, min(f.line) FROM borrower AS b JOIN loan AS f ON f.line = b.line
    WHERE f.cnic IS NOT NULL GROUP BY f.cnic;
INSERT INTO loan_group (ref)
    SELECT loan_ref FROM loan GROUP BY loan_ref ORDER BY min(line);
INSERT OR IGNORE INTO loan_group (ref) SELECT DISTINCT loan_ref FROM schedule;
INSERT OR IGNORE INTO loan_group (ref) SELECT DISTINCT loan_ref FROM happening;
"""

_LOANS_IN_ORDER = """
SELECT g.number, f.borrower_name, f.gender, f.birth_date, f.district,
       CASE WHEN o.line = f.line THEN f.cnic END, l.*
FROM loan AS l
JOIN loan_group AS g ON g.ref = l.loan_ref
JOIN borrower AS b ON b.ref = l.borrower_ref
JOIN loan AS f ON f.line = b.line
LEFT JOIN cnic_owner AS o ON o.cnic = f.cnic
ORDER BY g.number, l.line
"""
_SCHEDULES_IN_ORDER = """
SELECT g.number, s.line, s.loan_ref, s.number, s.due_on, s.amount
FROM schedule AS s JOIN loan_group AS g ON g.ref = s.loan_ref ORDER BY g.number, s.number, s.line
"""
_HAPPENINGS_IN_ORDER = """
SELECT g.number, h.id, h.ref, h.day, h.kind, h.amount, h.extra, h.recorded_at, r.line
FROM happening AS h JOIN loan_group AS g ON g.ref = h.loan_ref
LEFT JOIN repeated AS r ON r.ref = h.ref AND h.id > 0
ORDER BY g.number, h.day, h.rank, abs(h.id)
"""


class FirstRow(NamedTuple):
    """A borrower as the first row of the file names them; a CNIC that another has is left out."""

    name: str
    gender: str
    birth_date: date | None
    district: str | None
    cnic: str | None


class StagedLoan(NamedTuple):
    """A row of the loans file, and the first row of its borrower."""

    line: int
    row: LoanRow
    person: FirstRow


class StagedInstalment(NamedTuple):
    """A row of the schedules file."""

    line: int
    row: ScheduleRow


class Happening(NamedTuple):
    """A row of the receipts (kind "receipt", `extra` its channel) or events (`extra` a fund).

    `first_line` is where a receipt's reference stands first, when it stands more than once.
    """

    line: int
    ref: str
    day: date
    kind: str
    amount: int | None
    extra: str | None
    recorded_micros: int | None
    first_line: int | None

    @property
    def file(self) -> FileKind:
        """Say which file the row stands in."""
        return RECEIPTS if self.kind == "receipt" else EVENTS


class Group(NamedTuple):
    """All rows of one loan."""

    ref: str
    loans: list[StagedLoan]
    schedule: list[StagedInstalment]
    happenings: list[Happening]

    @property
    def size(self) -> int:
        """Count the rows."""
        return len(self.loans) + len(self.schedule) + len(self.happenings)


class StoredFault(NamedTuple):
    """A fault of a refused row; `error.field` is the column."""

    line: int
    error: Refused


class Staging:
    """The temporary database: rows go in file by file, and come out loan by loan."""

    def __init__(self) -> None:
        """Open an empty one."""
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA temp_store = FILE")
        self._db.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")
        self._loans = _Inserter(self._db, "loan")
        self._schedules = _Inserter(self._db, "schedule")
        self._happenings = _Inserter(self._db, "happening")
        self._faults = _Inserter(self._db, "fault")
        self._any_spoiled = False

    def close(self) -> None:
        """Throw everything away."""
        self._db.close()

    def keeper(self, file: FileKind) -> Callable[[int, Any], None]:
        """Give what keeps a good row of a file, with its line."""
        keepers: dict[FileKind, Callable[[int, Any], None]] = {
            LOANS: self._keep_loan,
            SCHEDULES: self._keep_instalment,
            RECEIPTS: self._keep_receipt,
            EVENTS: self._keep_event,
        }
        return keepers[file]

    def _keep_loan(self, line: int, row: LoanRow) -> None:
        values: list[Any] = list(row)
        for place in _LOAN_DATES:
            values[place] = _ordinal(values[place])
        values[-1] = json.dumps(row.gaps) if row.gaps else ""
        self._loans.add((line, *values))

    def _keep_instalment(self, line: int, row: ScheduleRow) -> None:
        self._schedules.add((line, row.loan_ref, row.number, row.due_on.toordinal(), row.amount))

    def _keep_receipt(self, line: int, row: ReceiptRow) -> None:
        ref, loan_ref, day, amount, channel, recorded = row
        micros = None if recorded is None else to_micros(recorded)
        self._happenings.add(
            (line, ref, loan_ref, day.toordinal(), 0, "receipt", amount, channel, micros)
        )

    def _keep_event(self, line: int, row: EventRow) -> None:
        loan_ref, kind, on, amount, fund = row
        day, rank = on.toordinal(), _RANKS[kind]
        self._happenings.add((-line, "", loan_ref, day, rank, kind, amount, fund, None))

    def refuse(self, file: FileKind, line: int, errors: Sequence[Refused]) -> None:
        """Note why a row is refused."""
        for error in errors:
            values = json.dumps(error.values, default=str)
            self._faults.add((file, line, error.field, error.message, values))

    def refuse_loan(self, ref: str, line: int) -> None:
        """Remember that this loan's row was refused, for the rows that hang on it."""
        self._db.execute("INSERT OR IGNORE INTO refused_loan VALUES (?, ?)", (ref, line))

    def spoil_schedule(self, ref: str, line: int) -> None:
        """Remember that a row of this loan's schedule was refused."""
        self._any_spoiled = True
        self._db.execute("INSERT OR IGNORE INTO spoiled_schedule VALUES (?, ?)", (ref, line))

    def refused_loan_line(self, ref: str) -> int | None:
        """Give the line of a refused loan row."""
        return self._line("refused_loan", ref)

    def spoiled_schedule_line(self, ref: str) -> int | None:
        """Give the line of the first refused row of a loan's schedule."""
        # Each new loan is asked for, and most books have no such row.
        return self._line("spoiled_schedule", ref) if self._any_spoiled else None

    def receipt_on(self, line: int) -> ReceiptRow:
        """Give the receipt that stands on a line."""
        values = self._db.execute(
            "SELECT ref, loan_ref, day, amount, extra, recorded_at FROM happening WHERE id = ?",
            (line,),
        ).fetchone()
        ref, loan_ref, day, amount, channel, micros = values
        recorded = None if micros is None else from_micros(micros)
        return ReceiptRow(ref, loan_ref, date.fromordinal(day), amount, channel, recorded)

    def arrange(self) -> None:
        """Group the rows by loan, and find the references that stand more than once."""
        for inserter in (self._loans, self._schedules, self._happenings):
            inserter.flush()
        for statement in _ARRANGE.split(";"):
            self._db.execute(statement)

    def groups(self) -> Iterator[Group]:
        """Give the rows loan by loan, the loans of the file first, in its order."""
        loans = _Stream(self._db.execute(_LOANS_IN_ORDER))
        schedules = _Stream(self._db.execute(_SCHEDULES_IN_ORDER))
        happenings = _Stream(self._db.execute(_HAPPENINGS_IN_ORDER))
        for number, ref in self._db.execute("SELECT number, ref FROM loan_group ORDER BY number"):
            yield Group(
                ref,
                [_staged_loan(row) for row in loans.take(number)],
                [_staged_instalment(row) for row in schedules.take(number)],
                [_happening(row) for row in happenings.take(number)],
            )

    def faults(self, file: FileKind) -> Iterator[StoredFault]:
        """Give the faults of a file's refused rows, by line."""
        self._faults.flush()
        rows = self._db.execute(
            "SELECT line, field, message, vals FROM fault WHERE file = ? ORDER BY line, rowid",
            (file,),
        )
        for line, field, message, values in rows:
            yield StoredFault(line, Refused(message, field=field, **json.loads(values)))

    def _line(self, table: str, ref: str) -> int | None:
        statement = f"SELECT line FROM {table} WHERE ref = ?"  # noqa: S608  # a table of ours
        found = self._db.execute(statement, (ref,)).fetchone()
        return None if found is None else int(found[0])


# Groups are numbered from 1.
_NO_MORE: tuple[int, Iterator[tuple[Any, ...]]] = (0, iter(()))


class _Stream:
    """Rows in the order of their first value, taken value by value."""

    number: int

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self.groups = groupby(rows, key=itemgetter(0))
        self.number, self.rows = next(self.groups, _NO_MORE)

    def take(self, number: int) -> Iterable[tuple[Any, ...]]:
        if self.number != number:
            return ()
        taken = list(self.rows)
        self.number, self.rows = next(self.groups, _NO_MORE)
        return taken


class _Inserter:
    """Collects rows for one table and inserts them many at once."""

    def __init__(self, db: sqlite3.Connection, table: str) -> None:
        columns = len(db.execute(f"PRAGMA table_info({table})").fetchall())
        marks = ", ".join("?" * columns)
        # The name is one of the tables above, never anything from a file.
        self.statement = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608  # a table of ours
        self.db = db
        self.rows: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        self.rows.append(row)
        if len(self.rows) >= BATCH:
            self.flush()

    def flush(self) -> None:
        self.db.executemany(self.statement, self.rows)
        self.rows.clear()


def _staged_loan(values: tuple[Any, ...]) -> StagedLoan:
    _, name, gender, born, district, cnic, line, *row = values
    for place in _LOAN_DATES:
        row[place] = _day(row[place])
    row[-1] = tuple(Gap(*gap) for gap in json.loads(row[-1])) if row[-1] else ()
    return StagedLoan(line, LoanRow(*row), FirstRow(name, gender, _day(born), district, cnic))


def _staged_instalment(values: tuple[Any, ...]) -> StagedInstalment:
    _, line, loan_ref, number, due_on, amount = values
    return StagedInstalment(line, ScheduleRow(loan_ref, number, date.fromordinal(due_on), amount))


def _happening(values: tuple[Any, ...]) -> Happening:
    _, key, ref, day, kind, amount, extra, micros, first = values
    return Happening(abs(key), ref, date.fromordinal(day), kind, amount, extra, micros, first)


def _ordinal(day: date | None) -> int | None:
    return None if day is None else day.toordinal()


def _day(ordinal: int | None) -> date | None:
    return None if ordinal is None else date.fromordinal(ordinal)
