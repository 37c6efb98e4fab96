"""Which applications their committees have approved, as known at a moment; changes nothing."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from aim_loans.config.settings import DatedTables
from aim_loans.db.bulk import ids_as_rows
from aim_loans.origination.committee import Committee, Step, Taken, committee_step, missing_votes
from aim_loans.origination.lookup import day_of
from aim_loans.origination.models import (
    application,
    application_step,
    application_terms,
    appraisal,
)

_ENDED = (Step.REJECTED, Step.RETURNED, Step.WITHDRAWN)

# Rows by the application and the version that they are about.
Versions = Mapping[tuple[int, int], Sequence[Any]]


def approved_among(
    connection: Connection,
    ids: Collection[int],
    *,
    known_at: datetime | None,
    dated: DatedTables,
) -> set[int]:
    """Give those that the whole committee approved, and that were not returned or ended since.

    Known is what was recorded by K (None: all). The version that was asked for last counts, and
    the committee by the limits in force on the day of the last vote.
    """
    terms = _rows(connection, application_terms, ids, known_at)
    newest = {row.application_id: row for row in terms}
    steps = _by_version(_rows(connection, application_step, ids, known_at))
    visits = _by_version(_rows(connection, appraisal, ids, known_at))
    return {
        each
        for each, row in newest.items()
        if _approved(row, steps[each, row.version], visits[each, row.version], dated)
    }


def _approved(asked: Any, steps: Sequence[Any], visits: Sequence[Any], dated: DatedTables) -> bool:
    votes = [row.recorded_at for row in steps if row.kind == Step.APPROVED]
    if not votes or any(row.kind in _ENDED for row in steps):
        return False
    limits = dated.limits_on(day_of(max(votes)))
    appraisers: Mapping[str, str] = {row.kind: row.appraised_by for row in visits}
    committee = Committee(
        committee_step(limits.committee, asked.principal), asked.entered_by, appraisers.values()
    )
    return not missing_votes(committee, [Taken(row.kind, row.taken_by, row.rank) for row in steps])


def _rows(
    connection: Connection, table: Table, ids: Collection[int], known_at: datetime | None
) -> Sequence[Any]:
    """Read the rows of these applications, the oldest first, with who entered each of them."""
    wanted = ids_as_rows(connection, sorted(ids)).subquery("wanted")
    rows = (
        select(table, application.c.entered_by)
        .join(wanted, wanted.c.value == table.c.application_id)
        .join(application, application.c.id == table.c.application_id)
    )
    if known_at is not None:
        rows = rows.where(table.c.recorded_at <= known_at)
    return connection.execute(rows.order_by(table.c.id)).all()


def _by_version(rows: Sequence[Any]) -> Versions:
    found: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in rows:
        found[row.application_id, row.version].append(row)
    return found
