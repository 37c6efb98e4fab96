"""Engines and transactions for SQLite and PostgreSQL.

Only the doors call this: they own transactions. A writer holds a shared lock on the cut
and then reads the clock; a cut takes that lock alone, so that whatever is recorded at or
before a cut is committed before it (an older transaction can otherwise commit later and
change an answer already given).
"""

import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Column, Connection, Dialect, Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from aim_loans.db.statements import Statement, keep_first_line
from aim_loans.errors import Refused

Clock = Callable[[], datetime]

CUT_LOCK = 7_140_001
BUSY_SECONDS = 60
# So long after its last use a connection to the server is taken to be there still.
TRUSTED_SECONDS = 5
_RESTS_SINCE = "rests since"
# What each connection to SQLite is told first.
SQLITE_SETTINGS = (
    "journal_mode=WAL",
    "foreign_keys=ON",
    # Without it INSERT OR REPLACE would overwrite a fact and wake no trigger.
    "recursive_triggers=ON",
    "synchronous=FULL",
    "cache_size=-49152",
    # In memory, the sorting of a large book's loans would take as much as they do.
    "temp_store=FILE",
    # Pages of the log: a bulk write would copy the same pages back every other commit.
    "wal_autocheckpoint=10000",
)
# What each connection to PostgreSQL is told first.
POSTGRESQL_SETTINGS = (
    # To compile the large statements of a book takes longer than it saves.
    "jit=off",
    # An index read in its order is cheap on today's disks: there a loan's facts lie together.
    "random_page_cost=1.1",
)

# One statement, in this order: a materialized part is computed before the row that reads it.
_LOCKED = "WITH held AS MATERIALIZED (SELECT {}(:key)) SELECT clock_timestamp() FROM held"
_SHARED = Statement(_LOCKED.format("pg_advisory_xact_lock_shared"))
_ALONE = Statement(_LOCKED.format("pg_advisory_xact_lock"))


@dataclass(frozen=True, slots=True)
class Writing:
    """An open write transaction, its moment, and the key that signs its audit entries."""

    connection: Connection
    now: datetime
    audit_key: bytes


def system_clock() -> datetime:
    """Give this machine's moment in UTC."""
    return datetime.now(UTC)


def is_postgresql(connection: Connection) -> bool:
    """Say whether the connection speaks to PostgreSQL (otherwise SQLite)."""
    return connection.dialect.name == "postgresql"


def open_engine(url: str) -> Engine:
    """Open an engine; Refused when the address is not SQLite or PostgreSQL."""
    try:
        parsed = make_url(url)
    except ArgumentError as fault:
        raise Refused(
            "AIM_DATABASE_URL is not a database address. Write sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/NAME.",
            field="AIM_DATABASE_URL",
        ) from fault
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(url)
    if backend == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        return _open_postgresql(parsed)
    raise Refused(
        "The database {backend} is not supported. Use SQLite or PostgreSQL.",
        field="AIM_DATABASE_URL",
        backend=backend,
    )


def _open_postgresql(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True)
    dialect = engine.dialect

    def rested(_driver: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        entry.info[_RESTS_SINCE] = time.monotonic()

    def try_rested(
        driver: DBAPIConnection, entry: ConnectionPoolEntry, _user: PoolProxiedConnection
    ) -> None:
        # A server that restarted has dropped it; to ask at each use would slow every receipt.
        if time.monotonic() - entry.info.get(_RESTS_SINCE, math.inf) < TRUSTED_SECONDS:
            return
        try:
            dialect.do_ping(driver)
        except dialect.loaded_dbapi.Error as fault:
            raise DisconnectionError from fault

    event.listen(engine, "connect", _prepare_postgresql)
    event.listen(engine, "checkin", rested)
    event.listen(engine, "checkout", try_rested)
    event.listen(engine, "handle_error", _leave_values_out)
    return engine


def _leave_values_out(context: ExceptionContext) -> None:
    """Keep what people typed, a CNIC perhaps, out of a log: the server repeats it in its faults."""
    keep_first_line(context.original_exception)
    if context.sqlalchemy_exception is not None:
        keep_first_line(context.sqlalchemy_exception)


def _prepare_postgresql(driver: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    driver.cursor().execute("; ".join(f"SET {setting}" for setting in POSTGRESQL_SETTINGS))
    driver.commit()


def _open_sqlite(url: str) -> Engine:
    sqlite3.register_adapter(date, date.isoformat)
    arguments = {"isolation_level": None, "timeout": BUSY_SECONDS}
    # What people typed, a CNIC perhaps, does not belong in a log beside an error.
    engine = create_engine(url, connect_args=arguments, hide_parameters=True)
    event.listen(engine, "do_connect", _make_private)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(
    _dialect: Dialect,
    _entry: ConnectionPoolEntry,
    arguments: Sequence[Any],
    _options: Mapping[str, Any],
) -> None:
    """Make the file of a new book, so that nobody but its owner reads it; the log follows it."""
    path = Path(arguments[0])
    if path.parent.is_dir() and not path.exists():
        # Where it cannot be made, the driver says so.
        with suppress(OSError):
            path.touch(mode=0o600)


def _prepare_sqlite(driver: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    for setting in SQLITE_SETTINGS:
        driver.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    # A read that later wants to write fails with "database is locked": so each
    # transaction says at its start which of the two it is, and is never upgraded.
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def writing(engine: Engine, *, audit_key: bytes, clock: Clock | None = None) -> Iterator[Writing]:
    """Open a write transaction; committed at the end, rolled back on any error.

    `clock` replaces the database's clock (tests and the demo give their own).
    """
    with _transaction(engine, _SHARED) as (connection, moment):
        yield Writing(connection, clock() if clock else moment, audit_key)


@contextmanager
def cutting(engine: Engine, *, audit_key: bytes, clock: Clock | None = None) -> Iterator[Writing]:
    """Open a write transaction that waits for all others: its moment is a cut."""
    with _transaction(engine, _ALONE) as (connection, moment):
        yield Writing(connection, clock() if clock else moment, audit_key)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open one unchanging snapshot for reading."""
    with engine.connect() as connection:
        if is_postgresql(connection):
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin():
            yield connection


def hold_row(connection: Connection, key: Column[Any], value: object) -> None:
    """Hold the row of this key until the act ends; others who hold it wait. None is no fault.

    Read what the act decides on only afterwards. SQLite has one writer at a time anyway.
    """
    connection.execute(select(key).where(key == value).with_for_update()).all()


@contextmanager
def _transaction(engine: Engine, lock: Statement) -> Iterator[tuple[Connection, datetime]]:
    """Open a write transaction, and read the clock once it holds the lock on the cut."""
    with engine.connect() as connection:
        connection.execution_options(sqlite_begin="IMMEDIATE")
        with connection.begin():
            if is_postgresql(connection):
                ((moment,),) = lock.run(connection, {"key": CUT_LOCK})
                yield connection, moment.astimezone(UTC)
            else:
                yield connection, system_clock()
