"""A fresh branch at its screens a test, on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aim_loans.identity import sign_in
from aim_loans.web import sign_in as sign_in_pages
from tests.web.desk import Screens, fits_once, hash_once, open_screens

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Try each of many cases of one test on SQLite alone; a test of one case runs on both.

    The pages read what was typed before any database does.
    """
    spared = [item for item in items if _is_one_case_of_many_on_postgresql(item)]
    config.hook.pytest_deselected(items=spared)
    items[:] = [item for item in items if not _is_one_case_of_many_on_postgresql(item)]


def _is_one_case_of_many_on_postgresql(item: pytest.Item) -> bool:
    case = getattr(item, "callspec", None)
    if case is None or HERE not in item.path.parents:
        return False
    return case.params.get("database_kind") == "postgresql" and len(case.params) > 1


@pytest.fixture
def screens(book_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Screens]:
    """Give the application over an empty book."""
    monkeypatch.setattr(sign_in, "hash_password", hash_once)
    monkeypatch.setattr(sign_in_pages, "password_fits", fits_once)
    opened = open_screens(book_url, tmp_path / "files", in_turn=True)
    yield opened
    opened.book.engine.dispose()
