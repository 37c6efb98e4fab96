"""How well loans are repaid, added up over all of them at a day, and over how many that is."""

from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    case,
    exists,
    func,
    select,
)

from aim_loans.db.bulk import whole_sum
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import instalment, loan_fact, schedule_version
from aim_loans.mou.frames import standing_book
from aim_loans.mou.statement import Behind, Figure
from aim_loans.portfolio.due import View, may_fall_in_month, sum_where


class AtRisk(NamedTuple):
    """What loans over 30 days late have outstanding, and all loans (paisa); how many are which."""

    late: int
    outstanding: int
    late_loans: int
    other_loans: int


def at_risk(connection: Connection, view: View) -> AtRisk:
    """Add up what is outstanding at D of all loans."""
    book, late = standing_book(connection, view)
    active = book.c.outstanding > 0
    sums = select(
        sum_where(book.c.outstanding, late),
        whole_sum(book.c.outstanding),
        func.count().filter(active, late),
        func.count().filter(active, ~late),
    )
    return AtRisk(*connection.execute(sums.select_from(book)).one())


class Collected(NamedTuple):
    """What fell due in a month as first agreed, and what of it was paid on its day (paisa).

    And how many loans something was paid on in time, and how many something was not.
    """

    due: int
    on_time: int
    loans_on_time: int
    loans_short: int


def collected(connection: Connection, view: View, among: Select[Any] | None) -> Collected:
    """Add up what fell due from the first of a month to D, of some loans or all paid out by D.

    On time is what of it the money put on the loan by its due day covered, the oldest first. A
    waiver takes away what falls due after it.
    """
    due = _fell_due(view, among)
    on_time = case(
        (due.c.covered < 0, 0), (due.c.covered > due.c.amount, due.c.amount), else_=due.c.covered
    )
    sums = select(
        whole_sum(due.c.amount),
        whole_sum(on_time),
        func.count(case((due.c.covered > 0, due.c.loan_id)).distinct()),
        func.count(case((due.c.covered < due.c.amount, due.c.loan_id)).distinct()),
    ).where(due.c.disbursed > 0)
    return Collected(*connection.execute(sums).one())


def loans_that_fell_due(connection: Connection, view: View) -> list[int]:
    """Give the loans of which something fell due from the first of the month to D."""
    due = _fell_due(view, None)
    return list(connection.execute(select(due.c.loan_id).distinct()).scalars())


def _fell_due(view: View, among: Select[Any] | None) -> CTE:
    """Select the instalments that fell due in the month, and what of each was covered in time."""
    fact, version, row = loan_fact, schedule_version, instalment
    first = view.as_of.replace(day=1)
    waived = exists().where(
        fact.c.loan_id == version.c.loan_id,
        fact.c.kind == Kind.WAIVER.value,
        fact.c.value_on < row.c.due_on,
        view.counts(fact),
    )
    asked = [version.c.number == 1, view.known(version), ~waived]
    asked += [row.c.due_on >= first, row.c.due_on <= view.as_of]
    if among is not None:
        asked.append(version.c.loan_id.in_(among))
    paid = _of_loan(view, Kind.RECEIPT, fact.c.value_on <= row.c.due_on)
    return (
        select(
            version.c.loan_id,
            row.c.amount,
            (paid - (row.c.due_total - row.c.amount)).label("covered"),
            _of_loan(view, Kind.DISBURSEMENT).label("disbursed"),
        )
        .select_from(version)
        .join(row, and_(row.c.version_id == version.c.id, may_fall_in_month(version, row, first)))
        .where(*asked)
        .cte("due")
        .prefix_with("MATERIALIZED")
    )


def _of_loan(view: View, kind: Kind, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    """Add up the facts of a kind of a version's loan that count."""
    fact = loan_fact
    return (
        select(func.coalesce(func.sum(fact.c.amount), 0))
        .where(
            fact.c.loan_id == schedule_version.c.loan_id,
            fact.c.kind == kind.value,
            view.counts(fact),
            *conditions,
        )
        .correlate_except(fact)
        .scalar_subquery()
    )


class Quality(NamedTuple):
    """What the repayment quality is told from."""

    at_risk: AtRisk
    collected: Collected

    def figures(self) -> dict[str, Figure]:
        """Give PAR over 30 days, and the on-time recovery."""
        return {
            "A10.par30": Figure(self.at_risk.late, self.at_risk.outstanding),
            "A10.on_time": Figure(self.collected.on_time, self.collected.due),
        }

    def behind(self) -> dict[str, Behind]:
        """Say how many loans each of these is told from."""
        return {
            "A10.par30": Behind(self.at_risk.late_loans, self.at_risk.other_loans),
            "A10.on_time": Behind(self.collected.loans_on_time, self.collected.loans_short),
        }
