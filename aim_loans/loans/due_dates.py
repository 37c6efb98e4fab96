"""When instalments fall due: the first due date, the steps from it, working days.

Due dates step by whole months, anchored to one day of the month, or by whole weeks,
counted in days. Either way the k-th due date, and how many have fallen due by a day, follow
from a few integers without listing the dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from aim_loans.dates import (
    add_months,
    as_of_key,
    day_number,
    due_key,
    from_day_number,
    month_index,
    month_step,
)

_DAYS_PER_WEEK = 7


class Frequency(StrEnum):
    """How often an instalment falls due; `single` is one payment of everything."""

    weekly = "weekly"
    fortnightly = "fortnightly"
    four_weekly = "four_weekly"
    monthly = "monthly"
    quarterly = "quarterly"
    half_yearly = "half_yearly"
    single = "single"


class DueRule(StrEnum):
    """What fixes the day of month-stepped due dates: a day set by the product, or the day lent."""

    fixed_day = "fixed_day"
    anniversary = "anniversary"


class HolidayRule(StrEnum):
    """What happens to a due date that is no working day."""

    none = "none"
    next_working_day = "next_working_day"
    previous_working_day = "previous_working_day"


WEEKS_PER_STEP = {Frequency.weekly: 1, Frequency.fortnightly: 2, Frequency.four_weekly: 4}
MONTHS_PER_STEP = {Frequency.monthly: 1, Frequency.quarterly: 3, Frequency.half_yearly: 6}
PERIODS_PER_YEAR = {
    Frequency.weekly: 52,
    Frequency.fortnightly: 26,
    Frequency.four_weekly: 13,
    Frequency.monthly: 12,
    Frequency.quarterly: 4,
    Frequency.half_yearly: 2,
}


@dataclass(frozen=True, slots=True)
class Holidays:
    """The days on which nobody collects: dated holidays and weekly rest days (Monday is 0)."""

    days: frozenset[date] = frozenset()
    rest_days: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """Hold that some day of the week is worked; ValueError otherwise."""
        if not self.rest_days < frozenset(range(_DAYS_PER_WEEK)):
            raise ValueError("rest days are numbers from 0 to 6, and not all seven of them")

    def is_working(self, day: date) -> bool:
        """Tell whether instalments are collected on this day."""
        return day.weekday() not in self.rest_days and day not in self.days


NO_HOLIDAYS = Holidays()


class DueSteps(NamedTuple):
    """Evenly stepped due dates as integers, either in months or in days.

    Months: every `step_months` from the month index `first_month`, on `due_day` (1-31, the
    last day where the month is shorter). Days: every `step_days` from the day number
    `first_day`. The fields of the other kind are 0.
    """

    step_months: int
    first_month: int
    due_day: int
    step_days: int
    first_day: int

    def due_on(self, step: int) -> date:
        """Give the due date after `step` steps; the first is step 0."""
        if self.step_days:
            return from_day_number(self.first_day + step * self.step_days)
        return month_step(self.first_month + step * self.step_months, self.due_day)

    def dates(self, count: int) -> tuple[date, ...]:
        """Give the first `count` due dates."""
        return _first_dates(self, count)

    def fallen_due(self, day: date) -> int:
        """Count the due dates on or before a day, as if the steps went on for ever."""
        if self.step_days:
            return max(0, (day_number(day) - self.first_day) // self.step_days + 1)
        reached = as_of_key(day) - due_key(self.first_month, self.due_day)
        return max(0, reached // due_key(self.step_months, 0) + 1)


@lru_cache(maxsize=10_000)
def _first_dates(steps: DueSteps, count: int) -> tuple[date, ...]:
    """Give due dates; most loans of a month share them."""
    return tuple(steps.due_on(step) for step in range(count))


def steps_in_months(first_month: int, due_day: int, step_months: int) -> DueSteps:
    """Step by months from the month with this index, anchored to a day."""
    return DueSteps(step_months, first_month, due_day, 0, 0)


def steps_in_weeks(first: date, weeks: int) -> DueSteps:
    """Step by weeks from a first due date."""
    return DueSteps(0, 0, 0, weeks * _DAYS_PER_WEEK, day_number(first))


def steps_from_first_due(first_due_on: date, frequency: Frequency) -> DueSteps:
    """Step from a given first due date, anchored to its day."""
    weeks = WEEKS_PER_STEP.get(frequency)
    if weeks:
        return steps_in_weeks(first_due_on, weeks)
    # A single payment has no second step; one month keeps its steps of the same shape.
    step_months = MONTHS_PER_STEP.get(frequency, 1)
    return steps_in_months(month_index(first_due_on), first_due_on.day, step_months)


def weekly_steps(disbursed_on: date, *, weeks: int, grace_months: int) -> DueSteps:
    """Step by weeks from the disbursement, itself put off by the grace."""
    start = add_months(disbursed_on, grace_months)
    return steps_in_weeks(start + timedelta(weeks=weeks), weeks)


def on_working_days(
    dates: Sequence[date], *, rule: HolidayRule, holidays: Holidays, after: date
) -> tuple[date, ...]:
    """Move the due dates that are no working days, `after` being the day of the disbursement.

    A moved date may not reach or pass its neighbour: the date before it where that came to
    lie (for the first one, the disbursement), or the date after it. It stays where it
    was when no working day is left between them.
    """
    if rule is HolidayRule.none:
        return tuple(dates)
    step = timedelta(days=1 if rule is HolidayRule.next_working_day else -1)
    moved: list[date] = []
    for due, following in zip(dates, [*dates[1:], date.max], strict=True):
        previous = moved[-1] if moved else after
        moved.append(_nearest_working_day(due, step, holidays, (previous, following)))
    return tuple(moved)


def _nearest_working_day(
    due: date, step: timedelta, holidays: Holidays, neighbours: tuple[date, date]
) -> date:
    """Find the first working day from a due date on, strictly between its neighbours."""
    previous, following = neighbours
    day = due
    while previous < day < following:
        if holidays.is_working(day):
            return day
        day += step
    return due
