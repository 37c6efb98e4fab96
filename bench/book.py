"""Writes a made-up book of any size straight into a fresh database.

The rows are those that an import of the same loans would leave: every fact with its journal
lines and its audited act, so that `verify` finds nothing wrong with it. Only the way is short:
no row is checked on its way in, for it is the reading of the book that is measured.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Table, text, update

from aim_loans.borrowers.models import person, person_name_key
from aim_loans.borrowers.spelling import name_keys
from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.operations import IMPORT_ACCOUNT, IMPORT_SERIES
from aim_loans.config.reader import read_settings
from aim_loans.config.resources import resource
from aim_loans.dates import fiscal_year
from aim_loans.db.bulk import Row, insert_rows
from aim_loans.db.engine import Writing, is_postgresql, writing
from aim_loans.db.migrate import upgrade
from aim_loans.identity.models import staff
from aim_loans.identity.operations import (
    HEAD_OFFICE_CHAIN,
    Act,
    AddBranch,
    add_branch,
    begin_act,
    seal_act,
)
from aim_loans.identity.permissions import shell_actor
from aim_loans.ledger.chart import Account
from aim_loans.ledger.models import journal_line
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import (
    instalment,
    loan,
    loan_dimension,
    loan_fact,
    schedule_version,
)
from aim_loans.loans.positions import refresh_positions
from aim_loans.origination.operations import SetUp, ensure_programme, set_up
from bench.lives import LAST_DAY, Life, branch_codes, gender_of, lives, officers_of
from bench.names import name_of

AUDIT_KEY = b"a key that only the bench signs with"
ACTOR = shell_actor("bench")
PRODUCT = "family_enterprise"
GENERAL, WOMEN = "general", "women"
CHUNK = 2_000

COLUMNS: dict[Table, tuple[str, ...]] = {
    person: ("id", "ref", "name", "cnic", "gender", "district", "act_id"),
    person_name_key: ("key", "person_id"),
    loan: (
        *("id", "ref", "borrower_id", "product_code", "fund_code", "principal"),
        *("instalments_asked", "frequency", "source", "source_digest", "act_id", "recorded_at"),
    ),
    schedule_version: (
        *("id", "loan_id", "number", "effective_on", "instalment_count", "base_amount"),
        *("step_months", "first_month", "due_day", "step_days", "first_day"),
        *("act_id", "recorded_at"),
    ),
    instalment: ("version_id", "number", "due_on", "amount", "due_total"),
    loan_dimension: (
        *("id", "loan_id", "from_on", "branch_code", "officer", "sector", "activity"),
        *("programme_code", "district", "urban_rural", "gender", "act_id", "recorded_at"),
    ),
    money_in: (
        *("id", "branch_code", "fund_code", "channel", "account", "reference", "amount"),
        *("received_on", "series_id", "number", "act_id", "recorded_at"),
    ),
    loan_fact: (
        *("id", "loan_id", "kind", "amount", "value_on", "fund_code", "contra"),
        *("contra_branch", "money_in_id", "act_id", "recorded_at"),
    ),
    journal_line: (
        *("id", "source", "source_id", "value_on", "booked_on", "branch_code", "fund_code"),
        *("debit", "credit", "amount", "act_id", "recorded_at"),
    ),
}
NUMBERED = (person, loan, schedule_version, loan_dimension, money_in, loan_fact, journal_line)
SEALED = (*NUMBERED, instalment)


@dataclass(frozen=True, slots=True)
class WriteChunk:
    """The loans that one act writes."""

    first: int
    loans: int


@dataclass
class Clock:
    """A clock that moves a second at each look, on the book's last day."""

    at: datetime = field(
        default=datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 6, tzinfo=UTC)
    )

    def __call__(self) -> datetime:
        """Give the next second."""
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class Numbers:
    """The last identifier given out in each table, and the last receipt of each branch."""

    last: dict[Table, int] = field(default_factory=lambda: dict.fromkeys(NUMBERED, 0))
    receipts: dict[str, int] = field(default_factory=dict)
    series: dict[str, int] = field(default_factory=dict)

    def next(self, table: Table) -> int:
        """Give the table's next identifier."""
        self.last[table] += 1
        return self.last[table]

    def next_receipt(self, branch: str) -> tuple[int, int]:
        """Give the branch's series and its next number."""
        self.receipts[branch] = self.receipts.get(branch, 0) + 1
        return self.series[branch], self.receipts[branch]


# A branch and a fund.
Where = tuple[str, str]


