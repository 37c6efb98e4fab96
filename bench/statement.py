"""The entries of the month close, and of the monthly statement from thirteen closed months."""

from datetime import date
from functools import partial

from sqlalchemy import Engine

from aim_loans.config.reader import read_settings
from aim_loans.dates import add_months, month_end
from aim_loans.db.engine import cutting, reading
from aim_loans.portfolio.closing import CloseMonth, close_month
from aim_loans.portfolio.measuring import (
    TREND_MONTHS,
    WHOLE,
    month_ends,
    newest,
    portfolio_statement,
)
from bench.book import AUDIT_KEY, Clock, analyse
from bench.closed import HEAD_OFFICE
from bench.lives import LAST_DAY
from bench.places import Places
from bench.results import Result, seconds
from bench.timing import seconds_of

# Seconds for a book of a million loans, on a quiet machine.
STATEMENT_MARK, CLOSE_MARK = 10.0, 60.0
_MILLION = 1_000_000


def statement(places: Places, kind: str, *, loans: int, runs: int) -> list[Result]:
    """Close thirteen months, then measure the statement of the last."""
    database = places.last_of(kind, loans)
    month = month_end(add_months(LAST_DAY, -1))
    with database.opened() as (engine, _):
        closes = [
            seconds_of(partial(_close, engine, day, late))
            for late, day in enumerate(month_ends(month, TREND_MONTHS))
        ]
        analyse(engine)
        took = sorted(seconds_of(partial(_measure, engine, month)) for _ in range(runs))
    return [
        _result("statement, the close", kind, loans, sorted(closes)[len(closes) // 2], CLOSE_MARK),
        _result("statement", kind, loans, took[len(took) // 2], STATEMENT_MARK),
    ]


def _close(engine: Engine, day: date, late: int) -> None:
    clock = Clock()
    with cutting(
        engine, audit_key=AUDIT_KEY, clock=Clock(clock.at.replace(hour=18, minute=late))
    ) as tx:
        close_month(tx, CloseMonth(day), actor=HEAD_OFFICE, today=LAST_DAY)


def _measure(engine: Engine, month: date) -> None:
    with reading(engine) as connection:
        asked = newest(connection, month, WHOLE, now=Clock().at)
        settings = read_settings(None, {})
        portfolio_statement(connection, asked, settings=settings, code_version="0")


def _result(entry: str, kind: str, loans: int, took: float, mark: float) -> Result:
    """Hold a time to its mark, for a book as large as the mark is for."""
    held = took <= mark if loans >= _MILLION else None
    return Result(entry, kind, loans, seconds(took), mark=f"<= {mark:.0f} s at 1M", held=held)
