"""Many rows at once: identifiers in blocks, rows by COPY or executemany.

A single act and an import write through the same calls; only the number of rows differs.
Rows hold what the driver stores: int, str, None (days as `stored_day`, moments in microseconds).
A date is taken as well, and costs more.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, cast, func, select, text

from aim_loans.db.engine import is_postgresql

Row = tuple[Any, ...]

# The text of a day as both databases take it; the driver's own way costs more than the row.
stored_day = lru_cache(maxsize=100_000)(date.isoformat)

# Below this many rows one statement a row costs PostgreSQL less than opening a COPY.
COPY_FROM = 20


def next_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Reserve `count` identifiers of the table, rising; they belong to this transaction.

    SQLite has one writer at a time, so the highest id tells; PostgreSQL has sequences.
    """
    if count == 0:
        return []
    if is_postgresql(connection):
        taken = connection.execute(
            text(
                "SELECT nextval(pg_get_serial_sequence(:name, 'id')) "
                "FROM generate_series(1, :count)"
            ),
            {"name": table.name, "count": count},
        )
        return sorted(row[0] for row in taken)
    highest = connection.execute(select(func.max(table.c.id))).scalar()
    first = (highest or 0) + 1
    return list(range(first, first + count))


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows, each a tuple in the order of `columns`."""
    if not rows:
        return
    names = ", ".join(columns)
    if is_postgresql(connection) and len(rows) >= COPY_FROM:
        _copy(connection, f"COPY {table.name} ({names}) FROM STDIN", rows)
        return
    mark = "%s" if is_postgresql(connection) else "?"
    marks = ", ".join([mark] * len(columns))
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608  # our own names
    connection.exec_driver_sql(statement, list(rows))


def _copy(connection: Connection, statement: str, rows: Iterable[Row]) -> None:
    cursor = connection.connection.cursor()
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
    cursor.close()


def whole_sum(expression: ColumnElement[int]) -> ColumnElement[int]:
    """Sum whole numbers into a BIGINT, 0 for no rows (a plain SUM gives Decimal or NULL)."""
    return cast(func.coalesce(func.sum(expression), 0), BigInteger)
