"""Verifies the audit chains: every act, every row that an act wrote, every cut.

Whoever changes the database behind the software's back, a column or a whole row, cannot
make the signed digests fit, for they do not have the key.
"""

import heapq
import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, Text, literal_column, select

from aim_loans.db.engine import is_postgresql
from aim_loans.db.tables import to_micros
from aim_loans.identity.digests import (
    STREAM_ROWS,
    content_digest,
    first_content_digest,
    row_text,
    sign,
    stream_digests,
)
from aim_loans.identity.models import act, audit_chain, audit_entry, cut


def verify_chains(
    connection: Connection, *, tables: Sequence[Table], audit_key: bytes
) -> list[str]:
    """Give a sentence for each fault found in the chains, their contents and the cuts.

    `tables` are all whose rows are sealed. Rows and entries are streamed, so memory does not
    grow with the book.
    """
    return [
        *_verify_entries(connection, audit_key),
        *_verify_contents(connection, tables),
        *_verify_cuts(connection, audit_key),
    ]


def _verify_entries(connection: Connection, audit_key: bytes) -> Iterator[str]:
    heads = {
        row.name: (row.last_number, row.last_mac) for row in connection.execute(select(audit_chain))
    }
    for chain, entries in groupby(_entries(connection), key=lambda row: row.chain):
        number, mac = 0, ""
        for entry in entries:
            if entry.number != number + 1:
                yield f"chain {chain}: entry {number + 1} is missing before entry {entry.number}"
            expected = sign(
                audit_key, mac, chain, entry.number, entry.act_text, entry.content_digest
            )
            if entry.mac != expected:
                yield f"chain {chain}: entry {entry.number} or its act {entry.act_id} was changed"
            number, mac = entry.number, entry.mac
        if heads.pop(chain, None) != (number, mac):
            yield f"chain {chain}: its head does not name its last entry {number}"
    for chain in sorted(heads):
        yield f"chain {chain}: its entries are missing"


def _entries(connection: Connection) -> Iterator[Any]:
    body = row_text(act, postgresql=is_postgresql(connection), alias="act")
    rows = (
        select(audit_entry, literal_column(body, Text).label("act_text"))
        .outerjoin(act, act.c.id == audit_entry.c.act_id)
        .order_by(audit_entry.c.chain, audit_entry.c.number)
    )
    yield from connection.execute(rows.execution_options(yield_per=STREAM_ROWS))


def _verify_contents(connection: Connection, tables: Sequence[Table]) -> Iterator[str]:
    """Compare the digest of the rows of each act with the one its entry signed."""
    expected = (
        select(audit_entry.c.act_id, audit_entry.c.content_digest)
        .order_by(audit_entry.c.act_id)
        .execution_options(yield_per=STREAM_ROWS)
    )
    signed = ((row[0], "signed", row[1]) for row in connection.execute(expected))
    acts = select(act.c.id).order_by(act.c.id).execution_options(yield_per=STREAM_ROWS)
    known = ((row[0], "act", "") for row in connection.execute(acts))
    found = (stream_digests(connection, table) for table in tables)
    facts = frozenset(table.name for table in tables if "fact" in table.info)
    merged = heapq.merge(signed, known, *found, key=lambda item: item[0])
    for act_id, items in groupby(merged, key=lambda item: item[0]):
        written, digest, is_act = [], None, False
        for _, kind, value in items:
            if kind == "signed":
                digest = value
            elif kind == "act":
                is_act = True
            else:
                written.append((kind, value))
        if not is_act or digest is None:
            yield f"act {act_id}: it has rows but no act or no audit entry"
        elif not _fits(digest, written, facts):
            yield f"act {act_id}: the rows it wrote were changed, added to or removed"


def _fits(digest: str, written: list[tuple[str, str]], facts: frozenset[str]) -> bool:
    """Say whether an act signed what it wrote: tables with the digests of their rows.

    Books hold acts that sealed their facts alone. No act signs such a digest any more, and nobody
    can without the key: so what an act sealed is never taken for what it did not.
    """
    if content_digest([line for _, line in written]) == digest:
        return True
    return first_content_digest([line for name, line in written if name in facts]) == digest


def _verify_cuts(connection: Connection, audit_key: bytes) -> Iterator[str]:
    seal = ""
    for place, row in enumerate(connection.execute(select(cut).order_by(cut.c.number)), start=1):
        body = (row.number, to_micros(row.taken_at), row.purpose, row.heads)
        if row.number != place:
            yield f"cut {place}: it is missing"
        if row.seal != sign(audit_key, seal, *body):
            yield f"cut {row.number}: it was changed"
        seal = row.seal
        yield from _verify_heads(connection, row.number, row.heads)


def _verify_heads(connection: Connection, number: int, heads: str) -> Iterator[str]:
    try:
        named = json.loads(heads)
    except ValueError:
        return
    for chain, (last_number, last_mac) in named.items():
        mac = connection.execute(
            select(audit_entry.c.mac).where(
                audit_entry.c.chain == chain, audit_entry.c.number == last_number
            )
        ).scalar()
        if mac != last_mac:
            yield f"cut {number}: chain {chain} no longer has the entry {last_number} it sealed"
