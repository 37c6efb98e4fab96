"""The restatements of a statement: what later facts changed in the month closed before it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, select

from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.models import month_loan
from aim_loans.portfolio.months import editions
from aim_loans.portfolio.restating import Measure, Restated, Restatements, restatements
from aim_loans.portfolio.statement_tables import Restatement

_AMOUNTS = ("outstanding", "arrears", "par30")


def restated_loans(
    connection: Connection, month: date, known_at: datetime, kept: Kept
) -> tuple[Restatement, ...]:
    """Give the loans of a month (its last day) that facts recorded after its close changed.

    Of the newest edition closed by `known_at`; none where the month was not closed by then. Each
    names the last fact of its loan. The lines add up to the difference of the whole month: loans
    beyond the longest list stand in one line without a number.
    """
    closed = [each for each in editions(connection, month) if each.known_at <= known_at]
    if not closed:
        return ()
    edition = closed[-1]
    found = restatements(
        connection,
        month,
        known_at=known_at,
        edition=edition.edition,
        branches=kept.branches,
    )
    if not (found.loans or found.left_out):
        return ()
    branches = _branches(connection, edition.id, found.loans)
    lines = [_line(month, each, branches.get(each.loan_id, "")) for each in found.loans]
    return tuple(lines + _others(month, known_at, found, lines))


def _branches(
    connection: Connection, close_id: int, loans: Sequence[Restated]
) -> Mapping[int, str]:
    """Give the branch of each loan as the month was closed; new loans have none there."""
    rows = connection.execute(
        select(month_loan.c.loan_id, month_loan.c.branch_code).where(
            month_loan.c.close_id == close_id,
            month_loan.c.loan_id.in_([each.loan_id for each in loans]),
        )
    )
    return {row.loan_id: row.branch_code for row in rows}


def _line(month: date, loan: Restated, branch: str) -> Restatement:
    last = loan.causes[-1]
    kinds = dict.fromkeys(cause.kind for cause in loan.causes)
    moved = _differences(loan.measures)
    return Restatement(
        month=month,
        loan_ref=loan.loan_ref,
        branch=branch,
        reason=" ".join(kinds),
        recorded_by=last.recorded_by,
        recorded_at=last.recorded_at,
        **moved,
    )


def _others(
    month: date, known_at: datetime, found: Restatements, lines: Sequence[Restatement]
) -> list[Restatement]:
    """Put what the other loans changed into one line, so that all lines add up."""
    if not found.left_out:
        return []
    whole = _differences(found.totals)
    rest = {name: whole[name] - sum(getattr(line, name) for line in lines) for name in _AMOUNTS}
    return [Restatement(month, "", "", "", "", known_at, **rest)]


def _differences(measures: Sequence[Measure]) -> dict[str, int]:
    return {each.name: each.difference for each in measures if each.name in _AMOUNTS}
