"""The entries of the month close, and of the monthly paper from thirteen closed months."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

from sqlalchemy import Engine

from aim_loans.config.reader import read_settings
from aim_loans.dates import add_months, month_end
from aim_loans.db.engine import reading
from aim_loans.portfolio.measuring import (
    TREND_MONTHS,
    WHOLE,
    month_ends,
    newest,
    portfolio_statement,
)
from aim_loans.portfolio.statement import PortfolioStatement
from bench.book import Clock, analyse
from bench.closed import close
from bench.lives import LAST_DAY
from bench.places import Database, Places
from bench.results import Result, seconds
from bench.timing import MEBI, in_own_process, seconds_of
from reports.loan_values import Letterhead
from reports.portfolio_pdf import portfolio_pdf

# Seconds for a book of a million loans, on a quiet machine.
STATEMENT_MARK, CLOSE_MARK = 10.0, 60.0
MOST_MEMORY = 500 * MEBI
_MILLION = 1_000_000


def statement(places: Places, kind: str, *, loans: int, runs: int) -> list[Result]:
    """Close thirteen months, then measure the statement of the last."""
    database = places.last_of(kind, loans)
    month = month_end(add_months(LAST_DAY, -1))
    with database.opened() as (engine, _):
        closes = [
            _close(engine, day, number)
            for number, day in enumerate(month_ends(month, TREND_MONTHS))
        ]
        analyse(engine)
        took = sorted(seconds_of(partial(_measure, engine, month)) for _ in range(runs))
    paper = in_own_process(_paper_alone, database, month)
    drawn = _result("statement, the paper", kind, loans, paper.seconds, STATEMENT_MARK)
    small = paper.peak <= MOST_MEMORY
    return [
        _result("statement, the close", kind, loans, max(closes), CLOSE_MARK),
        _result("statement", kind, loans, took[len(took) // 2], STATEMENT_MARK),
        replace(
            drawn,
            held=drawn.held and small,
            memory=f"{paper.peak / MEBI:.0f} MiB of {MOST_MEMORY // MEBI}",
        ),
    ]


def _close(engine: Engine, day: date, number: int) -> float:
    """Close a month on a connection of its own, as from month to month: no plan is kept.

    PostgreSQL has looked at some of the closed months, as it does now and then.
    """
    engine.dispose()
    if number == TREND_MONTHS // 2:
        analyse(engine)
    return seconds_of(partial(close, engine, day, minute=number))


def _paper_alone(database: Database, month: date) -> Callable[[], int]:
    """Give the whole paper with an engine of its own, for a process of its own."""
    engine, letterhead = database.engine(), Letterhead("Bench", "thousands")
    return lambda: len(portfolio_pdf(_measure(engine, month), letterhead, "en"))


def _measure(engine: Engine, month: date) -> PortfolioStatement:
    with reading(engine) as connection:
        asked = newest(connection, month, WHOLE, now=Clock().at)
        settings = read_settings(None, {})
        return portfolio_statement(connection, asked, settings=settings, code_version="0")


def _result(entry: str, kind: str, loans: int, took: float, mark: float) -> Result:
    """Hold a time to its mark, for a book as large as the mark is for."""
    held = took <= mark if loans >= _MILLION else None
    return Result(entry, kind, loans, seconds(took), mark=f"<= {mark:.0f} s at 1M", held=held)
