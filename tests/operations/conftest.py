"""A fresh small book a test, on each kind of database."""

from collections.abc import Iterator

import pytest

from tests.book import Book, open_book
from tests.databases import clear_turn


@pytest.fixture
def book(book_url: str) -> Iterator[Book]:
    """Give an empty book that is set up."""
    opened = open_book(book_url)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def sqlite_book() -> Iterator[Book]:
    """Give an empty book on SQLite alone, for what no database decides."""
    opened = open_book(clear_turn("sqlite"))
    yield opened
    opened.engine.dispose()
