"""What waits to be done: the applications that have not ended, and where each stands."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, select

from aim_loans.borrowers.models import person
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
from aim_loans.origination.queries import settings_in_force

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
    connection: Connection,
    *,
    branches: frozenset[str] | None,
    today: date,
    borrower_id: int | None = None,
) -> list[ApplicationRow]:
    """Give the applications that have not ended, the oldest first.

    Of these branches (None: of all), 100 at most.
    """
    rows = _unended().order_by(application.c.id).limit(MOST_SHOWN)
    if branches is not None:
        rows = rows.where(application.c.branch_code.in_(branches))
    if borrower_id is not None:
        rows = rows.where(application.c.borrower_id == borrower_id)
    found = connection.execute(rows).all()
    ids = [row.id for row in found]
    limits = settings_in_force(connection).limits_on(today)
    taken, appraisers = _taken(connection, ids), _appraisers(connection, ids)
    return [
        _listed(
            row,
            taken.get((row.id, row.version), []),
            Committee(
                committee_step(limits.committee, row.principal),
                row.entered_by,
                {by for _, by in appraisers.get((row.id, row.version), ())},
            ),
            kinds={kind for kind, _ in appraisers.get((row.id, row.version), ())},
        )
        for row in found
    ]


def _listed(
    row: Any, taken: Sequence[Taken], committee: Committee, *, kinds: set[str]
) -> ApplicationRow:
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
        state_of(taken, committee, appraised=kinds == APPRAISALS, paid_out=False),
        frozenset(each.taken_by for each in taken if each.kind == Step.APPROVED),
    )


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


def _taken(connection: Connection, ids: Sequence[int]) -> dict[tuple[int, int], list[Taken]]:
    rows = connection.execute(
        select(application_step)
        .where(application_step.c.application_id.in_(ids))
        .order_by(application_step.c.id)
    )
    found: dict[tuple[int, int], list[Taken]] = {}
    for row in rows:
        of_version = found.setdefault((row.application_id, row.version), [])
        of_version.append(Taken(row.kind, row.taken_by, row.rank))
    return found


def _appraisers(
    connection: Connection, ids: Sequence[int]
) -> dict[tuple[int, int], set[tuple[str, str]]]:
    names = ("application_id", "version", "kind", "appraised_by")
    rows = connection.execute(
        select(*(appraisal.c[name] for name in names)).where(appraisal.c.application_id.in_(ids))
    )
    found: dict[tuple[int, int], set[tuple[str, str]]] = {}
    for application_id, version, kind, by in rows:
        found.setdefault((application_id, version), set()).add((kind, by))
    return found
