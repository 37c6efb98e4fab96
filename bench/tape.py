"""The entry that writes the loan tape of a closed month, against a cursor and the csv module."""

import csv
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from aim_loans.config.reader import read_settings
from aim_loans.dates import add_months, month_end
from aim_loans.db.engine import reading
from aim_loans.portfolio.feeder.asked import AskedMonth, pseudonyms
from aim_loans.portfolio.feeder.tape import tape_rows
from aim_loans.portfolio.months import closed_month
from bench.book import AUDIT_KEY, analyse
from bench.closed import close
from bench.exports import WORDS, file_contest, streamed
from bench.lives import LAST_DAY
from bench.peers.statements import statement, worded
from bench.places import Database, Places
from bench.results import Result
from reports.feeder.catalogue import TAPE
from reports.feeder.writing import write_csv

MONTH = month_end(add_months(LAST_DAY, -1))


def tape(places: Places, kind: str, *, loans: int, runs: int) -> Result:
    """Close the last month that is over, then write its tape under pseudonyms."""
    database = places.last_of(kind, loans)
    with database.opened() as (engine, _):
        close(engine, MONTH)
        analyse(engine)
    return file_contest(
        "tape", places.folder, database, our_tape, bare_tape, loans=loans, runs=runs
    )


def our_tape(engine: Engine, path: Path) -> Callable[[], None]:
    """Give the whole call, from the open transaction to the closed file."""
    hide = pseudonyms(AUDIT_KEY)

    def write() -> None:
        with path.open("w", encoding="utf-8", newline="") as file, reading(engine) as connection:
            rows = tape_rows(connection, _asked(connection, MONTH), hide=hide)
            write_csv(rows, TAPE, file)

    return write


def _asked(connection: Connection, day: date) -> AskedMonth:
    closed, settings = closed_month(connection, day), read_settings(None, {})
    if closed is None:
        raise AssertionError(f"tape: {day} is not closed")
    ladder = settings.dated.ladder_on(day)
    return AskedMonth(day, closed.known_at, ladder, settings.institution.zone)


def bare_tape(driver: Any, database: Database, path: Path) -> Callable[[], None]:
    """Give the bare query, its two names hidden in the same way, and the csv module."""
    hide = pseudonyms(AUDIT_KEY)
    sql = worded(statement("tape"), WORDS[database.kind])
    before = MONTH.replace(day=1) - timedelta(days=1)
    values = {"as_of": MONTH.isoformat(), "before": before.isoformat()}
    person, loan = TAPE.header.index("borrower_id"), TAPE.header.index("loan_id")

    def hidden(row: Sequence[Any]) -> list[Any]:
        cells = list(row)
        cells[person], cells[loan] = hide(f"person {row[person]}"), hide(f"loan {row[loan]}")
        return cells

    def write() -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(TAPE.header)
            with streamed(driver, database, sql, values) as rows:
                writer.writerows(map(hidden, rows))

    return write
