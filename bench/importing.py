"""The entry that imports a book from its files, against a bare script of set statements."""

import gc
import statistics
from collections.abc import Callable
from datetime import date
from typing import Any

from aim_loans.config.reader import read_settings
from aim_loans.intake.operations import BookSources, import_book
from bench.book import ACTOR, AUDIT_KEY, Clock, open_book
from bench.files import Files, write_files
from bench.peers.bare_import import run_script
from bench.peers.statements import statement
from bench.places import POSTGRESQL, SQLITE, Database, Places
from bench.results import Result, seconds
from bench.timing import MEBI, Run, in_own_process

# PostgreSQL checks each key of each row by a query of its own, so a part of the book will do.
MOST_LOANS = {SQLITE: 100_000, POSTGRESQL: 20_000}
MOST_RUNS = 1
SECONDS = 60


def importing(places: Places, kind: str, *, loans: int, runs: int) -> Result:
    """Import loans with seven receipts each into an empty database."""
    count = min(loans, MOST_LOANS[kind])
    folder = places.folder / f"files_{count}"
    folder.mkdir(exist_ok=True)
    files = write_files(folder, count)
    pairs = [_pair(places, kind, files) for _ in range(min(runs, MOST_RUNS))]
    ours = statistics.median(one.seconds for one, _ in pairs)
    peer = statistics.median(two.seconds for _, two in pairs)
    peak = max(one.peak for one, _ in pairs)
    marked = kind == SQLITE and count == MOST_LOANS[kind]
    return Result(
        "import",
        kind,
        count,
        seconds(ours),
        seconds(peer),
        ours / peer,
        f"<= {SECONDS} s" if marked else "",
        ours <= SECONDS if marked else None,
        f"{peak / MEBI:.0f} MiB",
    )


def _pair(places: Places, kind: str, files: Files) -> tuple[Run, Run]:
    """Run ours and then the script, each into a database of its own, and compare the books."""
    databases = [_prepared(places, kind) for _ in range(2)]
    runs = (
        in_own_process(our_import, databases[0], files),
        in_own_process(bare_import, databases[1], files),
    )
    if runs[0].answer:
        raise AssertionError(f"import, {kind}: {runs[0].answer} rows were refused")
    books = [_summary(database) for database in databases]
    for question, ours, peer in zip(_questions(), *books, strict=True):
        if ours != peer:
            wrong = next(pair for pair in zip(ours, peer, strict=False) if pair[0] != pair[1])
            raise AssertionError(f"import, {kind}: the books differ\n{question}\n{wrong}")
    for database in databases:
        places.drop(database)
    return runs


def our_import(database: Database, files: Files) -> Callable[[], int]:
    """Give the whole import as the command runs it; it answers how many rows were refused."""
    engine, settings = database.engine(), read_settings(None, {})
    sources = BookSources(
        loans=files.loans,
        receipts=files.receipts,
        schedules=files.schedules,
        create_missing=True,
    )
    # The command does so too.
    gc.disable()

    def run() -> int:
        with import_book(
            engine, sources, settings=settings, actor=ACTOR, audit_key=AUDIT_KEY, clock=Clock()
        ) as report:
            return report.refused

    return run


def bare_import(database: Database, files: Files) -> Callable[[], None]:
    """Give the bare script."""
    driver = database.bare()
    return lambda: run_script(driver, database, files)


def _prepared(places: Places, kind: str) -> Database:
    database = places.fresh(kind)
    engine = database.engine()
    open_book(engine, (), clock=Clock())
    engine.dispose()
    return database


def _questions() -> list[str]:
    return statement("summaries").split(";")


def _summary(database: Database) -> list[list[tuple[Any, ...]]]:
    driver = database.bare()
    found = [
        [tuple(map(_plain, row)) for row in database.ask(driver, question, {})]
        for question in _questions()
    ]
    driver.close()
    return found


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
