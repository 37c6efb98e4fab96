"""A fresh small book a test, on each kind of database."""

from collections.abc import Iterator

import pytest

from tests.book import Book, open_book


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    """Give an empty book that is set up."""
    opened = open_book(database_url)
    yield opened
    opened.engine.dispose()
