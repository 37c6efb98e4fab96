"""Trainings of the joint work: planned, borrowers invited, attendance entered a week later."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from aim_loans.dates import month_index
from aim_loans.db.engine import reading
from aim_loans.demo.lives import Life
from aim_loans.demo.office import Office
from aim_loans.demo.programme import Programme
from aim_loans.demo.towns import TOWNS, Town, manager_of, officers_of
from aim_loans.mou.trainings import (
    EnterAttendance,
    Invite,
    PlanTraining,
    Present,
    Training,
    enter_attendance,
    invite,
    invited_to,
    plan_training,
    trainings,
)

SEATS, DAYS = 36, 2
AHEAD = timedelta(days=6)
_FEWEST = 2
# What is taught to whom; a branch goes through them in turn.
_COURSES: Sequence[tuple[str, Mapping[str, str]]] = (
    ("Keeping accounts", {"sector": "trade"}),
    ("Healthy animals, clean milk", {"sector": "livestock"}),
    ("Pricing and selling", {"gender": "female"}),
    ("Storing and selling the harvest", {"sector": "agriculture"}),
    ("Registering a business", {"gender": "male"}),
)
# One training in so many is AIM's own and carries no code of SMEDA.
_OWN = 6
# Of a thousand invited: those who never come, and those who leave before the end.
_NEVER, _LEAVE = 180, 110


def plan_trainings(office: Office, programme: Programme) -> None:
    """Plan the trainings of the month, at every other branch, and invite to each."""
    begins_on = office.clock.today + AHEAD
    month = month_index(begins_on)
    for place, town in enumerate(TOWNS):
        if (month + place) % 2 == 0:
            course = _COURSES[(month // 2 + place) % len(_COURSES)]
            if len(_fitting(programme, town, course[1], begins_on)) >= _FEWEST:
                _plan(office, town, course, begins_on, own=(month + place) % _OWN == 0)


def enter_who_came(office: Office, programme: Programme) -> None:
    """Enter the attendance of the trainings that are over since they were planned."""
    latest = office.clock.today - timedelta(days=DAYS - 1)
    with reading(office.engine) as connection:
        over = [
            each
            for each in trainings(connection, branches=None)
            if latest - AHEAD <= each.begins_on <= latest and not each.came
        ]
    for training in over:
        _enter(office, training, programme.plan.seed)


def _fitting(programme: Programme, town: Town, wanted: Mapping[str, str], day: date) -> list[Life]:
    """Give the running loans of a branch that an invitation could reach."""
    eve = day.replace(day=1) - timedelta(days=1)
    return [
        life
        for life in programme.book
        if life.person.town == town
        and wanted.get("sector", life.sector) == life.sector
        and wanted.get("gender", life.person.gender) == life.person.gender
        and life.outstanding(eve)
    ]


def _plan(
    office: Office, town: Town, course: tuple[str, Mapping[str, str]], day: date, *, own: bool
) -> None:
    title, whom = course
    manager = office.somebody(manager_of(town))
    command = PlanTraining(
        branch_code=town.code,
        title=title,
        place=f"Town hall, {town.tehsil}",
        begins_on=day,
        days=DAYS,
        seats=SEATS,
        smeda_code=None if own else f"TR-{town.code[:3]}-{day:%Y%m}",
    )
    with office.writing() as tx:
        planned = plan_training(tx, command, actor=manager)
        invite(tx, Invite(planned, {"branch_code": town.code, **whom}), actor=manager)


def _enter(office: Office, training: Training, seed: int) -> None:
    with reading(office.engine) as connection:
        invited = [each.invitation_id for each in invited_to(connection, training.id)]
    chance = random.Random(f"{seed}/training/{training.id}")
    came = tuple(_present(chance, each) for each in invited)
    town = next(each for each in TOWNS if each.code == training.branch_code)
    office.do(enter_attendance, EnterAttendance(training.id, came), officers_of(town)[0])


def _present(chance: random.Random, invitation_id: int) -> Present:
    place = chance.randrange(1_000)
    if place < _NEVER:
        return Present(invitation_id, 0, completed=False)
    if place < _NEVER + _LEAVE:
        return Present(invitation_id, 1, completed=False, satisfaction=chance.choice((2, 3, 4)))
    return Present(invitation_id, DAYS, completed=True, satisfaction=chance.choice((3, 4, 4, 5, 5)))
