"""Which loans stand otherwise at the ends of closed months since each was closed: in one look."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, case, func, select

from aim_loans.loans.models import loan_dimension, loan_fact, schedule_version
from aim_loans.portfolio.due import View
from aim_loans.portfolio.models import month_close, month_loan
from aim_loans.portfolio.months import ClosedMonth, closes_at


class Since(NamedTuple):
    """Month ends that were closed by a moment, and what was recorded since each by then.

    `loans` gives, by the close's id, the rising ids of those that stand otherwise since.
    """

    closes: Mapping[date, ClosedMonth]
    loans: Mapping[int, Sequence[int]]


def since_closes(connection: Connection, days: Sequence[date], known_at: datetime) -> Since:
    """Give the newest edition of each of these month ends then, and the loans that changed."""
    closes = closes_at(connection, days, known_at)
    earlier = [each for each in closes.values() if each.known_at != known_at]
    return Since(closes, _changed(connection, earlier, known_at) if earlier else {})


def _changed(
    connection: Connection, closes: Sequence[ClosedMonth], known_at: datetime
) -> Mapping[int, Sequence[int]]:
    """Find the loans of which `sums.changed_since` tells, for all closes at once.

    Each table is read once, from the first row recorded after the first of the closes.
    """
    found: dict[int, set[int]] = defaultdict(set)
    view, newest = View(closes[0].month, known_at), _newest_loans(connection, closes)
    places = (
        (loan_fact, loan_fact.c.value_on, "last_fact_id", [each.month for each in closes]),
        (loan_dimension, loan_dimension.c.loan_id, "last_dimension_id", newest),
        (schedule_version, schedule_version.c.loan_id, "last_version_id", newest),
    )
    for table, compared, mark, bounds in places:
        marked = [(getattr(each, mark), bound) for each, bound in zip(closes, bounds, strict=True)]
        recorded = _recorded_since(table, compared, sorted(marked)).where(view.known(table))
        rows = connection.execute(recorded).all()
        for close, (last, bound) in zip(closes, marked, strict=True):
            found[close.id].update(loan for row, loan, of in rows if row > last and of <= bound)
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
    table: Table, compared: ColumnElement[Any], marked: Sequence[tuple[int, Any]]
) -> Select[Any]:
    """Select the rows within the bound of one of the closes that they came after."""
    bounds = accumulate((bound for _, bound in marked), max)
    steps = [(table.c.id > last, bound) for (last, _), bound in zip(marked, bounds, strict=True)]
    within = compared <= case(*reversed(steps))
    return select(table.c.id, table.c.loan_id, compared).where(table.c.id > marked[0][0], within)
