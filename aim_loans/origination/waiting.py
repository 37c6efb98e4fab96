"""What waits to be done: the applications that have not ended, and where each stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, null, select, union_all

from aim_loans.borrowers.models import person
from aim_loans.config.settings import Limits
from aim_loans.origination.committee import (
    Committee,
    State,
    Step,
    Taken,
    committee_step,
    state_of,
)
from aim_loans.origination.lookup import APPRAISALS, application_ref, newest_terms
from aim_loans.origination.models import (
    application,
    application_loan,
    application_step,
    appraisal,
)

MOST_SHOWN = 100


class ApplicationRow(NamedTuple):
    """An application in a list."""

    id: int
    ref: str
    borrower_id: int
    borrower: str
    branch_code: str
    principal: int
    product: str
    entered_by: str
    entered_at: datetime
    state: State
    voted: frozenset[str]


def open_applications(
    connection: Connection, *, branches: frozenset[str] | None, limits: Limits
) -> list[ApplicationRow]:
    """Give the applications that have not ended, the oldest first, by the limits in force.

    Of these branches (None: of all), 100 at most.
    """
    rows = _unended().order_by(application.c.id).limit(MOST_SHOWN)
    if branches is not None:
        rows = rows.where(application.c.branch_code.in_(branches))
    found = connection.execute(rows).all()
    done = _done(connection, [row.id for row in found])
    return [_listed(row, done.get((row.id, row.version), _Done()), limits) for row in found]


@dataclass(frozen=True, slots=True)
class _Done:
    """What was done on a version: the steps taken, and who appraised what."""

    taken: list[Taken] = field(default_factory=list)
    appraisers: dict[str, str] = field(default_factory=dict)


def _listed(row: Any, done: _Done, limits: Limits) -> ApplicationRow:
    step = committee_step(limits.committee, row.principal)
    committee = Committee(step, row.entered_by, done.appraisers.values())
    appraised = done.appraisers.keys() == APPRAISALS
    return ApplicationRow(
        row.id,
        application_ref(row.branch_code, row.id),
        row.borrower_id,
        row.name,
        row.branch_code,
        row.principal,
        row.product_code,
        row.entered_by,
        row.recorded_at,
        state_of(done.taken, committee, appraised=appraised, paid_out=False),
        frozenset(each.taken_by for each in done.taken if each.kind == Step.APPROVED),
    )


def _done(connection: Connection, ids: Sequence[int]) -> dict[tuple[int, int], _Done]:
    """Read in one statement what was done on these applications; the newest appraisal counts."""
    names = ("application_id", "version", "kind")
    steps = select(
        *(application_step.c[name] for name in names),
        application_step.c.taken_by,
        application_step.c.rank,
        application_step.c.id,
    ).where(application_step.c.application_id.in_(ids))
    visits = select(
        *(appraisal.c[name] for name in names), appraisal.c.appraised_by, null(), appraisal.c.id
    ).where(appraisal.c.application_id.in_(ids))
    found: dict[tuple[int, int], _Done] = {}
    rows = connection.execute(union_all(steps, visits)).all()
    for application_id, version, kind, by, rank, _ in sorted(rows, key=itemgetter(5)):
        done = found.setdefault((application_id, version), _Done())
        if kind in APPRAISALS:
            done.appraisers[kind] = by
        else:
            done.taken.append(Taken(kind, by, rank))
    return found


def _unended() -> Select[Any]:
    ended = exists().where(
        application_step.c.application_id == application.c.id,
        application_step.c.kind.in_((Step.REJECTED.value, Step.WITHDRAWN.value)),
    )
    paid = exists().where(application_loan.c.application_id == application.c.id)
    return (
        newest_terms()
        .add_columns(person.c.name)
        .join(person, person.c.id == application.c.borrower_id)
        .where(~ended, ~paid)
    )
