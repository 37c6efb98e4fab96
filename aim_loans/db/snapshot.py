"""One consistent copy of a whole database in a file, made while others work, and back again.

SQLite copies itself by its online backup. PostgreSQL does by pg_dump and pg_restore, which come
with its client; both see one unchanging state.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from aim_loans.errors import Refused

# Debian keeps the programs of each version off PATH.
DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
_SQLITE_MAGIC = b"SQLite format 3\x00"


def dump(engine: Engine, file: Path) -> None:
    """Copy the database to a file that is not there yet."""
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(file)) as copy, engine.connect() as connection:
            _driver(connection).backup(copy)
        return
    _run(engine, "pg_dump", ["--format=custom", "--no-owner", f"--file={file}"])


def load(engine: Engine, file: Path) -> None:
    """Fill an empty database from a file that `dump` made; Refused where anything is there."""
    with engine.connect() as connection:
        if inspect(connection).get_table_names():
            raise Refused(
                "There is a book already. A backup is restored into an empty database only; name "
                "another one in AIM_DATABASE_URL."
            )
        # The question began a transaction, and nothing is copied into one.
        connection.rollback()
        if engine.dialect.name == "sqlite":
            with closing(sqlite3.connect(file)) as copy:
                copy.backup(_driver(connection))
            return
    _run(engine, "pg_restore", ["--exit-on-error", "--single-transaction", "--no-owner", str(file)])


def check_dump(kind: str, file: Path) -> None:
    """Refuse a file that is no sound copy of a database of this kind."""
    if kind == "sqlite":
        sound = _sqlite_is_sound(file)
    else:
        command = [str(_program("pg_restore")), "--list", str(file)]
        sound = _call(command, {}).returncode == 0
    if not sound:
        raise Refused("The copy of the database in the backup is damaged. Take another backup.")


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("only SQLite copies itself")
    return driver


def _sqlite_is_sound(file: Path) -> bool:
    with file.open("rb") as opened:
        if opened.read(len(_SQLITE_MAGIC)) != _SQLITE_MAGIC:
            return False
    with closing(sqlite3.connect(file)) as copy:
        try:
            (answer,) = copy.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.DatabaseError:
            return False
    return bool(answer == "ok")


def _run(engine: Engine, program: str, arguments: Sequence[str]) -> None:
    """Run a program of PostgreSQL's client on the engine's database."""
    named = engine.url.translate_connect_args(database="dbname", username="user")
    named |= {key: str(value) for key, value in engine.url.query.items()}
    password = named.pop("password", None)
    # A password among the arguments could be read by everybody on the machine.
    environment = {"PGPASSWORD": str(password)} if password else {}
    address = " ".join(f"{key}={_quoted(str(value))}" for key, value in named.items())
    command = [str(_program(program)), f"--dbname={address}", *arguments]
    done = _call(command, environment)
    if done.returncode:
        raise Refused(
            "{program} could not do its work: {reason}",
            program=program,
            reason=done.stderr.strip(),
        )


def _call(
    command: Sequence[str], environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603  # a program of PostgreSQL, with our own arguments
        command,
        check=False,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _program(name: str) -> Path:
    """Find a program of PostgreSQL's client, the newest where there are several."""
    of_debian = [
        folder / "bin" / name
        for folder in sorted(DEBIAN_PROGRAMS.glob("[0-9]*"), key=lambda f: float(f.name))
        if (folder / "bin" / name).exists()
    ]
    if of_debian:
        return of_debian[-1]
    on_path = shutil.which(name)
    if on_path is None:
        raise Refused(
            "The program {program} is not on this machine. Install PostgreSQL's client, in the "
            "version of the server or newer.",
            program=name,
        )
    return Path(on_path)
