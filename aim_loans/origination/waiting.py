"""What waits to be done: the applications that have not ended, and where each stands."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Connection, Select, exists

from aim_loans.borrowers.models import person
from aim_loans.config.settings import DatedTables, Expiry, Limits
from aim_loans.origination.committee import (
    Committee,
    State,
    Step,
    committee_step,
    stands_until,
    state_of,
)
from aim_loans.origination.done import Done, done_on
from aim_loans.origination.lookup import APPRAISALS, application_ref, day_of, newest_terms
from aim_loans.origination.models import application, application_loan, application_step

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
    connection: Connection, *, branches: frozenset[str] | None, dated: DatedTables, today: date
) -> list[ApplicationRow]:
    """Give the applications that nobody has ended, the oldest first, by the rules in force.

    Of these branches (None: of all), 100 at most. One that has expired is withdrawn by somebody.
    """
    rows = _unended().order_by(application.c.id).limit(MOST_SHOWN)
    if branches is not None:
        rows = rows.where(application.c.branch_code.in_(branches))
    return listed(connection, connection.execute(rows).all(), Rules.on(dated, today))


class Rules(NamedTuple):
    """The rules in force on a day."""

    limits: Limits
    expiry: Expiry | None
    today: date

    @classmethod
    def on(cls, dated: DatedTables, today: date) -> Self:
        """Give the rules of a day."""
        return cls(dated.limits_on(today), dated.expiry_on(today), today)


def listed(connection: Connection, rows: Sequence[Any], rules: Rules) -> list[ApplicationRow]:
    """Give applications that have not ended, read with `newest_terms` and the borrower's name."""
    done = done_on(connection, [row.id for row in rows]) if rows else {}
    return [_listed(row, done.get((row.id, row.version), Done()), rules) for row in rows]


def turned_down() -> ColumnElement[bool]:
    """Give the condition that an application was rejected or withdrawn."""
    return exists().where(
        application_step.c.application_id == application.c.id,
        application_step.c.kind.in_((Step.REJECTED.value, Step.WITHDRAWN.value)),
    )


def _listed(row: Any, done: Done, rules: Rules) -> ApplicationRow:
    step = committee_step(rules.limits.committee, row.principal)
    committee = Committee(step, row.entered_by, done.appraisers.values())
    appraised = done.appraisers.keys() == APPRAISALS
    state = state_of(done.taken, committee, appraised=appraised, paid_out=False)
    until = stands_until(state, day_of(max((row.version_at, *done.moments))), rules.expiry)
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
        State.EXPIRED if until and until < rules.today else state,
        frozenset(each.taken_by for each in done.taken if each.kind == Step.APPROVED),
    )


def _unended() -> Select[Any]:
    paid = exists().where(application_loan.c.application_id == application.c.id)
    return (
        newest_terms()
        .add_columns(person.c.name)
        .join(person, person.c.id == application.c.borrower_id)
        .where(~turned_down(), ~paid)
    )
