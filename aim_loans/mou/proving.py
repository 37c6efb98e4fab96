"""Proves a file of a joint report: whether it was released so, and the book gives it again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from aim_loans.config.mou import Mou
from aim_loans.errors import Refused
from aim_loans.files.store import Store
from aim_loans.mou.editions import (
    RELEASED,
    JointEdition,
    PackFile,
    editions,
    pack_files_of_bytes,
    report_of,
    told_by,
)
from aim_loans.mou.measuring import joint_statement
from aim_loans.mou.periods import parse_period, period_before
from aim_loans.mou.published import JointReport
from aim_loans.mou.publishing import Withheld, to_publish
from aim_loans.mou.reporting import joint_report
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.statement_json import canonical


@dataclass(frozen=True, slots=True)
class JointProof:
    """A genuine file of a released edition, the newest edition after it, and two checks.

    `kept_whole` says that the kept bytes and the kept report are those written down;
    `recomputes` that the book gives the report again: as known at its cut, with the same figures
    held back.
    """

    file: PackFile
    edition: JointEdition
    newer: JointEdition | None
    kept_whole: bool
    recomputes: bool

    @property
    def released_at(self) -> datetime:
        """Give the moment when a second person let the partner read it."""
        return next(step.done_at for step in self.edition.steps if step.kind == RELEASED)


def prove_joint(
    connection: Connection, content: bytes, *, mou: Mou | None, store: Store
) -> JointProof | None:
    """Prove the bytes of a file; None when no released edition has them."""
    sha256 = hashlib.sha256(content).hexdigest()
    released = {each.id: each for each in editions(connection, released=True)}
    for file in pack_files_of_bytes(connection, sha256):
        if file.edition_id in released:
            edition = released[file.edition_id]
            report = report_of(connection, edition.id)
            digest = hashlib.sha256(canonical(report).encode()).hexdigest()
            again = _made_again(connection, edition, report, mou)
            return JointProof(
                file,
                edition,
                next((each for each in released.values() if _follows(each, edition)), None),
                kept_whole=_is_kept(store, file, content) and digest == edition.digest,
                recomputes=canonical(again) == canonical(report),
            )
    return None


def _made_again(
    connection: Connection, edition: JointEdition, report: JointReport, mou: Mou | None
) -> JointReport:
    period, known_at = parse_period(edition.period), edition.known_at
    dated = settings_in_force(connection, known_at=known_at)
    statement = joint_statement(connection, period=period, known_at=known_at, mou=mou, dated=dated)
    return joint_report(
        to_publish(statement),
        Withheld(told_by(connection, edition.id).blocks),
        report.head,
        before=_released_by(connection, period_before(period).name, known_at),
        corrects=_released_by(connection, edition.period, known_at),
        reason=edition.reason,
    )


def _released_by(connection: Connection, period: str, moment: datetime) -> JointReport | None:
    """Give what the newest edition published that was released before a moment."""
    for each in editions(connection, period=period, released=True):
        if any(step.kind == RELEASED and step.done_at < moment for step in each.steps):
            return report_of(connection, each.id)
    return None


def _follows(one: JointEdition, other: JointEdition) -> bool:
    return one.period == other.period and one.edition > other.edition


def _is_kept(store: Store, file: PackFile, content: bytes) -> bool:
    try:
        return store.get(file.stored) == content
    except Refused:
        return False
