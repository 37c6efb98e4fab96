"""A fresh small book a test, on each kind of database."""

from tests.operations.conftest import book, sqlite_book

__all__ = ["book", "sqlite_book"]
