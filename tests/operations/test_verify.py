"""Verify finds nothing in a sound book, and every change made behind the software's back."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Boolean, Column, Connection, Date, Table, Text, func, select
from sqlalchemy.exc import IntegrityError, InternalError

from aim_loans.borrowers.models import person, person_change
from aim_loans.cash.models import number_series
from aim_loans.checks.run import verify_audit, verify_book
from aim_loans.checks.tables import sealed_tables
from aim_loans.db.engine import is_postgresql, reading
from aim_loans.identity.models import act, audit_chain, audit_entry
from aim_loans.ledger.models import account
from aim_loans.loans.models import loan_position
from aim_loans.portfolio.models import month_concurrent, month_loan
from tests.book import AUDIT_KEY, Book

ZONE = ZoneInfo("Asia/Karachi")
WATCHED = (
    *sealed_tables(),
    *(act, audit_entry, audit_chain, number_series, loan_position, account),
    *(month_loan, month_concurrent),
)
# Values that some column takes where it refuses a letter more; a CNIC has 13 digits.
OTHER_VALUES = ("3520100000001", "male", "livestock", "rural", "MUL-01", "cheque", "weekly")
CHANGED_BORROWER = "id = (SELECT min(person_id) FROM person_change)"
# Every column of these can be altered: no condition of theirs stands in the way of a fraud.
OPEN = ("UPDATE person ", "UPDATE enterprise ")


def faults(connection: Connection) -> list[str]:
    outcomes = verify_book(connection, zone=ZONE, audit_key=AUDIT_KEY)
    return [fault for outcome in outcomes for fault in outcome.faults]


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
    that no entry signs. It is tried `alone` where other acts tell of it as well.
    """

    statements: list[str]
    act_id: int | None
    alone: bool = False


def mutations(connection: Connection) -> Iterator[Mutation]:
    """Each column of one row of each table, with several new values to try; then the row."""
    for table, key in watched_rows():
        act_id = writer_of(connection, table, key)
        changing = table is person_change or key == CHANGED_BORROWER
        for column in table.columns:
            name = column.name
            values = new_values(connection, column)
            changes = [
                f"UPDATE {table.name} SET {name} = {value} "
                f"WHERE {key} AND ({name} IS NULL OR {name} <> {value})"
                for value in values
            ]
            told_by = (changer_of(connection, key, name) if table is person else None) or act_id
            yield Mutation(changes, told_by, changing)
        yield Mutation([f"DELETE FROM {table.name} WHERE {key}"], act_id, changing)


def watched_rows() -> Iterator[tuple[Table, str]]:
    """The newest row of each table, with the condition that finds it; a changed borrower too."""
    for table in WATCHED:
        name = list(table.primary_key.columns)[-1].name
        if table is audit_entry:
            name = "act_id"
        yield table, f"{name} = (SELECT max({name}) FROM {table.name})"
    yield person, CHANGED_BORROWER


def writer_of(connection: Connection, table: Table, key: str) -> int | None:
    """Give the act that wrote the row; None where no entry signs the table."""
    owner = table.info.get("fact") or table.info.get("sealed")
    if owner is None:
        return None
    found = f"SELECT {owner} FROM {table.name} WHERE {key}"
    if owner == "version_id":
        found = f"SELECT act_id FROM schedule_version WHERE id = ({found} LIMIT 1)"
    written_by: int | None = connection.exec_driver_sql(found).scalars().first()
    return written_by


def changer_of(connection: Connection, key: str, column: str) -> int | None:
    """Give the act that last changed a column of a borrower, which must tell of its change."""
    found = (
        "SELECT max(act_id) FROM person_change "
        f"WHERE field = '{column}' AND person_id = (SELECT id FROM person WHERE {key})"
    )
    return connection.exec_driver_sql(found).scalar()


def rounds(wanted: Iterable[Mutation]) -> Iterator[list[Mutation]]:
    """Give mutations of different acts together: each must still be told of by its own act."""
    of_act: dict[int, list[Mutation]] = {}
    for mutation in wanted:
        if mutation.act_id is None or mutation.alone:
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
    return [f"coalesce({name}, '') || 'x'", *known, *(f"'{value}'" for value in OTHER_VALUES)]


def test_every_change_behind_the_software_is_found(lived: Book) -> None:
    """Alter each column and delete a row of each watched table in turn; nothing escapes."""
    found: Counter[str] = Counter()
    missed, refused = [], []
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
                if known == "held by a constraint" and mutation.statements[0].startswith(OPEN):
                    refused.append(mutation.statements[0])
    assert (missed, refused) == ([], []), found
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
