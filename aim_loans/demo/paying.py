"""How the borrowers of the made-up book pay: most on time, some late, few not at all. Pure.

Whoever falls silent pays nothing for a while and catches up afterwards, two instalments at a
time. Around the Eids many pay later; after the flood many of two districts pay nothing for months.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from aim_loans.dates import add_months
from aim_loans.demo.seasons import Seasons
from aim_loans.loans.schedule import Instalment

# Of a thousand loans: those that never pay again, those that stop for months, those that skip a
# month, and those whose borrower dies or can no longer work.
NEVER_AGAIN, FOR_MONTHS, FOR_A_MONTH, WAIVED = 20, 36, 120, 8
# Of a thousand: loans of a flooded branch that stop, instalments around an Eid that come late,
# write-offs of which something is recovered, loans paid above the balance.
STOPPED_BY_FLOOD, LATE_FOR_EID, RECOVERED, OVERPAID = 120, 300, 350, 6
WRITTEN_OFF_AFTER = 365
_USUAL_DAYS = (-4, -2, -1, -1, 0, 0, 0, 0, 0, 0, 1, 2, 3)
_CHANNELS = ("cash",) * 16 + ("easypaisa",) * 2 + ("jazzcash", "raast")


class Payment(NamedTuple):
    """Money that came in for a loan: amount in paisa."""

    day: date
    amount: int
    channel: str


class Ending(NamedTuple):
    """A waiver, write-off or recovery; None for the whole balance (paisa)."""

    kind: str
    day: date
    amount: int | None


@dataclass(frozen=True, slots=True)
class Course:
    """What came of a loan: its payments in order, and how it ended."""

    payments: list[Payment] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)

    def paid_by(self, day: date) -> int:
        """Sum what was paid up to a day."""
        return sum(each.amount for each in self.payments if each.day <= day)


class Silence(NamedTuple):
    """A time in which nothing is paid; without an end, for ever."""

    since: date
    until: date | None

    def covers(self, day: date) -> bool:
        """Say whether it lies in this time."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """What decides how a loan is paid beside chance."""

    seasons: Seasons
    flooded: bool


def course_of(
    chance: random.Random,
    rows: Sequence[Instalment],
    household: Household,
    *,
    paid_out: date,
    last_ending: date,
    until: date,
) -> Course:
    """Draw what came of a loan up to a day; waivers and write-offs up to `last_ending`."""
    silences = _silences(chance, rows, household, paid_out=paid_out)
    course = Course(_payments(chance, rows, silences, household, paid_out=paid_out, until=until))
    ended = _ended(chance, rows, silences, course, last_ending)
    if ended is None:
        return course
    paid = [each for each in course.payments if each.day < ended.day]
    return Course(paid, [ended, *_recovery(chance, rows, paid, ended, last_ending)])


def days_late(rows: Sequence[Instalment], paid: int, day: date) -> int:
    """Count the days since the oldest instalment that `paid` does not cover fell due."""
    oldest = next((row.due_on for row in rows if row.due_total > paid), day)
    return max(0, (day - oldest).days)


def _silences(
    chance: random.Random, rows: Sequence[Instalment], household: Household, *, paid_out: date
) -> list[Silence]:
    since = chance.choice(rows).due_on - timedelta(days=5)
    habit = chance.randrange(1_000)
    silences = []
    if habit < NEVER_AGAIN:
        silences.append(Silence(since, None))
    elif habit < NEVER_AGAIN + FOR_MONTHS:
        silences.append(Silence(since, since + timedelta(days=chance.randint(50, 160))))
    elif habit < NEVER_AGAIN + FOR_MONTHS + FOR_A_MONTH:
        silences.append(Silence(since, since + timedelta(days=chance.randint(12, 33))))
    stopped = chance.randrange(1_000) < STOPPED_BY_FLOOD
    flood = household.seasons.flood_on
    if household.flooded and stopped and paid_out < flood:
        silences.append(Silence(flood, flood + timedelta(days=chance.randint(45, 200))))
    return silences


def _payments(
    chance: random.Random,
    rows: Sequence[Instalment],
    silences: Sequence[Silence],
    household: Household,
    *,
    paid_out: date,
    until: date,
) -> list[Payment]:
    """Draw the payments: each instalment, then month by month until all is paid."""
    payments: list[Payment] = []
    owed, usual = 0, rows[0].amount
    dues = [(row.due_on, row.amount) for row in rows]
    last = rows[-1].due_on
    dues += [(add_months(last, step), 0) for step in range(1, 37)]
    for due_on, amount in dues:
        owed += amount
        day = max(due_on + _delay(chance, due_on, household.seasons), paid_out)
        if owed and day <= until and not any(silence.covers(day) for silence in silences):
            paid = min(owed, max(amount, 2 * usual))
            payments.append(Payment(day, paid, chance.choice(_CHANNELS)))
            owed -= paid
    payments.sort()
    if payments and not owed and last <= until and chance.randrange(1_000) < OVERPAID:
        payments[-1] = payments[-1]._replace(amount=payments[-1].amount + 300_00)
    return payments


def _delay(chance: random.Random, due_on: date, seasons: Seasons) -> timedelta:
    if seasons.is_eid(due_on) and chance.randrange(1_000) < LATE_FOR_EID:
        return timedelta(days=chance.randint(6, 21))
    return timedelta(days=chance.choice(_USUAL_DAYS))


def _ended(
    chance: random.Random,
    rows: Sequence[Instalment],
    silences: Sequence[Silence],
    course: Course,
    last_ending: date,
) -> Ending | None:
    """Draw a waiver; else write off what has been silent for a year."""
    waived_on = chance.choice(rows).due_on + timedelta(days=chance.randint(1, 25))
    dies = chance.randrange(1_000) < WAIVED
    whole = rows[-1].due_total
    if dies and waived_on <= last_ending and course.paid_by(waived_on) < whole:
        return Ending("waiver", waived_on, None)
    for silence in silences:
        if silence.until is None:
            paid = course.paid_by(last_ending)
            oldest = next(row.due_on for row in rows if row.due_total > paid)
            on = oldest + timedelta(days=WRITTEN_OFF_AFTER + chance.randint(1, 40))
            return Ending("write_off", on, None) if on <= last_ending else None
    return None


def _recovery(
    chance: random.Random,
    rows: Sequence[Instalment],
    paid: Sequence[Payment],
    ended: Ending,
    last_ending: date,
) -> list[Ending]:
    """Draw what came in after a write-off: a third of the claim, in hundreds of rupees."""
    day = ended.day + timedelta(days=chance.randint(30, 150))
    drawn = chance.randrange(1_000) < RECOVERED
    if ended.kind != "write_off" or not drawn or day > last_ending:
        return []
    claim = rows[-1].due_total - sum(each.amount for each in paid)
    part = claim // 3 // 100_00 * 100_00
    return [Ending("recovery", day, part)] if part else []
