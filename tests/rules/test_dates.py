"""Days and moments: strict parsing, anchored months, business days in Karachi."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import (  # type: ignore[import-untyped]  # it ships no types
    relativedelta,
)
from hypothesis import given
from hypothesis import strategies as st

from aim_loans.dates import (
    add_months,
    as_of_key,
    business_date,
    day_number,
    due_key,
    end_of_day,
    fiscal_year,
    from_day_number,
    is_month_end,
    month_end,
    month_index,
    month_step,
    parse_date,
    parse_moment,
    parse_month,
)
from aim_loans.errors import Refused

KARACHI = ZoneInfo("Asia/Karachi")
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 12, 31))

EMPTY = "Enter a date, for example 2026-01-31."
DIGITS = "Write the date with the digits 0-9, for example 2026-01-31."
FORM = "Write the date as year-month-day, for example 2026-01-31."
OFFSET = (
    "Write the moment with its offset, for example 2026-01-31T17:30:00+05:00, "
    "or give the date alone for the end of that day."
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        (" 2024-02-29 ", date(2024, 2, 29)),
        ("2000-02-29", date(2000, 2, 29)),
        ("0001-01-01", date(1, 1, 1)),
        ("9999-12-31", date(9999, 12, 31)),
    ],
)
def test_an_iso_date_is_read(text: str, day: date) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", EMPTY),
        ("   ", EMPTY),
        ("۲۰۲۶-۰۱-۳۱", DIGITS),
        ("٢٠٢٦-٠١-٣١", DIGITS),
        ("31-02-2026", FORM),
        ("31-02", FORM),
        ("31/01/2026", FORM),
        ("20260131", FORM),
        ("2026-1-31", FORM),
        ("2026-W05-6", FORM),
        ("2026-01-31T10:00", FORM),
        ("-2026-01-31", FORM),
        ("today", FORM),
        ("2026-02-31", "2026-02-31 is not a real date: that month has 28 days."),
        ("2024-02-30", "2024-02-30 is not a real date: that month has 29 days."),
        ("1900-02-29", "1900-02-29 is not a real date: that month has 28 days."),
        ("2026-04-31", "2026-04-31 is not a real date: that month has 30 days."),
        ("2026-01-00", "2026-01-00 is not a real date: that month has 31 days."),
        ("2026-13-01", "2026-13-01 is not a real date: the months are 01 to 12."),
        ("2026-00-10", "2026-00-10 is not a real date: the months are 01 to 12."),
        ("0000-01-01", "0000-01-01 is not a real date: the years start at 0001."),
    ],
)
def test_each_fault_of_a_date_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_date(text)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, 18, 59, 59, 999_999, UTC)),
        ("2026-01-31T17:30:00+05:00", datetime(2026, 1, 31, 12, 30, tzinfo=UTC)),
        ("2026-01-31T17:30+0500", datetime(2026, 1, 31, 12, 30, tzinfo=UTC)),
        (" 2026-01-31 12:30:00.25Z ", datetime(2026, 1, 31, 12, 30, 0, 250_000, UTC)),
        ("2026-01-31T23:30:00-08:00", datetime(2026, 2, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_utc(text: str, moment: datetime) -> None:
    read = parse_moment(text, KARACHI)
    assert read == moment
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", EMPTY),
        ("۲۰۲۶-۰۱-۳۱", DIGITS),
        ("2026-01-31T17:30:00", OFFSET),
        ("2026-01-31 17:30", OFFSET),
        ("2026-01-31T17", FORM),
        ("now", FORM),
        ("2026-02-31T10:00Z", "2026-02-31 is not a real date: that month has 28 days."),
        (
            "2026-01-31T25:00Z",
            "2026-01-31T25:00Z is not a real moment. Check the time and the offset.",
        ),
        (
            "2026-01-31T10:00+99:00",
            "2026-01-31T10:00+99:00 is not a real moment. Check the time and the offset.",
        ),
        (
            "0001-01-01T00:00+05:00",
            "0001-01-01T00:00+05:00 is not a real moment. Check the time and the offset.",
        ),
    ],
)
def test_each_fault_of_a_moment_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_moment(text, KARACHI)
    assert str(refusal.value) == sentence


def test_a_day_that_ends_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(Refused, match="9999-12-31 is too far away"):
        end_of_day(date.max, ZoneInfo("America/New_York"))


def parsed(text: str) -> datetime | None:
    try:
        return parse_moment(text, KARACHI)
    except Refused:
        return None


@given(st.text(max_size=30) | st.text(alphabet="0123456789-:T+Z ۲", max_size=30))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    moment = parsed(text)
    assert moment is None or moment.tzinfo is UTC


def test_31_january_finds_back_to_the_31st() -> None:
    start = date(2024, 1, 31)
    assert [add_months(start, step).isoformat() for step in (1, 2, 3, 12, 13, 14)] == [
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
        "2025-01-31",
        "2025-02-28",
        "2025-03-31",
    ]


def test_the_anchor_restores_a_day_cut_short_by_february() -> None:
    assert add_months(date(2025, 2, 28), 1, anchor_day=31) == date(2025, 3, 31)
    assert add_months(date(2025, 2, 28), 1) == date(2025, 3, 28)
    assert add_months(date(2025, 3, 31), -1) == date(2025, 2, 28)


@given(DAYS, st.integers(-600, 600))
def test_months_step_as_dateutil_steps_them(day: date, months: int) -> None:
    assert add_months(day, months) == day + relativedelta(months=months)


@given(DAYS, st.integers(-600, 600), st.integers(1, 31))
def test_an_anchored_step_is_the_day_of_the_month_or_its_last(
    day: date, months: int, anchor: int
) -> None:
    expected = day.replace(day=1) + relativedelta(months=months) + relativedelta(day=anchor)
    assert add_months(day, months, anchor_day=anchor) == expected


@pytest.mark.parametrize("year", [1900, 2000, 2023, 2024, 2100, 2400])
@pytest.mark.parametrize("anchor", [1, 28, 29, 30, 31])
def test_every_month_has_its_length(year: int, anchor: int) -> None:
    for month in range(1, 13):
        length = monthrange(year, month)[1]
        step = month_step(year * 12 + month - 1, anchor)
        assert step == date(year, month, min(anchor, length))
        assert month_end(step).day == length


@pytest.mark.parametrize("index", [10_000 * 12, 11, -1, 10**12])
def test_months_outside_the_calendar_are_an_error(index: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        month_step(index, 1)


@given(DAYS)
def test_a_month_ends_before_the_first_of_the_next(day: date) -> None:
    end = month_end(day)
    assert (end + timedelta(days=1)).day == 1
    assert end.replace(day=1) == day.replace(day=1)
    assert is_month_end(day) == (day == end)


@given(DAYS)
def test_a_day_number_counts_from_1970(day: date) -> None:
    assert day_number(day) == (day - date(1970, 1, 1)).days
    assert from_day_number(day_number(day)) == day


@given(DAYS, st.integers(-40, 40), st.integers(1, 31))
def test_due_keys_order_anchored_dates_against_any_day(day: date, months: int, anchor: int) -> None:
    index = month_index(day) + months
    fallen_due = due_key(index, anchor) <= as_of_key(day)
    assert fallen_due == (month_step(index, anchor) <= day)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-01-31T00:30:00+05:00", date(2026, 1, 31)),
        ("2026-01-30T19:30:00+00:00", date(2026, 1, 31)),
        ("2026-01-31T23:30:00+05:00", date(2026, 1, 31)),
        ("2026-01-31T18:59:59.999999Z", date(2026, 1, 31)),
        ("2026-01-31T19:00:00Z", date(2026, 2, 1)),
    ],
)
def test_the_business_date_is_the_local_day(moment: str, day: date) -> None:
    assert business_date(datetime.fromisoformat(moment), KARACHI) == day


def test_a_moment_without_a_zone_has_no_business_date() -> None:
    naive = datetime(2026, 1, 31, 12, 0, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(ValueError, match="carries its zone"):
        business_date(naive, KARACHI)


@pytest.mark.parametrize("zone", [KARACHI, ZoneInfo("UTC"), ZoneInfo("America/New_York")])
@given(day=DAYS)
def test_a_day_ends_where_the_next_begins(zone: ZoneInfo, day: date) -> None:
    end = end_of_day(day, zone)
    assert business_date(end, zone) == day
    assert business_date(end + timedelta(microseconds=1), zone) == day + timedelta(days=1)


def test_a_day_whose_last_hour_came_twice_ends_with_the_second() -> None:
    # Pakistan put its clocks back at midnight after 31 October 2008.
    assert end_of_day(date(2008, 10, 31), KARACHI).isoformat().startswith("2008-10-31T18:59:59")


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2026, 6, 30), 2025),
        (date(2026, 7, 1), 2026),
        (date(2026, 12, 31), 2026),
        (date(2027, 1, 1), 2026),
    ],
)
def test_the_fiscal_year_starts_in_july(day: date, year: int) -> None:
    assert fiscal_year(day) == year


def test_a_month_is_read_as_its_last_day() -> None:
    assert parse_month(" 2024-02 ") == date(2024, 2, 29)
    for text in ("", "2024", "2024-2", "2024-02-01", "24-02", "\u06f2024-02"):
        with pytest.raises(Refused, match="Write the month as year-month"):
            parse_month(text)
    for text in ("2024-00", "2024-13"):
        with pytest.raises(Refused, match="the months are 01 to 12"):
            parse_month(text)
