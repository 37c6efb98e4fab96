"""Empty books to import into: on each kind of database, or quickly on SQLite alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aim_loans.db.engine import open_engine
from tests.book import Book, open_book
from tests.intake.books import Desk


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """Give an empty book without branches on each kind of database."""
    book = open_book(database_url, branches=())
    yield Desk(book, tmp_path)
    book.engine.dispose()


@pytest.fixture(scope="session")
def empty_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one empty SQLite book for many tests to copy."""
    path = tmp_path_factory.mktemp("book") / "empty.sqlite"
    open_book(f"sqlite:///{path}", branches=()).engine.dispose()
    return path


@pytest.fixture
def quick_desk(empty_book: Path, tmp_path: Path) -> Iterator[Desk]:
    """Give a copy of an empty SQLite book."""
    path = tmp_path / "book.sqlite"
    shutil.copy(empty_book, path)
    engine = open_engine(f"sqlite:///{path}")
    yield Desk(Book(engine), tmp_path)
    engine.dispose()
