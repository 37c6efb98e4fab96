"""A database without triggers, so that a test can put rows into it as it likes."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from aim_loans.checks.tables import all_tables
from tests.databases import engine_at


@pytest.fixture
def bare_engine(database_url: str) -> Iterator[Engine]:
    """Open an empty database that has all tables."""
    engine = engine_at(database_url)
    all_tables().create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def writing_engine(bare_engine: Engine) -> Engine:
    """Give the same database for transactions that write from their start."""
    return bare_engine.execution_options(sqlite_begin="IMMEDIATE")
