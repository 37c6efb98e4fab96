"""What can happen in intake: a whole book is imported from its files.

Long work commits one chunk at a time, so this operation opens its own transactions. Each
chunk is one act: its rows, their facts, journal entries, positions and gaps go in together
or not at all, and the same files sent again after a break go on where it stopped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aim_loans.config.settings import Settings
from aim_loans.db.engine import Clock, Writing, cutting, writing
from aim_loans.errors import Conflict, Refused
from aim_loans.identity.operations import TakeCut, take_cut
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.intake.catalogue import Catalogue
from aim_loans.intake.chunks import Plan, chunks, read_book
from aim_loans.intake.loan_rows import LoanRows
from aim_loans.intake.money_rows import MoneyRows
from aim_loans.intake.outcomes import Outcomes
from aim_loans.intake.posting import ImportChunk, post
from aim_loans.intake.reading import BookReader, BookSources
from aim_loans.intake.report import ImportReport, Note
from aim_loans.intake.staging import Group, Staging
from aim_loans.vocabulary import N_

__all__ = ["BookSources", "ImportReport", "Progress", "import_book"]

Progress = Callable[[int, int], None]


class _NothingKept(Exception):
    """Ends the transaction of a dry run."""


@dataclass(slots=True)
class _Import:
    """One import under way."""

    engine: Engine
    sources: BookSources
    settings: Settings
    actor: Actor
    audit_key: bytes
    clock: Clock | None
    staging: Staging
    outcomes: Outcomes


def import_book(
    engine: Engine,
    sources: BookSources,
    *,
    settings: Settings,
    actor: Actor,
    audit_key: bytes,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a book, or in a dry run say what would become of its rows.

    Faulty rows are collected in the report and good ones go in. FilesRefused, and nothing
    written, when a file or the mapping as such cannot be used; Refused when the disk is
    full, or when somebody wrote down the same at the same moment: what was committed by then
    stays. `progress` is told the rows done and to do.
    The report keeps a temporary database open until it is closed.
    """
    require(actor, Deed.IMPORT_BOOK, branch=None)
    staging = Staging()
    try:
        this = _Import(
            engine, sources, settings, actor, audit_key, clock, staging, Outcomes(staging)
        )
        notes = _run(this, progress or _tell_nobody)
    except BaseException as error:
        staging.close()
        if refusal := _refusal_of(error):
            raise refusal from error
        raise
    return ImportReport(
        this.outcomes.totals(sources.paths),
        dict(sorted(this.outcomes.gaps.items())),
        (*notes, *_notes_of_made(this.outcomes)),
        sources.dry_run,
        staging,
    )


def _run(this: _Import, progress: Progress) -> list[Note]:
    sources = this.sources
    zone = this.settings.institution.zone
    with writing(this.engine, audit_key=this.audit_key, clock=this.clock) as tx:
        now = tx.now
        catalogue = Catalogue(tx.connection, this.settings, create_missing=sources.create_missing)
    notes = BookReader(this.staging, this.outcomes, now=now, zone=zone).read(sources)
    to_do = this.outcomes.rows_found()
    done = this.outcomes.rows_refused()
    rules = _Rules(catalogue, this.staging, this.outcomes)
    for chunk in chunks(this.staging.groups(), whole_loans=sources.dry_run):
        _one_chunk(this, rules, chunk)
        done += sum(group.size for group in chunk)
        progress(done, to_do)
    if this.outcomes.added_any() and not sources.dry_run:
        with cutting(this.engine, audit_key=this.audit_key, clock=this.clock) as tx:
            take_cut(tx, TakeCut("import"), actor=this.actor)
    return notes


class _Rules:
    """What decides about the rows of a chunk."""

    def __init__(self, catalogue: Catalogue, staging: Staging, outcomes: Outcomes) -> None:
        self.catalogue = catalogue
        self.loans = LoanRows(staging, outcomes, catalogue)
        self.money = MoneyRows(staging, outcomes, catalogue, self.loans.unknown_loan)

    def decide(self, tx: Writing, chunk: Sequence[Group]) -> Plan:
        """Decide about every row of a chunk; gives what is new."""
        plan = Plan()
        branches = {entry.row.branch for group in chunk for entry in group.loans}
        self.catalogue.look_up_branches(tx.connection, branches)
        book = read_book(tx.connection, chunk)
        for group in chunk:
            target = self.loans.decide(group, book, plan)
            self.money.decide(group, target, book, plan)
        return plan


def _one_chunk(this: _Import, rules: _Rules, chunk: Sequence[Group]) -> None:
    """Decide about a chunk and write what is new, in one transaction."""
    try:
        with writing(this.engine, audit_key=this.audit_key, clock=this.clock) as tx:
            plan = rules.decide(tx, chunk)
            if plan.facts:
                _post(this, tx, plan, rules.catalogue)
            if this.sources.dry_run:
                raise _NothingKept
    except _NothingKept:
        return
    rules.catalogue.learn(plan.missing)


def _post(this: _Import, tx: Writing, plan: Plan, catalogue: Catalogue) -> None:
    command = ImportChunk(
        tuple(path.name for path in this.sources.paths.values()),
        len(plan.loans),
        len(plan.facts),
    )
    zone = this.settings.institution.zone
    gaps = post(tx, command, plan, catalogue, actor=this.actor, zone=zone)
    this.outcomes.gaps.update(gaps)
    for kind, codes in plan.missing.named().items():
        this.outcomes.made[kind] |= codes


def _notes_of_made(outcomes: Outcomes) -> list[Note]:
    message = N_("Made from the files: {kind} {codes}.")
    return [
        Note(message, {"kind": kind, "codes": ", ".join(sorted(codes))})
        for kind, codes in outcomes.made.items()
        if codes
    ]


def _tell_nobody(_done: int, _to_do: int) -> None:
    """Stand in for a progress that nobody watches."""


def _refusal_of(error: BaseException) -> Refused | None:
    """Give in words what SQLite (also the temporary database) or PostgreSQL says by a code."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    if code in ("53100", "SQLITE_FULL"):
        return _full_disk()
    # A borrower, a CNIC or a receipt that was not there when the chunk was decided about.
    return _overtaken() if code == "23505" else None


def _full_disk() -> Refused:
    return Refused(
        "The disk is full. Whole chunks that went in before stay. Make room and send the same "
        "files again: rows that are there are left alone."
    )


def _overtaken() -> Conflict:
    return Conflict(
        "Somebody wrote down the same borrower, loan or receipt at this moment. Whole chunks that "
        "went in before stay. Send the same files again: rows that are there are left alone."
    )
