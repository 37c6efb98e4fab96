"""What still stands of facts of the joint work: a row that names another undoes it."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, FromClause, Table, and_, exists

Known = Callable[[FromClause], ColumnElement[bool]]


def not_undone(
    table: Table, row: FromClause | None = None, *, known: Known | None = None
) -> ColumnElement[bool]:
    """Keep what is no undoing and was not undone; `row` is the table under another name.

    `known` tells which undoings are known yet (None: all).
    """
    kept, undo = table if row is None else row, table.alias("undo")
    undone = exists().where(undo.c.undoes_id == kept.c.id)
    if known is not None:
        undone = undone.where(known(undo))
    return and_(kept.c.undoes_id.is_(None), ~undone)
