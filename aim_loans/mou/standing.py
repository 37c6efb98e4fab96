"""What still stands of facts of the joint work: a row that names another undoes it."""

from sqlalchemy import ColumnElement, FromClause, Table, and_, exists


def not_undone(table: Table, row: FromClause | None = None) -> ColumnElement[bool]:
    """Keep what is no undoing and was not undone; `row` is the table under another name."""
    kept, undo = table if row is None else row, table.alias("undo")
    undone = exists().where(undo.c.undoes_id == kept.c.id)
    return and_(kept.c.undoes_id.is_(None), ~undone)
