"""Digests of rows as the database holds them.

The text of a row is made inside the database, the same way when it is written and when it
is verified, and covers every column of the table. A row that may change is verified as it was
written: with the old value of the first change of each column.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
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
# The first line of what an act digests. Acts had none while persons and enterprises were not
# sealed: so no act since passes for one of then, though it wrote no row of theirs.
_EDITION = "2"


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
    columns = (f"{alias}.{column.name}" for column in table.columns)
    return _array_text(columns, postgresql=postgresql)


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
    return _sha256("\n".join([_EDITION, *sorted(lines)]))


def first_content_digest(lines: list[str]) -> str:
    """Digest the digests of an act's tables of facts, as acts did that sealed these alone."""
    return _sha256("\n".join(sorted(lines)))


def _line(name: str, count: int, body: str) -> str:
    return f"{name} {count} {_sha256(body)}"


def _sha256(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _owner(table: Table) -> str:
    """Name the alias that has the act: the row itself, or the schedule version that owns it."""
    return "v" if table.info.get("fact") == "version_id" else "r"


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
    body, source = row_text(table, postgresql=postgresql, alias="r"), _source(table)
    if "changes" in table.info:
        written = _text_as_written(table, postgresql=postgresql)
        body = f"CASE WHEN c.old_values IS NULL THEN {body} ELSE {written} END"
        source += f" LEFT JOIN ({_first_changes(table, postgresql=postgresql)}) AS c ON c.id = r.id"
    return f"SELECT {_owner(table)}.act_id, {body} FROM {source}"  # noqa: S608  # our own names


def _text_as_written(table: Table, *, postgresql: bool) -> str:
    """Give the expression for the text of a changed row as its act wrote it."""
    if postgresql:
        value = "coalesce(c.old_values -> '{0}', to_json(r.{0}))"
    else:
        old = "json_extract(c.old_values, '$.{0}')"
        value = f"CASE WHEN json_type(c.old_values, '$.{{0}}') IS NULL THEN r.{{0}} ELSE {old} END"
    values = (value.format(column.name) for column in table.columns)
    return _array_text(values, postgresql=postgresql)


def _array_text(values: Iterable[str], *, postgresql: bool) -> str:
    together = ", ".join(values)
    if postgresql:
        return f"CAST(json_build_array({together}) AS text)"
    return f"json_array({together})"


def _first_changes(table: Table, *, postgresql: bool) -> str:
    """Select, for each changed row, the old value of each column's first change as JSON."""
    changes, key = table.info["changes"], f"{table.name}_id"
    together = "json_object_agg" if postgresql else "json_group_object"
    firsts = f"SELECT min(id) FROM {changes} GROUP BY {key}, field"  # noqa: S608  # our own names
    return (
        f"SELECT {key} AS id, {together}(field, old_value) AS old_values "  # noqa: S608  # our own names
        f"FROM {changes} WHERE id IN ({firsts}) GROUP BY {key}"
    )


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
