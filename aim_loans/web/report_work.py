"""Makes issued reports for both doors: a job is taken, measured, drawn, kept, written down."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from aim_loans.config.settings import Settings
from aim_loans.db.engine import Clock, reading, writing
from aim_loans.errors import AimError, Conflict
from aim_loans.files.store import Store
from aim_loans.jobs.queue import Job, give_back, give_up, take_job
from aim_loans.portfolio.measuring import portfolio_statement
from aim_loans.portfolio.papers.issuing import KeptPaper, issue_report
from aim_loans.portfolio.papers.packs import asked_at, paper_of
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.texts import explain

# Draws a statement in a language (en, ur or both): the bytes of a PDF.
Draw = Callable[[PortfolioStatement, str], bytes]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What making reports needs of a door."""

    engine: Engine
    settings: Settings
    audit_key: bytes
    store: Store
    draw: Draw
    code_version: str
    clock: Clock | None = None


def make_next(shop: Workshop, *, worker: str, batch: str | None = None) -> Job | None:
    """Make the paper of the next job, of a batch or of any; None when no job waits.

    What refuses gives the job up with its sentence; another fault, or the end of the worker,
    gives it back for another try.
    """
    with writing(shop.engine, audit_key=shop.audit_key, clock=shop.clock) as tx:
        job = take_job(tx, worker=worker, batch=batch)
    if job is None:
        return None
    try:
        _make(shop, job)
    except Conflict:
        # Another worker took it up; what it writes counts.
        return job
    except AimError as refusal:
        fault = explain(refusal, shop.settings.institution.language)
        with writing(shop.engine, audit_key=shop.audit_key, clock=shop.clock) as tx:
            give_up(tx, job, fault=fault)
    except BaseException as fault:
        with writing(shop.engine, audit_key=shop.audit_key, clock=shop.clock) as tx:
            give_back(tx, job, fault=type(fault).__name__)
        raise
    return job


def _make(shop: Workshop, job: Job) -> None:
    paper = paper_of(job)
    with reading(shop.engine) as connection:
        statement = portfolio_statement(
            connection,
            asked_at(connection, paper),
            settings=shop.settings,
            code_version=shop.code_version,
        )
    content = shop.draw(statement, paper.language)
    kept = KeptPaper(shop.store.put(content), hashlib.sha256(content).hexdigest(), len(content))
    with writing(shop.engine, audit_key=shop.audit_key, clock=shop.clock) as tx:
        issue_report(tx, job, statement, kept)
