"""Empty books to import into: on each kind of database, or quickly on SQLite alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.book import open_book
from tests.databases import clear_turn
from tests.intake.books import Desk


@pytest.fixture
def desk(book_url: str, tmp_path: Path) -> Iterator[Desk]:
    """Give an empty book without branches on each kind of database."""
    book = open_book(book_url, branches=())
    yield Desk(book, tmp_path)
    book.engine.dispose()


@pytest.fixture
def quick_desk(tmp_path: Path) -> Iterator[Desk]:
    """Give an empty book without branches on SQLite."""
    book = open_book(clear_turn("sqlite"), branches=())
    yield Desk(book, tmp_path)
    book.engine.dispose()