class Happening(NamedTuple):
    """A fact of a loan: its other account, and the money in that it applies."""

    kind: Kind
    day: date
    amount: int
    contra: Account
    money: int | None = None


class Chunk:
    """The rows of the loans that one act writes."""

    def __init__(self, act: Act, numbers: Numbers) -> None:
        self.act = (act.id, act.recorded_micros)
        self.numbers = numbers
        self.rows: dict[Table, list[Row]] = {table: [] for table in COLUMNS}

    def add(self, life: Life) -> None:
        """Take one loan in."""
        if life.borrower > self.numbers.last[person]:
            self._add_person(life)
        fund = programme_of(life)
        loan_id = self.numbers.next(loan)
        terms = (life.borrower, PRODUCT, fund, life.principal, life.schedule.asked)
        origin = (life.frequency.value, "import", None)
        self.rows[loan].append((loan_id, _loan_ref(life), *terms, *origin, *self.act))
        self._add_schedule(loan_id, life)
        for place in life.places:
            held = (self.numbers.next(loan_dimension), loan_id, *place[:5], fund, *place[5:])
            self.rows[loan_dimension].append((*held, *self.act))
        self._add_facts(loan_id, life, (life.places[0].branch, fund))

    def _add_person(self, life: Life) -> None:
        number = self.numbers.next(person)
        gender, district = gender_of(number), life.places[0].district
        name = name_of(number, gender)
        who = (f"P{number:07d}", name, f"{35_201 * 10**8 + number:013d}", gender, district)
        self.rows[person].append((number, *who, self.act[0]))
        self.rows[person_name_key].extend((key, number) for key in name_keys(name))

    def _add_schedule(self, loan_id: int, life: Life) -> None:
        version_id = self.numbers.next(schedule_version)
        rows, pattern = life.schedule.instalments, life.schedule.pattern
        rule: Row = (None,) * 6
        if pattern is not None:
            steps = pattern.steps
            months = (steps.step_months, steps.first_month, steps.due_day, None, None)
            days = (None, None, None, steps.step_days, steps.first_day)
            rule = (pattern.base, *(days if steps.step_days else months))
        head = (version_id, loan_id, 1, life.disbursed_on, len(rows))
        self.rows[schedule_version].append((*head, *rule, *self.act))
        self.rows[instalment].extend((version_id, *row) for row in rows)

    def _add_facts(self, loan_id: int, life: Life, where: Where) -> None:
        opening, left = Account.IMPORT_OPENING, life.principal
        paid_out = Happening(Kind.DISBURSEMENT, life.disbursed_on, left, opening)
        self._post(loan_id, paid_out, where, [(Account.LOANS, left)])
        for count, (day, amount) in enumerate(life.receipts, start=1):
            money = self._money(where, f"R{life.number:07d}-{count:03d}", day, amount)
            came = Happening(Kind.RECEIPT, day, amount, opening, money)
            parts = [(Account.LOANS, min(left, amount)), (Account.BORROWER_CREDIT, amount - left)]
            self._post(loan_id, came, where, parts)
            left = max(0, left - amount)
        if life.written_off:
            ended = Happening(Kind.WRITE_OFF, *life.written_off, Account.WRITE_OFF)
            self._post(loan_id, ended, where, [(Account.LOANS, ended.amount)])

    def _money(self, where: Where, reference: str, day: date, amount: int) -> int:
        money_id = self.numbers.next(money_in)
        head = (money_id, *where, "cash", IMPORT_ACCOUNT, reference, amount, day)
        self.rows[money_in].append((*head, *self.numbers.next_receipt(where[0]), *self.act))
        return money_id

    def _post(
        self, loan_id: int, fact: Happening, where: Where, parts: list[tuple[Account, int]]
    ) -> None:
        """Add a fact, and a journal line for each account that it moves an amount of."""
        fact_id, contra = self.numbers.next(loan_fact), fact.contra.value
        what = (fact.kind.value, fact.amount, fact.day, where[1], contra, where[0], fact.money)
        self.rows[loan_fact].append((fact_id, loan_id, *what, *self.act))
        for account, part in parts:
            if part > 0:
                paid_out = fact.kind is Kind.DISBURSEMENT
                sides = (account.value, contra) if paid_out else (contra, account.value)
                source = (self.numbers.next(journal_line), "loan_fact", fact_id)
                line = (*source, fact.day, fact.day, *where, *sides, part, *self.act)
                self.rows[journal_line].append(line)


def _loan_ref(life: Life) -> str:
    return f"L{life.number:07d}"


