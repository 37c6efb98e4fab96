"""What can happen to reports: a paper is issued, somebody takes one.

A worker measures and draws outside any transaction, keeps the bytes, and then writes the paper
down and finishes its job in one transaction.
"""

from dataclasses import dataclass

from aim_loans.db.bulk import insert_new, insert_rows, stored_day
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, Act, begin_act, hold_chain, seal_act
from aim_loans.identity.permissions import Actor
from aim_loans.jobs.queue import Job, finish_job
from aim_loans.portfolio.downloads import write_download
from aim_loans.portfolio.papers.issued import check_readable, last_report, report_by_id
from aim_loans.portfolio.papers.models import issued_report, report_branch, report_download
from aim_loans.portfolio.papers.packs import Paper, paper_of
from aim_loans.portfolio.scopes import kept_of
from aim_loans.portfolio.statement import PortfolioStatement, Scope
from aim_loans.portfolio.statement_json import statement_digest, to_json

PORTFOLIO = "portfolio"
_COLUMNS = (
    *("kind", "scope_level", "scope_name", "month_end", "language", "edition", "previous_id"),
    *("state", "cut_number", "statement", "statement_digest", "settings_digest"),
    *("code_version", "sha256", "size", "file_name", "act_id", "recorded_at"),
)


@dataclass(frozen=True, slots=True)
class KeptPaper:
    """The bytes of a paper in the store: their name there, their SHA-256, their number."""

    file_name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class IssueReport:
    """A paper that is drawn and kept, and the digests of what it shows."""

    paper: Paper
    kept: KeptPaper
    statement_digest: str


def issue_report(tx: Writing, job: Job, statement: PortfolioStatement, kept: KeptPaper) -> None:
    """Write a paper down and finish its job; Conflict when another worker has it by now.

    The next edition of its scope, month and language, linked to the one before. The very same
    bytes are issued once.
    """
    finish_job(tx, job)
    paper, actor = paper_of(job), Actor(job.asked_by, ())
    hold_chain(tx, HEAD_OFFICE_CHAIN)
    before = last_report(tx.connection, PORTFOLIO, paper.scope, paper.month, paper.language)
    if before is not None and before.sha256 == kept.sha256:
        return
    command = IssueReport(paper, kept, statement_digest(statement))
    this = begin_act(
        tx,
        kind="issue_report",
        command=command,
        actor=actor,
        subject=f"report {job.subject} of {paper.month:%Y-%m}",
        chain=HEAD_OFFICE_CHAIN,
    )
    edition = (1, None) if before is None else (before.edition + 1, before.id)
    report_id = _insert(tx, this, command, statement, edition)
    _insert_branches(tx, this, report_id, paper.scope)
    seal_act(tx, this, (issued_report, report_branch))


@dataclass(frozen=True, slots=True)
class TakeReport:
    """Take an issued report."""

    report_id: int


def take_report(tx: Writing, command: TakeReport, *, actor: Actor) -> int:
    """Write down that somebody takes a report; gives the download's number, for them alone."""
    report = report_by_id(tx.connection, command.report_id)
    check_readable(tx.connection, report, actor=actor)
    this = begin_act(
        tx,
        kind="take_report",
        command=command,
        actor=actor,
        subject=f"report {report.stem}",
        chain=HEAD_OFFICE_CHAIN,
    )
    return write_download(tx, this, report_download.c.report_id, report.id, actor)


def _insert(
    tx: Writing,
    this: Act,
    command: IssueReport,
    statement: PortfolioStatement,
    edition: tuple[int, int | None],
) -> int:
    paper, identity = command.paper, statement.identity
    row = (
        *(PORTFOLIO, paper.scope.level, paper.scope.name, stored_day(paper.month)),
        *(paper.language, *edition, identity.state, paper.cut_number, to_json(statement)),
        *(command.statement_digest, identity.settings_digest, identity.code_version),
        *(command.kept.sha256, command.kept.size, command.kept.file_name),
        *(this.id, this.recorded_micros),
    )
    (report_id,) = insert_new(tx.connection, issued_report, _COLUMNS, [row])
    return report_id


def _insert_branches(tx: Writing, this: Act, report_id: int, scope: Scope) -> None:
    """Keep which branches a line has now: another day it may have others."""
    if scope.level in ("whole", "branch"):
        return
    branches = sorted(kept_of(tx.connection, scope).branches or ())
    rows = [(report_id, code, this.id) for code in branches]
    insert_rows(tx.connection, report_branch, ("report_id", "branch_code", "act_id"), rows)
