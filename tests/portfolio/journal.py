"""Posts the facts of plain loans to the journal, one after the other as they were recorded."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, insert

from aim_loans.ledger.lines import Line, Side
from aim_loans.ledger.models import journal_line
from aim_loans.loans.facts import (
    BranchFrom,
    Changes,
    Fact,
    difference,
    entry_lines,
    required_changes,
    with_contra,
)
from tests.naive import book as naive
from tests.portfolio.store import BRANCHES, Stored


def put_journal(connection: Connection, stored: Sequence[Stored]) -> None:
    """Put the journal lines of loans that are in the database."""
    rows = [row for each in stored for row in _rows(each.loan)]
    if rows:
        connection.execute(insert(journal_line), rows)


def _rows(loan: naive.Loan) -> Iterator[dict[str, object]]:
    facts: list[Fact] = []
    branches: dict[object, BranchFrom] = {}
    before: Changes = {}
    events: list[naive.Belonging | naive.Fact] = [*loan.belongings, *loan.facts]
    for event in sorted(events, key=lambda each: each.recorded_at):
        if isinstance(event, naive.Belonging):
            branches[event.from_on] = BranchFrom(event.from_on, event.values["branch"])
        else:
            facts.append(Fact(event.kind, event.amount, event.value_on))
        after = required_changes(facts, sorted(branches.values()), fund=loan.fund)
        changes, before = difference(after, before), after
        if isinstance(event, naive.Fact):
            contra = Side("vault", BRANCHES[0], loan.fund)
            changes = with_contra(changes, contra, event.value_on)
        for line in entry_lines(changes):
            yield _row(line) | {"recorded_at": event.recorded_at}


def _row(line: Line) -> dict[str, object]:
    return {
        "source": "loan_fact",
        "source_id": 1,
        "value_on": line.value_on,
        "booked_on": line.value_on,
        "branch_code": line.branch,
        "fund_code": line.fund,
        "debit": line.debit,
        "credit": line.credit,
        "amount": line.amount,
        "act_id": 1,
    }
