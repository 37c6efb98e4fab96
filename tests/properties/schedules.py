"""Made-up products, loans and holidays for the properties of schedules."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import get_args

from hypothesis import strategies as st

from aim_loans.loans.schedule import (
    DueRule,
    Frequency,
    HolidayRule,
    Holidays,
    Request,
    Schedule,
    ScheduleRules,
    build,
)
from aim_loans.money import RoundingRule

LONGEST_TERM = 60  # months


@dataclass(frozen=True, slots=True)
class Case:
    """One loan with the product and the holidays it meets."""

    request: Request
    rules: ScheduleRules
    holidays: Holidays

    def schedule(self) -> Schedule:
        """Build the schedule by all the rules."""
        return build(self.request, self.rules, self.holidays)

    def unmoved(self) -> Schedule:
        """Build the schedule as if no day were a holiday."""
        return self.moving(HolidayRule.none).schedule()

    def moving(self, rule: HolidayRule) -> "Case":
        """Give the same case under another holiday rule."""
        return replace(self, rules=replace(self.rules, holiday_rule=rule))

    def stepping(self, frequency: Frequency) -> "Case":
        """Give the same case at another frequency."""
        return replace(self, rules=replace(self.rules, frequency=frequency))


def days() -> st.SearchStrategy[date]:
    """Draw a day, a month's end in one case of three: that is where steps go wrong."""
    any_day = st.dates(min_value=date(1996, 1, 1), max_value=date(2096, 12, 31))
    last_day = any_day.map(lambda day: day.replace(day=1) - timedelta(days=1))
    return any_day | any_day | last_day


def products() -> st.SearchStrategy[ScheduleRules]:
    """Draw any product that the settings allow."""
    return st.builds(
        ScheduleRules,
        rounding=st.sampled_from(get_args(RoundingRule)),
        round_to=st.sampled_from([1, 50, 100, 10_000, 100_000]) | st.integers(1, 100_000),
        due_rule=st.sampled_from(DueRule),
        due_day=st.integers(1, 31),
        cutoff_day=st.integers(1, 31),
        grace_months=st.integers(0, 6),
        frequency=st.sampled_from(Frequency),
        holiday_rule=st.sampled_from(HolidayRule),
    )


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Draw any loan that some rounding step of at most 1,000 rupees cannot round away."""
    disbursed_on = draw(days())
    asked = draw(st.integers(1, LONGEST_TERM))
    by_months = draw(st.booleans())
    most_instalments = asked * 52 // 12 + 1 if by_months else asked
    least = 100_000 * most_instalments
    wait = draw(st.none() | st.integers(1, 400))
    return Request(
        principal=draw(st.integers(least, 4 * least) | st.integers(least, 10**11)),
        disbursed_on=disbursed_on,
        months=asked if by_months else None,
        instalments=None if by_months else asked,
        instalment_amount=draw(st.none() | st.integers(1_000, 10**9)),
        first_due_on=None if wait is None else disbursed_on + timedelta(days=wait),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a loan, its product, weekly rest days and some closed stretches of days."""
    request = draw(requests())
    stretches = draw(st.lists(st.tuples(st.integers(-10, 400), st.integers(1, 40)), max_size=4))
    closed = {
        request.disbursed_on + timedelta(days=start + day)
        for start, length in stretches
        for day in range(length)
    }
    rest_days = draw(st.frozensets(st.integers(0, 6), max_size=6))
    return Case(request, draw(products()), Holidays(frozenset(closed), rest_days))
