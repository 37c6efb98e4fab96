"""Connections to the server: what each is told first, and one that was dropped is replaced."""

import pytest
from sqlalchemy import text

from aim_loans.db import engine as engines
from aim_loans.db.engine import open_engine, reading

TOLD = text("SELECT current_setting('jit'), current_setting('random_page_cost')")
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
