"""Which applications their committees have approved, as known at a moment; changes nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from aim_loans.config.settings import DatedTables
from aim_loans.origination.committee import Committee, State, Step, committee_step, state_of
from aim_loans.origination.done import Done, done_on
from aim_loans.origination.lookup import day_of
from aim_loans.origination.models import application, application_terms


def approved_among(
    connection: Connection,
    wanted: Select[Any],
    *,
    known_at: datetime | None,
    dated: DatedTables,
) -> set[int]:
    """Give those that the whole committee approved, and that were not returned or ended since.

    `wanted` selects the numbers of those that are asked about. Known is what was recorded by K
    (None: all). The version that was asked for last counts, and the committee by the limits in
    force on the day of the last vote.
    """
    terms = application_terms
    asked = (
        select(terms.c.application_id, terms.c.version, terms.c.principal, application.c.entered_by)
        .join(application, application.c.id == terms.c.application_id)
        .where(terms.c.application_id.in_(wanted))
        .order_by(terms.c.version)
    )
    if known_at is not None:
        asked = asked.where(terms.c.recorded_at <= known_at)
    newest = {row.application_id: row for row in connection.execute(asked)}
    done = done_on(connection, wanted, known_at=known_at)
    return {
        each
        for each, row in newest.items()
        if _approved(row, done.get((each, row.version), Done()), dated)
    }


def _approved(asked: Any, done: Done, dated: DatedTables) -> bool:
    votes = [
        moment
        for moment, taken in zip(done.moments, done.taken, strict=True)
        if taken.kind == Step.APPROVED
    ]
    if not votes:
        return False
    limits = dated.limits_on(day_of(max(votes)))
    step = committee_step(limits.committee, asked.principal)
    committee = Committee(step, asked.entered_by, done.appraisers.values())
    state = state_of(done.taken, committee, appraised=True, paid_out=False)
    return state is State.APPROVED
