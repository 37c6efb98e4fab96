"""Schedules: worked figures, due-date rules, holidays, given rows, and each refusal."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

import pytest

from aim_loans.errors import Refused
from aim_loans.loans.schedule import (
    DueRule,
    Frequency,
    HolidayRule,
    Holidays,
    Request,
    Schedule,
    ScheduleRules,
    build,
    due_to_date,
    from_rows,
    oldest_unpaid,
)

MONTHLY = ScheduleRules(
    rounding="up",
    round_to=10_000,
    due_rule=DueRule.fixed_day,
    due_day=10,
    cutoff_day=10,
    grace_months=0,
    frequency=Frequency.monthly,
    holiday_rule=HolidayRule.none,
)
TO_THE_RUPEE_DOWN = replace(MONTHLY, rounding="down", round_to=100)
ANNIVERSARY = replace(MONTHLY, due_rule=DueRule.anniversary)
SINGLE = replace(MONTHLY, frequency=Frequency.single)
SUNDAYS = Holidays(rest_days=frozenset({6}))
LENT = date(2026, 1, 11)


def lent(rupees: int, *, months: int | None = None, on: date = LENT) -> Request:
    return Request(principal=rupees * 100, disbursed_on=on, months=months)


def amounts(schedule: Schedule) -> str:
    """Write the amounts as people say them: '17 x 2800 + 2400'."""
    runs = groupby(row.amount for row in schedule.instalments)
    parts = [(len(list(run)), amount / 100) for amount, run in runs]
    return " + ".join(f"{n} x {each:g}" if n > 1 else f"{each:g}" for n, each in parts)


def dues(schedule: Schedule) -> list[str]:
    return [row.due_on.isoformat() for row in schedule.instalments]


@pytest.mark.parametrize(
    ("rupees", "months", "instalment", "rules", "expected"),
    [
        (50_000, 18, None, MONTHLY, "17 x 2800 + 2400"),
        (25_000, 12, None, MONTHLY, "11 x 2100 + 1900"),
        (10_000, 18, None, MONTHLY, "16 x 600 + 400"),
        (1_500_000, 120, 14_000, MONTHLY, "107 x 14000 + 2000"),
        (50_000, 18, None, TO_THE_RUPEE_DOWN, "17 x 2777 + 2791"),
        (48_000, 12, None, MONTHLY, "12 x 4000"),
        (40_000, 6, None, SINGLE, "40000"),
        # The last one is the larger when fewer are asked than the amount needs.
        (50_000, 12, 4_000, MONTHLY, "11 x 4000 + 6000"),
        (50_000, 1, 4_000, MONTHLY, "50000"),
        (3_000, 12, 4_000, MONTHLY, "3000"),
        (10_000, 18, None, replace(MONTHLY, rounding="down"), "17 x 500 + 1500"),
        (10_000, 18, None, replace(MONTHLY, rounding="half_up"), "16 x 600 + 400"),
        (10_500, 10, None, replace(MONTHLY, rounding="half_up"), "9 x 1100 + 600"),
        (10_500, 10, None, replace(MONTHLY, rounding="half_even"), "9 x 1000 + 1500"),
        (100, 3, None, replace(MONTHLY, round_to=1), "2 x 33.34 + 33.32"),
        (50, 6, None, replace(SINGLE, rounding="down"), "50"),
    ],
)
def test_worked_amounts(
    rupees: int, months: int, instalment: int | None, rules: ScheduleRules, expected: str
) -> None:
    request = lent(rupees, months=months)
    if instalment is not None:
        request = replace(request, instalment_amount=instalment * 100)
    assert amounts(build(request, rules)) == expected


def test_a_shorter_tenor_is_shown_beside_what_was_asked() -> None:
    schedule = build(lent(10_000, months=18), MONTHLY)
    assert (schedule.asked, len(schedule.instalments)) == (18, 17)


def test_a_large_rounding_step_shortens_the_tenor_and_loses_nothing() -> None:
    schedule = build(lent(10_000, months=18), replace(MONTHLY, round_to=100_000))
    assert amounts(schedule) == "10 x 1000"
    assert (schedule.asked, len(schedule.instalments)) == (18, 10)


def test_each_row_carries_its_number_and_the_sum_so_far() -> None:
    rows = build(lent(5_000, months=3), MONTHLY).instalments
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.due_total for row in rows] == [170_000, 340_000, 500_000]


@pytest.mark.parametrize(
    ("frequency", "months", "asked"),
    [
        (Frequency.weekly, 12, 52),
        (Frequency.weekly, 1, 5),
        (Frequency.fortnightly, 12, 26),
        (Frequency.fortnightly, 5, 11),
        (Frequency.four_weekly, 12, 13),
        (Frequency.four_weekly, 1, 2),
        (Frequency.monthly, 18, 18),
        (Frequency.quarterly, 12, 4),
        (Frequency.quarterly, 13, 5),
        (Frequency.half_yearly, 18, 3),
        (Frequency.half_yearly, 1, 1),
        (Frequency.single, 9, 1),
    ],
)
def test_the_number_asked_follows_the_periods_of_a_year(
    frequency: Frequency, months: int, asked: int
) -> None:
    schedule = build(lent(1_000_000, months=months), replace(MONTHLY, frequency=frequency))
    assert schedule.asked == asked


def test_a_given_number_of_instalments_holds_over_the_months() -> None:
    request = replace(lent(12_000, months=18), instalments=4)
    assert amounts(build(request, MONTHLY)) == "4 x 3000"


@pytest.mark.parametrize(
    ("on", "first"),
    [
        (date(2026, 1, 1), "2026-02-10"),
        (date(2026, 1, 10), "2026-02-10"),
        (date(2026, 1, 11), "2026-03-10"),
        (date(2026, 1, 31), "2026-03-10"),
        (date(2026, 11, 11), "2027-01-10"),
        (date(2026, 12, 10), "2027-01-10"),
    ],
)
def test_the_cutoff_day_decides_the_first_due_date(on: date, first: str) -> None:
    assert dues(build(lent(25_000, months=12, on=on), MONTHLY))[0] == first


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # Lent on 11 January 2026, after the cutoff day: 10 March is the rule's date.
        ({}, ["2026-03-10", "2026-04-10", "2026-05-10"]),
        ({"grace_months": 2}, ["2026-05-10", "2026-06-10", "2026-07-10"]),
        ({"cutoff_day": 15}, ["2026-02-10", "2026-03-10", "2026-04-10"]),
        ({"due_day": 31, "cutoff_day": 31}, ["2026-02-28", "2026-03-31", "2026-04-30"]),
        ({"frequency": Frequency.quarterly}, ["2026-05-10", "2026-08-10", "2026-11-10"]),
        ({"frequency": Frequency.half_yearly}, ["2026-08-10", "2027-02-10", "2027-08-10"]),
        (
            {"frequency": Frequency.quarterly, "grace_months": 1},
            ["2026-06-10", "2026-09-10", "2026-12-10"],
        ),
        ({"due_rule": DueRule.anniversary}, ["2026-02-11", "2026-03-11", "2026-04-11"]),
        (
            {"due_rule": DueRule.anniversary, "grace_months": 1},
            ["2026-03-11", "2026-04-11", "2026-05-11"],
        ),
        (
            {"due_rule": DueRule.anniversary, "frequency": Frequency.quarterly},
            ["2026-04-11", "2026-07-11", "2026-10-11"],
        ),
        (
            {"due_rule": DueRule.anniversary, "frequency": Frequency.half_yearly},
            ["2026-07-11", "2027-01-11", "2027-07-11"],
        ),
        # Steps in weeks count from the disbursement, whatever fixes the days of months.
        ({"frequency": Frequency.weekly}, ["2026-01-18", "2026-01-25", "2026-02-01"]),
        (
            {"frequency": Frequency.fortnightly, "due_rule": DueRule.anniversary},
            ["2026-01-25", "2026-02-08", "2026-02-22"],
        ),
        ({"frequency": Frequency.four_weekly}, ["2026-02-08", "2026-03-08", "2026-04-05"]),
        (
            {"frequency": Frequency.weekly, "grace_months": 1},
            ["2026-02-18", "2026-02-25", "2026-03-04"],
        ),
    ],
)
def test_due_dates_by_rule(changes: dict[str, object], expected: list[str]) -> None:
    rules = replace(MONTHLY, **changes)  # type: ignore[arg-type]  # a table of any fields
    request = replace(lent(30_000), instalments=3)
    assert dues(build(request, rules)) == expected


@pytest.mark.parametrize(
    ("rules", "months", "instalments", "expected"),
    [
        (SINGLE, 6, None, "2026-08-10"),
        (SINGLE, None, 6, "2026-08-10"),
        (SINGLE, 18, 6, "2026-08-10"),
        (SINGLE, 1, None, "2026-03-10"),
        (replace(SINGLE, grace_months=1), 6, None, "2026-09-10"),
        (replace(SINGLE, due_rule=DueRule.anniversary), 6, None, "2026-07-11"),
        (replace(SINGLE, due_rule=DueRule.anniversary, grace_months=2), 6, None, "2026-09-11"),
    ],
)
def test_a_single_payment_waits_its_months(
    rules: ScheduleRules, months: int | None, instalments: int | None, expected: str
) -> None:
    schedule = build(replace(lent(40_000, months=months), instalments=instalments), rules)
    assert dues(schedule) == [expected]
    assert amounts(schedule) == "40000"
    assert schedule.asked == 1


def test_a_single_payment_with_its_due_date_needs_no_months() -> None:
    request = replace(lent(40_000), first_due_on=date(2026, 11, 10))
    for instalments in (None, 6):
        schedule = build(replace(request, instalments=instalments), SINGLE)
        assert (dues(schedule), amounts(schedule)) == (["2026-11-10"], "40000")


def test_31_january_anniversaries_over_a_leap_year() -> None:
    request = lent(150_000, months=15, on=date(2024, 1, 31))
    assert dues(build(request, ANNIVERSARY)) == [
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
        "2024-05-31",
        "2024-06-30",
        "2024-07-31",
        "2024-08-31",
        "2024-09-30",
        "2024-10-31",
        "2024-11-30",
        "2024-12-31",
        "2025-01-31",
        "2025-02-28",
        "2025-03-31",
        "2025-04-30",
    ]


def test_quarterly_anniversaries_of_30_november() -> None:
    rules = replace(ANNIVERSARY, frequency=Frequency.quarterly)
    request = replace(lent(40_000, on=date(2023, 11, 30)), instalments=4)
    assert dues(build(request, rules)) == ["2024-02-29", "2024-05-30", "2024-08-30", "2024-11-30"]


@pytest.mark.parametrize(
    ("frequency", "first", "expected"),
    [
        # Month ends of a book worked by hand.
        (Frequency.monthly, date(2025, 3, 31), ["2025-03-31", "2025-04-30", "2025-05-31"]),
        (Frequency.monthly, date(2025, 9, 30), ["2025-09-30", "2025-10-30", "2025-11-30"]),
        # Anchored to the day of the first due date, even where that is a month's last.
        (Frequency.monthly, date(2025, 2, 28), ["2025-02-28", "2025-03-28", "2025-04-28"]),
        (Frequency.fortnightly, date(2025, 3, 15), ["2025-03-15", "2025-03-29", "2025-04-12"]),
        (Frequency.quarterly, date(2025, 9, 1), ["2025-09-01", "2025-12-01", "2026-03-01"]),
        (Frequency.weekly, date(2025, 7, 17), ["2025-07-17", "2025-07-24", "2025-07-31"]),
    ],
)
def test_dues_step_from_a_given_first_due_date(
    frequency: Frequency, first: date, expected: list[str]
) -> None:
    rules = replace(MONTHLY, frequency=frequency, grace_months=3)
    request = replace(lent(30_000, on=date(2025, 1, 15)), instalments=3, first_due_on=first)
    assert dues(build(request, rules)) == expected


@pytest.mark.parametrize(
    ("rule", "holidays", "expected"),
    [
        # 10 May 2026 is a Sunday; the 9th a Saturday.
        (HolidayRule.none, SUNDAYS, ["2026-04-10", "2026-05-10", "2026-06-10"]),
        (HolidayRule.next_working_day, SUNDAYS, ["2026-04-10", "2026-05-11", "2026-06-10"]),
        (HolidayRule.previous_working_day, SUNDAYS, ["2026-04-10", "2026-05-09", "2026-06-10"]),
        (
            HolidayRule.next_working_day,
            replace(SUNDAYS, days=frozenset({date(2026, 4, 10), date(2026, 5, 11)})),
            ["2026-04-11", "2026-05-12", "2026-06-10"],
        ),
        (HolidayRule.next_working_day, Holidays(), ["2026-04-10", "2026-05-10", "2026-06-10"]),
    ],
)
def test_due_dates_move_off_holidays(
    rule: HolidayRule, holidays: Holidays, expected: list[str]
) -> None:
    request = replace(lent(30_000, on=date(2026, 2, 11)), instalments=3)
    schedule = build(request, replace(MONTHLY, holiday_rule=rule), holidays)
    assert dues(schedule) == expected
    assert amounts(schedule) == "3 x 10000"
    moved = expected != ["2026-04-10", "2026-05-10", "2026-06-10"]
    assert (schedule.pattern is None) == moved


def closed(first: date, days: int) -> Holidays:
    """Close every day of a stretch."""
    return Holidays(days=frozenset(first + timedelta(days=n) for n in range(days)))


@pytest.mark.parametrize(
    ("rule", "holidays", "expected"),
    [
        # Weekly from 8 January: the 15th and the 22nd would meet, so the 15th stays.
        (
            HolidayRule.next_working_day,
            closed(date(2026, 1, 15), 7),
            ["2026-01-08", "2026-01-15", "2026-01-22"],
        ),
        (
            HolidayRule.next_working_day,
            closed(date(2026, 1, 15), 6),
            ["2026-01-08", "2026-01-21", "2026-01-22"],
        ),
        # Closed over both: each would move, and only the last has room.
        (
            HolidayRule.next_working_day,
            closed(date(2026, 1, 15), 8),
            ["2026-01-08", "2026-01-15", "2026-01-23"],
        ),
        (
            HolidayRule.previous_working_day,
            closed(date(2026, 1, 9), 7),
            ["2026-01-08", "2026-01-15", "2026-01-22"],
        ),
        # The first one may not reach the disbursement on the 1st.
        (
            HolidayRule.previous_working_day,
            closed(date(2026, 1, 2), 7),
            ["2026-01-08", "2026-01-15", "2026-01-22"],
        ),
        (
            HolidayRule.previous_working_day,
            closed(date(2026, 1, 3), 6),
            ["2026-01-02", "2026-01-15", "2026-01-22"],
        ),
    ],
)
def test_a_moved_date_never_reaches_its_neighbour(
    rule: HolidayRule, holidays: Holidays, expected: list[str]
) -> None:
    rules = replace(MONTHLY, frequency=Frequency.weekly, holiday_rule=rule)
    request = replace(lent(3_000, on=date(2026, 1, 1)), instalments=3)
    assert dues(build(request, rules, holidays)) == expected


def test_a_due_date_at_the_end_of_the_calendar_does_not_move_past_it() -> None:
    request = replace(lent(100, on=date(9999, 1, 1)), instalments=1, first_due_on=date.max)
    rules = replace(MONTHLY, holiday_rule=HolidayRule.next_working_day)
    holidays = Holidays(days=frozenset({date.max}))
    assert dues(build(request, rules, holidays)) == ["9999-12-31"]


@pytest.mark.parametrize("rest_days", [{0, 1, 2, 3, 4, 5, 6}, {7}])
def test_a_week_without_working_days_is_an_error(rest_days: set[int]) -> None:
    with pytest.raises(ValueError, match="rest days"):
        Holidays(rest_days=frozenset(rest_days))


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"principal": 0}, "principal", "The principal must be more than 0."),
        ({"principal": -1}, "principal", "The principal must be more than 0."),
        ({"months": 0}, "months", "The term is at least 1 month."),
        ({"months": -3}, "months", "The term is at least 1 month."),
        ({"instalments": 0}, "instalments", "There must be at least 1 instalment."),
        (
            {"instalment_amount": 0},
            "instalment_amount",
            "The instalment must be more than 0.",
        ),
        (
            {"months": None},
            "months",
            "Give the months of the term or the number of instalments.",
        ),
        (
            {"first_due_on": LENT},
            "first_due_on",
            "The first due date 2026-01-11 must come after the disbursement on 2026-01-11.",
        ),
        (
            {"first_due_on": date(2025, 3, 1)},
            "first_due_on",
            "The first due date 2025-03-01 must come after the disbursement on 2026-01-11.",
        ),
        (
            {"months": 10**6, "instalment_amount": 1},
            "",
            "The last due date would fall after the year 9999. Ask for a shorter term.",
        ),
        (
            {"disbursed_on": date(9999, 12, 1)},
            "",
            "The last due date would fall after the year 9999. Ask for a shorter term.",
        ),
    ],
)
def test_a_request_without_a_schedule_is_refused(
    changes: dict[str, object], field: str, sentence: str
) -> None:
    request = lent(50_000, months=18)
    with pytest.raises(Refused) as refusal:
        build(replace(request, **changes), MONTHLY)  # type: ignore[arg-type]  # any fields
    assert (refusal.value.field, str(refusal.value)) == (field, sentence)


@pytest.mark.parametrize("rounding", ["down", "half_up", "half_even"])
def test_an_instalment_that_rounds_to_0_is_refused(rounding: str) -> None:
    rules = replace(MONTHLY, rounding=rounding)  # type: ignore[arg-type]  # one of the rules
    with pytest.raises(Refused) as refusal:
        build(lent(500, months=18), rules)
    assert str(refusal.value) == (
        "The instalment rounds to 0. Ask for fewer instalments, or round to less than 100 rupees."
    )


def test_a_single_payment_without_months_or_date_is_refused() -> None:
    with pytest.raises(Refused, match="months to the single payment, or its due date"):
        build(lent(500), SINGLE)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("round_to", (0, -100, 100_001)),
        ("due_day", (0, 32)),
        ("cutoff_day", (0, 32)),
        ("grace_months", (-1,)),
    ],
)
def test_a_product_setting_out_of_range_is_refused(field: str, values: tuple[int, ...]) -> None:
    for value in values:
        changes: dict[str, object] = {field: value}
        with pytest.raises(Refused) as refusal:
            replace(MONTHLY, **changes)  # type: ignore[arg-type]  # a table of any fields
        assert refusal.value.field == field


GIVEN = [
    (1, date(2025, 2, 28), 500_000),
    (2, date(2025, 6, 15), 2_000_000),
    (3, date(2025, 12, 20), 2_000_000),
]


def test_given_rows_are_the_schedule_in_any_order() -> None:
    for rows in (GIVEN, GIVEN[::-1]):
        schedule = from_rows(4_500_000, rows, disbursed_on=date(2025, 1, 31))
        assert dues(schedule) == ["2025-02-28", "2025-06-15", "2025-12-20"]
        assert amounts(schedule) == "5000 + 2 x 20000"
        assert [row.due_total for row in schedule.instalments] == [500_000, 2_500_000, 4_500_000]
        assert (schedule.asked, schedule.pattern) == (3, None)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "The schedule has no instalments."),
        ([(0, *GIVEN[0][1:]), *GIVEN[1:]], "Instalments are numbered from 1."),
        (GIVEN[1:], "Instalment 1 is missing."),
        ([GIVEN[0], GIVEN[2]], "Instalment 2 is missing."),
        ([*GIVEN[:2], (2, *GIVEN[2][1:])], "Instalment 2 comes twice."),
        (
            [GIVEN[0], (2, date(2025, 6, 15), 0), GIVEN[2]],
            "The amount of instalment 2 must be more than 0.",
        ),
        (
            [GIVEN[0], (2, date(2025, 6, 15), -1), GIVEN[2]],
            "The amount of instalment 2 must be more than 0.",
        ),
        (
            [GIVEN[0], (2, date(2025, 2, 28), 2_000_000), GIVEN[2]],
            "The due date of instalment 2, 2025-02-28, must come after 2025-02-28.",
        ),
        (
            [(1, date(2025, 1, 31), 500_000), *GIVEN[1:]],
            "The due date of instalment 1, 2025-01-31, must come after 2025-01-31.",
        ),
        (
            [*GIVEN[:2], (3, date(2025, 12, 20), 1_999_950)],
            "The instalments sum to 44,999.50 rupees; the principal is 45,000.",
        ),
    ],
)
def test_each_fault_of_given_rows_has_its_sentence(
    rows: list[tuple[int, date, int]], sentence: str
) -> None:
    with pytest.raises(Refused) as refusal:
        from_rows(4_500_000, rows, disbursed_on=date(2025, 1, 31))
    assert str(refusal.value) == sentence


def test_an_instalment_above_the_principal_is_the_principal() -> None:
    request = replace(lent(3_000, months=12), instalment_amount=400_000)
    pattern = build(request, MONTHLY).pattern
    assert pattern is not None
    assert (pattern.base, pattern.count, pattern.principal) == (300_000, 1, 300_000)


def test_the_closed_form_on_the_days_around_a_month_end() -> None:
    request = lent(30_000, months=3, on=date(2024, 1, 31))
    pattern = build(request, ANNIVERSARY).pattern
    assert pattern is not None
    assert [
        due_to_date(pattern, day) // 100
        for day in (
            date(2024, 1, 31),
            date(2024, 2, 28),
            date(2024, 2, 29),
            date(2024, 3, 30),
            date(2024, 3, 31),
            date(2024, 4, 29),
            date(2024, 4, 30),
            date(2030, 1, 1),
        )
    ] == [0, 0, 10_000, 10_000, 20_000, 20_000, 30_000, 30_000]
    assert oldest_unpaid(pattern, 0) == date(2024, 2, 29)
    assert oldest_unpaid(pattern, 999_999) == date(2024, 2, 29)
    assert oldest_unpaid(pattern, 1_000_000) == date(2024, 3, 31)
    assert oldest_unpaid(pattern, 2_999_999) == date(2024, 4, 30)
    assert oldest_unpaid(pattern, 3_000_000) is None
