"""Checks of the files that facts name: each lies in its folder, whole."""

from collections.abc import Iterator

from sqlalchemy import Connection

from aim_loans.borrowers.attachments import kept_names
from aim_loans.errors import Refused
from aim_loans.files.store import Store
from aim_loans.mou.editions import kept_joint_names
from aim_loans.mou.partner_import import kept_rejects
from aim_loans.portfolio.papers.issued import kept_reports


def files_are_kept(connection: Connection, store: Store) -> Iterator[str]:
    """Say which files cannot be read; those taken off and older editions are kept as well."""
    named = {
        "attachment": kept_names(connection),
        "report": kept_reports(connection),
        "file of a joint report": kept_joint_names(connection),
        "refused rows of a file of SMEDA": kept_rejects(connection),
    }
    for kind, names in named.items():
        for row_id, name in names:
            try:
                store.check(name)
            except Refused as fault:
                yield f"{kind} {row_id}: {fault}"
