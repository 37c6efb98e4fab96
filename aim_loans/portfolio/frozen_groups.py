"""The book of a closed month by one dimension, as its statement shows it: kept, read."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Label,
    Select,
    Text,
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
from aim_loans.portfolio.frozen_book import concurrent
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
_ADDED = tuple(name for name in _BOOK if name != "active_borrowers")
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


def _groups(close_id: int) -> Select[Any]:
    """Select the groups of each dimension: of every branch, and of all but by branch.

    The loans are looked at once, and added up to the groups of all dimensions together. A
    group's borrowers are its active loans, less those that are not their borrower's first there.
    """
    joint, beside = _joint(close_id), _beside(close_id)
    everywhere = literal_column(f"'{_ALL}'", Text)
    parts = [
        part
        for name in DIMENSIONS
        for where in ((None,) if name == "branch" else (None, everywhere))
        for part in (
            _part(joint, name, _sums(joint), where=where),
            _part(beside, name, _not_first(beside), where=where),
        )
    ]
    found = union_all(*parts).subquery("parts")
    keys = [found.c[name] for name in _KEYS[1:]]
    return select(
        literal_column(str(close_id), Integer).label("close_id"),
        *keys,
        *(whole_sum(found.c[name]).label(name) for name in _BOOK),
    ).group_by(*keys)


def _joint(close_id: int) -> CTE:
    """Select the frozen loans of a month added up by all dimensions."""
    rows = month_loan.c
    values = _values(rows)
    active = func.count().filter(rows.outstanding > 0)
    sums = (
        active,
        whole_sum(rows.outstanding),
        whole_sum(rows.arrears),
        sum_where(rows.outstanding, rows.late_days > 0),
        sum_where(rows.outstanding, rows.late_days > 30),
        whole_sum(rows.due_first - rows.missed),
        whole_sum(rows.due_first),
    )
    return (
        select(*values, *(each.label(name) for name, each in zip(_ADDED, sums, strict=True)))
        .where(rows.close_id == close_id, rows.disbursed > 0)
        .group_by(*values)
        .cte("joint")
        .prefix_with("MATERIALIZED")
    )


def _beside(close_id: int) -> CTE:
    """Select the active loans of borrowers who have several, with their dimensions."""
    names = ("borrower_id", *(COLUMN_OF[name] for name in DIMENSIONS))
    rows = concurrent(close_id, names).subquery("several").c
    return select(rows.borrower_id, *_values(rows)).cte("beside").prefix_with("MATERIALIZED")


def _values(rows: Any) -> list[Label[str]]:
    return [func.coalesce(rows[COLUMN_OF[name]], "").label(name) for name in DIMENSIONS]


def _sums(joint: CTE) -> dict[str, ColumnElement[int]]:
    sums = {name: whole_sum(joint.c[name]) for name in _ADDED}
    return sums | {"active_borrowers": sums["active_loans"]}


def _not_first(beside: CTE) -> dict[str, ColumnElement[int]]:
    persons = beside.c.borrower_id
    return {"active_borrowers": func.count(persons.distinct()) - func.count(persons)}


def _part(
    rows: CTE,
    dimension: str,
    sums: Mapping[str, ColumnElement[int]],
    *,
    where: ColumnElement[str] | None,
) -> Select[Any]:
    """Select sums by the values of a dimension, of each branch or everywhere; others are 0."""
    value, place = rows.c[dimension], rows.c.branch if where is None else where
    nought = literal_column("0", BigInteger)
    return select(
        place.label("branch_code"),
        literal_column(f"'{dimension}'", Text).label("dimension"),
        value.label("value"),
        *(sums.get(name, nought).label(name) for name in _BOOK),
    ).group_by(*((place, value) if where is None else (value,)))
