"""Both parties at a half-year: targets at its beginning, answers, both signatures at its end."""

from collections.abc import Callable, Mapping
from datetime import date

from aim_loans.db.engine import reading
from aim_loans.demo.office import Office
from aim_loans.demo.programme import Programme
from aim_loans.demo.towns import HEAD_OFFICE
from aim_loans.identity.permissions import Actor
from aim_loans.mou.editions import edition_by_id, is_closed, last_half, next_edition
from aim_loans.mou.events import (
    CONFIRMED,
    DISPUTED,
    PAGE_ROWS,
    WAITING,
    Answer,
    Event,
    answer_event,
    events,
)
from aim_loans.mou.periods import Period, half_year_of
from aim_loans.mou.signing import (
    ConfirmPart,
    ReleaseEdition,
    SignEdition,
    confirm_part,
    release_edition,
    sign_edition,
)
from aim_loans.mou.targets import SetTarget, set_target

PARTNER = "partner"
# Makes an edition of a period in the name of somebody and gives its id. The papers are drawn
# above this room, so the door gives it.
Prepare = Callable[[Office, Period, Actor], int]

_SIGNING = HEAD_OFFICE[0]
_RELEASING = HEAD_OFFICE[1]
# Of a thousand loans of the book what a party aims at in a half-year; what no loan counts stands
# as it is. Lines that are not here have no target.
_OF_LOANS: Mapping[str, tuple[str, int]] = {
    "A1": (_SIGNING, 180),
    "A2": (_SIGNING, 1_050_000_000),
    "A4.women": (_SIGNING, 105),
    "A7.received": (_SIGNING, 25),
    "F1": (_SIGNING, 10),
    "F2": (_SIGNING, 10),
    "F7": (PARTNER, 15),
    "H1.participants": (PARTNER, 250),
    "H2": (PARTNER, 10),
    "H4": (PARTNER, 15),
}
_AS_THEY_ARE: Mapping[str, tuple[str, int]] = {
    "A10.par30": (_SIGNING, 500),
    "A10.on_time": (_SIGNING, 9_000),
    "H1.trainings": (PARTNER, 20),
    "H8": (PARTNER, 400),
}
_TEN = 10
# The months in which SMEDA disputes an event: one of advice.
_DISPUTING = (3, 9)
_WHY_DISPUTED = "Our office has no record of this visit on that day."


def set_targets(office: Office, programme: Programme) -> None:
    """Let both parties set some of their targets in the first month of a half-year."""
    period = half_year_of(office.clock.today)
    if office.clock.today.month != period.first.month:
        return
    thousands = programme.plan.loans / 1_000
    found = {
        line: (by, max(1, round(share * thousands / _TEN)) * _TEN)
        for line, (by, share) in _OF_LOANS.items()
    }
    for line, (by, value) in (found | dict(_AS_THEY_ARE)).items():
        office.do_now(set_target, SetTarget(period=period.name, line=line, value=value), by)


def answer_events(office: Office, *, until: date) -> None:
    """Let SMEDA confirm its events of the days up to `until`; one of a half-year it disputes."""
    waiting = _waiting(office, until)
    advice = next((each for each in waiting if each.detail == "advice"), None)
    disputed = advice if office.clock.today.month in _DISPUTING else None
    for event in waiting:
        command = Answer(event.kind, event.id, CONFIRMED)
        if event is disputed:
            command = Answer(event.kind, event.id, DISPUTED, _WHY_DISPUTED)
        office.do(answer_event, command, PARTNER)


def sign_the_last_half(office: Office, programme: Programme, prepare: Prepare) -> None:
    """Bring the report of the last half-year to both signatures, once it is closed."""
    today = office.clock.today
    period = last_half(today)
    with reading(office.engine) as connection:
        done = next_edition(connection, period.name) > 1
        closed = is_closed(connection, period)
    if done or not closed or period.last < programme.first:
        return
    for by in (_SIGNING, PARTNER):
        office.do(confirm_part, ConfirmPart(period.name), by)
    edition_id = prepare(office, period, office.somebody(_SIGNING))
    office.do_now(release_edition, ReleaseEdition(edition_id), _RELEASING)
    with reading(office.engine) as connection:
        digest = edition_by_id(connection, edition_id).digest
    for by in (_SIGNING, PARTNER):
        office.do_now(sign_edition, SignEdition(edition_id, digest), by)


def _waiting(office: Office, until: date) -> list[Event]:
    """Give what waits for SMEDA, the oldest first."""
    found: list[Event] = []
    page = 1
    with reading(office.engine) as connection:
        while rows := events(connection, today=office.clock.today, page=page):
            found += rows[:PAGE_ROWS]
            page += 1
    return [each for each in found[::-1] if each.answer == WAITING and each.on_day <= until]
