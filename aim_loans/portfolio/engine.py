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
from sqlalchemy import Connection, select

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

_ROWS_AT_A_TIME = 2_000


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
) -> pd.DataFrame:
    """Give the measures of the book by group, or of the whole book in one row.

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
    rows = connection.execute(groups(source, view, by, steps)).all()
    return book_frame(rows, by, steps)


def loan_rows(
    connection: Connection, *, as_of: date, known_at: datetime | None, ladder: Ladder
) -> Iterator[LoanRow]:
    """Give every loan paid out by the day, in the order in which loans were recorded.

    Rows are read as they are asked for, so that a book of any size needs the same memory.
    """
    view, steps = View(as_of, known_at), scale(ladder)
    _plan_without_compiling(connection)
    source = source_for(connection, view)
    rows = standing(source, view, Wanted(detailed=True)).subquery("loans")
    names = ("disbursed_on", "disbursed", "paid", "credit", "outstanding", "due", "arrears")
    statement = (
        select(loan.c.ref, *(rows.c[name] for name in (*names, *source.value)))
        .join(rows, rows.c.loan_id == loan.c.id)
        .order_by(loan.c.id)
    )
    days_late = _days_by_date if source is Source.POSITIONS else _days_by_rule
    names_of = [(steps.bucket(days), steps.loan_class(days)) for days in range(steps.edges[-1] + 1)]
    last = steps.edges[-1]
    found = connection.execute(statement, execution_options={"yield_per": _ROWS_AT_A_TIME})
    for ref, day, disbursed, paid, credit, outstanding, due, arrears, *unpaid in found:
        days = days_late(as_of, unpaid) if arrears else 0
        yield LoanRow(
            ref,
            day,
            disbursed,
            paid,
            credit,
            outstanding,
            due,
            arrears,
            paid - due if paid > due else 0,
            days,
            *names_of[min(days, last)],
        )


def _days_by_date(as_of: date, unpaid: Sequence[Any]) -> int:
    return (as_of - unpaid[0]).days  # type: ignore[no-any-return]  # a row's values are untyped


def _days_by_rule(as_of: date, unpaid: Sequence[Any]) -> int:
    key, number, day = unpaid
    if key is not None:
        day = day_of_key(key)
    elif number is not None:
        day = from_day_number(number)
    return _days_by_date(as_of, [day])


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
