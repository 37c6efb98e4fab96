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
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, text

from aim_loans.db.engine import is_postgresql
from aim_loans.db.statements import Statement
from aim_loans.identity.models import act

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


class Record(NamedTuple):
    """What an act leaves to be signed: the text of its own row, the digest of all it wrote.

    And the head of the chain that it goes into, locked: its last number and signature.
    """

    act_text: str
    content_digest: str
    last_number: int
    last_mac: str


def record_of(
    connection: Connection, tables: tuple[Table, ...], act_id: int, *, chain: str
) -> Record | None:
    """Lock the head of a chain and read, in the same statement, what an act wrote.

    None when the chain has no head yet.
    """
    query = _record(tables, postgresql=is_postgresql(connection))
    found = query.run(connection, {"act_id": act_id, "chain": chain})
    if found[-1][0] != "head":
        return None
    (_, _, act_text), *written, (_, last_number, last_mac) = found
    lines = [_line(table, count, body) for table, count, body in written if count]
    return Record(act_text, content_digest(lines), last_number, last_mac)


def stream_digests(connection: Connection, table: Table) -> Iterator[TableDigest]:
    """Give one digest an act for the table's rows, in the order of the acts' ids."""
    query = text(f"{_select(table, postgresql=is_postgresql(connection))} {_order(table)}")
    rows = connection.execute(query.execution_options(yield_per=STREAM_ROWS))
    for act_id, group in groupby(rows, key=lambda row: row[0]):
        bodies = [row[1] for row in group]
        line = _line(table.name, len(bodies), "\n".join(bodies))
        yield TableDigest(act_id, table.name, line)


def content_digest(lines: list[str]) -> str:
    """Digest the digests of an act's tables; tables in which it wrote nothing are left out."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _line(name: str, count: int, body: str) -> str:
    return f"{name} {count} {hashlib.sha256(body.encode()).hexdigest()}"


def _owner(table: Table) -> str:
    """Name the alias that has the act: the row itself, or the schedule version that owns it."""
    return "v" if table.info["fact"] == "version_id" else "r"


@cache
def _record(tables: tuple[Table, ...], *, postgresql: bool) -> Statement:
    """Give the statement whose rows are a name, a number of rows, and their texts by lines."""
    own = row_text(act, postgresql=postgresql, alias="a")
    parts = [f"SELECT 'act', 1, {own} FROM act AS a WHERE a.id = :act_id"]  # noqa: S608  # our own names
    for table in tables:
        body = row_text(table, postgresql=postgresql, alias="r")
        rows = f"FROM {_source(table)} WHERE {_owner(table)}.act_id = :act_id"
        if postgresql:
            lines = f"string_agg({body}, chr(10) ORDER BY {_keys(table)})"
        else:
            # SQLite joins the lines in the order of the rows that it is given.
            lines = "group_concat(body, char(10))"
            rows = f"FROM (SELECT {body} AS body {rows} ORDER BY {_keys(table)})"
        parts.append(f"SELECT '{table.name}', count(*), {lines} {rows}")
    # An older head is read again once the lock is held: so this row is always the last one.
    head = "SELECT 'head', last_number, last_mac FROM audit_chain WHERE name = :chain"
    locked = f"SELECT * FROM ({head} FOR UPDATE) AS h"  # noqa: S608  # our own names
    parts.append(locked if postgresql else head)
    return Statement(" UNION ALL ".join(parts))


def _select(table: Table, *, postgresql: bool) -> str:
    body = row_text(table, postgresql=postgresql, alias="r")
    return f"SELECT {_owner(table)}.act_id, {body} FROM {_source(table)}"  # noqa: S608  # our own names


def _order(table: Table) -> str:
    return f"ORDER BY {_owner(table)}.act_id, {_keys(table)}"


def _source(table: Table) -> str:
    through = " JOIN schedule_version AS v ON v.id = r.version_id" if _owner(table) == "v" else ""
    return f"{table.name} AS r{through}"


def _keys(table: Table) -> str:
    return ", ".join(f"r.{column.name}" for column in table.primary_key.columns)


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return repr(sorted(value))
    return str(value)
