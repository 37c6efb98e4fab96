"""Which applications their committees have approved, as known at a moment; changes nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, Text, null, select, union_all

from aim_loans.config.settings import DatedTables
from aim_loans.origination.committee import Committee, Step, Taken, committee_step, missing_votes
from aim_loans.origination.lookup import day_of
from aim_loans.origination.models import (
    application,
    application_step,
    application_terms,
    appraisal,
)

_ENDED = (Step.REJECTED, Step.RETURNED, Step.WITHDRAWN)

# What was done by the application and the version that it is about.
Versions = Mapping[tuple[int, int], Sequence[Any]]


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
        .order_by(terms.c.version)
    )
    known = connection.execute(_known(asked, terms, wanted, known_at))
    newest = {row.application_id: row for row in known}
    done = _done(connection, wanted, known_at)
    return {
        each
        for each, row in newest.items()
        if _approved(row, done.get((each, row.version), ()), dated)
    }


def _approved(asked: Any, done: Sequence[Any], dated: DatedTables) -> bool:
    steps = [row for row in done if row.kind in list(Step)]
    votes = [row.recorded_at for row in steps if row.kind == Step.APPROVED]
    if not votes or any(row.kind in _ENDED for row in steps):
        return False
    limits = dated.limits_on(day_of(max(votes)))
    appraisers = {row.kind: row.by for row in done if row not in steps}
    committee = Committee(
        committee_step(limits.committee, asked.principal), asked.entered_by, appraisers.values()
    )
    return not missing_votes(committee, [Taken(row.kind, row.by, row.rank) for row in steps])


def _done(connection: Connection, wanted: Select[Any], known_at: datetime | None) -> Versions:
    """Read the steps and the visits of these applications, the oldest of each first."""
    step, visit = application_step, appraisal
    both = union_all(
        _known(_selected(step, step.c.taken_by, step.c.rank), step, wanted, known_at),
        _known(_selected(visit, visit.c.appraised_by, null()), visit, wanted, known_at),
    ).subquery("done")
    found: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in connection.execute(select(both).order_by(both.c.id)):
        found[row.application_id, row.version].append(row)
    return found


def _selected(table: Table, by: ColumnElement[str], rank: ColumnElement[Any]) -> Select[Any]:
    names = ("id", "application_id", "version", "kind", "recorded_at")
    shared = [table.c[name] for name in names]
    return select(*shared, by.label("by"), rank.cast(Text).label("rank"))


def _known(
    rows: Select[Any], table: Table, wanted: Select[Any], known_at: datetime | None
) -> Select[Any]:
    rows = rows.where(table.c.application_id.in_(wanted))
    return rows if known_at is None else rows.where(table.c.recorded_at <= known_at)
