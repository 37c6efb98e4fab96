"""The queue: jobs are added in batches, taken by one worker each, finished or given back.

A job is done at least once: a worker that was killed holds it until its time is over, then
another takes it up. Its effect happens once, for whoever finishes a job does so in the
transaction that writes the effect, and only the worker that still holds it can.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, insert, or_, select, update

from aim_loans.db.engine import Writing
from aim_loans.errors import Conflict
from aim_loans.jobs.models import job

MOST_ATTEMPTS = 3
# So long a worker may take for one job before another takes it up.
HELD_FOR = timedelta(minutes=3)
MOST_BATCHES = 20


class Work(NamedTuple):
    """What is to be done: its name within the batch, and what the worker needs to know."""

    subject: str
    payload: str


class Job(NamedTuple):
    """A job that a worker has taken."""

    id: int
    batch: str
    subject: str
    payload: str
    asked_by: str
    taken_by: str


class Progress(NamedTuple):
    """How far a batch is: jobs in all, done, given up, and when and by whom it was asked for."""

    batch: str
    asked_by: str
    asked_at: datetime
    jobs: int
    done: int
    failed: int

    @property
    def waiting(self) -> int:
        """Give how many are still to be done."""
        return self.jobs - self.done - self.failed


class Fault(NamedTuple):
    """A job that was given up, and why."""

    subject: str
    fault: str


def add_jobs(tx: Writing, batch: str, works: Sequence[Work], *, asked_by: str) -> None:
    """Add the jobs of a new batch."""
    rows = [
        {
            "batch": batch,
            "subject": work.subject,
            "payload": work.payload,
            "asked_by": asked_by,
            "asked_at": tx.now,
            "attempts": 0,
        }
        for work in works
    ]
    tx.connection.execute(insert(job), rows)


def take_job(tx: Writing, *, worker: str, batch: str | None = None) -> Job | None:
    """Take the oldest job that waits, of a batch or of any; None when there is none.

    What killed its worker at every attempt is given up then, so that nobody waits for it.
    """
    wanted = [_open(), or_(job.c.taken_until.is_(None), job.c.taken_until < tx.now)]
    if batch is not None:
        wanted.append(job.c.batch == batch)
    names = ("id", "batch", "subject", "payload", "asked_by")
    rows = select(*(job.c[name] for name in names)).where(*wanted).order_by(job.c.id).limit(1)
    found = tx.connection.execute(rows.with_for_update(skip_locked=True)).first()
    if found is None:
        _give_up_the_deadly(tx)
        return None
    taken = {"taken_by": worker, "taken_until": tx.now + HELD_FOR, "fault": None}
    tx.connection.execute(
        update(job).where(job.c.id == found.id).values(attempts=job.c.attempts + 1, **taken)
    )
    return Job(**found._asdict(), taken_by=worker)


def finish_job(tx: Writing, done: Job) -> None:
    """Finish a job in the transaction of its effect; Conflict when another has taken it."""
    _let_go(tx, done, {"done_at": tx.now})


def give_up(tx: Writing, given: Job, *, fault: str) -> None:
    """Do a job no more: what stands against it would again."""
    _let_go(tx, given, {"attempts": MOST_ATTEMPTS, "fault": fault})


def give_back(tx: Writing, given: Job, *, fault: str) -> None:
    """Let another worker try, unless it was tried often enough."""
    _let_go(tx, given, {"fault": fault})


def try_again(tx: Writing, batch: str) -> None:
    """Let the jobs of a batch that were given up be tried anew."""
    mine = (job.c.batch == batch, _given_up())
    tx.connection.execute(update(job).where(*mine).values(attempts=0, fault=None))


def progress(connection: Connection, *, beginning: str = "") -> list[Progress]:
    """Give the batches whose name begins so, the newest first; 20 at most."""
    rows = connection.execute(
        select(
            job.c.batch,
            func.min(job.c.asked_by),
            func.min(job.c.asked_at),
            func.count(),
            func.count(job.c.done_at),
            func.count(case((_given_up(), job.c.id))),
        )
        .where(job.c.batch.startswith(beginning, autoescape=True))
        .group_by(job.c.batch)
        .order_by(func.max(job.c.id).desc())
        .limit(MOST_BATCHES)
    )
    return [Progress(*row) for row in rows]


def faults_of(connection: Connection, batch: str, *, most: int) -> list[Fault]:
    """Give the jobs of a batch that were given up."""
    rows = select(job.c.subject, job.c.fault).where(job.c.batch == batch, _given_up())
    found = connection.execute(rows.order_by(job.c.id).limit(most))
    return [Fault(subject, fault or "") for subject, fault in found]


def _give_up_the_deadly(tx: Writing) -> None:
    over = (job.c.done_at.is_(None), job.c.attempts >= MOST_ATTEMPTS, job.c.taken_until < tx.now)
    ended = {"taken_by": None, "taken_until": None, "fault": "killed"}
    tx.connection.execute(update(job).where(*over).values(ended))


def _let_go(tx: Writing, held: Job, values: Mapping[str, object]) -> None:
    mine = (job.c.id == held.id, job.c.taken_by == held.taken_by, job.c.done_at.is_(None))
    let_go = update(job).where(*mine).values({"taken_by": None, "taken_until": None, **values})
    if tx.connection.execute(let_go).rowcount != 1:
        raise Conflict("Another worker has taken this up meanwhile; nothing was written twice.")


def _open() -> ColumnElement[bool]:
    return job.c.done_at.is_(None) & (job.c.attempts < MOST_ATTEMPTS)


def _given_up() -> ColumnElement[bool]:
    """Tell that nobody will do a job: it was tried often enough, and nobody is at it."""
    tried = job.c.attempts >= MOST_ATTEMPTS
    return job.c.done_at.is_(None) & tried & job.c.taken_by.is_(None)
