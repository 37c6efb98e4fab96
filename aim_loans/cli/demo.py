"""The command `aim-loans demo`: a made-up book, its reports, and the application over it."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import click
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry

from aim_loans.cli.demo_reports import forget_reports, make_reports, prepare_joint_report
from aim_loans.cli.demo_server import serve_until_signalled
from aim_loans.cli.demo_sign_ins import write_sign_ins
from aim_loans.cli.door import Door
from aim_loans.cli.report_pack import worker_beside
from aim_loans.cli.serve import application
from aim_loans.cli.setting_up import bring_up
from aim_loans.config.environment import database_url
from aim_loans.config.resources import resource
from aim_loans.db.engine import open_engine, reading, system_clock
from aim_loans.db.migrate import current, head
from aim_loans.demo.book import FEWEST_LOANS, Wanted, make_demo
from aim_loans.demo.office import Clock, Office
from aim_loans.errors import Refused
from aim_loans.identity.queries import is_synthetic

SIGN_INS = "demo-signins.txt"
REPORTS_FOLDER = "reports"


@click.command("demo")
@click.option("--loans", default=2_000, show_default=True, type=click.IntRange(FEWEST_LOANS))
@click.option("--seed", default=3, show_default=True, help="Another seed, another book.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--serve/--no-serve", "stays", default=True, help="Go on serving, or only check.")
@click.pass_obj
def demo(door: Door, *, loans: int, seed: int, port: int, stays: bool) -> None:
    """Make a synthetic book with people to sign in, its reports, and serve it.

    The book goes into the SQLite file that AIM_DATABASE_URL names; sign-ins and reports lie
    beside it. A book that is there is left as it is.
    """
    if not door.settings.institution.synthetic:
        raise Refused(
            "A demonstration needs a configuration that says so: synthetic = true under "
            "[institution]. Name that file in AIM_CONFIG."
        )
    file = _book_file()
    if file.exists():
        _open_again(door, file)
    else:
        _make(door, file, Wanted(loans, seed))
    make_reports(door, file.parent / REPORTS_FOLDER)
    # The papers of regions, areas and branches are asked for: a worker makes them meanwhile.
    with worker_beside() if stays else nullcontext():
        serve_until_signalled(door, application(door, plain_http=True), port=port, stays=stays)


def _book_file() -> Path:
    url = make_url(database_url(os.environ))
    if url.get_backend_name() != "sqlite" or not url.database:
        raise Refused("The demonstration keeps its book in SQLite. Name a file: sqlite:///FILE.")
    return Path(url.database)


def _open_again(door: Door, file: Path) -> None:
    with reading(door.engine) as connection:
        stands_at = current(connection)
        ours = stands_at is not None and is_synthetic(connection)
    if not ours:
        raise Refused(
            "{file} holds another book. Move it away, or name another file in AIM_DATABASE_URL.",
            file=str(file),
        )
    if stands_at != head(resource("migrations")):
        bring_up(door)
    door.note("The book of {file} is used as it is. Remove it to make another.", file=str(file))


def _make(door: Door, file: Path, wanted: Wanted) -> None:
    """Make the book beside its place and move it there when it is whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    for left_over in file.parent.glob(f"{part.name}*"):
        left_over.unlink()
    clock = Clock(door.settings.institution.zone, system_clock())
    engine = open_engine(f"sqlite:///{part}")
    event.listen(engine, "connect", _without_waiting_for_the_disk)
    try:
        office = Office(engine, door.settings, door.audit_key, door.factor_key, clock)
        people = make_demo(
            office,
            wanted,
            migrations=resource("migrations"),
            prepare=partial(prepare_joint_report, door.files),
            progress=_teller(door),
        )
    finally:
        engine.dispose()
    write_sign_ins(file.parent / SIGN_INS, people, words=door.words)
    with part.open("rb+") as whole:
        os.fsync(whole.fileno())
    forget_reports(file.parent / REPORTS_FOLDER)
    part.replace(file)
    door.note("How its people sign in: {file}", file=str(file.parent / SIGN_INS))


def _without_waiting_for_the_disk(driver: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # A book that was broken off is thrown away, so no act in it has to outlast a power cut.
    driver.execute("PRAGMA synchronous=OFF")


def _teller(door: Door) -> Callable[[str, int, int], None]:
    def tell(message: str, done: int, to_do: int) -> None:
        door.note(message, done=done, to_do=to_do)

    return tell
