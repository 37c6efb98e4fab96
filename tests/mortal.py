"""A process whose children post receipts or import a book, and are killed at it.

It is started once, so that a child is there at once: for each order on a line of its input
it forks a child that carries it out. It tells the child's process id and its end; the child
tells every receipt that was committed.
"""

import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event

from aim_loans.config.reader import read_settings
from aim_loans.db.engine import open_engine, writing
from aim_loans.db.statements import Rows, run_as_is
from aim_loans.intake import chunks
from aim_loans.intake.operations import BookSources, import_book
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from tests.book import AUDIT_KEY, CASHIER, SHELL, TODAY, Ticking


@dataclass(frozen=True)
class Order:
    """What a child is to do, and the statement at which it kills itself (0: not at all)."""

    url: str
    loans: tuple[str, ...] = ()
    receipts: int = 0
    name: str = ""
    book: str = ""
    chunk_rows: int = 0
    die_at: int = 0
    die_at_commit: int = 0

    def text(self) -> str:
        """Write the order on one line."""
        return json.dumps(asdict(self)) + "\n"


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def tell(**words: Any) -> None:
    """Say something on a line of its own; it is out even if this process dies next."""
    os.write(1, (json.dumps(words) + "\n").encode())


def mark_for_death(engine: Engine, order: Order) -> None:
    """Let the engine kill this process before one of its statements or commits."""
    seen = {"statement": 0, "commit": 0}

    def statement(*_: Any) -> None:
        seen["statement"] += 1
        if seen["statement"] == order.die_at:
            die()

    def commit(*_: Any) -> None:
        seen["commit"] += 1
        if seen["commit"] == order.die_at_commit:
            die()

    def as_is(*call: Any) -> Rows:
        statement()
        return run_as_is(*call)

    event.listen(engine, "before_cursor_execute", statement)
    # These go past the engine's events.
    for room in ("statements", "bulk"):
        patch(f"aim_loans.db.{room}.run_as_is", as_is).start()
    event.listen(engine, "commit", commit)


def receive(engine: Engine, order: Order) -> None:
    """Post receipts, one transaction each."""
    clock = Ticking()
    for number in range(1, order.receipts + 1):
        reference = f"{order.name}-{number}"
        loan = order.loans[number % len(order.loans)]
        command = RecordReceipt(loan, 100_00, TODAY, "raast", "HBL", reference)
        with writing(engine, audit_key=AUDIT_KEY, clock=clock) as tx:
            record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=2)
        tell(done=reference)


def import_all(engine: Engine, order: Order) -> None:
    """Import a book, in small chunks."""
    folder = Path(order.book)
    chunks.MOST_ROWS = order.chunk_rows
    sources = BookSources(
        loans=folder / "loans.csv",
        receipts=folder / "receipts.csv",
        events=folder / "events.csv",
        create_missing=True,
    )
    report = import_book(
        engine,
        sources,
        settings=read_settings(None, {}),
        actor=SHELL,
        audit_key=AUDIT_KEY,
        clock=Ticking(),
        progress=lambda done, _: tell(rows=done),
    )
    with report:
        tell(refused=report.refused, added=sum(file.added.rows for file in report.files))


def carry_out(order: Order) -> None:
    """Do what the order says."""
    engine = open_engine(order.url)
    mark_for_death(engine, order)
    if order.book:
        import_all(engine, order)
    else:
        receive(engine, order)
    engine.dispose()


def main() -> None:
    """Fork a child for each order, and wait for its end."""
    for line in sys.stdin:
        words = json.loads(line)
        order = Order(**{**words, "loans": tuple(words["loans"])})
        child = os.fork()
        if child == 0:
            carry_out(order)
            os._exit(0)
        tell(pid=child)
        _, status = os.waitpid(child, 0)
        tell(ended=status)


if __name__ == "__main__":
    main()
