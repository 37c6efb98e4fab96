"""What can happen in the ledger: a fund opens, lines are posted, days are locked."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from aim_loans.db.bulk import insert_new, insert_rows, stored_day
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act, upsert
from aim_loans.ledger.lines import Line
from aim_loans.ledger.models import fund, journal_line, period_lock
from aim_loans.ledger.queries import ANY_DAY, first_open_day

_COLUMNS = (
    "source",
    "source_id",
    "value_on",
    "booked_on",
    "branch_code",
    "fund_code",
    "debit",
    "credit",
    "amount",
    "act_id",
    "recorded_at",
)


# No clock on earth is further ahead of UTC.
_FURTHEST_AHEAD = timedelta(hours=14)


class Entry(NamedTuple):
    """The lines of one source (a fact's table and id): together its journal entry."""

    source: str
    source_id: int
    lines: Sequence[Line]


def post_entries(tx: Writing, act: Act, entries: Sequence[Entry]) -> None:
    """Post the entries of an act.

    A line is booked on its value date, or on the first open day when that is locked.
    """
    open_from = _open_from(tx, act, entries)
    rows = [
        (
            source,
            source_id,
            day := stored_day(value_on),
            max(day, open_from),
            branch,
            fund_code,
            debit,
            credit,
            amount,
            act.id,
            act.recorded_micros,
        )
        for source, source_id, lines in entries
        for value_on, branch, fund_code, debit, credit, amount in lines
    ]
    insert_rows(tx.connection, journal_line, _COLUMNS, rows)


def _open_from(tx: Writing, act: Act, entries: Sequence[Entry]) -> str:
    """Give the first open day; nothing is asked where all lines lie in the month under way.

    Only a month that is over is locked, wherever on earth.
    """
    under_way = (act.recorded_at + _FURTHEST_AHEAD).date().replace(day=1)
    if all(line.value_on >= under_way for entry in entries for line in entry.lines):
        return ANY_DAY
    return first_open_day(tx.connection)


def ensure_fund(tx: Writing, act: Act, *, code: str, name: str) -> None:
    """Open a fund unless it is open."""
    statement = upsert(tx.connection, fund).values(code=code, name=name, act_id=act.id)
    tx.connection.execute(statement.on_conflict_do_nothing(index_elements=["code"]))


def lock_until(tx: Writing, act: Act, day: date | None) -> None:
    """Let no entry be booked on a day or before it any more; None opens all days.

    ValueError for a day that is not over: `post_entries` relies on it.
    """
    if day is not None and day >= (act.recorded_at + _FURTHEST_AHEAD).date():
        raise ValueError(f"{day} is not over")
    row = (None if day is None else stored_day(day), act.id, act.recorded_micros)
    insert_new(tx.connection, period_lock, ("locked_until", "act_id", "recorded_at"), [row])
