"""What can happen in the ledger: a fund opens, lines are posted."""

from collections.abc import Sequence
from typing import NamedTuple

from aim_loans.db.bulk import insert_rows, stored_day
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act, upsert
from aim_loans.ledger.lines import Line
from aim_loans.ledger.models import fund, journal_line

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


class Entry(NamedTuple):
    """The lines of one source (a fact's table and id): together its journal entry."""

    source: str
    source_id: int
    lines: Sequence[Line]


def post_entries(tx: Writing, act: Act, entries: Sequence[Entry]) -> None:
    """Post the entries of an act; a line is booked on its value date."""
    recorded = act.recorded_micros
    rows = [
        (
            entry.source,
            entry.source_id,
            stored_day(line.value_on),
            stored_day(line.value_on),
            line.branch,
            line.fund,
            line.debit,
            line.credit,
            line.amount,
            act.id,
            recorded,
        )
        for entry in entries
        for line in entry.lines
    ]
    insert_rows(tx.connection, journal_line, _COLUMNS, rows)


def ensure_fund(tx: Writing, act: Act, *, code: str, name: str) -> None:
    """Open a fund unless it is open."""
    statement = upsert(tx.connection, fund).values(code=code, name=name, act_id=act.id)
    tx.connection.execute(statement.on_conflict_do_nothing(index_elements=["code"]))
