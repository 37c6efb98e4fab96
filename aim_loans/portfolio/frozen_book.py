"""The book at the end of a closed month from its cells, moved on by what was recorded since.

Cells add up over everything but borrowers: of whom has several active loans, these loans are
kept too. So the borrowers of a group are its active loans, less those that are no borrower's
first there.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Connection,
    FromClause,
    Integer,
    Label,
    Select,
    cast,
    func,
    insert,
    literal_column,
    null,
    select,
    union_all,
)

from aim_loans.db.bulk import same_rows, whole_sum
from aim_loans.db.engine import Writing
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.cells import Kept, books, grouped, kept_rows
from aim_loans.portfolio.due import View, sum_where
from aim_loans.portfolio.frozen_standings import concerned
from aim_loans.portfolio.lateness import Scale, scale
from aim_loans.portfolio.models import month_cell, month_concurrent, month_loan
from aim_loans.portfolio.months import ClosedMonth
from aim_loans.portfolio.remembered import Sums, add_groups, by_group
from aim_loans.portfolio.sources import Source, since_close
from aim_loans.portfolio.sums import changed_since

# What the cells keep apart: columns, and the dimensions that these tell.
_BY = ("branch_code", "sector", "programme_code", "gender")
_DIMENSIONS = {"branch", "area", "sector", "programme", "gender"}
_AMOUNTS = ("active_loans", "outstanding", "arrears", "missed", "due_first")
_CONCURRENT = tuple(column.name for column in month_concurrent.c)
# Where more than one loan in so many changed, it is cheaper to go through the loans.
_FEW = 10


def freeze_concurrent(tx: Writing, close_id: int) -> None:
    """Keep the active loans of borrowers who have several, of a month whose loans are frozen."""
    tx.connection.execute(
        insert(month_concurrent).from_select(_CONCURRENT, concurrent(close_id, _CONCURRENT))
    )


def concurrent(close_id: int, names: Sequence[str]) -> Select[Any]:
    """Select the active frozen loans of borrowers who have several.

    In one look at the loans: of rows written just now no planner knows how many they are.
    """
    mine = month_loan.c
    beside = func.count().over(partition_by=mine.borrower_id)
    active = (
        select(*(mine[name] for name in names), beside.label("loans"))
        .where(mine.close_id == close_id, mine.outstanding > 0)
        .subquery("active")
    )
    return select(*(active.c[name] for name in names)).where(active.c.loans > 1)


def concurrent_are_whole(connection: Connection, close_id: int) -> bool:
    """Say whether what is kept of a month's concurrent loans is what its frozen loans say.

    A month closed before they were kept has none.
    """
    kept = select(month_concurrent).where(month_concurrent.c.close_id == close_id)
    if connection.execute(kept.limit(1)).first() is None:
        return True
    return same_rows(connection, kept, concurrent(close_id, _CONCURRENT))


def frozen_sums(
    connection: Connection,
    source: Source,
    view: View,
    groupings: Sequence[Sequence[str]],
    *,
    steps: Scale,
    kept: Kept,
) -> Sums | None:
    """Give the sums of `cells.books` at the end of a closed month from what was kept of it.

    Groups without an active loan may be there too, or be missing. None where the cells do not
    tell: of another day or dimension, by other days of lateness, after too many changes, or
    closed before they were kept whole.
    """
    closed, names = source.closed, {*kept.filters}.union(*groupings)
    if closed is None or source.worked_out or kept.among is not None or not names <= _DIMENSIONS:
        return None
    changed = _changed(connection, closed, view)
    if len(changed) * _FEW > closed.loans or not kept_by(connection, closed, steps):
        return None
    if not _is_whole(connection, closed):
        return None
    rows = connection.execute(_books(closed, groupings, steps, kept))
    sums = dict(by_group(rows, groupings))
    if changed:
        few = replace(kept, among=concerned(connection, changed))
        then = View(closed.month, closed.known_at)
        for times, way, seen in ((-1, since_close(closed, then), then), (1, Source.FACTS, view)):
            rows = connection.execute(books(way, seen, groupings, steps, few))
            add_groups(sums, by_group(rows, groupings), times=times)
    return sums


def _changed(connection: Connection, closed: ClosedMonth, view: View) -> Sequence[int]:
    """Give the loans that stand otherwise since the month was closed."""
    if view.known_at == closed.known_at:
        return ()
    return connection.scalars(changed_since(closed, view)).all()


def kept_by(connection: Connection, closed: ClosedMonth, steps: Scale) -> bool:
    """Say whether the month was kept by these very days of lateness, and no other."""
    dated = settings_in_force(connection, known_at=closed.known_at)
    return scale(dated.ladder_on(closed.month)).edges == steps.edges


def _is_whole(connection: Connection, closed: ClosedMonth) -> bool:
    """Say whether the borrowers of several loans were kept with the month."""
    if closed.active_loans == closed.active_borrowers:
        return True
    mine = select(month_concurrent.c.loan_id).where(month_concurrent.c.close_id == closed.id)
    return connection.execute(mine.limit(1)).first() is not None


def _books(
    closed: ClosedMonth, groupings: Sequence[Sequence[str]], steps: Scale, kept: Kept
) -> Any:
    """Select the groups of each grouping as `cells.books` does."""
    names = tuple(dict.fromkeys(name for by in groupings for name in by))
    columns = (*_AMOUNTS, "from_days", "borrower_id")
    cells = kept_rows(_cells(closed), names, kept, columns)
    rows = cells.cte("book").prefix_with("MATERIALIZED")
    return grouped(rows, groupings, _measures(rows, steps))


def _cells(closed: ClosedMonth) -> FromClause:
    """Select the cells of a month, and its concurrent loans as cells without amounts."""
    cell, other = month_cell.c, month_concurrent.c
    nobody = cast(null(), BigInteger).label("borrower_id")
    nought, zero = literal_column("0", BigInteger), literal_column("0", Integer)
    sums = select(*(cell[name] for name in (*_BY, *_AMOUNTS, "from_days")), nobody)
    loans = select(
        *(other[name] for name in _BY),
        *(nought.label(name) for name in _AMOUNTS),
        zero.label("from_days"),
        other.borrower_id,
    )
    return union_all(
        sums.where(cell.close_id == closed.id), loans.where(other.close_id == closed.id)
    ).subquery("kept")


def _measures(rows: CTE, steps: Scale) -> list[Label[Any]]:
    """Give `cells.MEASURES` and the outstanding at each edge."""
    later_loans = func.count(rows.c.borrower_id) - func.count(rows.c.borrower_id.distinct())
    active = whole_sum(rows.c.active_loans)
    return [
        active.label("active_loans"),
        (active - later_loans).label("active_borrowers"),
        *(whole_sum(rows.c[name]).label(name) for name in _AMOUNTS[1:]),
        *(
            sum_where(rows.c.outstanding, rows.c.from_days >= edge).label(f"late_{place}")
            for place, edge in enumerate(steps.edges)
        ),
    ]
