"""What was done on the versions of applications; changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, null, select, union_all

from aim_loans.origination.committee import Taken
from aim_loans.origination.lookup import APPRAISALS
from aim_loans.origination.models import application_step, appraisal


@dataclass(frozen=True, slots=True)
class Done:
    """The steps taken on a version with their moments, and who appraised what last."""

    taken: list[Taken] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    appraisers: dict[str, str] = field(default_factory=dict)


def done_on(
    connection: Connection,
    applications: Sequence[int] | Select[Any],
    *,
    known_at: datetime | None = None,
) -> Mapping[tuple[int, int], Done]:
    """Give what was done on these applications, by their number and the version, in one statement.

    Known is what was recorded by K (None: all). A version on which nothing was done is not there.
    """
    step, visit = application_step, appraisal
    both = union_all(
        # Each by its own index: SQLite takes no subquery from outside into a union.
        _rows(step, step.c.taken_by, step.c.rank).where(step.c.application_id.in_(applications)),
        _rows(visit, visit.c.appraised_by, null()).where(visit.c.application_id.in_(applications)),
    ).subquery()
    wanted = select(both).order_by(both.c.id)
    if known_at is not None:
        wanted = wanted.where(both.c.recorded_at <= known_at)
    found: dict[tuple[int, int], Done] = {}
    for _, application_id, version, kind, moment, by, rank in connection.execute(wanted):
        done = found.setdefault((application_id, version), Done())
        if kind in APPRAISALS:
            done.appraisers[kind] = by
        else:
            done.taken.append(Taken(kind, by, rank))
            done.moments.append(moment)
    return found


def _rows(table: Table, by: ColumnElement[str], rank: ColumnElement[Any]) -> Select[Any]:
    names = ("id", "application_id", "version", "kind", "recorded_at")
    return select(*(table.c[name] for name in names), by.label("by"), rank.label("rank"))
