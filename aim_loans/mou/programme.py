"""The enterprises of the programme, with how far each is: read in one statement."""

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Connection,
    ScalarSelect,
    Table,
    func,
    null,
    select,
    true,
    union_all,
)

from aim_loans.borrowers.consents import consenting
from aim_loans.borrowers.models import consent, enterprise, enterprise_review, person
from aim_loans.mou.belonging import looked_after
from aim_loans.mou.models import registration, support
from aim_loans.mou.next_steps import InProgramme
from aim_loans.mou.registering import State
from aim_loans.mou.standing import not_undone

MOST_ENTERPRISES = 300
_SCOPE = "smeda"
_MENTORING = "mentoring"


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose enterprises: of these branches (None: all), of an officer's borrowers, or just one."""

    branches: frozenset[str] | None = None
    officer: str | None = None
    enterprise_id: int | None = None


def in_programme(connection: Connection, whose: Whose, *, today: date) -> list[InProgramme]:
    """Give the enterprises whose owners consent today, the earliest consent first; 300 at most.

    One that the newest review found closed is left out.
    """
    mine = _enterprises(whose, today)
    events = _events(mine).subquery("events")
    rows = connection.execute(
        select(mine, events.c.type, events.c.state, events.c.month)
        .outerjoin(events, events.c.enterprise_id == mine.c.id)
        .order_by(mine.c.since, mine.c.id, events.c.event_id)
    )
    heads: dict[int, Any] = {}
    states: dict[int, dict[str, State]] = defaultdict(dict)
    mentored: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        heads[row.id] = row
        if row.type:
            states[row.id][row.type] = State(row.state)
        if row.month:
            mentored[row.id].add(row.month)
    return [_in_programme(row, states[row.id], mentored[row.id]) for row in heads.values()]


def _in_programme(row: Any, states: Mapping[str, State], mentored: Set[int]) -> InProgramme:
    return InProgramme(
        enterprise_id=row.id,
        name=row.name,
        owner=row.owner,
        sector=row.sector,
        turnover=row.turnover,
        since=row.since,
        states=states,
        mentored=mentored,
    )


def _enterprises(whose: Whose, today: date) -> CTE:
    agreed = consenting(_SCOPE, today).add_columns(consent.c.on_day.label("since")).subquery()
    rows = (
        select(
            enterprise.c.id,
            enterprise.c.name,
            enterprise.c.sector,
            person.c.name.label("owner"),
            agreed.c.since,
            _last_found("turnover").label("turnover"),
        )
        .join(person, person.c.id == enterprise.c.owner_id)
        .join(agreed, agreed.c.person_id == enterprise.c.owner_id)
        .where(
            looked_after(whose.branches, whose.officer),
            func.coalesce(_last_found("running"), true()),
        )
        .order_by(agreed.c.since, enterprise.c.id)
        .limit(MOST_ENTERPRISES)
    )
    if whose.enterprise_id is not None:
        rows = rows.where(enterprise.c.id == whose.enterprise_id)
    return rows.cte("mine")


def _last_found(name: str) -> ScalarSelect[Any]:
    """Give what the newest review of an enterprise found; NULL before the first one."""
    review = enterprise_review
    return (
        select(review.c[name])
        .where(review.c.enterprise_id == enterprise.c.id)
        .order_by(review.c.reviewed_on.desc(), review.c.id.desc())
        .limit(1)
        .correlate(enterprise)
        .scalar_subquery()
    )


def _events(mine: CTE) -> CompoundSelect[Any]:
    """Select the steps of registrations and the mentoring that stand, of these enterprises."""
    step, given = registration, support
    steps = select(
        step.c.enterprise_id,
        step.c.id.label("event_id"),
        step.c.type,
        step.c.state,
        null().label("month"),
    ).where(_is_of(mine, step), not_undone(step))
    mentoring = select(given.c.enterprise_id, given.c.id, null(), null(), given.c.month).where(
        _is_of(mine, given), given.c.kind == _MENTORING, not_undone(given)
    )
    return union_all(steps, mentoring)


def _is_of(mine: CTE, table: Table) -> ColumnElement[bool]:
    return table.c.enterprise_id.in_(select(mine.c.id))
