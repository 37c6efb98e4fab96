"""What an enterprise of the programme needs next: a step of a registration, a mentoring. Pure.

An enterprise is in the programme from the day on which its owner consented to SMEDA. Mentoring
falls due 3, 6 and 12 months after that day.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from aim_loans.borrowers.sizes import size_class
from aim_loans.config.mou import ApplicableTypes
from aim_loans.config.settings import Limits
from aim_loans.dates import add_months
from aim_loans.mou.registering import State, next_step

MENTORING_MONTHS = (3, 6, 12)
# Until a review tells its turnover, an enterprise counts as micro.
MICRO = "micro"

# Shown so long before it falls due.
_AHEAD = timedelta(days=14)
# What is furthest along comes first, so that what was begun is finished; None: nothing begun.
_FURTHEST: Sequence[State | None] = (
    State.APPLIED,
    State.ASSISTED,
    State.CONSENTED,
    State.INFORMED,
    State.LAPSED,
    None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InProgramme:
    """An enterprise whose owner consents, since a day: how far it is, and its mentoring so far.

    `turnover` is the band of the newest review, None before the first one; `states` holds the
    last step of each registration that was begun; `mentored` the months done.
    """

    enterprise_id: int
    name: str
    owner: str
    sector: str
    turnover: str | None
    since: date
    states: Mapping[str, State]
    mentored: Set[int]


class NextStep(NamedTuple):
    """A registration, and the step that leads on."""

    type: str
    state: State


class Mentoring(NamedTuple):
    """A mentoring that is to be given: its month, and the day on which it falls due."""

    month: int
    due_on: date


@dataclass(frozen=True, slots=True)
class ToDo:
    """What an enterprise needs next; at least one of both."""

    enterprise: InProgramme
    registration: NextStep | None
    mentoring: Mentoring | None


def next_registration(states: Mapping[str, State], applicable: Sequence[str]) -> NextStep | None:
    """Give the step that an officer can take next; None when every registration is held.

    Of the types that apply, the one furthest along; of equals the first in the given order.
    Verifying is the work of another person and is not asked for here.
    """
    steps = [
        NextStep(kind, onward)
        for state in _FURTHEST
        for kind in applicable
        if states.get(kind) is state and (onward := next_step(state))
    ]
    return steps[0] if steps else None


def mentoring_plan(since: date) -> list[Mentoring]:
    """Give the mentoring of an enterprise that is in the programme since a day."""
    return [Mentoring(month, add_months(since, month)) for month in MENTORING_MONTHS]


def mentoring_due(since: date, mentored: Set[int], today: date) -> Mentoring | None:
    """Give the mentoring that has fallen due, or will within 14 days; None when there is none.

    One that was left out is not asked for any more once a later one is due or done.
    """
    done = max(mentored, default=0)
    due = [
        each
        for each in mentoring_plan(since)
        if each.month > done and each.due_on <= today + _AHEAD
    ]
    return due[-1] if due else None


def to_do(
    enterprises: Iterable[InProgramme],
    applicable: ApplicableTypes | None,
    limits: Limits,
    today: date,
) -> list[ToDo]:
    """Give the enterprises that need something: mentoring first, the longest due, then the rest.

    `applicable` None: no list of registrations was agreed, so none is asked for.
    """
    found = [_to_do(each, applicable, limits, today) for each in enterprises]
    return sorted((each for each in found if each.registration or each.mentoring), key=_urgency)


def _to_do(
    each: InProgramme, applicable: ApplicableTypes | None, limits: Limits, today: date
) -> ToDo:
    size = size_class(each.turnover, limits) if each.turnover else MICRO
    types = applicable.of(each.sector, size) if applicable else ()
    return ToDo(
        each,
        next_registration(each.states, types),
        mentoring_due(each.since, each.mentored, today),
    )


def _urgency(each: ToDo) -> tuple[bool, date, int]:
    day = each.mentoring.due_on if each.mentoring else each.enterprise.since
    return each.mentoring is None, day, each.enterprise.enterprise_id
