"""Databases of either kind: an empty one, one that is a copy of another, one for each in turn."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, make_url

from aim_loans.db.engine import open_engine
from tests.postgres import drop_postgres_database, fresh_postgres_database


def empty_database(kind: str) -> str:
    """Make an empty database that lives as long as the process; gives its address."""
    if kind == "postgresql":
        return fresh_postgres_database()
    folder = tempfile.mkdtemp(prefix="aim-tests-")
    atexit.register(shutil.rmtree, folder)
    return f"sqlite:///{folder}/book.sqlite"


@cache
def database_in_turn(kind: str) -> Engine:
    """Open the database that the tests of a process use one after the other.

    To compile its statements anew for each test would take longer than most tests.
    """
    return open_engine(empty_database(kind))


def clear_turn(kind: str) -> str:
    """Remove the database in turn; gives its address, at which nothing is."""
    engine = database_in_turn(kind)
    engine.dispose()
    url = engine.url.render_as_string(hide_password=False)
    if kind == "postgresql":
        drop_postgres_database(url)
    else:
        for part in ("", "-wal", "-shm"):
            Path(f"{_file(url)}{part}").unlink(missing_ok=True)
    return url


def make_empty(url: str) -> None:
    """Make an empty database at an address; SQLite makes its own when it is opened."""
    if make_url(url).get_backend_name() == "postgresql":
        fresh_postgres_database(name=make_url(url).database)


def engine_at(url: str) -> Engine:
    """Open a database: the one in turn, or one of the test's own."""
    turn = database_in_turn(make_url(url).get_backend_name())
    return turn if turn.url == make_url(url) else open_engine(url)


def copy_database(source: str, target: str) -> None:
    """Put a copy of a database that nobody has open at an address, whatever is there."""
    if make_url(source).get_backend_name() == "postgresql":
        drop_postgres_database(target)
        fresh_postgres_database(source, name=make_url(target).database)
        return
    shutil.copyfile(_file(source), _file(target))


def _file(url: str) -> Path:
    database = make_url(url).database
    if database is None:
        raise ValueError(f"{url} names no file")
    return Path(database)
