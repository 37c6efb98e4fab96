"""Verify finds nothing in a sound book, and every change made behind the software's back."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Boolean, Column, Connection, Date, Table, Text, func, select
from sqlalchemy.exc import IntegrityError, InternalError

from aim_loans.borrowers.details import PersonDetails
from aim_loans.borrowers.operations import ChangePerson, change_person
from aim_loans.cash.models import number_series
from aim_loans.checks.run import verify_audit, verify_book
from aim_loans.checks.tables import fact_tables
from aim_loans.db.engine import is_postgresql, reading, writing
from aim_loans.identity.models import act, audit_chain, audit_entry
from aim_loans.identity.operations import (
    HEAD_OFFICE_CHAIN,
    AddBranch,
    AddStaff,
    add_staff,
    begin_act,
    seal_act,
)
from aim_loans.identity.permissions import Role
from aim_loans.identity.second_factor import ResetFactor, reset_factor
from aim_loans.identity.sign_in import SetPassword, set_password
from aim_loans.intake.models import data_gap
from aim_loans.ledger.models import account, journal_line
from aim_loans.loans.models import loan_dimension, loan_position
from aim_loans.loans.operations import change_dimensions
from aim_loans.origination.setting_requests import DeclineSetting, decline_setting
from aim_loans.portfolio.models import month_concurrent, month_loan
from aim_loans.repayment.endings import EndLoan, write_off
from aim_loans.repayment.operations import (
    CancelReceipt,
    RecordReceipt,
    cancel_receipt,
    record_receipt,
)
from aim_loans.repayment.requests import AskToCancel, ask_to_cancel
from aim_loans.repayment.visits import RecordVisit, record_visit
from tests.book import (
    AUDIT_KEY,
    CASHIER,
    HEAD_OFFICE,
    MANAGER,
    TODAY,
    Book,
    ask_for_a_fee,
    ask_to_waive,
    backdate_receipts,
    close_a_month,
    complain,
    issue_a_report,
    issue_files,
    open_book,
    post_the_allowance,
    use_a_second_factor,
)
from tests.branch import Branch, attach_a_card
from tests.conftest import need
from tests.databases import empty_database
from tests.joint import live_with_smeda
from tests.joint_report import ReportOnItsWay

ZONE = ZoneInfo("Asia/Karachi")
WATCHED = (
    *fact_tables(),
    *(act, audit_entry, audit_chain, number_series, loan_position, account),
    *(month_loan, month_concurrent),
)


def faults(connection: Connection) -> list[str]:
    outcomes = verify_book(connection, zone=ZONE, audit_key=AUDIT_KEY)
    return [fault for outcome in outcomes for fault in outcome.faults]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Book]:
    """One book a database for all tests here, which change nothing in it for good.

    It has a row in each watched table: receipts, one cancelled, a transfer, an end.
    """
    if request.param == "postgresql":
        need("PostgreSQL")
    book = open_book(empty_database(request.param))
    live(book, tmp_path_factory.mktemp("files"))
    yield book
    book.engine.dispose()


def live(book: Book, files: Path) -> None:
    """Write a row into each watched table."""
    live_at_the_counter(book)
    transfer(book)
    live_in_the_office(book)
    close_a_month(book)
    post_the_allowance(book)
    issue_a_report(book)
    ReportOnItsWay(book, files).walk()
    live_with_complaints_and_files(book)
    book.cut()


def live_at_the_counter(book: Book) -> None:
    """Take receipts, cancel one, backdate one, visit, write a loan off; lend a borrower twice."""
    for ref in ("L1", "L2"):
        book.open_loan(ref)
    book.open_loan("L3", borrower=1)
    bank = RecordReceipt("L1", 900_00, TODAY, "raast", "HBL", "R-1", "family", "B-9")
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        first = record_receipt(tx, bank, actor=CASHIER, today=TODAY, backdating_days=2, key="k1")
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        cash = RecordReceipt("L2", 700_00, TODAY, "cash")
        record_receipt(tx, cash, actor=CASHIER, today=TODAY, backdating_days=2)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        ask_to_cancel(tx, AskToCancel(first.receipt.id, "typed twice"), actor=CASHIER)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        promise = RecordVisit(1, TODAY, "promised", "family", TODAY, 900_00, "after the harvest")
        record_visit(tx, promise, actor=MANAGER, today=TODAY)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        cancel_receipt(
            tx,
            CancelReceipt(first.receipt.id, "typed twice"),
            asked_by=CASHIER,
            confirmed_by=MANAGER,
            today=TODAY,
        )
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        write_off(tx, EndLoan("L2", TODAY, "lost"), actor=HEAD_OFFICE, today=TODAY)
        backdate_receipts(tx, "L1")


def transfer(book: Book) -> None:
    """Move a loan to another branch, and note a gap of it."""
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        this = begin_act(
            tx,
            kind="change",
            command=AddBranch("x", "x"),
            actor=HEAD_OFFICE,
            subject="loan L1",
            chain=HEAD_OFFICE_CHAIN,
        )
        change_dimensions(
            tx, this, 1, {"branch_code": "MUL-01"}, from_on=date(2025, 6, 1), today=TODAY
        )
        tx.connection.execute(
            data_gap.insert().values(
                id=1,
                loan_ref="L1",
                field="cnic",
                reason="missing",
                act_id=this.id,
                recorded_at=tx.now,
            )
        )
        seal_act(tx, this, (loan_dimension, journal_line, data_gap))


def live_in_the_office(book: Book) -> None:
    """Hire somebody, lend by an application, ask for a fee, change a borrower."""
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        staff = AddStaff("zainab", "Zainab", Role.LOAN_OFFICER, TODAY, branch_code="LHR-01")
        add_staff(tx, staff, actor=HEAD_OFFICE)
        temporary = SetPassword("zainab", temporary=True)
        set_password(tx, temporary, "a lamp in the rain", actor=HEAD_OFFICE)
    branch = Branch(book)
    asked = branch.approved()
    branch.pay(asked)
    branch.live()
    ask_to_waive(branch.book, 1)
    attach_a_card(book, branch.person("Nasreen"))
    live_with_smeda(book, branch.read(asked).borrower_id, asked)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        use_a_second_factor(tx, "zainab")
        reset_factor(tx, ResetFactor("zainab"), actor=HEAD_OFFICE)
        ask_for_a_fee(tx)
        decline_setting(tx, DeclineSetting(1, "not decided"), actor=HEAD_OFFICE)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        named = PersonDetails(name="Zainab", gender="female")
        change_person(tx, ChangePerson(1, named, "LHR-01"), actor=MANAGER, today=TODAY)


def live_with_complaints_and_files(book: Book) -> None:
    """Record a complaint and close it; ask for a file of people, release it, take it."""
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        complain(tx)
        issue_files(tx)


def test_a_sound_book_has_no_faults(lived: Book) -> None:
    with reading(lived.engine) as connection:
        assert faults(connection) == []


def test_each_watched_table_has_rows(lived: Book) -> None:
    with reading(lived.engine) as connection:
        empty = [
            table.name
            for table in WATCHED
            if not connection.execute(select(func.count()).select_from(table)).scalar()
        ]
    assert empty == []


@dataclass
class Mutation:
    """A change to try: the first of these statements that the database lets through.

    `act_id` is the act that wrote the row, whose entry must tell of the change; None for rows
    that no entry signs.
    """

    statements: list[str]
    act_id: int | None


def mutations(connection: Connection) -> Iterator[Mutation]:
    """Each column of one row of each table, with several new values to try; then the row."""
    for table in WATCHED:
        key = " AND ".join(
            f"{column.name} = (SELECT max({column.name}) FROM {table.name})"
            for column in list(table.primary_key.columns)[-1:]
        )
        if table is audit_entry:
            key = "act_id = (SELECT max(act_id) FROM audit_entry)"
        act_id = writer_of(connection, table, key)
        for column in table.columns:
            name = column.name
            values = new_values(connection, column)
            changes = [
                f"UPDATE {table.name} SET {name} = {value} "
                f"WHERE {key} AND ({name} IS NULL OR {name} <> {value})"
                for value in values
            ]
            yield Mutation(changes, act_id)
        yield Mutation([f"DELETE FROM {table.name} WHERE {key}"], act_id)


def writer_of(connection: Connection, table: Table, key: str) -> int | None:
    """Give the act that wrote the row; None where no entry signs the table."""
    owner = table.info.get("fact")
    if owner is None:
        return None
    found = f"SELECT {owner} FROM {table.name} WHERE {key}"
    if owner == "version_id":
        found = f"SELECT act_id FROM schedule_version WHERE id = ({found} LIMIT 1)"
    written_by: int | None = connection.exec_driver_sql(found).scalars().first()
    return written_by


def rounds(wanted: Iterable[Mutation]) -> Iterator[list[Mutation]]:
    """Give mutations of different acts together: each must still be told of by its own act."""
    of_act: dict[int, list[Mutation]] = {}
    for mutation in wanted:
        if mutation.act_id is None:
            yield [mutation]
        else:
            of_act.setdefault(mutation.act_id, []).append(mutation)
    for together in zip_longest(*of_act.values()):
        yield [mutation for mutation in together if mutation]


def new_values(connection: Connection, column: Column[Any]) -> list[str]:
    """Expressions that change a column: of its type, or a value other rows of it hold."""
    name = column.name
    if isinstance(column.type, Date):
        later = f"{name} + 1" if is_postgresql(connection) else f"date({name}, '+1 day')"
        return [f"coalesce({later}, '2026-01-01')"]
    if isinstance(column.type, Boolean):
        return [f"NOT {name}"]
    if not isinstance(column.type, Text):
        return [f"coalesce({name}, 0) + 1000"]
    others = connection.execute(select(column).where(column.is_not(None)).distinct()).scalars()
    known = [f"'{value}'" for value in others if "'" not in value][:20]
    return [f"coalesce({name}, '') || 'x'", *known, "'MUL-01'", "'cheque'", "'weekly'"]


def test_every_change_behind_the_software_is_found(lived: Book) -> None:
    """Alter each column and delete a row of each watched table in turn; nothing escapes."""
    found: Counter[str] = Counter()
    missed = []
    with disarmed(lived) as connection:
        for together in rounds(list(mutations(connection))):
            undone = connection.begin_nested()
            outcomes = [changed(connection, mutation) for mutation in together]
            told = told_of(connection, together)
            undone.rollback()
            for mutation, outcome in zip(together, outcomes, strict=True):
                known = outcome or ("found" if mutation.act_id in told else "missed")
                found[known] += 1
                if known == "missed":
                    missed.append(mutation.statements[0])
    assert missed == [], found
    assert found["no such change possible"] == 0, found
    sys.stdout.write(f"mutations: {dict(found)}\n")


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("version", "number", "sentence"),
    [
        ("version_id", "number + 1", "does not sum to the principal"),
        ("version_id", "0", "does not sum to the principal"),
        ("version_id + 9000", "number", "they belong to no schedule"),
    ],
)
def test_an_instalment_added_by_hand_is_found(
    book: Book, version: str, number: str, sentence: str
) -> None:
    book.open_loan("L1")
    added = (
        f"INSERT INTO instalment SELECT {version}, {number}, due_on, amount, due_total "
        "FROM instalment ORDER BY version_id DESC, number DESC LIMIT 1"
    )
    with disarmed(book) as connection:
        connection.exec_driver_sql(added)
        assert sentence in " ".join(faults(connection))


def changed(connection: Connection, mutation: Mutation) -> str:
    """Make the first change that the database lets through; say why there is none."""
    outcome = "no such change possible"
    for statement in mutation.statements:
        tried = connection.begin_nested()
        try:
            if connection.exec_driver_sql(statement.replace("%", "%%")).rowcount:
                tried.commit()
                return ""
        except (IntegrityError, InternalError):
            outcome = "held by a constraint"
        tried.rollback()
    return outcome


def told_of(connection: Connection, together: list[Mutation]) -> set[int | None]:
    """Give the acts whose change is told of; None when anything is wrong at all."""
    sentences = verify_audit(connection, audit_key=AUDIT_KEY).faults
    if together[0].act_id is None:
        rest = verify_book(connection, zone=ZONE, audit_key=AUDIT_KEY)
        return {None} if sentences or any(outcome.faults for outcome in rest) else set()
    return {int(number) for each in sentences for number in re.findall(r"\bact (\d+)", each)}


@contextmanager
def disarmed(book: Book) -> Iterator[Connection]:
    """A transaction in which no trigger and no foreign key is in the way; rolled back."""
    engine = book.engine.execution_options(sqlite_begin="IMMEDIATE")
    with engine.connect() as connection:
        if not is_postgresql(connection):
            cursor = connection.connection.cursor()
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.close()
        outer = connection.begin()
        if is_postgresql(connection):
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            triggers = connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).scalars()
            for name in list(triggers):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        yield connection
        outer.rollback()
        connection.invalidate()
