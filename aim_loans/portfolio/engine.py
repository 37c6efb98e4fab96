"""The one engine of the book: what is lent out, how late it is, at any day and cut.

Screens, papers, files and commands all ask here. A fact counts when its value date is on or
before the day D and it was recorded at or before the cut K. Definitions follow CGAP's
technical guide to performance indicators: the gross loan portfolio is the outstanding
principal of all active loans; portfolio at risk over x days is the whole outstanding of the
loans more than x days past due.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, func, select

from aim_loans.config.settings import Ladder
from aim_loans.dates import from_day_number
from aim_loans.db.engine import is_postgresql
from aim_loans.errors import Refused
from aim_loans.loans.models import loan
from aim_loans.portfolio.cells import DIMENSIONS, groups
from aim_loans.portfolio.due import View, day_of_key
from aim_loans.portfolio.frames import book_frame
from aim_loans.portfolio.lateness import scale
from aim_loans.portfolio.standing import Source, Wanted, source_for, standing

_LOANS_A_BLOCK = 10_000


class LoanRow(NamedTuple):
    """One loan at (D, K); amounts in paisa.

    `principal` is the amount paid out, `received` what was applied to it, `credit` the
    borrower's money above the balance, `due` what has fallen due by the version in force.
    """

    loan_ref: str
    disbursed_on: date
    principal: int
    received: int
    credit: int
    outstanding: int
    due: int
    arrears: int
    advance: int
    days_past_due: int
    bucket: str
    loan_class: str


def book_rows(
    connection: Connection,
    *,
    as_of: date,
    known_at: datetime | None,
    by: Sequence[str],
    ladder: Ladder,
    branches: frozenset[str] | None = None,
) -> pd.DataFrame:
    """Give the measures of the book by group, or of the whole book in one row.

    `branches` keeps it to the loans that belonged to these on the day; None means all.

    Columns: the dimensions of `by` (text, empty where nothing was entered), then in int64
    active_loans, active_borrowers (distinct persons: they do not add up over groups), and in
    paisa glp, arrears, par0 to par180, bucket_..., class_..., recovery_collected (of what
    fell due, over every loan ever paid out) and recovery_due. Rows come in the order of the
    dimensions' text; groups with no active loan are left out. Refused for a dimension that
    there is not, or that comes twice.
    """
    _check(by)
    view, steps = View(as_of, known_at), scale(ladder)
    _plan_without_compiling(connection)
    source = source_for(connection, view)
    rows = connection.execute(groups(source, view, by, steps, branches)).all()
    return book_frame(rows, by, steps)


def loan_rows(
    connection: Connection, *, as_of: date, known_at: datetime | None, ladder: Ladder
) -> Iterator[LoanRow]:
    """Give every loan paid out by the day, in the order in which loans were recorded.

    Loans are read in blocks as they are asked for, so that a book of any size needs the same
    memory; the connection must show one unchanging state (`db.engine.reading`).
    """
    view, steps = View(as_of, known_at), scale(ladder)
    _plan_without_compiling(connection)
    source = source_for(connection, view)
    not_late = (0, steps.bucket(0), steps.loan_class(0))
    for row in _read(connection, source, view):
        ref, day, disbursed, paid, credit, outstanding, due, arrears, *unpaid = row
        lateness = not_late
        if arrears:
            days = _days_past_due(as_of, unpaid)
            lateness = (days, steps.bucket(days), steps.loan_class(days))
        advance = paid - due if paid > due else 0
        yield LoanRow(
            ref, day, disbursed, paid, credit, outstanding, due, arrears, advance, *lateness
        )


def _read(connection: Connection, source: Source, view: View) -> Iterator[Sequence[Any]]:
    """Read what `loan_rows` shows, block by block of loans."""
    rows = standing(source, view, Wanted(detailed=True)).subquery("loans")
    names = ("disbursed_on", "disbursed", "paid", "credit", "outstanding", "due", "arrears")
    statement = (
        select(loan.c.ref, *(rows.c[name] for name in (*names, *source.value)))
        .join(rows, rows.c.loan_id == loan.c.id)
        .order_by(loan.c.id)
    )
    last = connection.execute(select(func.max(loan.c.id))).scalar() or 0
    for after in range(0, last, _LOANS_A_BLOCK):
        block = {"after": after, "up_to": after + _LOANS_A_BLOCK}
        yield from connection.execute(statement, block)


def _days_past_due(as_of: date, unpaid: Sequence[Any]) -> int:
    """Count the days since the oldest unpaid due date, given as `Source` has it."""
    *numbers, day = unpaid
    if day is None:
        key, number = numbers
        day = from_day_number(number) if key is None else day_of_key(key)
    return int((as_of - day).days)


def _check(by: Sequence[str]) -> None:
    for place, name in enumerate(by):
        if name not in DIMENSIONS:
            raise Refused(
                "The book cannot be shown by {name}. Use any of: {known}.",
                field="by",
                name=name,
                known=", ".join(DIMENSIONS),
            )
        if name in by[:place]:
            raise Refused(
                "{name} stands twice in the grouping. Name it once.", field="by", name=name
            )


def _plan_without_compiling(connection: Connection) -> None:
    """Keep PostgreSQL from compiling the statement: that takes longer than it saves."""
    if is_postgresql(connection):
        connection.exec_driver_sql("SET LOCAL jit = off")
