"""Proves a paper: whether its bytes are those issued, and its statement can be made again."""

import hashlib
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from aim_loans.config.settings import Settings
from aim_loans.errors import Refused
from aim_loans.files.store import Store
from aim_loans.portfolio.measuring import asked_again, portfolio_statement
from aim_loans.portfolio.papers.issued import (
    IssuedReport,
    branches_of,
    newer_edition,
    report_of_bytes,
    statement_text,
)
from aim_loans.portfolio.statement_json import from_json, statement_digest, to_json


@dataclass(frozen=True, slots=True)
class Proof:
    """A genuine paper: which it is, the edition after it, and what making it again gave.

    `kept_whole` says that the kept bytes and the kept statement are those written down;
    `recomputes` that the book gives the same figures at the same (D, K), by the dated settings
    as known at K and the branches that its line had; `same_settings` that the configuration is
    the one it was made with.
    """

    report: IssuedReport
    newer: IssuedReport | None
    kept_whole: bool
    recomputes: bool
    same_settings: bool


def prove(
    connection: Connection, content: bytes, *, settings: Settings, store: Store
) -> Proof | None:
    """Prove the bytes of a paper; None when they were never issued."""
    report = report_of_bytes(connection, hashlib.sha256(content).hexdigest())
    if report is None:
        return None
    kept = from_json(statement_text(connection, report))
    whole = _is_kept(store, report, content) and statement_digest(kept) == report.statement_digest
    made = portfolio_statement(
        connection,
        asked_again(kept.identity, branches_of(connection, report)),
        settings=settings,
        code_version=kept.identity.code_version,
    )
    made_then = replace(made, identity=kept.identity)
    return Proof(
        report,
        newer_edition(connection, report),
        kept_whole=whole,
        recomputes=to_json(made_then) == to_json(kept),
        same_settings=made.identity.settings_digest == kept.identity.settings_digest,
    )


def _is_kept(store: Store, report: IssuedReport, content: bytes) -> bool:
    try:
        return store.get(report.file_name) == content
    except Refused:
        return False
