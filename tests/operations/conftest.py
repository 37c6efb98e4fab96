"""A fresh small book a test, on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.book import Book, open_book


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    """Give an empty book that is set up."""
    opened = open_book(database_url)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def sqlite_book(tmp_path: Path) -> Iterator[Book]:
    """Give an empty book on SQLite alone, for what no database decides."""
    opened = open_book(f"sqlite:///{tmp_path / 'alone.sqlite'}")
    yield opened
    opened.engine.dispose()