def programme_of(life: Life) -> str:
    """Give the programme, and the fund of the same code, that lends to the borrower."""
    return WOMEN if life.places[0].gender == "female" and life.borrower % 3 == 0 else GENERAL


def open_book(engine: Engine, branches: Iterable[str], *, clock: Callable[[], datetime]) -> None:
    """Migrate an empty database and set it up with branches and their officers."""
    upgrade(engine, resource("migrations"))
    with writing(engine, audit_key=AUDIT_KEY, clock=clock) as tx:
        set_up(tx, SetUp(read_settings(None, {})), actor=ACTOR)
        this = _begin(tx, WriteChunk(0, 0), "branches")
        ensure_programme(tx, this, WOMEN)
        people = []
        for code in branches:
            add_branch(tx, AddBranch(code, code, area="Centre"), actor=ACTOR, within=this)
            people += [(name, name, code, this.id) for name in officers_of(code)]
        columns = ("username", "full_name", "branch_code", "act_id")
        insert_rows(tx.connection, staff, columns, people)
        seal_act(tx, this, ())


def write_book(engine: Engine, loans: int) -> None:
    """Fill an empty database with a book of so many loans, positions and all."""
    clock = Clock()
    branches = branch_codes(loans)
    open_book(engine, branches, clock=clock)
    numbers = Numbers()
    with writing(engine, audit_key=AUDIT_KEY, clock=clock) as tx:
        numbers.series = _open_series(tx, branches)
    with _resting_triggers(engine):
        everything = lives(loans)
        while chunk := list(islice(everything, CHUNK)):
            with writing(engine, audit_key=AUDIT_KEY, clock=clock) as tx:
                _write(tx, chunk, numbers)
    with writing(engine, audit_key=AUDIT_KEY, clock=clock) as tx:
        _set_counters(tx.connection, numbers)
    analyse(engine)


def analyse(engine: Engine) -> None:
    """Let PostgreSQL look at what it holds, as it does by itself in the course of days.

    SQLite never does so by itself, and the software does not ask it to.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def _resting_triggers(engine: Engine) -> Iterator[None]:
    """Take SQLite's triggers off the tables while the book is written, and put them back.

    The book is right by its making, and each row that they check costs them as much time as
    the row itself. On PostgreSQL `_write` lets them rest in its own transaction.
    """
    if engine.dialect.name == "postgresql":
        yield
        return
    with engine.begin() as connection:
        found = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.exec_driver_sql(found).all()
        for name, _ in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    with engine.begin() as connection:
        for _, sql in triggers:
            connection.exec_driver_sql(sql)


def _begin(tx: Writing, command: WriteChunk, subject: str) -> Act:
    return begin_act(
        tx,
        kind="write_book",
        command=command,
        actor=ACTOR,
        subject=subject,
        chain=HEAD_OFFICE_CHAIN,
    )


def _write(tx: Writing, members: list[Life], numbers: Numbers) -> None:
    if is_postgresql(tx.connection):
        # Foreign keys rest as well.
        tx.connection.execute(text("SET LOCAL session_replication_role = replica"))
    command = WriteChunk(members[0].number, len(members))
    this = _begin(tx, command, f"loans from {command.first}")
    first_loan = numbers.last[loan] + 1
    chunk = Chunk(this, numbers)
    for life in members:
        chunk.add(life)
    for table, rows in chunk.rows.items():
        insert_rows(tx.connection, table, COLUMNS[table], rows)
    refresh_positions(tx.connection, range(first_loan, numbers.last[loan] + 1))
    seal_act(tx, this, SEALED)


def _open_series(tx: Writing, branches: Iterable[str]) -> dict[str, int]:
    rows = [
        (number, code, IMPORT_SERIES, fiscal_year(LAST_DAY), 0)
        for number, code in enumerate(branches, start=1)
    ]
    columns = ("id", "branch_code", "series", "fiscal_year", "last_number")
    insert_rows(tx.connection, number_series, columns, rows)
    return {row[1]: row[0] for row in rows}


def _set_counters(connection: Connection, numbers: Numbers) -> None:
    for branch, last in numbers.receipts.items():
        connection.execute(
            update(number_series)
            .where(number_series.c.id == numbers.series[branch])
            .values(last_number=last)
        )
    unused = [number for code, number in numbers.series.items() if code not in numbers.receipts]
    connection.execute(number_series.delete().where(number_series.c.id.in_(unused)))
    if not is_postgresql(connection):
        return
    for table in (*NUMBERED, number_series):
        raised = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)")
        last = numbers.last.get(table, len(numbers.series))
        connection.execute(raised, {"name": table.name, "last": max(1, last)})
