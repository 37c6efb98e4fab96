"""Digests of rows as the database holds them.

The text of a row is made inside the database, the same way when it is written and when it
is verified, and covers every column of the table.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, text

from aim_loans.db.engine import is_postgresql

STREAM_ROWS = 5_000


class TableDigest(NamedTuple):
    """The digest of the rows that one act wrote into one table."""

    act_id: int
    table: str
    line: str


def command_digest(kind: str, command: Any) -> str:
    """Digest a frozen command, whatever its fields; equal commands give equal digests."""
    body = json.dumps(asdict(command), default=_plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{kind}\n{body}".encode()).hexdigest()


def sign(key: bytes, *parts: object) -> str:
    """Give the HMAC-SHA256 over the parts, each told apart from the next."""
    body = json.dumps([str(part) for part in parts], ensure_ascii=False)
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()


def row_text(table: Table, *, postgresql: bool, alias: str) -> str:
    """Give the SQL expression for the text of a whole row: a JSON array of its columns."""
    columns = ", ".join(f"{alias}.{column.name}" for column in table.columns)
    return f"CAST(json_build_array({columns}) AS text)" if postgresql else f"json_array({columns})"


def act_digest(connection: Connection, table: Table, act_id: int) -> str | None:
    """Digest the rows that one act wrote into a table; None when it wrote none."""
    query = f"{_select(connection, table)} WHERE {_owner(table)}.act_id = :act_id {_order(table)}"
    rows = [row[1] for row in connection.execute(text(query), {"act_id": act_id}).fetchall()]
    return _line(table, rows) if rows else None


def stream_digests(connection: Connection, table: Table) -> Iterator[TableDigest]:
    """Give one digest an act for the table's rows, in the order of the acts' ids."""
    query = text(f"{_select(connection, table)} {_order(table)}")
    rows = connection.execute(query.execution_options(yield_per=STREAM_ROWS))
    for act_id, group in groupby(rows, key=lambda row: row[0]):
        yield TableDigest(act_id, table.name, _line(table, [row[1] for row in group]))


def content_digest(lines: list[str]) -> str:
    """Digest the digests of an act's tables; tables in which it wrote nothing are left out."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _line(table: Table, rows: list[str]) -> str:
    digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return f"{table.name} {len(rows)} {digest}"


def _owner(table: Table) -> str:
    """Name the alias that has the act: the row itself, or the schedule version that owns it."""
    return "v" if table.info["fact"] == "version_id" else "r"


def _select(connection: Connection, table: Table) -> str:
    body = row_text(table, postgresql=is_postgresql(connection), alias="r")
    through = " JOIN schedule_version AS v ON v.id = r.version_id" if _owner(table) == "v" else ""
    return f"SELECT {_owner(table)}.act_id, {body} FROM {table.name} AS r{through}"  # noqa: S608  # our own names


def _order(table: Table) -> str:
    keys = ", ".join(f"r.{column.name}" for column in table.primary_key.columns)
    return f"ORDER BY {_owner(table)}.act_id, {keys}"


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return repr(sorted(value))
    return str(value)
