"""Every entry of the bench runs and agrees with its peer; how fast it is, no test asks."""

import multiprocessing
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Engine

from aim_loans.checks.run import verify_book
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import open_engine, reading
from aim_loans.db.migrate import upgrade
from bench import book, pages, receipts
from bench.book import AUDIT_KEY
from bench.command import ENTRIES, run
from bench.places import SQLITE, open_places
from bench.readings import compare
from bench.results import table
from tests.databases import copy_database, empty_database

LOANS = 200


@pytest.fixture(autouse=True)
def quick_beginnings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every book from a copy, and every process from one that has imported the bench."""
    monkeypatch.setattr(book, "upgrade", copy_of_an_empty_book)
    started = multiprocessing.get_context("forkserver")
    started.set_forkserver_preload(["bench.command"])
    monkeypatch.setattr(multiprocessing, "get_context", lambda _kind: started)


def copy_of_an_empty_book(engine: Engine, migrations: Path) -> None:
    engine.dispose()
    copy_database(migrated(migrations), engine.url.render_as_string(hide_password=False))


@cache
def migrated(migrations: Path) -> str:
    engine = open_engine(empty_database("sqlite"))
    upgrade(engine, migrations)
    engine.dispose()
    return str(engine.url)


def test_every_entry_agrees_with_its_peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "RECEIPTS_A_CLERK", 20)
    monkeypatch.setattr(pages, "LOOKS_A_RUN", 2)
    with open_places(tmp_path) as places:
        results = run(places, entries=list(ENTRIES), databases=[SQLITE], loans=LOANS, runs=1)
    opened = [result for result in results if result.entry.startswith("pages")]
    names = ("list", "loan", "borrower", "branch", "dashboard", "dashboard after a receipt")
    assert [page.entry for page in opened] == [
        f"pages, {name}" for name in (*names, "home", "search")
    ]
    timed = [result for result in results if result.entry.startswith("statement")]
    assert [each.entry for each in timed] == [
        *("statement, the close", "statement", "statement, the paper"),
    ]
    joint = [result for result in results if result.entry == "joint"]
    others = [result for result in results if result not in (*opened, *timed, *joint)]
    assert len(others) == len(ENTRIES) - 3
    assert all(result.ratio for result in others)
    assert len(table(results).splitlines()) == len(results) + 2


def test_the_made_up_book_is_a_true_book(tmp_path: Path) -> None:
    with open_places(tmp_path) as places:
        database = places.book(SQLITE, LOANS)
        zone = read_settings(None, {}).institution.zone
        with database.opened() as (engine, _), reading(engine) as connection:
            outcomes = list(verify_book(connection, zone=zone, audit_key=AUDIT_KEY))
    assert not [fault for outcome in outcomes for fault in outcome.faults]


def test_a_wrong_group_stops_the_bench() -> None:
    with pytest.raises(AssertionError, match="a group differs"):
        compare("today", SQLITE, [("trade", 1)], [("trade", 2)])
