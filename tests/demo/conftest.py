"""A small demonstration, made once by its own command at a fixed moment."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from aim_loans.cli import demo, door
from aim_loans.cli.main import main
from aim_loans.config.resources import resource
from aim_loans.identity import passwords

NOW = datetime(2026, 3, 31, 6, 0, tzinfo=UTC)
# With this seed a small book has late borrowers, and a waiver.
LOANS, SEED = 40, 3


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of a demonstration, and what its command said when it was made."""

    folder: Path
    made: Result
    port: int

    def run(self, *arguments: str) -> Result:
        """Run a command over this book."""
        return run(environment_of(self.folder), *arguments)


def run(environment: Mapping[str, str], *arguments: str) -> Result:
    return CliRunner(env=environment).invoke(main, arguments)


def environment_of(folder: Path) -> dict[str, str]:
    """Give what a command over the book of a folder finds around it."""
    return {
        "AIM_DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite'}",
        "AIM_CONFIG": str(folder / "demo.toml"),
        "AIM_FILES": str(folder / "files"),
    }


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def write_config(folder: Path) -> None:
    text = resource("config.toml").read_text(encoding="utf-8")
    made_up = text.replace("synthetic = false", "synthetic = true")
    (folder / "demo.toml").write_text(made_up, encoding="utf-8")


def leave_reports_of_an_earlier_book(folder: Path) -> None:
    """Leave what a new book must not pass off as its own, by the very names of its reports."""
    earlier = folder / "reports"
    (earlier / "synthetic-files.2026-02").mkdir(parents=True)
    (earlier / "synthetic-portfolio.2026-02.en.pdf").write_bytes(b"of an earlier book")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Make a demonstration and let its application answer once; the clock stands still."""
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    write_config(folder)
    leave_reports_of_an_earlier_book(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "system_clock", lambda: NOW)
        patch.setattr(door, "system_clock", lambda: NOW)
        # A hash takes its time on purpose; these guard nothing.
        patch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))
        wanted = ("--loans", str(LOANS), "--seed", str(SEED), "--port", str(port))
        made = run(environment_of(folder), "demo", *wanted, "--no-serve")
        yield Home(folder, made, port)
