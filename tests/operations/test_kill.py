"""Killed at any point, a process leaves each receipt whole or absent, and an import resumes."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, func, select, text

from aim_loans.borrowers.models import person
from aim_loans.cash.models import money_in, number_series
from aim_loans.checks.run import verify_book
from aim_loans.db.engine import is_postgresql, reading
from aim_loans.identity.models import act, audit_entry
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import instalment, loan, loan_dimension, loan_fact, loan_position
from tests.book import AUDIT_KEY, Book, open_book
from tests.conftest import ROOT
from tests.mortal import Order
from tests.postgres import drop_postgres_database, fresh_postgres_database

ZONE = ZoneInfo("Asia/Karachi")
LOANS = ("L1", "L2", "L3")
RANDOM_KILLS = 25
PATIENCE = 120  # seconds, for one child
LONGEST_LIFE = 0.08  # seconds; a receipt takes a tenth of it


class Mortals:
    """The process that forks children to be killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.mortal"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, order: Order, *, seconds: float | None = None) -> "Life":
        """Let a child live to its end, or for some seconds after its first word."""
        watch = threading.Timer(PATIENCE, self.process.kill)
        watch.start()
        try:
            return self._run(order, seconds)
        finally:
            watch.cancel()

    def _run(self, order: Order, seconds: float | None) -> "Life":
        assert self.process.stdin is not None
        self.process.stdin.write(order.text())
        self.process.stdin.flush()
        said: list[dict[str, Any]] = []
        child = 0
        while True:
            words = self._listen()
            if "ended" in words:
                return Life(said, killed=words["ended"] == signal.SIGKILL, end=words["ended"])
            if "pid" in words:
                child = words["pid"]
            else:
                said.append(words)
            if child and said and seconds is not None:
                time.sleep(seconds)
                kill(child)
                seconds = None

    def _listen(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the process that forks has ended"
        words: dict[str, Any] = json.loads(line)
        return words

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


class Life:
    """What a child said before its end."""

    def __init__(self, said: Sequence[dict[str, Any]], *, killed: bool, end: int) -> None:
        assert killed or end == 0, "the child failed by itself: see its traceback"
        self.said = said
        self.killed = killed
        self.done = [words["done"] for words in said if "done" in words]


def kill(process_id: int) -> None:
    try:
        os.kill(process_id, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.fixture(scope="module")
def mortals() -> Iterator[Mortals]:
    started = Mortals()
    yield started
    started.close()


def wait_for_the_dead(connection: Connection) -> None:
    """Wait until the server noticed that the killed client is gone."""
    if not is_postgresql(connection):
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    end = time.monotonic() + 30
    while connection.execute(others).scalar():
        assert time.monotonic() < end, "the server still keeps the killed client"
        connection.rollback()
        time.sleep(0.01)


def check_whole(book: Book, told: Sequence[str]) -> set[str]:
    """Hold every receipt to be whole; gives the references that are in the book."""
    book.engine.dispose()
    with book.engine.connect() as connection:
        wait_for_the_dead(connection)
    with reading(book.engine) as connection:
        money = connection.execute(select(money_in)).all()
        facts = connection.execute(select(loan_fact).where(loan_fact.c.kind == "receipt")).all()
        acts = select(act.c.id).where(act.c.kind == "record_receipt")
        sealed = select(audit_entry.c.act_id).where(audit_entry.c.act_id.in_(acts))
        posted = select(journal_line.c.act_id).where(journal_line.c.act_id.in_(acts)).distinct()
        assert sorted(row.id for row in money) == sorted(fact.money_in_id for fact in facts)
        for rows in (acts, sealed, posted):
            found = sorted(connection.execute(rows).scalars())
            assert found == sorted(row.act_id for row in money)
            assert found == sorted(fact.act_id for fact in facts)
        applied = connection.execute(select(func.sum(loan_position.c.applied))).scalar()
        assert applied == sum(row.amount for row in money) == sum(fact.amount for fact in facts)
        last = connection.execute(select(number_series.c.last_number)).scalar() or 0
        assert sorted(row.number for row in money) == list(range(1, last + 1))
        outcomes = verify_book(connection, zone=ZONE, audit_key=AUDIT_KEY)
        assert [outcome for outcome in outcomes if outcome.faults] == []
    references = {row.reference for row in money}
    assert references >= set(told)
    return references


@pytest.fixture
def lent(book: Book) -> Book:
    """A book with loans to receive money for."""
    for ref in LOANS:
        book.open_loan(ref)
    book.engine.dispose()
    return book


def test_a_receipt_killed_at_each_of_its_statements_is_absent(
    lent: Book, book_url: str, mortals: Mortals
) -> None:
    survivors = []
    for statement in range(1, 100):
        order = Order(book_url, LOANS, 1, f"at-{statement}", die_at=statement)
        if not mortals.run(order).killed:
            survivors.append(f"at-{statement}-1")
            break
    killed_at = statement - 1
    assert killed_at > 10
    for commit in (1, 2):
        # The first commit is the receipt's own; it is not reached a second time.
        mortals.run(Order(book_url, LOANS, 1, f"commit-{commit}", die_at_commit=commit))
    assert check_whole(lent, survivors) == {*survivors, "commit-2-1"}
    sys.stdout.write(f"\nkilled at each of {killed_at} statements and at the commit\n")


def test_receipts_killed_at_random_moments_are_whole_or_absent(
    lent: Book, book_url: str, database_kind: str, mortals: Mortals
) -> None:
    chance = random.Random(f"kills on {database_kind}")
    told: list[str] = []
    untold = 0
    for attempt in range(RANDOM_KILLS):
        order = Order(book_url, LOANS, 1_000, f"run-{attempt}")
        life = mortals.run(order, seconds=chance.uniform(0, LONGEST_LIFE))
        assert life.killed
        told += life.done
        # At most one a killed process was committed and not told any more.
        untold = len(check_whole(lent, told)) - len(told)
        assert 0 <= untold <= attempt + 1
    assert len(told) >= RANDOM_KILLS
    sys.stdout.write(
        f"\n{database_kind}: {RANDOM_KILLS} kills, {len(told)} receipts told, {untold} untold\n"
    )


def write_book(folder: Path) -> Path:
    """Write a book of 60 loans with receipts, some too many, and endings."""
    loans, receipts, events = [], [], []
    for number in range(60):
        ref, on = f"I{number:03d}", date(2024, 3, 1) + timedelta(days=number * 5)
        loans.append(
            {
                "loan_ref": ref,
                "branch": ("SWL-01", "SWL-02", "LHR-01")[number % 3],
                "borrower_ref": f"B{number % 50:03d}",
                "borrower_name": f"Borrower {number % 50}",
                "gender": "female",
                "sector": ("trade", "livestock")[number % 2],
                "disbursed_on": on.isoformat(),
                "principal": "12000",
                "instalments": "12",
                "frequency": "monthly",
            }
        )
        receipts += [
            {
                "receipt_ref": f"{ref}-R{place}",
                "loan_ref": ref,
                "received_on": (on + timedelta(days=30 * place)).isoformat(),
                "amount": str(1000 + number % 3 * 100),
                "channel": "cash",
            }
            for place in range(1, 3 + number % 11)
        ]
        if number % 10 == 4 and number != 54:
            kind = ("waiver", "write_off")[number // 10 % 2]
            late = (on + timedelta(days=500)).isoformat()
            events.append({"loan_ref": ref, "kind": kind, "on": late})
            if kind == "write_off":
                late = (on + timedelta(days=520)).isoformat()
                events.append({"loan_ref": ref, "kind": "recovery", "on": late, "amount": "500"})
    write(folder / "loans.csv", loans)
    write(folder / "receipts.csv", receipts)
    write(folder / "events.csv", events)
    return folder


def write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


def contents(book: Book) -> dict[str, list[tuple[Any, ...]]]:
    """Give all that a book says, without the ids and moments of who wrote it when."""
    person_ref = select(person.c.ref).where(person.c.id == loan.c.borrower_id).scalar_subquery()
    number = select(number_series.c.branch_code, number_series.c.series, money_in.c.number)
    asked = {
        "loans": select(loan.c.ref, person_ref, loan.c.principal, loan.c.fund_code),
        "instalments": select(instalment.c.number, instalment.c.due_on, instalment.c.amount),
        "dimensions": select(
            loan.c.ref, loan_dimension.c.branch_code, loan_dimension.c.sector
        ).join(loan, loan.c.id == loan_dimension.c.loan_id),
        "facts": select(
            loan.c.ref, loan_fact.c.kind, loan_fact.c.amount, loan_fact.c.value_on
        ).join(loan, loan.c.id == loan_fact.c.loan_id),
        "money": select(money_in.c.reference, money_in.c.amount, money_in.c.received_on),
        "numbers": number.join(money_in, money_in.c.series_id == number_series.c.id),
        "positions": select(
            loan.c.ref,
            *(column for column in loan_position.columns if column.name in POSITION),
        ).join(loan, loan.c.id == loan_position.c.loan_id),
        "balances": select(
            journal_line.c.value_on,
            journal_line.c.branch_code,
            journal_line.c.fund_code,
            journal_line.c.debit,
            journal_line.c.credit,
            journal_line.c.amount,
        ),
    }
    book.engine.dispose()
    with book.engine.connect() as connection:
        wait_for_the_dead(connection)
    with reading(book.engine) as connection:
        outcomes = verify_book(connection, zone=ZONE, audit_key=AUDIT_KEY)
        assert [outcome for outcome in outcomes if outcome.faults] == []
        return {
            name: sorted(map(tuple, connection.execute(q)), key=repr) for name, q in asked.items()
        }


POSITION = (
    "branch_code",
    "disbursed_on",
    "disbursed",
    "applied",
    "waived",
    "written_off",
    "recovered",
    "credited",
    "outstanding",
    "oldest_unpaid_due_on",
    "last_value_on",
)


@pytest.fixture
def other_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """A second database: for the import that nobody disturbs."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'other.sqlite'}"
        return
    url = fresh_postgres_database()
    yield url
    drop_postgres_database(url)


def test_a_killed_import_run_again_is_as_if_nothing_had_happened(
    book_url: str, other_url: str, database_kind: str, tmp_path: Path, mortals: Mortals
) -> None:
    folder = write_book(tmp_path)
    disturbed, calm = open_book(book_url), open_book(other_url)
    calm_life = mortals.run(Order(other_url, book=str(folder), chunk_rows=40))
    assert calm_life.said[-1]["refused"] == 0

    chance = random.Random(f"imports on {database_kind}")
    kills = []
    statement = 0
    while True:
        statement += chance.randrange(1, 30)
        order = Order(book_url, book=str(folder), chunk_rows=40, die_at=statement)
        life = mortals.run(order)
        if not life.killed:
            break
        kills.append(statement)
        if len(kills) % 4 == 0:
            contents(disturbed)
    assert len(kills) > 5
    again = mortals.run(Order(book_url, book=str(folder), chunk_rows=40))
    assert (again.said[-1]["refused"], again.said[-1]["added"]) == (0, 0)
    left, right = contents(disturbed), contents(calm)
    for name, rows in right.items():
        assert left[name] == rows, name
    assert len(right["facts"]) > 400
    sys.stdout.write(f"\n{database_kind}: import killed {len(kills)} times, at {kills}\n")
    for book in (disturbed, calm):
        book.engine.dispose()
