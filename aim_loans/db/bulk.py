"""Many rows at once: identifiers in blocks, rows by COPY or executemany.

A single act and an import write through the same calls; only the number of rows differs.
Rows hold what the driver stores: int, str, None (days as `stored_day`, moments in microseconds).
A date is taken as well, and costs more.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    text,
)

from aim_loans.db.engine import is_postgresql
from aim_loans.db.statements import run_as_is, without_values

_NEXT_OF_SEQUENCE = text(
    "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
)

Row = tuple[Any, ...]

# The text of a day as both databases take it; the driver's own way costs more than the row.
stored_day = lru_cache(maxsize=100_000)(date.isoformat)
read_day = lru_cache(maxsize=100_000)(date.fromisoformat)

# Below this many rows one statement costs PostgreSQL less than opening a COPY.
COPY_FROM = 20
# Many rows a statement take SQLite two thirds of the time of single ones.
ROWS_TOGETHER = 250


def next_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Reserve `count` identifiers of the table, rising; they belong to this transaction.

    SQLite has one writer at a time, so the highest id tells; PostgreSQL has sequences.
    """
    if count == 0:
        return []
    if is_postgresql(connection):
        taken = connection.execute(_NEXT_OF_SEQUENCE, {"name": table.name, "count": count})
        return sorted(row[0] for row in taken)
    highest: int | None = connection.execute(_highest_id(table)).scalar()
    first = (highest or 0) + 1
    return list(range(first, first + count))


@cache
def _highest_id(table: Table) -> Select[Any]:
    return select(func.max(table.c.id))


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows, each a tuple in the order of `columns`."""
    if is_postgresql(connection) and len(rows) >= COPY_FROM:
        _copy(connection, f"COPY {table.name} ({', '.join(columns)}) FROM STDIN", rows)
        return
    for start in range(0, len(rows), ROWS_TOGETHER):
        block = rows[start : start + ROWS_TOGETHER]
        statement = _insertion(connection, table, columns, len(block))
        run_as_is(connection, statement, tuple(chain.from_iterable(block)))


def insert_new(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
) -> list[int]:
    """Insert rows without their identifiers, which it gives in the order of the rows."""
    if len(rows) == 1:
        statement = f"{_insertion(connection, table, columns, 1)} RETURNING id"
        ((new_id,),) = run_as_is(connection, statement, rows[0])
        return [new_id]
    ids = next_ids(connection, table, len(rows))
    numbered = [(new_id, *row) for new_id, row in zip(ids, rows, strict=True)]
    insert_rows(connection, table, ("id", *columns), numbered)
    return ids


def ids_as_rows(connection: Connection, ids: Sequence[int]) -> Select[Any]:
    """Select given identifiers, however many: they are one value of the statement."""
    return _as_rows(connection, ids, BigInteger)


def texts_as_rows(connection: Connection, texts: Sequence[str]) -> Select[Any]:
    """Select given texts, however many: they are one value of the statement."""
    return _as_rows(connection, texts, Text)


def _as_rows(
    connection: Connection, values: Sequence[int] | Sequence[str], kind: type[BigInteger | Text]
) -> Select[Any]:
    given = bindparam(None, json.dumps(list(values)), Text)
    if is_postgresql(connection):
        each = func.json_array_elements_text(cast(given, JSON)).column_valued("given")
        return select(cast(each, kind).label("value"))
    rows = func.json_each(given).table_valued(column("value", kind))
    return select(rows.c.value)


def same_rows(connection: Connection, one: Select[Any], other: Select[Any]) -> bool:
    """Say whether two selections of the same columns give the same rows, in whatever order."""
    return all(
        connection.execute(first.except_(second).limit(1)).first() is None
        for first, second in ((one, other), (other, one))
    )


def _insertion(connection: Connection, table: Table, columns: Sequence[str], count: int) -> str:
    mark = "%s" if is_postgresql(connection) else "?"
    return _written_out(mark, table.name, tuple(columns), count)


@lru_cache(maxsize=256)
def _written_out(mark: str, table: str, columns: tuple[str, ...], count: int) -> str:
    row = f"({', '.join([mark] * len(columns))})"
    rows = ", ".join([row] * count)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {rows}"  # noqa: S608  # our own names


def _copy(connection: Connection, statement: str, rows: Iterable[Row]) -> None:
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as fault:
        raise without_values(connection, statement, fault) from fault
    cursor.close()


def whole_sum(expression: ColumnElement[int]) -> ColumnElement[int]:
    """Sum whole numbers into a BIGINT, 0 for no rows (a plain SUM gives Decimal or NULL)."""
    return cast(func.coalesce(func.sum(expression), 0), BigInteger)
