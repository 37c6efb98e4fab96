"""Freezes a month: how each loan stands at its end and what the loans add up to, set by set."""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    case,
    func,
    insert,
    literal,
    literal_column,
    select,
)

from aim_loans.config.settings import Ladder
from aim_loans.db.bulk import whole_sum
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act
from aim_loans.loans.models import loan_dimension, loan_fact, schedule_version
from aim_loans.portfolio.due import View, sum_where
from aim_loans.portfolio.frozen_moves import freeze_moves
from aim_loans.portfolio.lateness import Scale, scale
from aim_loans.portfolio.models import month_cell, month_loan
from aim_loans.portfolio.months import close_by_id
from aim_loans.portfolio.sources import Source
from aim_loans.portfolio.standing import Wanted, as_closed

_DIMENSIONS = (
    *("branch_code", "officer", "sector", "activity"),
    *("programme_code", "district", "urban_rural", "gender"),
)
_GROUPS = ("branch_code", "sector", "programme_code", "gender")
_AMOUNTS = (
    *("disbursed", "paid", "waived", "written_off", "outstanding"),
    *("due", "due_first", "arrears", "missed"),
)


class Marks(NamedTuple):
    """What tells later which rows were there when a month was closed (`models.month_close`)."""

    last_fact_id: int
    later_fact_id: int
    last_dimension_id: int
    last_version_id: int


class Totals(NamedTuple):
    """The frozen loans of a month in all: counts, and paisa."""

    loans: int
    active_loans: int
    active_borrowers: int
    outstanding: int
    arrears: int


def marks(connection: Connection, month: date) -> Marks:
    """Give the marks of a month closed now; nothing may be recorded at the same time."""
    last = _last_id(connection, loan_fact)
    later = connection.execute(
        select(func.min(loan_fact.c.id)).where(loan_fact.c.value_on > month)
    ).scalar()
    return Marks(
        last,
        last + 1 if later is None else later,
        _last_id(connection, loan_dimension),
        _last_id(connection, schedule_version),
    )


def frozen_loans(close_id: int, source: Source, view: View, ladder: Ladder) -> Select[Any]:
    """Select the rows that a close keeps, in the order of the table's columns."""
    wanted = Wanted(dimensions=_DIMENSIONS, detailed=True, sums=True)
    rows = as_closed(source, view, wanted).subquery("rows")
    made: dict[str, ColumnElement[Any]] = {
        "close_id": literal_column(str(close_id), Integer),
        "loan_class": _class(rows.c.late_days, ladder),
    }
    names = [column.name for column in month_loan.c]
    return select(*((made[n] if n in made else rows.c[n]).label(n) for n in names))


def freeze_loans(tx: Writing, close_id: int, source: Source, view: View, ladder: Ladder) -> Totals:
    """Freeze how every loan stands; gives what they add up to."""
    rows = frozen_loans(close_id, source, view, ladder)
    names = [column.name for column in month_loan.c]
    tx.connection.execute(insert(month_loan).from_select(names, rows))
    active = month_loan.c.outstanding > 0
    found = tx.connection.execute(
        select(
            func.count().filter(month_loan.c.disbursed > 0),
            func.count().filter(active),
            func.count(case((active, month_loan.c.borrower_id)).distinct()),
            whole_sum(month_loan.c.outstanding),
            whole_sum(month_loan.c.arrears),
        ).where(month_loan.c.close_id == close_id)
    ).one()
    return Totals(*found)


def freeze_cells(tx: Writing, act: Act, close_id: int, ladder: Ladder) -> None:
    """Freeze what the frozen loans add up to, by group and lateness, and what moved."""
    tx.connection.execute(
        insert(month_cell).from_select(
            ["close_id", *_GROUPS, "from_days", "loans", "active_loans", *_AMOUNTS, "act_id"],
            cells(close_id, ladder).add_columns(literal(act.id)),
        )
    )
    freeze_moves(tx, act, close_by_id(tx.connection, close_id), ladder)


def cells(close_id: int, ladder: Ladder) -> Select[Any]:
    """Select the cells of a month's frozen loans, in the order of the table's columns."""
    rows = month_loan.c
    level = _edge(rows.late_days, scale(ladder)).label("from_days")
    groups = [rows[name] for name in _GROUPS]
    ones = literal_column("1", Integer)
    return (
        select(
            rows.close_id,
            *groups,
            level,
            func.count(),
            sum_where(ones, rows.outstanding > 0),
            *(whole_sum(rows[name]) for name in _AMOUNTS),
        )
        .where(rows.close_id == close_id, rows.disbursed > 0)
        .group_by(rows.close_id, *groups, level)
    )


def _class(days: ColumnElement[int], ladder: Ladder) -> ColumnElement[str]:
    lowest, *higher = ladder.classes
    begun = [(days >= step.from_days, step.name) for step in reversed(higher)]
    return case(*begun, else_=lowest.name) if begun else literal(lowest.name)


def _edge(days: ColumnElement[int], steps: Scale) -> ColumnElement[int]:
    """Give the last edge of the scale that a number of days has reached."""
    edges = [literal_column(str(edge), Integer) for edge in reversed(steps.edges)]
    zero = literal_column("0", Integer)
    return case(*((days >= edge, edge) for edge in edges), else_=zero)


def _last_id(connection: Connection, table: Table) -> int:
    last: int | None = connection.execute(select(func.max(table.c.id))).scalar()
    return last or 0
