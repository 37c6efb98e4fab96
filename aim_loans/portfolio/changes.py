"""Which loans stand otherwise at the ends of closed months since each was closed: in one look."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, case, func, select

from aim_loans.loans.models import loan_dimension, loan_fact, schedule_version
from aim_loans.portfolio.due import View
from aim_loans.portfolio.models import month_close, month_loan
from aim_loans.portfolio.months import ClosedMonth

# A row's id, its loan, and what is compared with the bound of a close: a day, or the loan.
Row = tuple[int, int, Any]


def changed_loans(
    connection: Connection, closes: Sequence[ClosedMonth], known_at: datetime | None
) -> Mapping[int, Sequence[int]]:
    """Give, by the close's id, the loans of which `sums.changed_since` tells: rising ids.

    Each table is read once, from the first row recorded after the first of the closes.
    """
    found: dict[int, set[int]] = defaultdict(set)
    newest = _newest_loans(connection, closes)
    places = (
        (loan_fact, loan_fact.c.value_on, "last_fact_id", [each.month for each in closes]),
        (loan_dimension, loan_dimension.c.loan_id, "last_dimension_id", newest),
        (schedule_version, schedule_version.c.loan_id, "last_version_id", newest),
    )
    for table, compared, mark, bounds in places:
        lasts = [getattr(each, mark) for each in closes]
        marked = sorted(zip(lasts, bounds, strict=True))
        rows = list(_recorded_since(connection, table, compared, marked, known_at))
        for close, last, bound in zip(closes, lasts, bounds, strict=True):
            found[close.id].update(r[1] for r in rows if r[0] > last and r[2] <= bound)
    return {close_id: sorted(loans) for close_id, loans in found.items() if loans}


def _newest_loans(connection: Connection, closes: Sequence[ClosedMonth]) -> list[int]:
    """Give the newest frozen loan of each close: later ones count by their facts alone."""
    held = month_loan.c
    newest = select(func.max(held.loan_id)).where(held.close_id == month_close.c.id)
    rows = connection.execute(
        select(month_close.c.id, newest.scalar_subquery()).where(
            month_close.c.id.in_([each.id for each in closes])
        )
    )
    found = {close_id: loan_id or 0 for close_id, loan_id in rows}
    return [found[each.id] for each in closes]


def _recorded_since(
    connection: Connection,
    table: Table,
    compared: ColumnElement[Any],
    marked: Sequence[tuple[int, Any]],
    known_at: datetime | None,
) -> Iterator[Row]:
    """Give the rows within the bound of one of the closes that they came after."""
    if not marked:
        return
    bounds = accumulate((bound for _, bound in marked), max)
    steps = [(table.c.id > last, bound) for (last, _), bound in zip(marked, bounds, strict=True)]
    within = compared <= case(*reversed(steps))
    view = View(marked[0][1], known_at)
    rows = select(table.c.id, table.c.loan_id, compared).where(
        table.c.id > marked[0][0], within, view.known(table)
    )
    for row in connection.execute(rows):
        yield row[0], row[1], row[2]
