"""The loans behind a figure of the book: a page of them, and what all of them add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    func,
    literal_column,
    select,
    true,
)

from aim_loans.borrowers.models import person
from aim_loans.config.settings import Ladder
from aim_loans.db.bulk import whole_sum
from aim_loans.errors import Refused
from aim_loans.loans.models import loan
from aim_loans.portfolio.cells import Kept, check_dimensions, kept_loans, late_by
from aim_loans.portfolio.due import View, days_past_due
from aim_loans.portfolio.frames import bucket_column
from aim_loans.portfolio.lateness import BUCKETS, EXACT_DAYS, PAR_DAYS, Scale, scale
from aim_loans.portfolio.standing import Source, source_for


class _Figure(NamedTuple):
    """What of a loan counts (None: the loan itself), and from which to below which days late."""

    amount: str | None
    days: int = 0
    below: int | None = None


_BEGINNINGS = (*BUCKETS, ("", None))
_FIGURES: Mapping[str, _Figure] = {
    "active_loans": _Figure(None),
    "glp": _Figure("outstanding"),
    "arrears": _Figure("arrears"),
    **{
        bucket_column(name): _Figure("outstanding", low or 0, below)
        for (name, low), (_, below) in pairwise(_BEGINNINGS)
    },
    **{f"exactly{days}": _Figure("outstanding", days, days + 1) for days in EXACT_DAYS},
    **{f"par{days}": _Figure("outstanding", days + 1) for days in PAR_DAYS},
}
FIGURES = tuple(_FIGURES)


class LoanBehind(NamedTuple):
    """A loan in the list: amounts in paisa, as of the day asked for."""

    loan_id: int
    ref: str
    borrower: str
    branch: str
    outstanding: int
    arrears: int
    days_past_due: int
    bucket: str


@dataclass(frozen=True, slots=True)
class LoansBehind:
    """A page of the loans behind a figure, in the order in which they were recorded.

    `figure` is the sum over all pages: paisa, or the number of loans; `count` the loans on
    all pages, `earlier` those on the pages before this one.
    """

    rows: Sequence[LoanBehind]
    figure: int
    count: int
    earlier: int

    @property
    def more(self) -> bool:
        """Say whether a page follows."""
        return self.earlier + len(self.rows) < self.count


class Page(NamedTuple):
    """Which page of a list: the `limit` loans after a loan, or, when given, before one."""

    limit: int
    after: int = 0
    before: int | None = None


def loans_behind(
    connection: Connection,
    *,
    as_of: date,
    known_at: datetime | None,
    figure: str,
    kept: Kept,
    ladder: Ladder,
    page: Page,
) -> LoansBehind:
    """Give the loans that add up to a figure of `engine.book_rows`, for the same loans kept.

    `figure` is one of `FIGURES`; Refused for any other, or a dimension that there is not.
    """
    if figure not in _FIGURES:
        raise Refused(
            "The book has no figure {name}. Open the book, and choose a figure there.",
            field="figure",
            name=figure,
        )
    check_dimensions(tuple(kept.filters))
    view, steps = View(as_of, known_at), scale(ladder)
    source = source_for(connection, view)
    wanted = _FIGURES[figure]
    matched = _matched(source, view, kept, wanted).cte("matched")
    if source.worked_out:
        matched = matched.prefix_with("MATERIALIZED")
    found = connection.execute(_with_footing(matched, source, wanted, page)).all()
    total, count, passed = found[0][:3]
    rows = sorted(_row(row[3:], as_of, steps) for row in found if row[3] is not None)
    earlier = passed if page.before is None else passed - len(rows)
    return LoansBehind(rows, total, count, earlier)


def _row(found: Sequence[Any], as_of: date, steps: Scale) -> LoanBehind:
    loan_id, ref, borrower, branch, outstanding, arrears, *unpaid = found
    days = days_past_due(as_of, unpaid) if arrears else 0
    bucket = steps.bucket(days)
    return LoanBehind(loan_id, ref, borrower, branch, outstanding, arrears, days, bucket)


def _matched(source: Source, view: View, kept: Kept, wanted: _Figure) -> Select[Any]:
    """Select the loans that count in the figure."""
    loans = kept_loans(source, view, ("branch",), kept).subquery("book")
    conditions: list[ColumnElement[bool]] = [loans.c[wanted.amount or "outstanding"] > 0]
    if wanted.days:
        conditions.append(late_by(loans, source, view, wanted.days))
    if wanted.below is not None:
        conditions.append(late_by(loans, source, view, wanted.below).is_not(true()))
    return select(loans).where(*conditions)


def _with_footing(matched: CTE, source: Source, wanted: _Figure, page: Page) -> Select[Any]:
    """Select the sum, the count and the number of loans passed, beside each loan of the page.

    Where the page is empty the footing still comes, in a row without a loan.
    """
    amount = literal_column("1", BigInteger) if wanted.amount is None else matched.c[wanted.amount]
    passed = matched.c.loan_id <= page.after
    here, order = matched.c.loan_id > page.after, matched.c.loan_id.asc()
    if page.before is not None:
        passed = matched.c.loan_id < page.before
        here, order = passed, matched.c.loan_id.desc()
    footing = select(
        whole_sum(amount).label("figure"),
        func.count().label("count"),
        func.count().filter(passed).label("passed"),
    ).subquery("footing")
    shown = select(matched).where(here).order_by(order).limit(page.limit).subquery("shown")
    named = (
        select(shown, loan.c.ref, person.c.name)
        .join(loan, loan.c.id == shown.c.loan_id)
        .join(person, person.c.id == loan.c.borrower_id)
        .subquery("named")
    )
    names = ("loan_id", "ref", "name", "branch", "outstanding", "arrears", *source.value)
    return select(*footing.c, *(named.c[name] for name in names)).select_from(
        footing.outerjoin(named, true())
    )
