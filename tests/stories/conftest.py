"""A shell on each kind of database, and one whose book holds the loans worked by hand."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import gettempdir

import pytest
from sqlalchemy import make_url

from aim_loans.cli import door
from tests.databases import copy_database, empty_database, engine_at
from tests.stories.shell import Shell, import_worked


@pytest.fixture
def shell(book_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Give a shell whose database is set up."""
    return _shell_over_a_copy(_set_up, Shell(book_url, tmp_path), monkeypatch)


@pytest.fixture
def worked(book_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Give a shell whose book holds the loans worked by hand."""
    return _shell_over_a_copy(_worked, Shell(book_url, tmp_path), monkeypatch)


def _shell_over_a_copy(
    model: Callable[[str], str], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """Put a copy of a book that is made once a process where the shell looks for its own."""
    copy_database(model(make_url(shell.url).get_backend_name()), shell.url)
    # One command after the other uses the statements that the first has compiled.
    monkeypatch.setattr(door, "open_engine", engine_at)
    return shell


@cache
def _set_up(kind: str) -> str:
    url = empty_database(kind)
    Shell(url, Path(gettempdir())).good("init")
    return url


@cache
def _worked(kind: str) -> str:
    url = empty_database(kind)
    copy_database(_set_up(kind), url)
    said = import_worked(Shell(url, Path(gettempdir())))
    assert said.code == 0, said.err
    return url
