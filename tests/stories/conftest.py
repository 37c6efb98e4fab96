"""A shell on each kind of database."""

from pathlib import Path

import pytest

from tests.stories.shell import Shell


@pytest.fixture
def shell(database_url: str, tmp_path: Path) -> Shell:
    """Give a shell whose database is set up."""
    opened = Shell(database_url, tmp_path)
    opened.good("init")
    return opened
