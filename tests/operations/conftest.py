"""A fresh small book a test, on each kind of database, and one that has lived for many tests."""

from collections.abc import Iterator

import pytest

from tests.book import Book, open_book
from tests.conftest import need
from tests.databases import clear_turn, empty_database
from tests.lived import live


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


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Book]:
    """One book a database with a row in each table of facts; nobody changes it for good."""
    if request.param == "postgresql":
        need("PostgreSQL")
    book = open_book(empty_database(request.param))
    live(book, tmp_path_factory.mktemp("files"))
    yield book
    book.engine.dispose()
