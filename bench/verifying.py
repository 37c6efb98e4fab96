"""The entry that computes every position anew and compares the loans with the ledger."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine

from aim_loans.checks.run import CHECKS
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading
from bench.peers.statements import statement
from bench.places import POSTGRESQL, Database, Places
from bench.results import Result, seconds
from bench.timing import MEBI, contest, in_own_process

NAMES = ("positions", "control accounts")
SECONDS_A_MILLION = 15
MILLION = 1_000_000


def verify(places: Places, kind: str, *, loans: int, runs: int) -> Result:
    """Compute all positions from their facts, and the ledger's accounts from its lines."""
    database = places.book(kind, loans)
    with database.opened() as (engine, driver):
        ours, peer = our_checks(engine), bare_checks(driver, database)
        faults = [*ours(), *peer()]
        if faults:
            raise AssertionError(f"verify, {kind}: the book is not right: {faults[:3]}")
        found = contest(ours, peer, runs=runs)
    alone = in_own_process(our_checks_alone, database)
    mark = SECONDS_A_MILLION * loans / MILLION
    marked = kind == POSTGRESQL
    return Result(
        "verify",
        kind,
        loans,
        seconds(found.ours),
        seconds(found.peer),
        found.ratio,
        f"<= {mark:.1f} s" if marked else "",
        found.ours <= mark if marked else None,
        f"{(alone.peak - alone.idle) / MEBI:.0f} MiB over idle",
    )


def our_checks_alone(database: Database) -> Callable[[], list[str]]:
    """Give the two checks with an engine of their own, for a process of their own."""
    return our_checks(database.engine())


def our_checks(engine: Engine) -> Callable[[], list[str]]:
    """Give the two checks as `verify` runs them; they answer what is wrong."""
    zone = read_settings(None, {}).institution.zone

    def check() -> list[str]:
        with reading(engine) as connection:
            return [fault for name in NAMES for fault in CHECKS[name](connection, zone)]

    return check


def bare_checks(driver: Any, database: Database) -> Callable[[], list[Any]]:
    """Give plain statements that find the same differences."""
    texts = [text for text in statement("verify").split(";") if text.strip()]

    def rows() -> Iterator[Any]:
        for text in texts:
            yield from database.ask(driver, text, {})
        driver.rollback()

    return lambda: list(rows())
