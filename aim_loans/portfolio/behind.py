"""The loans behind a figure of the book: a page of them, and what all of them add up to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select, true

from aim_loans.borrowers.models import person
from aim_loans.config.settings import Ladder
from aim_loans.errors import Refused
from aim_loans.loans.models import loan
from aim_loans.portfolio.cells import Kept, check_dimensions, kept_loans, late_by
from aim_loans.portfolio.due import View, days_past_due
from aim_loans.portfolio.frames import bucket_column, count_column, exactly
from aim_loans.portfolio.lateness import BUCKETS, EXACT_DAYS, PAR_DAYS, Scale, scale
from aim_loans.portfolio.sources import Source, source_for

# Loans looked through at first where each has to be worked out; then ever more, for figures
# that few loans have.
_FIRST_BLOCK, _GROWS = 8_192, 8


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
_EXACTLY = {f"exactly{days}": days for days in EXACT_DAYS}


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

    `earlier` and `more` say whether there are loans before these, and after.
    """

    rows: Sequence[LoanBehind]
    earlier: bool
    more: bool


class Footing(NamedTuple):
    """What all loans behind a figure add up to (paisa, or their number), and how many they are."""

    figure: int
    loans: int


class Page(NamedTuple):
    """Which page of a list: the `limit` loans after a loan, or, when given, before one."""

    limit: int
    after: int = 0
    before: int | None = None


def footing(figure: str, group: Mapping[str, int]) -> Footing:
    """Give a figure with its number of loans, from its group in `engine.remembered_tables`.

    Refused for a figure that there is not.
    """
    _check(figure)
    counts = {name: group[count_column(name)] for name in FIGURES if name not in _EXACTLY}
    if figure in _EXACTLY:
        days = _EXACTLY[figure]
        return Footing(exactly(group, days), exactly(counts, days))
    return Footing(group[figure], counts[figure])


def loans_behind(
    connection: Connection,
    *,
    as_of: date,
    known_at: datetime | None,
    figure: str,
    kept: Kept,
    ladder: Ladder,
    page: Page,
    few: bool = False,
) -> LoansBehind:
    """Give the loans that add up to a figure of `engine.book_rows`, for the same loans kept.

    `figure` is one of `FIGURES`; Refused for any other, or a dimension that there is not. That
    they are `few`, as their footing says, makes the way to them shorter.
    """
    _check(figure)
    check_dimensions(tuple(kept.filters))
    walk = _Walk(connection, View(as_of, known_at), kept, _FIGURES[figure], few=few)
    if page.before is None:
        found = walk.found(page.after, page.limit + 1)
        earlier = bool(page.after and walk.found(page.after + 1, 1, back=True))
        more = len(found) > page.limit
    else:
        found = walk.found(page.before, page.limit + 1, back=True)
        earlier, more = len(found) > page.limit, bool(walk.found(page.before - 1, 1))
    steps = scale(ladder)
    rows = sorted(_row(each, as_of, steps) for each in found[: page.limit])
    return LoansBehind(rows, earlier, more)


def _check(figure: str) -> None:
    if figure not in _FIGURES:
        raise Refused(
            "The book has no figure {name}. Open the book, and choose a figure there.",
            field="figure",
            name=figure,
        )


def _row(found: Sequence[Any], as_of: date, steps: Scale) -> LoanBehind:
    loan_id, ref, borrower, branch, outstanding, arrears, *unpaid = found
    days = days_past_due(as_of, unpaid) if arrears else 0
    bucket = steps.bucket(days)
    return LoanBehind(loan_id, ref, borrower, branch, outstanding, arrears, days, bucket)


class _Walk:
    """Goes through the loans that count in a figure, in the order of their ids or back.

    Positions are looked through at once: in their order up to the last loan of the page, or,
    for few loans, all that count by an index. On any other day each loan has to be worked out
    from its facts: then it takes as many blocks of loans as it needs.
    """

    def __init__(
        self, connection: Connection, view: View, kept: Kept, wanted: _Figure, *, few: bool
    ) -> None:
        self._connection = connection
        self._at_once = source_for(connection, view) is Source.POSITIONS
        source = Source.POSITIONS if self._at_once else Source.FACTS
        filters = tuple(sorted(kept.filters.items()))
        self._wanted = _Wanted(source, view, kept.branches, filters, kept.among, wanted, few)
        self._last: int = connection.execute(select(func.max(loan.c.id))).scalar() or 0

    def found(self, edge: int, limit: int, *, back: bool = False) -> list[Row[Any]]:
        """Give the first loans beyond one, as `_row` takes them."""
        statement = _named(self._wanted, back=back)
        found: list[Row[Any]] = []
        for after, up_to in self._blocks(edge, back=back):
            block = {"after": after, "up_to": up_to, "limit": limit - len(found)}
            found += self._connection.execute(statement, block)
            if len(found) == limit:
                break
        return sorted(found, key=lambda row: row.loan_id, reverse=back)

    def _blocks(self, edge: int, *, back: bool) -> Iterator[tuple[int, int]]:
        """Give the blocks to look through: after one loan, up to another."""
        size = self._last if self._at_once else _FIRST_BLOCK
        after, up_to = (0, min(edge - 1, self._last)) if back else (edge, self._last)
        while after < up_to:
            if back:
                start = max(after, up_to - size)
                yield start, up_to
                up_to = start
            else:
                yield after, min(after + size, up_to)
                after += size
            size *= _GROWS


class _Wanted(NamedTuple):
    """What is looked for, in values that compare: which loans, of which day, in which figure."""

    source: Source
    view: View
    branches: frozenset[str] | None
    filters: tuple[tuple[str, str], ...]
    among: Select[Any] | None
    figure: _Figure
    few: bool


# To put the statement together takes as long as the database does with it.
@lru_cache(maxsize=200)
def _named(wanted: _Wanted, *, back: bool) -> Select[Any]:
    """Select the loans that count in the figure, a block's first ones, with their names."""
    source, at_once = wanted.source, wanted.source is Source.POSITIONS
    kept = Kept(wanted.branches, dict(wanted.filters), wanted.among)
    in_blocks = not (wanted.few and at_once)
    matched = _matched(source, wanted.view, kept, wanted.figure, in_blocks=in_blocks).cte("matched")
    if wanted.few or not at_once:
        matched = matched.prefix_with("MATERIALIZED")
    loan_id = matched.c.loan_id
    beyond = (loan_id > bindparam("after"), loan_id <= bindparam("up_to"))
    rows = select(matched).where(*beyond).order_by(loan_id.desc() if back else loan_id)
    shown = rows.limit(bindparam("limit")).subquery("shown")
    amounts = (shown.c[name] for name in ("branch", "outstanding", "arrears"))
    return (
        select(shown.c.loan_id, loan.c.ref, person.c.name, *amounts)
        .add_columns(*(shown.c[name] for name in source.value))
        .join(loan, loan.c.id == shown.c.loan_id)
        .join(person, person.c.id == loan.c.borrower_id)
    )


def _matched(
    source: Source, view: View, kept: Kept, wanted: _Figure, *, in_blocks: bool
) -> Select[Any]:
    """Select the loans that count in the figure."""
    loans = kept_loans(source, view, ("branch",), kept, in_blocks=in_blocks).subquery("book")
    conditions: list[ColumnElement[bool]] = [loans.c[wanted.amount or "outstanding"] > 0]
    if wanted.days:
        conditions.append(late_by(loans, source, view, wanted.days))
    if wanted.below is not None:
        conditions.append(late_by(loans, source, view, wanted.below).is_not(true()))
    return select(loans).where(*conditions)
