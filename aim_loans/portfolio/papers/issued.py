"""What can be asked of issued reports; changes nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Connection, Select, and_, select, tuple_

from aim_loans.errors import NotAllowed, NotFound
from aim_loans.identity.models import cut
from aim_loans.identity.permissions import Actor, Deed, allows, reach
from aim_loans.portfolio.downloads import taken_by
from aim_loans.portfolio.papers.models import issued_report, report_branch, report_download
from aim_loans.portfolio.scopes import kept_of, scopes_within
from aim_loans.portfolio.statement import Scope, ScopeLevel

_ROWS_TOGETHER = 1_000


@dataclass(frozen=True, slots=True)
class IssuedReport:
    """A paper as issued: what it is about, its edition, its cut K, the digest of its bytes."""

    id: int
    kind: str
    scope: Scope
    month: date
    language: str
    edition: int
    state: str
    cut_number: int
    known_at: datetime
    seal: str
    statement_digest: str
    sha256: str
    size: int
    file_name: str
    issued_at: datetime

    @property
    def stem(self) -> str:
        """Give the name of its file without the ending: no person, no blank, no folder."""
        about = "-".join(part for part in (self.scope.level, self.scope.name) if part)
        slug = re.sub(r"[^\w.-]+", "-", about)
        again = "" if self.edition == 1 else f".edition-{self.edition}"
        return f"{self.kind}.{self.month:%Y-%m}.{slug}.{self.language}{again}"


def report_by_id(connection: Connection, report_id: int) -> IssuedReport:
    """Give an issued report; NotFound when there is none of this number."""
    found = _found(connection, _reports().where(issued_report.c.id == report_id))
    if not found:
        raise NotFound("There is no such report. Open the list again.")
    return found[0]


def report_of_bytes(connection: Connection, sha256: str) -> IssuedReport | None:
    """Give the report whose kept bytes have this digest."""
    found = _found(connection, _reports().where(issued_report.c.sha256 == sha256).limit(1))
    return found[0] if found else None


def newer_edition(connection: Connection, report: IssuedReport) -> IssuedReport | None:
    """Give the edition that came after, if one did."""
    found = _found(connection, _reports().where(issued_report.c.previous_id == report.id))
    return found[0] if found else None


def last_report(
    connection: Connection, kind: str, scope: Scope, month: date, language: str
) -> IssuedReport | None:
    """Give the newest edition of a paper."""
    row = issued_report.c
    same = and_(
        row.kind == kind,
        row.scope_level == scope.level,
        row.scope_name == scope.name,
        row.month_end == month,
        row.language == language,
    )
    found = _found(connection, _reports().where(same).order_by(row.edition.desc()).limit(1))
    return found[0] if found else None


def reports_of_cut(connection: Connection, month: date, cut_number: int) -> list[IssuedReport]:
    """Give the papers of a month that were issued at a cut, in the order of their making."""
    same = (issued_report.c.month_end == month, issued_report.c.cut_number == cut_number)
    return _found(connection, _reports().where(*same).order_by(issued_report.c.id))


def readable_reports(
    connection: Connection, month: date, *, actor: Actor, most: int
) -> list[IssuedReport]:
    """Give the papers of a month that somebody may read, the newest first.

    Whoever reads the whole book sees all; others those of their branches, and of the lines all
    of whose branches are theirs.
    """
    mine = _reports().where(issued_report.c.month_end == month)
    branches = reach(actor, Deed.READ_BOOK)
    if branches is not None:
        of_lines = [(each.level, each.name) for each in scopes_within(connection, branches)]
        about = (issued_report.c.scope_level, issued_report.c.scope_name)
        mine = mine.where(tuple_(*about).in_([*of_lines, *(("branch", code) for code in branches)]))
    return _found(connection, mine.order_by(issued_report.c.id.desc()).limit(most))


def check_readable(connection: Connection, report: IssuedReport, *, actor: Actor) -> None:
    """Refuse a paper about a branch that this person does not read."""
    if allows(actor, Deed.READ_BOOK, branch=None):
        return
    branches = branches_of(connection, report) or kept_of(connection, report.scope).branches
    mine = reach(actor, Deed.READ_BOOK)
    if not branches or (mine is not None and not branches <= mine):
        raise NotAllowed("This report is about branches that are not yours. Ask head office.")


def branches_of(connection: Connection, report: IssuedReport) -> frozenset[str] | None:
    """Give the branches that the line of a paper had at its issue; None for any other paper."""
    rows = select(report_branch.c.branch_code).where(report_branch.c.report_id == report.id)
    return frozenset(connection.execute(rows).scalars()) or None


def statement_text(connection: Connection, report: IssuedReport) -> str:
    """Give the statement that a report shows, as canonical JSON."""
    row = select(issued_report.c.statement).where(issued_report.c.id == report.id)
    found: str = connection.execute(row).scalar_one()
    return found


def kept_reports(connection: Connection) -> Iterator[tuple[int, str]]:
    """Give each issued report with the name of its bytes in the store."""
    rows = connection.execute(
        select(issued_report.c.id, issued_report.c.file_name).order_by(issued_report.c.id),
        execution_options={"yield_per": _ROWS_TOGETHER},
    )
    return ((row.id, row.file_name) for row in rows)


def report_download_of(
    connection: Connection, download_id: int, *, actor: Actor, now: datetime
) -> IssuedReport:
    """Give the report of a download that this person began a short while ago, else NotFound."""
    report_id = taken_by(connection, report_download.c.report_id, download_id, actor=actor, now=now)
    if report_id is None:
        raise NotFound("This download is over. Open the list of reports and begin it again.")
    return report_by_id(connection, report_id)


def _reports() -> Select[Any]:
    names = ("id", "kind", "scope_level", "scope_name", "month_end", "language", "edition")
    kept = ("statement_digest", "sha256", "size", "file_name", "recorded_at")
    row = issued_report.c
    return select(
        *(row[name] for name in names),
        *(row.state, row.cut_number, cut.c.taken_at, cut.c.seal),
        *(row[name] for name in kept),
    ).join(cut, cut.c.number == row.cut_number)


def _found(connection: Connection, rows: Select[Any]) -> list[IssuedReport]:
    return [
        IssuedReport(number, kind, Scope(cast(ScopeLevel, level), name), *rest)
        for number, kind, level, name, *rest in connection.execute(rows)
    ]
