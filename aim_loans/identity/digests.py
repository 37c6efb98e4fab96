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
    """Give the SQL expression for the text of a whole row."""
    quote = "quote_nullable" if postgresql else "quote"
    return " || '|' || ".join(f"{quote}({alias}.{column.name})" for column in table.columns)


def stream_digests(
    connection: Connection, table: Table, *, act_id: int | None = None
) -> Iterator[TableDigest]:
    """Give one digest an act for the table's rows, in the order of the acts' ids."""
    rows = _stream_rows(connection, table, act_id)
    for act, group in groupby(rows, key=lambda row: row[0]):
        digest, count = hashlib.sha256(), 0
        for row in group:
            digest.update(row[1].encode())
            digest.update(b"\n")
            count += 1
        yield TableDigest(act, table.name, f"{table.name} {count} {digest.hexdigest()}")


def content_digest(lines: list[str]) -> str:
    """Digest the digests of an act's tables; tables in which it wrote nothing are left out."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _stream_rows(
    connection: Connection, table: Table, act_id: int | None
) -> Iterator[tuple[int, str]]:
    body = row_text(table, postgresql=is_postgresql(connection), alias="r")
    owner, source = "r", f"{table.name} AS r"
    if table.info["fact"] == "version_id":
        owner, source = "v", f"{source} JOIN schedule_version AS v ON v.id = r.version_id"
    keys = ", ".join(f"r.{column.name}" for column in table.primary_key.columns)
    only = "" if act_id is None else f"WHERE {owner}.act_id = {act_id:d}"
    select_rows = f"SELECT {owner}.act_id, {body} FROM {source} {only}"  # noqa: S608  # our own names
    query = text(f"{select_rows} ORDER BY {owner}.act_id, {keys}")
    result = connection.execute(query.execution_options(yield_per=STREAM_ROWS))
    for row in result:
        yield row[0], row[1]


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return repr(sorted(value))
    return str(value)
