"""What holds for every schedule, whatever the product, the loan and the holidays."""

import itertools
from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from dateutil.relativedelta import (  # type: ignore[import-untyped]  # it ships no types
    relativedelta,
)
from hypothesis import given
from hypothesis import strategies as st

from aim_loans.loans.schedule import (
    DueRule,
    Frequency,
    HolidayRule,
    Instalment,
    Request,
    Schedule,
    ScheduleRules,
    due_to_date,
    from_rows,
    oldest_unpaid,
)
from tests.properties.schedules import Case, cases

DAY = timedelta(days=1)
STEPS = {
    Frequency.weekly: relativedelta(days=7),
    Frequency.fortnightly: relativedelta(days=14),
    Frequency.four_weekly: relativedelta(days=28),
    Frequency.monthly: relativedelta(months=1),
    Frequency.quarterly: relativedelta(months=3),
    Frequency.half_yearly: relativedelta(months=6),
}
COUNTED_IN_DAYS = (Frequency.weekly, Frequency.fortnightly, Frequency.four_weekly)


def due_on(schedule: Schedule) -> list[date]:
    return [row.due_on for row in schedule.instalments]


@given(cases())
def test_instalments_are_the_principal_and_nothing_else(case: Case) -> None:
    rows = case.schedule().instalments
    assert sum(row.amount for row in rows) == case.request.principal
    assert all(row.amount > 0 for row in rows)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    sums = [sum(row.amount for row in rows[: row.number]) for row in rows]
    assert [row.due_total for row in rows] == sums


@given(cases())
def test_all_but_the_last_are_the_same_and_never_more_than_asked(case: Case) -> None:
    schedule = case.schedule()
    assert 1 <= len(schedule.instalments) <= schedule.asked
    *regular, last = [row.amount for row in schedule.instalments]
    assert len(set(regular)) <= 1
    if len(regular) + 1 < schedule.asked:
        assert all(last <= amount for amount in regular)


@given(cases())
def test_due_dates_strictly_increase_after_the_disbursement(case: Case) -> None:
    days = [case.request.disbursed_on, *due_on(case.schedule())]
    assert all(earlier < later for earlier, later in itertools.pairwise(days))


def stepped(first: date, frequency: Frequency, count: int, anchor: int) -> list[date]:
    """Step due dates with dateutil, each from the first: anchored, so nothing drifts."""
    if frequency in COUNTED_IN_DAYS:
        return [first + STEPS[frequency] * n for n in range(count)]
    step = STEPS.get(frequency, relativedelta(months=1))
    month = first.replace(day=1)
    return [month + step * n + relativedelta(day=anchor) for n in range(count)]


def first_due(request: Request, rules: ScheduleRules) -> tuple[date, int]:
    """Give the first due date and its anchor, spelled out rule by rule."""
    lent_on, grace = request.disbursed_on, relativedelta(months=rules.grace_months)
    if request.first_due_on is not None:
        return request.first_due_on, request.first_due_on.day
    if rules.frequency in COUNTED_IN_DAYS:
        return lent_on + grace + STEPS[rules.frequency], 0
    term = relativedelta(months=request.instalments or request.months or 0)
    step = STEPS.get(rules.frequency, term)
    if rules.due_rule is DueRule.anniversary:
        month = lent_on.replace(day=1) + step + grace
        return month + relativedelta(day=lent_on.day), lent_on.day
    wait = 1 if lent_on.day <= rules.cutoff_day else 2
    by_cutoff = lent_on.replace(day=1) + relativedelta(months=wait)
    month = by_cutoff + step - relativedelta(months=1) + grace
    return month + relativedelta(day=rules.due_day), rules.due_day


@pytest.mark.parametrize("frequency", Frequency)
@given(case=cases())
def test_due_dates_are_those_of_an_independent_calendar(frequency: Frequency, case: Case) -> None:
    case = case.stepping(frequency)
    dates = due_on(case.unmoved())
    first, anchor = first_due(case.request, case.rules)
    assert dates == stepped(first, frequency, len(dates), anchor)


def nearest_working_day(case: Case, day: date) -> date:
    step = DAY if case.rules.holiday_rule is HolidayRule.next_working_day else -DAY
    while day.weekday() in case.holidays.rest_days or day in case.holidays.days:
        day += step
    return day


@pytest.mark.parametrize("rule", [HolidayRule.next_working_day, HolidayRule.previous_working_day])
@given(case=cases())
def test_a_due_date_moves_to_a_working_day_unless_it_would_reach_its_neighbour(
    rule: HolidayRule, case: Case
) -> None:
    case = case.moving(rule)
    unmoved, final = due_on(case.unmoved()), due_on(case.schedule())
    assert len(unmoved) == len(final)
    before = [case.request.disbursed_on, *final]
    after = [*unmoved[1:], date.max]
    for planned, moved, previous, following in zip(unmoved, final, before, after, strict=False):
        nearest = nearest_working_day(case, planned)
        assert moved == (nearest if previous < nearest < following else planned)


@given(cases())
def test_holidays_move_dates_and_never_amounts(case: Case) -> None:
    schedule, unmoved = case.schedule(), case.unmoved()
    assert [row.amount for row in schedule.instalments] == [
        row.amount for row in unmoved.instalments
    ]
    assert (schedule.pattern is None) == (due_on(schedule) != due_on(unmoved))


def due_by_loop(rows: Iterable[Instalment], day: date) -> int:
    return sum(row.amount for row in rows if row.due_on <= day)


def oldest_by_loop(rows: Iterable[Instalment], received: int) -> date | None:
    covered = 0
    for row in rows:
        covered += row.amount
        if received < covered:
            return row.due_on
    return None


@pytest.mark.parametrize("frequency", Frequency)
@given(case=cases(), any_day=st.dates(min_value=date(1995, 1, 1), max_value=date(2110, 1, 1)))
def test_the_closed_form_of_what_is_due_equals_the_loop(
    frequency: Frequency, case: Case, any_day: date
) -> None:
    schedule = case.stepping(frequency).unmoved()
    assert schedule.pattern is not None
    rows = schedule.instalments
    around = [row.due_on + DAY * n for row in (*rows[:15], rows[-1]) for n in (-1, 0, 1)]
    for day in (*around, case.request.disbursed_on, any_day):
        assert due_to_date(schedule.pattern, day) == due_by_loop(rows, day)


@pytest.mark.parametrize("frequency", Frequency)
@given(case=cases(), share=st.floats(0, 1))
def test_the_closed_form_of_the_oldest_unpaid_equals_the_loop(
    frequency: Frequency, case: Case, share: float
) -> None:
    schedule = case.stepping(frequency).unmoved()
    assert schedule.pattern is not None
    rows = schedule.instalments
    around = [row.due_total + n for row in (*rows[:15], rows[-1]) for n in (-1, 0, 1)]
    for received in (*around, 0, int(case.request.principal * share)):
        assert oldest_unpaid(schedule.pattern, received) == oldest_by_loop(rows, received)


@given(cases())
def test_rows_given_back_make_the_same_instalments(case: Case) -> None:
    schedule = case.schedule()
    rows = [(row.number, row.due_on, row.amount) for row in schedule.instalments]
    again = from_rows(case.request.principal, rows, disbursed_on=case.request.disbursed_on)
    assert again.instalments == schedule.instalments
