"""Statements that every act runs, handed to the driver as they are."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ClauseElement, Connection, CursorResult, Dialect, text
from sqlalchemy.dialects import postgresql, sqlite

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
        self._of_dialect = {
            dialect.name: str(clause.compile(dialect=dialect)) for dialect in _DIALECTS
        }

    def run(
        self, connection: Connection, values: Mapping[str, Any]
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run it with these values."""
        return connection.exec_driver_sql(self._of_dialect[connection.dialect.name], dict(values))
