"""A fresh branch at its screens a test, on each kind of database."""

from collections.abc import Iterator

import pytest

from aim_loans.identity import sign_in
from aim_loans.web import sign_in as sign_in_pages
from tests.book import open_book
from tests.web.desk import Screens, fits_once, hash_once


@pytest.fixture
def screens(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screens]:
    """Give the application over an empty book."""
    monkeypatch.setattr(sign_in, "hash_password", hash_once)
    monkeypatch.setattr(sign_in_pages, "password_fits", fits_once)
    book = open_book(database_url)
    yield Screens(book)
    book.engine.dispose()
