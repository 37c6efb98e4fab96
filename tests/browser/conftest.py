"""Chromium, and the application served to it over a book on SQLite."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser

from aim_loans.identity import sign_in
from tests.browser.site import served, started
from tests.browser.town import Town, empty_town, full_town, screens_in
from tests.web.desk import Screens, hash_once


@contextmanager
def hashed_once() -> Iterator[None]:
    """Make the hash of the one password that all staff share once only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sign_in, "hash_password", hash_once)
        yield


@pytest.fixture(scope="session")
def one_chromium(chromium_path: str) -> Iterator[Browser]:
    """Start the browser once."""
    with started(chromium_path) as browser:
        yield browser


@pytest.fixture
def chromium(one_chromium: Browser) -> Iterator[Browser]:
    """Lend the browser to a test, and close what windows it leaves: each goes on taking time."""
    yield one_chromium
    for window in one_chromium.contexts:
        window.close()


@pytest.fixture(scope="session", params=["full", "empty"])
def town(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """Give a book to look at, and one without a loan."""
    folder = tmp_path_factory.mktemp("town")
    with hashed_once():
        opened = (full_town if request.param == "full" else empty_town)(folder)
    yield opened
    opened.screens.book.engine.dispose()


@pytest.fixture
def screens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screens]:
    """Give the application over an empty book of the test's own."""
    with hashed_once():
        opened = screens_in(tmp_path_factory.mktemp("screens"))
    yield opened
    opened.book.engine.dispose()


@pytest.fixture
def site(screens: Screens) -> Iterator[str]:
    """Serve it; gives its address."""
    with served(screens.app) as address:
        yield address
