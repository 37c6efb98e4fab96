"""The sums of each loan's facts that count: of all, or of a closed month and what came after.

Both ways give the same columns, a row a loan: loan_id and the sums by kind, and for a list of
loans also the day last paid out and how many disbursements were taken back.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Label,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan_dimension, loan_fact, schedule_version
from aim_loans.loans.positions import SUM_OF_KIND
from aim_loans.portfolio.due import View, sum_where
from aim_loans.portfolio.models import month_loan
from aim_loans.portfolio.months import ClosedMonth, unseen

_BOOK_SUMS = ("disbursed", "applied", "waived", "written_off")

# Tells whether a loan, given by its id, is asked for.
Chosen = Callable[[ColumnElement[int]], ColumnElement[bool]]


def sums_of_facts(view: View, chosen: Chosen, *, detailed: bool) -> Subquery:
    """Sum each loan's facts that count."""
    return _added(chosen, view.counts(loan_fact), detailed=detailed).subquery("sums")


def sums_since(closed: ClosedMonth, view: View, chosen: Chosen, *, detailed: bool) -> Subquery:
    """Add to the sums of a closed month what it did not count: for a later day or moment."""
    later = and_(_not_counted(closed), view.counts(loan_fact))
    since = _added(chosen, later, detailed=detailed).cte()
    held = month_loan.alias("held")
    names = [column.name for column in since.c if column.name in SUM_OF_KIND]
    known: list[Label[Any]] = [
        (held.c[name] + func.coalesce(since.c[name], 0)).label(name) for name in names
    ]
    new: list[ColumnElement[Any]] = [since.c[name] for name in names]
    if detailed:
        # A disbursement since then: the day is asked of the facts.
        again = or_(since.c.last_paid_out.is_not(None), since.c.undone > 0)
        known += [
            held.c.disbursed_on.label("last_paid_out"),
            case((again, 1), else_=0).label("undone"),
        ]
        new += [since.c.last_paid_out, since.c.undone]
    of_close = held.c.close_id == unseen(closed.id)
    kept = (
        select(held.c.loan_id, *known)
        .select_from(held.outerjoin(since, since.c.loan_id == held.c.loan_id))
        .where(of_close, chosen(held.c.loan_id))
    )
    added = (
        select(since.c.loan_id, *new)
        .select_from(since.outerjoin(held, and_(held.c.loan_id == since.c.loan_id, of_close)))
        .where(held.c.loan_id.is_(None))
    )
    return union_all(kept, added).subquery("sums")


def changed_since(closed: ClosedMonth, view: View) -> Select[Any]:
    """Select the loans that stand otherwise at the month's end since it was closed.

    Something was recorded of them after its cut that counts on the day.
    """
    late = loan_fact.c.id > closed.last_fact_id
    # A loan that came later counts by its facts alone.
    held = month_loan.alias("held")
    newest = select(func.max(held.c.loan_id)).where(held.c.close_id == closed.id).scalar_subquery()
    parts = [
        select(loan_fact.c.loan_id).where(late, view.counts(loan_fact)),
        *(
            select(table.c.loan_id).where(
                table.c.id > last, table.c.loan_id <= newest, view.known(table)
            )
            for table, last in (
                (loan_dimension, closed.last_dimension_id),
                (schedule_version, closed.last_version_id),
            )
        ),
    ]
    return select(union(*parts).subquery("changed").c.loan_id)


def _not_counted(closed: ClosedMonth) -> ColumnElement[bool]:
    """Tell whether a closed month did not count a fact, by the order in which they came."""
    fact = loan_fact.c
    # Written into the statement: the planner then sees how few they are.
    first = literal_column(str(min(closed.later_fact_id, closed.last_fact_id + 1)), BigInteger)
    last = literal_column(str(closed.last_fact_id), BigInteger)
    return and_(fact.id >= first, or_(fact.id > last, fact.value_on > closed.month))


def _added(chosen: Chosen, counts: ColumnElement[bool], *, detailed: bool) -> Select[Any]:
    fact = loan_fact
    names = SUM_OF_KIND if detailed else _BOOK_SUMS
    columns: list[Label[Any]] = [
        sum_where(fact.c.amount, fact.c.kind == SUM_OF_KIND[name]).label(name) for name in names
    ]
    if detailed:
        paid_out = and_(fact.c.kind == Kind.DISBURSEMENT, fact.c.amount > 0)
        undone = and_(fact.c.kind == Kind.DISBURSEMENT, fact.c.amount < 0)
        columns.append(func.max(fact.c.value_on).filter(paid_out).label("last_paid_out"))
        columns.append(func.count().filter(undone).label("undone"))
    return (
        select(fact.c.loan_id, *columns)
        .where(counts, chosen(fact.c.loan_id))
        .group_by(fact.c.loan_id)
    )
