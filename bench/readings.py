"""Entries that read the book by sector, branch and gender: today, and on an earlier day."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Engine

from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading
from aim_loans.portfolio.engine import book_rows
from bench.lives import LAST_DAY, PAST_DAY
from bench.peers.statements import days, statement
from bench.places import Database, Places
from bench.results import Result, against_peer
from bench.timing import contest

BY = ("sector", "branch", "gender")
MARK = 1.2

Group = tuple[Any, ...]


def today(places: Places, kind: str, *, loans: int, runs: int) -> Result:
    """The book as known now, against one GROUP BY over the positions."""
    return _book(places.book(kind, loans), "today", LAST_DAY, loans=loans, runs=runs)


def past(places: Places, kind: str, *, loans: int, runs: int) -> Result:
    """The book of a year before its last day, against the sum of all facts up to that day."""
    return _book(places.book(kind, loans), "past", PAST_DAY, loans=loans, runs=runs)


def _book(database: Database, entry: str, as_of: date, *, loans: int, runs: int) -> Result:
    with database.opened() as (engine, driver):
        ours, peer = our_book(engine, as_of), peer_book(driver, database, entry, as_of)
        compare(entry, database.kind, ours(), peer())
        found = contest(ours, peer, runs=runs)
    return against_peer(entry, database.kind, loans, found, MARK)


def our_book(engine: Engine, as_of: date) -> Callable[[], list[Group]]:
    """Give the whole service call, from the open transaction to the rows of the answer."""
    ladder = read_settings(None, {}).dated.ladder_on(as_of)

    def ask() -> list[Group]:
        with reading(engine) as connection:
            frame = book_rows(connection, as_of=as_of, known_at=None, by=BY, ladder=ladder)
        return list(frame.itertuples(index=False, name=None))

    return ask


def peer_book(
    driver: Any, database: Database, entry: str, as_of: date
) -> Callable[[], list[Group]]:
    """Give the bare query, from the open connection to its rows."""
    sql, values = statement(entry), days(as_of)

    def ask() -> list[Group]:
        rows = database.ask(driver, sql, values)
        driver.rollback()
        return rows

    return ask


def compare(entry: str, kind: str, ours: list[Group], peer: list[Group]) -> None:
    """Stop the bench when one group or measure differs: speed of a wrong answer is nothing."""
    if len(ours) != len(peer):
        raise AssertionError(f"{entry}, {kind}: {len(ours)} groups, the peer has {len(peer)}")
    for one, two in zip(sorted(ours), sorted(peer), strict=True):
        if tuple(one) != tuple(two):
            raise AssertionError(f"{entry}, {kind}: a group differs\nours {one}\npeer {two}")
