"""Where a bench runs: fresh databases, opened by the software and by the bare driver."""

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine

from aim_loans.db.engine import POSTGRESQL_SETTINGS, SQLITE_SETTINGS, open_engine
from bench.book import write_book
from bench.server import Server, start_server

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# What an institution would set on a small machine; commits wait for the disk, as they must.
DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
}
_NAMED = re.compile(r"(?<!:):([a-z_0-9]+)")


@dataclass(frozen=True, slots=True)
class Database:
    """One database: its kind, and its address for the software and for the bare driver."""

    kind: str
    url: str
    address: str

    def engine(self) -> Engine:
        """Open it as the software does."""
        return open_engine(self.url)

    def bare(self) -> Any:
        """Open it with nothing but the driver, and the settings that the software gives it."""
        if self.kind == POSTGRESQL:
            options = " ".join(f"-c {setting}" for setting in POSTGRESQL_SETTINGS)
            return psycopg.connect(self.address, options=options)
        driver = sqlite3.connect(self.address, isolation_level=None)
        for setting in SQLITE_SETTINGS:
            driver.execute(f"PRAGMA {setting}")
        return driver

    @contextmanager
    def opened(self) -> Iterator[tuple[Engine, Any]]:
        """Open it both ways, and close it at the end."""
        engine, driver = self.engine(), self.bare()
        try:
            yield engine, driver
        finally:
            driver.close()
            engine.dispose()

    def sql(self, statement: str) -> str:
        """Write `:name` parameters as the driver wants them."""
        return _NAMED.sub(r"%(\1)s", statement) if self.kind == POSTGRESQL else statement

    def ask(self, driver: Any, statement: str, values: Mapping[str, object]) -> list[Any]:
        """Run a query with the bare driver and fetch all of it."""
        rows: list[Any] = driver.execute(self.sql(statement), values).fetchall()
        return rows


@dataclass
class Places:
    """Makes databases, and keeps one written book of each kind for all entries of a run."""

    folder: Path
    stack: ExitStack
    _server: Server | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _books: dict[tuple[str, int], Database] = field(default_factory=dict)

    def fresh(self, kind: str) -> Database:
        """Make an empty database."""
        name = f"bench_{next(self._numbers)}"
        if kind == SQLITE:
            path = self.folder / f"{name}.db"
            return Database(kind, f"sqlite:///{path}", str(path))
        if self._server is None:
            self._server = start_server(DURABLE)
            self.stack.callback(self._server.stop)
        self._server.run(f"CREATE DATABASE {name}")
        return Database(kind, self._server.url(name), self._server.conninfo(name))

    def drop(self, database: Database) -> None:
        """Throw a database away, to make room."""
        if database.kind == SQLITE:
            for path in self.folder.glob(f"{Path(database.address).name}*"):
                path.unlink()
        elif self._server is not None:
            name = database.address.rpartition("dbname=")[2]
            self._server.run(f"DROP DATABASE {name} WITH (FORCE)")

    def book(self, kind: str, loans: int) -> Database:
        """Give the written book of this size; it is written when first asked for."""
        if (kind, loans) not in self._books:
            database = self.fresh(kind)
            start = time.perf_counter()
            engine = database.engine()
            write_book(engine, loans)
            engine.dispose()
            seconds = time.perf_counter() - start
            print(f"wrote a book of {loans:,} loans to {kind} in {seconds:.0f} s", flush=True)
            self._books[kind, loans] = database
        return self._books[kind, loans]

    def last_of(self, kind: str, loans: int) -> Database:
        """Give the written book to an entry that writes to it; another one gets a new book."""
        database = self.book(kind, loans)
        del self._books[kind, loans]
        return database


@contextmanager
def open_places(folder: Path) -> Iterator[Places]:
    """Give a maker of databases under a folder; its server stops at the end."""
    with ExitStack() as stack:
        yield Places(folder, stack)
