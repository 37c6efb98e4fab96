"""The entry that writes every loan as CSV, and how any such entry is held against a cursor."""

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading
from aim_loans.portfolio.engine import loan_rows
from aim_loans.portfolio.output import LOAN_COLUMNS, write_loans
from aim_loans.texts import translator
from bench.lives import LAST_DAY
from bench.peers.statements import days, statement, worded
from bench.places import POSTGRESQL, Database, Places
from bench.results import Result, against_peer
from bench.timing import MEBI, contest, in_own_process

MARK = 1.3
MOST_MEMORY = 64 * MEBI
ROWS_AT_A_TIME = 2_000

OurFile = Callable[[Engine, Path], Callable[[], None]]
BareFile = Callable[[Any, Database, Path], Callable[[], None]]

# `{0}` is in paisa; they are written only where there are any.
RUPEES = (
    "CASE WHEN ({0}) {percent} 100 = 0 THEN CAST(({0}) / 100 AS text) ELSE "
    "CAST(({0}) / 100 AS text) || '.' || (({0}) {percent} 100 / 10) || (({0}) {percent} 10) END"
)
WORDS = {
    "sqlite": {
        "rupees": RUPEES.replace("{percent}", "%"),
        "days_late": "CAST(julianday(:as_of) - julianday({0}) AS integer)",
    },
    "postgresql": {
        "rupees": RUPEES.replace("{percent}", "%%"),
        "days_late": "(CAST(:as_of AS date) - {0})",
    },
}


def loans_csv(places: Places, kind: str, *, loans: int, runs: int) -> Result:
    """Write all loans of today's book to a file."""
    database = places.book(kind, loans)
    return file_contest(
        "loans csv", places.folder, database, our_file, bare_file, loans=loans, runs=runs
    )


def file_contest(
    entry: str,
    folder: Path,
    database: Database,
    our_file: OurFile,
    bare_file: BareFile,
    *,
    loans: int,
    runs: int,
) -> Result:
    """Let both write a file, compare byte by byte, and measure; our memory in a process alone."""
    files = folder / "ours.csv", folder / "peer.csv"
    with database.opened() as (engine, driver):
        ours, peer = our_file(engine, files[0]), bare_file(driver, database, files[1])
        ours()
        peer()
        digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        if len(digests) > 1:
            raise AssertionError(f"{entry}, {database.kind}: the files differ: {files}")
        found = contest(ours, peer, runs=runs)
    alone = in_own_process(_alone, database, our_file, files[0])
    grown = alone.peak - alone.idle
    memory = f"{grown / MEBI:.0f} MiB over idle"
    timed = against_peer(entry, database.kind, loans, found, MARK, memory=memory)
    return replace(
        timed,
        mark=f"{timed.mark}, {MOST_MEMORY // MEBI} MiB",
        held=timed.held and grown <= MOST_MEMORY,
    )


def _alone(database: Database, our_file: OurFile, path: Path) -> Callable[[], None]:
    """Give the whole call with an engine of its own, for a process of its own."""
    return our_file(database.engine(), path)


def our_file(engine: Engine, path: Path) -> Callable[[], None]:
    """Give the whole call, from the open transaction to the closed file."""
    ladder = read_settings(None, {}).dated.ladder_on(LAST_DAY)

    def write() -> None:
        with path.open("w", encoding="utf-8", newline="") as file, reading(engine) as connection:
            rows = loan_rows(connection, as_of=LAST_DAY, known_at=None, ladder=ladder)
            write_loans(rows, form="csv", stream=file, words=translator("en"))

    return write


def bare_file(driver: Any, database: Database, path: Path) -> Callable[[], None]:
    """Give the bare query through a cursor and the csv module."""
    sql = worded(statement("loans"), WORDS[database.kind])
    header = [column.name for column in LOAN_COLUMNS]

    def write() -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(header)
            with streamed(driver, database, sql, days(LAST_DAY)) as rows:
                writer.writerows(rows)

    return write


@contextmanager
def streamed(
    driver: Any, database: Database, sql: str, values: Mapping[str, object]
) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Give the rows of a query as they come, through a cursor of the server's on PostgreSQL."""
    sql = database.sql(sql)
    if database.kind == POSTGRESQL:
        with driver.cursor("rows") as cursor:
            cursor.itersize = ROWS_AT_A_TIME
            yield cursor.execute(sql, values)
    else:
        yield driver.execute(sql, values)
    driver.rollback()
