"""Connections to the server: what each is told first, and one that was dropped is replaced."""

from collections.abc import Callable
from pathlib import Path
from traceback import format_exception

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from aim_loans.db import engine as engines
from aim_loans.db.engine import open_engine, reading
from aim_loans.db.statements import Statement

TOLD = text("SELECT current_setting('jit'), current_setting('random_page_cost')")
CNIC = "3520112345671"
INSERT = "INSERT INTO known (cnic) VALUES (:cnic)"
MINE = text("SELECT pg_backend_pid()")


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_connection_that_the_server_dropped_is_replaced(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "TRUSTED_SECONDS", 0)
    engine, other = open_engine(database_url), open_engine(database_url)
    with reading(engine) as connection:
        dropped = connection.execute(MINE).scalar_one()
    with other.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": dropped})
    with reading(engine) as connection:
        assert connection.execute(MINE).scalar_one() != dropped
    engine.dispose()
    other.dispose()


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_what_a_connection_is_told_first_outlives_what_is_undone(database_url: str) -> None:
    engine = open_engine(database_url)
    with pytest.raises(LookupError), engine.begin():
        raise LookupError
    with reading(engine) as connection:
        assert tuple(connection.execute(TOLD).one()) == ("off", "1.1")
    engine.dispose()


def test_a_new_book_and_its_log_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    book = tmp_path / "book.sqlite"
    engine = open_engine(f"sqlite:///{book}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE fact (id INTEGER)"))
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("book.sqlite*")}
    engine.dispose()
    assert {"book.sqlite": 0o600, "book.sqlite-wal": 0o600}.items() <= modes.items()


@pytest.mark.parametrize(
    "insert",
    [lambda connection, values: connection.execute(text(INSERT), values), Statement(INSERT).run],
    ids=["by SQLAlchemy", "by the driver"],
)
def test_a_fault_of_the_database_repeats_no_value(
    database_url: str, insert: Callable[[Connection, dict[str, str]], object]
) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE known (cnic TEXT UNIQUE)"))
        insert(connection, {"cnic": CNIC})
        with pytest.raises(IntegrityError) as raised, connection.begin_nested():
            insert(connection, {"cnic": CNIC})
    engine.dispose()
    told = "".join(format_exception(raised.value))
    assert "unique" in told.lower()
    assert CNIC not in told
