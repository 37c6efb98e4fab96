"""The one engine of the book: what is lent out, how late it is, at any day and cut.

Screens, papers, files and commands all ask here. A fact counts when its value date is on or
before the day D and it was recorded at or before the cut K. Definitions follow CGAP's
technical guide to performance indicators: the gross loan portfolio is the outstanding
principal of all active loans; portfolio at risk over x days is the whole outstanding of the
loans more than x days past due.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, func, select

from aim_loans.config.settings import Ladder
from aim_loans.loans.models import loan
from aim_loans.portfolio.cells import Kept, books, check_dimensions
from aim_loans.portfolio.due import View, advance_of, days_of_late
from aim_loans.portfolio.frames import book_frame
from aim_loans.portfolio.frozen_book import frozen_sums
from aim_loans.portfolio.lateness import Scale, scale
from aim_loans.portfolio.remembered import Question, Remembered, Sums, by_group
from aim_loans.portfolio.sources import Source, source_for
from aim_loans.portfolio.standing import Wanted, standing

_LOANS_A_BLOCK = 10_000
# One by one rows take half as long again; of more at once the garbage collector takes notice.
ROWS_TOGETHER = 500
EVERYTHING = Kept()
_SUMS = ("disbursed_on", "disbursed", "paid", "credit", "outstanding", "due", "arrears")


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
    (book,) = book_tables(connection, as_of=as_of, known_at=known_at, groupings=[by], ladder=ladder)
    return book


def book_tables(
    connection: Connection,
    *,
    as_of: date,
    known_at: datetime | None,
    groupings: Sequence[Sequence[str]],
    ladder: Ladder,
    kept: Kept = EVERYTHING,
    idle: bool = False,
) -> list[pd.DataFrame]:
    """Give the book by several groupings from one look at its loans, each as `book_rows` does.

    `kept` narrows the book, by what its loans belonged to on the day. With `idle` the groups
    that have no active loan any more are there too.
    """
    for by in (*groupings, tuple(kept.filters)):
        check_dimensions(by)
    view, steps = View(as_of, known_at), scale(ladder)
    source = source_for(connection, view)
    sums = None
    if not idle:
        sums = frozen_sums(connection, source, view, groupings, steps=steps, kept=kept)
    if sums is None:
        rows = connection.execute(books(source, view, groupings, steps, kept))
        sums = by_group(rows, groupings)
    return _frames(sums, groupings, steps, idle=idle)


def remembered_tables(
    remembered: Remembered,
    *,
    as_of: date,
    groupings: Sequence[Sequence[str]],
    ladder: Ladder,
    kept: Kept = EVERYTHING,
    only: Sequence[str] | None = None,
) -> list[pd.DataFrame]:
    """Give what `book_tables` gives of a day as known now, from what is remembered of the book.

    The columns `frames.count_column` say of each figure of loans how many are behind it. With
    `only`, one of the groupings, its table alone is made of the same answer.
    """
    for by in (*groupings, tuple(kept.filters)):
        check_dimensions(by)
    steps = scale(ladder)
    asked, filters = tuple(map(tuple, groupings)), tuple(sorted(kept.filters.items()))
    question = Question(as_of, asked, steps, kept.branches, filters)
    return _frames(remembered.sums(question), groupings, steps, only=only, counted=True)


def _frames(
    groups: Sums,
    groupings: Sequence[Sequence[str]],
    steps: Scale,
    *,
    only: Sequence[str] | None = None,
    idle: bool = False,
    counted: bool = False,
) -> list[pd.DataFrame]:
    """Give the frame of each grouping, or of one alone."""
    return [
        book_frame(
            [(*key[1 : 1 + len(by)], *sums) for key, sums in groups.items() if key[0] == place],
            by,
            steps,
            idle=idle,
            counted=counted,
        )
        for place, by in enumerate(groupings)
        if only is None or tuple(only) == tuple(by)
    ]


def loan_rows(
    connection: Connection, *, as_of: date, known_at: datetime | None, ladder: Ladder
) -> Iterator[LoanRow]:
    """Give every loan paid out by the day, in the order in which loans were recorded.

    Loans are read in blocks as they are asked for, so that a book of any size needs the same
    memory; the connection must show one unchanging state (`db.engine.reading`).
    """
    view, steps = View(as_of, known_at), scale(ladder)
    source = source_for(connection, view)
    # Few different days late come again and again.
    bucket, loan_class = cache(steps.bucket), cache(steps.loan_class)
    for found in _read(connection, source, view):
        ref, paid_out_on, disbursed, paid, credit, *rest = zip(*found, strict=True)
        outstanding, due, arrears, *unpaid = rest
        days = days_of_late(as_of, arrears, unpaid)
        yield from map(
            LoanRow,
            *(ref, paid_out_on, disbursed, paid, credit, outstanding, due, arrears),
            *(map(advance_of, paid, due), days, map(bucket, days), map(loan_class, days)),
        )


def _read(connection: Connection, source: Source, view: View) -> Iterator[Sequence[Sequence[Any]]]:
    """Read what `loan_rows` shows, block by block of loans, some hundred rows at a time."""
    rows = standing(source, view, Wanted(detailed=True, in_blocks=True)).subquery("loans")
    statement = (
        select(loan.c.ref, *(rows.c[name] for name in (*_SUMS, *source.value)))
        .join(rows, rows.c.loan_id == loan.c.id)
        .order_by(loan.c.id)
    )
    last = connection.execute(select(func.max(loan.c.id))).scalar() or 0
    for after in range(0, last, _LOANS_A_BLOCK):
        block = {"after": after, "up_to": after + _LOANS_A_BLOCK}
        yield from connection.execute(statement, block).partitions(ROWS_TOGETHER)
