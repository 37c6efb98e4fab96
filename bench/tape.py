"""The entry that writes every loan as CSV, against a cursor and the csv module."""

import csv
import hashlib
from collections.abc import Callable
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
from bench.results import Result, seconds
from bench.timing import MEBI, contest, in_own_process

MARK = 1.3
MOST_MEMORY = 64 * MEBI
ROWS_AT_A_TIME = 2_000
# `{0}` is in paisa; they are written only where there are any.
RUPEES = (
    "CASE WHEN ({0}) {percent} 100 = 0 THEN CAST(({0}) / 100 AS text) ELSE "
    "CAST(({0}) / 100 AS text) || '.' || ({0}) {percent} 100 / 10 || ({0}) {percent} 10 END"
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
    """Write all loans of today's book to a file; the two files are equal byte by byte."""
    database = places.book(kind, loans)
    files = places.folder / "ours.csv", places.folder / "peer.csv"
    with database.opened() as (engine, driver):
        ours, peer = our_file(engine, files[0]), bare_file(driver, database, files[1])
        ours()
        peer()
        digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        if len(digests) > 1:
            raise AssertionError(f"loans csv, {kind}: the files differ: {files[0]} {files[1]}")
        found = contest(ours, peer, runs=runs)
    alone = in_own_process(our_file_alone, database, files[0])
    grown = alone.peak - alone.idle
    return Result(
        "loans csv",
        kind,
        loans,
        seconds(found.ours),
        seconds(found.peer),
        found.ratio,
        f"<= {MARK} x, {MOST_MEMORY // MEBI} MiB",
        found.ratio <= MARK and grown <= MOST_MEMORY,
        f"{grown / MEBI:.0f} MiB over idle",
    )


def our_file_alone(database: Database, path: Path) -> Callable[[], None]:
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
    """Give the bare query through a cursor of the server's and the csv module."""
    values = days(LAST_DAY)
    sql = database.sql(worded(statement("loans"), WORDS[database.kind]))

    def write() -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow([column.name for column in LOAN_COLUMNS])
            if database.kind == POSTGRESQL:
                with driver.cursor("loans") as cursor:
                    cursor.itersize = ROWS_AT_A_TIME
                    writer.writerows(cursor.execute(sql, values))
            else:
                writer.writerows(driver.execute(sql, values))
        driver.rollback()

    return write
