"""Seconds and memory, measured alike for the software and its bare peer."""

import gc
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

KIBI = 1_024
MEBI = KIBI * KIBI


@dataclass(frozen=True, slots=True)
class Contest:
    """The median seconds of ours and of the peer."""

    ours: float
    peer: float

    @property
    def ratio(self) -> float:
        """Say how many times the peer's time ours takes."""
        return self.ours / self.peer


@dataclass(frozen=True, slots=True)
class Run:
    """One run in a process of its own: seconds, bytes of memory at its start and at most."""

    seconds: float
    idle: int
    peak: int
    answer: Any


def seconds_of(work: Callable[[], object]) -> float:
    """Time one run; what it leaves is cleared away before it, not in it."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def contest(ours: Callable[[], object], peer: Callable[[], object], *, runs: int) -> Contest:
    """Run ours and the peer in turn, so that both meet the same machine; medians."""
    times = [(seconds_of(ours), seconds_of(peer)) for _ in range(runs)]
    return Contest(
        statistics.median(one for one, _ in times), statistics.median(two for _, two in times)
    )


def in_own_process(work: Callable[..., Any], *arguments: object) -> Run:
    """Run once in a fresh process, where nothing else takes memory.

    `work` takes the arguments and gives a function without any; what it does before is not
    timed and counts as idle memory. The answer of that function is brought back.
    """
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_child, args=(there, work, arguments))
    process.start()
    there.close()
    try:
        run: Run = here.recv()
    except EOFError as fault:
        raise RuntimeError(f"{work.__name__} failed: see above") from fault
    finally:
        process.join()
    return run


def _child(pipe: Connection, work: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    ready = work(*arguments)
    idle = _peak_memory()
    start = time.perf_counter()
    answer = ready()
    seconds = time.perf_counter() - start
    pipe.send(Run(seconds, idle, _peak_memory(), answer))
    pipe.close()


def _peak_memory() -> int:
    """Give the most memory this process ever held, in bytes.

    `getrusage` alone would also count the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBI
    held = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(held.split()[1]) * KIBI
