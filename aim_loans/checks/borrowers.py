"""Invariants of the borrowers: who was changed is as the acts that changed them left it."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Text,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.sql.functions import Function

from aim_loans.borrowers.models import person, person_change
from aim_loans.db.engine import is_postgresql


def persons_are_as_changed(connection: Connection) -> Iterator[str]:
    """Each change of a person's column begins with what the one before it left; the last holds."""
    row = person_change.c
    links = select(
        *(row.id, row.person_id, row.field, row.old_value, row.new_value, row.act_id),
        _of_column(func.lag(row.id)).label("earlier"),
        _of_column(func.lag(row.new_value)).label("left"),
        _of_column(func.lead(row.id)).label("later"),
    ).subquery()
    postgresql = is_postgresql(connection)
    held = case(
        {column.name: _as_text(column, postgresql=postgresql) for column in person.columns},
        value=links.c.field,
    )
    torn = and_(links.c.earlier.is_not(None), links.c.old_value.is_distinct_from(links.c.left))
    lost = and_(links.c.later.is_(None), links.c.new_value.is_distinct_from(held))
    found = (
        select(links.c.act_id, links.c.person_id, links.c.field)
        .outerjoin_from(links, person, person.c.id == links.c.person_id)
        .where(or_(torn, lost))
        .order_by(links.c.id)
    )
    for act_id, person_id, field in connection.execute(found):
        yield f"act {act_id}: {field} of borrower {person_id} is not what acts have made of it"


def _of_column(beside: Function[Any]) -> ColumnElement[Any]:
    """Look at a change beside this one, among those of the same person's same column."""
    row = person_change.c
    return beside.over(partition_by=(row.person_id, row.field), order_by=row.id)


def _as_text(column: Column[Any], *, postgresql: bool) -> ColumnElement[Any]:
    """Give a column as a change writes it down."""
    if postgresql and isinstance(column.type, Date):
        return func.to_char(column, "YYYY-MM-DD")
    return cast(column, Text)
