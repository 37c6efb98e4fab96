"""Statements that every act runs, handed to the driver as they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, Connection, Dialect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

Rows = Sequence[tuple[Any, ...]]

_DIALECTS: tuple[Dialect, ...] = (
    postgresql.dialect(),  # type: ignore[no-untyped-call]  # the library leaves it untyped
    sqlite.dialect(paramstyle="named"),
)


class Statement:
    """An SQL statement with `:name` values, written out once for both drivers.

    To work out a text anew each time costs more than most of these statements do. Values go
    to the driver and come from it unconverted: whole numbers and text, no dates.
    """

    def __init__(self, sql: str | ClauseElement) -> None:
        """Write the statement as each driver takes it."""
        clause = text(sql) if isinstance(sql, str) else sql
        written = [clause.compile(dialect=dialect) for dialect in _DIALECTS]
        self._of_dialect = {done.dialect.name: str(done) for done in written}
        self._constants = {
            name: value
            for done in written
            for name, value in done.params.items()
            if value is not None
        }

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """Run it with these values, and give its rows."""
        sql = self._of_dialect[connection.dialect.name]
        return run_as_is(connection, sql, {**self._constants, **values})


def among(
    column: ColumnElement[int], ids: Sequence[int] | BindParameter[Any]
) -> ColumnElement[bool]:
    """Say that a column holds one of these ids, or the one that a value of the statement names."""
    if isinstance(ids, BindParameter) and not ids.expanding:
        return column == ids
    return column.in_(ids)


def run_as_is(connection: Connection, sql: str, values: Mapping[str, Any] | Sequence[Any]) -> Rows:
    """Run a text in the driver's own words inside the open transaction; give its rows, if any.

    A receipt is a dozen small statements, and SQLAlchemy's own way to the driver costs as much
    as they do. Faults come as SQLAlchemy's, without the values, as everywhere else.
    """
    driver = connection.connection.driver_connection
    try:
        cursor = driver.execute(sql, values)  # type: ignore[union-attr]  # open while in use
        return cursor.fetchall() if cursor.description else ()
    except connection.dialect.loaded_dbapi.Error as fault:
        raise without_values(connection, sql, fault) from fault


def without_values(connection: Connection, sql: str, fault: Exception) -> BaseException:
    """Give a driver's fault as SQLAlchemy tells faults, without the values of the statement."""
    keep_first_line(fault)
    return DBAPIError.instance(
        sql,
        None,
        fault,
        connection.dialect.loaded_dbapi.Error,
        hide_parameters=True,
        dialect=connection.dialect,
    )


def keep_first_line(fault: BaseException) -> None:
    """Leave of a database's fault what went wrong: the lines after it name the values."""
    fault.args = tuple(str(each).partition("\n")[0] for each in fault.args)
