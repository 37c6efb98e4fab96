"""Databases of either kind: an empty one, and one that is a copy of another."""

import atexit
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import make_url

from tests.postgres import drop_postgres_database, fresh_postgres_database


def empty_database(kind: str) -> str:
    """Make an empty database that lives as long as the process; gives its address."""
    if kind == "postgresql":
        return fresh_postgres_database()
    folder = tempfile.mkdtemp(prefix="aim-tests-")
    atexit.register(shutil.rmtree, folder)
    return f"sqlite:///{folder}/book.sqlite"


def copy_database(source: str, target: str) -> None:
    """Put a copy of a database that nobody has open in the place of an empty one."""
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
