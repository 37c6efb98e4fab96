"""The entry that takes receipts one by one, each durable before the next, from several clerks."""

import gc
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

from aim_loans.checks.run import CHECKS
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading, writing
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from bench.book import AUDIT_KEY, Clock
from bench.lives import LAST_DAY
from bench.peers.bare_receipt import take_receipt
from bench.places import POSTGRESQL, Database, Places
from bench.results import Result

MOST_LOANS = 5_000
MOST_RUNS = 3
RECEIPTS_A_CLERK = 300
# A connection lives for hours; its statements are planned for good after ten of each.
FIRST_RECEIPTS = 20
SECONDS_TO_START = 120
AMOUNT = 100_00
RATE, P99 = 300, 0.050
CLERKS = {"sqlite": 1, POSTGRESQL: 8}
CHECKED = ("positions", "control accounts", "journal entries", "money applied")

# A branch, and the loans that its clerk takes money for.
Work = tuple[str, list[str]]
Clerk = Callable[[Database, str], Callable[[str], None]]


@dataclass(frozen=True, slots=True)
class Shift:
    """What the clerks of one run did: receipts a second, and the seconds each took."""

    rate: float
    latencies: Sequence[float]

    def quantile(self, hundredth: int) -> float:
        """Give the latency that so many in a hundred receipts stay under."""
        return statistics.quantiles(self.latencies, n=100)[hundredth - 1]

    def __str__(self) -> str:
        """Write the rate, the median and the slowest but one in a hundred."""
        p50, p99 = self.quantile(50) * 1_000, self.quantile(99) * 1_000
        return f"{self.rate:.0f}/s p50 {p50:.1f} p99 {p99:.1f} ms"


def receipts(places: Places, kind: str, *, loans: int, runs: int) -> Result:
    """Let clerks take receipts through the service, and through bare statements, in turn."""
    count = min(loans, MOST_LOANS)
    database = places.book(kind, count)
    found = [
        (_shift(database, our_clerk), _shift(database, bare_clerk))
        for _ in range(min(runs, MOST_RUNS))
    ]
    _check(database)
    one, two = (_median(shifts) for shifts in zip(*found, strict=True))
    marked = kind == POSTGRESQL
    return Result(
        f"receipts, {CLERKS[kind]} at once",
        kind,
        count,
        str(one),
        str(two),
        two.rate / one.rate,
        f">= {RATE}/s, p99 <= {P99 * 1_000:.0f} ms" if marked else "",
        one.rate >= RATE and one.quantile(99) <= P99 if marked else None,
    )


def _median(shifts: Sequence[Shift]) -> Shift:
    return sorted(shifts, key=lambda shift: shift.rate)[len(shifts) // 2]


def our_clerk(database: Database, branch: str) -> Callable[[str], None]:
    """Give a clerk who takes a receipt as the counter does, in one transaction."""
    engine = database.engine()
    actor = Actor(f"cashier of {branch}", (Grant(Role.CASHIER, frozenset({branch})),))

    clock = Clock()

    def take(ref: str) -> None:
        command = RecordReceipt(ref, AMOUNT, LAST_DAY, "cash")
        with writing(engine, audit_key=AUDIT_KEY, clock=clock) as tx:
            record_receipt(tx, command, actor=actor, today=LAST_DAY, backdating_days=2)

    return take


def bare_clerk(database: Database, branch: str) -> Callable[[str], None]:
    """Give a clerk who writes the same rows by plain statements."""
    driver = database.bare()
    return lambda ref: take_receipt(driver, database, ref, branch=branch, amount=AMOUNT)


def _shift(database: Database, clerk: Clerk) -> Shift:
    """Start the clerks, each in a process and at a branch of its own, and wait for the last."""
    context = multiprocessing.get_context("spawn")
    number = CLERKS[database.kind]
    barrier = context.Barrier(number, timeout=SECONDS_TO_START)
    pipes, processes = [], []
    for work in _work(database, number):
        here, there = multiprocessing.Pipe()
        arguments = (there, barrier, clerk, database, work)
        process = context.Process(target=_take_all, args=arguments, daemon=True)
        process.start()
        there.close()
        pipes.append(here)
        processes.append(process)
    spans = [pipe.recv() for pipe in pipes]
    for process in processes:
        process.join()
    latencies = [end - start for span in spans for start, end in span]
    first = min(span[0][0] for span in spans)
    last = max(span[-1][1] for span in spans)
    return Shift(len(latencies) / (last - first), latencies)


def _take_all(
    pipe: Connection, barrier: Barrier, clerk: Clerk, database: Database, work: Work
) -> None:
    branch, refs = work
    take = clerk(database, branch)
    for ref in refs[:FIRST_RECEIPTS]:
        take(ref)
    # As the web application does once it has started.
    gc.freeze()
    barrier.wait()
    spans = []
    for ref in refs[FIRST_RECEIPTS:]:
        start = time.perf_counter()
        take(ref)
        spans.append((start, time.perf_counter()))
    pipe.send(spans)
    pipe.close()


def _work(database: Database, clerks: int) -> list[Work]:
    """Give each clerk a branch, and running loans of it that owe more than will be paid."""
    sql = (
        "SELECT p.branch_code, l.ref FROM loan_position AS p JOIN loan AS l ON l.id = p.loan_id "
        "WHERE p.outstanding > :least ORDER BY p.loan_id"
    )
    driver = database.bare()
    rows = database.ask(driver, sql, {"least": 100 * AMOUNT})
    driver.close()
    of_branch: dict[str, list[str]] = {}
    for branch, ref in rows:
        of_branch.setdefault(branch, []).append(ref)
    count = RECEIPTS_A_CLERK + FIRST_RECEIPTS
    return [
        (branch, list(islice(cycle(of_branch[branch]), count)))
        for branch in sorted(of_branch)[:clerks]
    ]


def _check(database: Database) -> None:
    zone = read_settings(None, {}).institution.zone
    with database.opened() as (engine, _), reading(engine) as connection:
        faults = [fault for name in CHECKED for fault in CHECKS[name](connection, zone)]
    if faults:
        raise AssertionError(f"receipts, {database.kind}: the book is not right: {faults[:3]}")
