"""A fresh branch at its screens a test, on each kind of database."""

from collections.abc import Iterator
from functools import cache

import pytest

from aim_loans.identity import sign_in
from aim_loans.identity.passwords import hash_password
from tests.book import open_book
from tests.web.desk import Screens

# A hash takes its time on purpose; that of the one password that all use is made once.
hash_once = cache(hash_password)


@pytest.fixture
def screens(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screens]:
    """Give the application over an empty book."""
    monkeypatch.setattr(sign_in, "hash_password", hash_once)
    book = open_book(database_url)
    yield Screens(book)
    book.engine.dispose()
