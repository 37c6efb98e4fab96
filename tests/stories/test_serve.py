"""The command that serves: with a worker beside it, which ends when the server is told to end."""

import multiprocessing
import os
import signal
from collections.abc import Iterator

import pytest

from aim_loans.cli import serve
from tests.stories.shell import Shell


@pytest.fixture
def answer_to_sigterm() -> Iterator[None]:
    """Give back to the tests what they do themselves when they are told to end."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("answer_to_sigterm")
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("wanted", "workers"), [([], 0), (["--with-worker"], 1)])
def test_a_worker_beside_the_server_ends_with_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, wanted: list[str], workers: int
) -> None:
    beside: list[int] = []

    def told_to_end(*_application: object, **_settings: object) -> None:
        beside.append(len(multiprocessing.active_children()))
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(serve, "listen", told_to_end)
    said = shell.run("serve", "--plain-http", *wanted)
    assert (said.code, beside) == (0, [workers])
    assert multiprocessing.active_children() == []
