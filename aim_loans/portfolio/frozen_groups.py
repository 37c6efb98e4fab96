"""The book of a closed month by one dimension, as its statement shows it: kept, read."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    case,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from aim_loans.db.bulk import same_rows, whole_sum
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act
from aim_loans.portfolio.cells import COLUMN_OF, Kept
from aim_loans.portfolio.due import sum_where
from aim_loans.portfolio.models import month_group, month_loan
from aim_loans.portfolio.months import ClosedMonth

# The dimensions by which a statement parts the book.
DIMENSIONS = (
    *("sector", "branch", "officer", "programme"),
    *("gender", "district", "activity", "urban_rural"),
)
_BOOK = (
    *("active_loans", "active_borrowers", "glp", "arrears", "par0", "par30"),
    *("recovery_collected", "recovery_due"),
)
_KEYS = ("close_id", "branch_code", "dimension", "value")
_ALL = ""


def freeze_groups(tx: Writing, act: Act, close_id: int) -> None:
    """Keep the book by each dimension of a month whose loans are frozen."""
    found = _groups(close_id).subquery("found")
    signed = select(*found.c, literal(act.id))
    tx.connection.execute(insert(month_group).from_select([*_KEYS, *_BOOK, "act_id"], signed))


def groups_are_whole(connection: Connection, close_id: int) -> bool:
    """Say whether the groups of a month are those of its frozen loans; it may have none."""
    names = (*_KEYS, *_BOOK)
    kept = select(*(month_group.c[name] for name in names)).where(
        month_group.c.close_id == close_id
    )
    if connection.execute(kept.limit(1)).first() is None:
        return True
    return same_rows(connection, kept, select(*_groups(close_id).subquery("made").c))


def frozen_books(
    connection: Connection, closed: ClosedMonth, kept: Kept
) -> Mapping[str, pd.DataFrame] | None:
    """Give the books of all branches or of one, as `engine.book_tables` has their columns.

    None for several branches: their persons do not add up; and where none were kept.
    """
    group = month_group.c
    if kept.branches is None:
        # The groups of the dimension branch are kept with their branches.
        mine = or_(group.branch_code == _ALL, group.dimension == "branch")
    else:
        mine = group.branch_code.in_(kept.branches)
        if len(kept.branches) > 1:
            return None
    names = ["dimension", "value", *_BOOK]
    rows = select(*(group[name] for name in names)).where(group.close_id == closed.id, mine)
    found = pd.DataFrame(connection.execute(rows.order_by(group.id)).all(), columns=names)
    if found.empty:
        return None
    found = found.astype({"value": "str"})
    return {name: _book(found[found["dimension"] == name], name) for name in DIMENSIONS}


def _book(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    named = rows.drop(columns="dimension").rename(columns={"value": name})
    return named.sort_values(name, ignore_index=True)


def _groups(close_id: int) -> Any:
    """Select the groups of each dimension: of every branch, and of all but by branch."""
    everywhere = literal_column(f"'{_ALL}'", Text)
    branch_code = month_loan.c.branch_code
    of_each = (_of(close_id, name, branch_code) for name in DIMENSIONS)
    of_all = (_of(close_id, name, everywhere) for name in DIMENSIONS if name != "branch")
    return union_all(*of_each, *of_all)


def _of(close_id: int, dimension: str, where: ColumnElement[str]) -> Select[Any]:
    rows = month_loan.c
    value = func.coalesce(rows[COLUMN_OF[dimension]], "")
    active = rows.outstanding > 0
    sums = (
        func.count().filter(active),
        func.count(case((active, rows.borrower_id)).distinct()),
        whole_sum(rows.outstanding),
        whole_sum(rows.arrears),
        sum_where(rows.outstanding, rows.late_days > 0),
        sum_where(rows.outstanding, rows.late_days > 30),
        whole_sum(rows.due_first - rows.missed),
        whole_sum(rows.due_first),
    )
    return (
        select(
            rows.close_id,
            where.label("branch_code"),
            literal_column(f"'{dimension}'", Text).label("dimension"),
            value.label("value"),
            *(amount.label(name) for name, amount in zip(_BOOK, sums, strict=True)),
        )
        .where(rows.close_id == close_id, rows.disbursed > 0)
        .group_by(rows.close_id, *(() if where is not rows.branch_code else (where,)), value)
    )
