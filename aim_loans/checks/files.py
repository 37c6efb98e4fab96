"""Checks of the files that facts name: each lies in its folder, whole."""

from collections.abc import Iterator

from sqlalchemy import Connection

from aim_loans.borrowers.attachments import kept_names
from aim_loans.errors import Refused
from aim_loans.files.store import Store


def attachments_are_kept(connection: Connection, store: Store) -> Iterator[str]:
    """Say which attachments cannot be read; those that were taken off are kept as well."""
    for attachment_id, name in kept_names(connection):
        try:
            store.check(name)
        except Refused as fault:
            yield f"attachment {attachment_id}: {fault}"
