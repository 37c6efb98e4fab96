"""What every test stands on: databases, real data, a fixed environment, made-up cases.

What the machine lacks is left out and named at the end of the run; under CI it is a failure.
"""

import gc
import os
import shutil
import socket
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.databases import clear_turn, make_empty
from tests.postgres import missing_postgres, stop_postgres

ROOT = Path(__file__).resolve().parent.parent
# Where the real data lies beside a checkout, for those who have it.
REAL_DATA_BESIDE = ROOT.parent / "shared" / "data"
SEALING_KEY = "a key for the tests alone, 32 characters or more"
LEFT_OUT = "left out: "
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")

# The same cases every time, so that a red run can be run again; a slow machine is no fault.
# A test that sets max_examples itself gives up its long run.
settings.register_profile(
    "default",
    max_examples=50,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long",
    settings.get_profile("default"),
    max_examples=1000,
    derandomize=False,
    print_blob=True,
)
settings.load_profile(os.environ.get("AIM_HYPOTHESIS_PROFILE", "default"))


def missing_real_data() -> str:
    """Say why the real data cannot be read; an empty text when it can."""
    folder = os.environ.get("AIM_REAL_DATA")
    if not folder:
        return "AIM_REAL_DATA is not set"
    return "" if Path(folder).is_dir() else f"AIM_REAL_DATA names no folder: {folder}"


def no_real_data_anywhere() -> bool:
    """Tell whether even CI has nothing to read: it was not given, and is not beside us."""
    return not os.environ.get("AIM_REAL_DATA") and not REAL_DATA_BESIDE.exists()


def missing_chromium() -> str:
    """Say why pages cannot be opened in a real browser; an empty text when they can."""
    return "" if find_chromium() else "no program chromium on the path"


def find_chromium() -> str:
    """Find the browser, by preference the one without a screen: it opens a window at once."""
    found = (shutil.which(name) for name in ("chromium-headless-shell", "chromium"))
    return next(filter(None, found), "")


def never() -> bool:
    """Nothing excuses its absence under CI."""
    return False


@dataclass(frozen=True, slots=True)
class Need:
    """Something a machine may lack: why it cannot be used here, and when CI may lack it too."""

    missing: Callable[[], str]
    excused: Callable[[], bool] = never


NEEDS = {
    "PostgreSQL": Need(missing_postgres),
    "chromium": Need(missing_chromium),
    "real data": Need(missing_real_data, no_real_data_anywhere),
}


def need(name: str) -> None:
    """Leave the test out where the machine lacks `name`; under CI fail it instead."""
    wanted = NEEDS[name]
    lack = wanted.missing()
    if not lack:
        return
    if os.environ.get("CI") == "true" and not wanted.excused():
        pytest.fail(f"CI must not leave out {name} ({lack})", pytrace=False)
    pytest.skip(f"{LEFT_OUT}{name} ({lack})")


@pytest.fixture(scope="session", autouse=True)
def fixed_environment() -> Iterator[None]:
    """Give every test the same settings, whatever the shell of the day holds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIM_SECRET_KEY", SEALING_KEY)
        patch.delenv("AIM_DATABASE_URL", raising=False)
        patch.delenv("AIM_CONFIG", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def network_fence() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def fenced(self: socket.socket, address: tuple[str, int] | str) -> None:
        if not isinstance(address, str) and address[0] not in LOCAL_HOSTS:
            raise ConnectionRefusedError(f"A test may not reach {address[0]}.")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", fenced)
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Run the test once a kind of database: "sqlite" and "postgresql"."""
    kind = str(request.param)
    if kind == "postgresql":
        need("PostgreSQL")
    return kind


@pytest.fixture
def book_url(database_kind: str) -> str:
    """Give an address for a book, where nothing is yet and which nobody else uses meanwhile."""
    return clear_turn(database_kind)


@pytest.fixture
def database_url(book_url: str) -> str:
    """Give the address of an empty database."""
    make_empty(book_url)
    return book_url


@pytest.fixture
def real_data() -> Path:
    """Give the folder of the real public data."""
    need("real data")
    return Path(os.environ["AIM_REAL_DATA"]).resolve()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Give the browser that the system has installed; none is ever downloaded."""
    need("chromium")
    return find_chromium()


def pytest_collection_finish() -> None:
    """Look for garbage seldom: modules and tests live to the end, and memory is no promise here."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> Generator[None, None, None]:
    """Name what was left out, below everything else but the closing line."""
    yield
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    for reason, tests in sorted(reasons.items()):
        if reason.startswith(LEFT_OUT):
            terminalreporter.write_line(f"{reason}: {tests} tests")


def pytest_sessionfinish() -> None:
    """Stop the server that the tests of this process started."""
    stop_postgres()


def _reason(report: pytest.TestReport) -> str:
    where_and_why = report.longrepr
    why = where_and_why[2] if isinstance(where_and_why, tuple) else ""
    return why.removeprefix("Skipped: ")
