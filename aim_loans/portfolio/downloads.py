"""Downloads: written down before the bytes are given, and given for that row and person alone.

A table of downloads has a column that names what is taken; `link` is that column.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, select

from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act, seal_act
from aim_loans.identity.permissions import Actor

# So long after it was written down may a download begin.
DOWNLOAD_WITHIN = timedelta(minutes=15)


def write_download(tx: Writing, this: Act, link: Column[Any], taken_id: int, actor: Actor) -> int:
    """Write down who takes what, as the last step of the act; gives the download's number."""
    columns = (link.name, "taken_by", "act_id", "recorded_at")
    row = (taken_id, actor.name, this.id, this.recorded_micros)
    (download_id,) = insert_new(tx.connection, link.table, columns, [row])
    seal_act(tx, this, (link.table,))
    return download_id


def taken_by(
    connection: Connection, link: Column[Any], download_id: int, *, actor: Actor, now: datetime
) -> int | None:
    """Give what this person began to take a short while ago; None for any other download."""
    download = link.table.c
    mine = (
        download.id == download_id,
        download.taken_by == actor.name,
        download.recorded_at >= now - DOWNLOAD_WITHIN,
    )
    return connection.execute(select(link).where(*mine)).scalar()
