"""Checks of the files that facts name: each lies in its folder, whole."""

from collections.abc import Iterator

from sqlalchemy import Connection

from aim_loans.borrowers.attachments import kept_names
from aim_loans.errors import Refused
from aim_loans.files.store import Store
from aim_loans.portfolio.papers.issued import kept_reports


def attachments_are_kept(connection: Connection, store: Store) -> Iterator[str]:
    """Say which attachments cannot be read; those that were taken off are kept as well."""
    yield from _missing("attachment", kept_names(connection), store)


def reports_are_kept(connection: Connection, store: Store) -> Iterator[str]:
    """Say which issued reports cannot be read; older editions are kept as well."""
    yield from _missing("report", kept_reports(connection), store)


def _missing(word: str, kept: Iterator[tuple[int, str]], store: Store) -> Iterator[str]:
    for number, name in kept:
        try:
            store.check(name)
        except Refused as fault:
            yield f"{word} {number}: {fault}"
