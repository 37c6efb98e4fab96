"""Days and moments: parsing, month steps anchored to a day, business days of a time zone.

A month is counted by its index, year * 12 + month - 1, so that stepping months is adding
integers; a day by its number since 1970-01-01. Due dates stay anchored to their day: the
31st falls on the last day of a shorter month and returns to the 31st after it. Nothing
here asks the clock.
"""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from aim_loans.errors import Refused

MONTHS_PER_YEAR = 12

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_FISCAL_YEAR_FIRST_MONTH = 7
_LAST_DAY_OF_EVERY_MONTH = 31
_SHORTEST_MONTH = 28
_FEBRUARY_INDEX = 1
_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_KEY_DAYS = 32

_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_ISO_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_ISO_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")


def parse_date(text: str) -> date:
    """Read an ISO date, YYYY-MM-DD, of the real calendar; surrounding spaces are dropped.

    Refuses nothing, other digits than 0-9, any other form, and days such as 31 February.
    """
    bare = text.strip()
    match = _ISO_DATE.fullmatch(bare)
    if match is None:
        raise _date_fault(bare)
    try:
        return date.fromisoformat(bare)
    except ValueError:
        year, month, _ = map(int, match.groups())
        raise _unreal_date(bare, year, month) from None


def parse_month(text: str) -> date:
    """Read an ISO month, YYYY-MM, as its last day; surrounding spaces are dropped."""
    bare = text.strip()
    if not _ISO_MONTH.fullmatch(bare):
        raise Refused("Write the month as year-month, for example 2026-01.")
    return month_end(parse_date(f"{bare}-01"))


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """Read an ISO moment with its offset, or a date meaning the end of that day in `zone`.

    Returns an aware datetime in UTC. A time without an offset is refused: it would mean
    another moment in another place.
    """
    bare = text.strip()
    match = _ISO_MOMENT.fullmatch(bare)
    if match is None:
        return end_of_day(parse_date(bare), zone)
    parse_date(bare[:10])
    if match[1] is None:
        raise Refused(
            "Write the moment with its offset, for example 2026-01-31T17:30:00+05:00, "
            "or give the date alone for the end of that day."
        )
    try:
        return datetime.fromisoformat(bare).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(
            "{text} is not a real moment. Check the time and the offset.", text=bare
        ) from None


def _date_fault(bare: str) -> Refused:
    """Say why a text is no ISO date at all."""
    if not bare:
        return Refused("Enter a date, for example 2026-01-31.")
    if _FOREIGN_DIGIT.search(bare):
        return Refused("Write the date with the digits 0-9, for example 2026-01-31.")
    return Refused("Write the date as year-month-day, for example 2026-01-31.")


def _unreal_date(bare: str, year: int, month: int) -> Refused:
    """Say which part of a well-written date the calendar does not have."""
    if not year:
        return Refused("{text} is not a real date: the years start at 0001.", text=bare)
    if not 1 <= month <= MONTHS_PER_YEAR:
        return Refused("{text} is not a real date: the months are 01 to 12.", text=bare)
    return Refused(
        "{text} is not a real date: that month has {days} days.",
        text=bare,
        days=_month_length(year * MONTHS_PER_YEAR + month - 1),
    )


def month_index(day: date) -> int:
    """Give the index of a day's month: year * 12 + month - 1."""
    return day.year * MONTHS_PER_YEAR + day.month - 1


def month_step(index: int, due_day: int) -> date:
    """Give day `due_day` (1-31) of the month with this index, or its last day if shorter.

    Raises ValueError or OverflowError when the calendar (years 1 to 9999) has no such month.
    """
    year, month = divmod(index, MONTHS_PER_YEAR)
    if due_day > _SHORTEST_MONTH:
        due_day = min(due_day, _month_length(index))
    return date(year, month + 1, due_day)


def _month_length(index: int) -> int:
    """Give the number of days of the month with this index."""
    year, month = divmod(index, MONTHS_PER_YEAR)
    if month == _FEBRUARY_INDEX and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        return _SHORTEST_MONTH + 1
    return _MONTH_LENGTHS[month]


def add_months(day: date, months: int, *, anchor_day: int | None = None) -> date:
    """Step whole months from a day, anchored to `anchor_day` (its own day when not given).

    A date that was cut short by its month finds back with its anchor: 28 February plus one
    month, anchored to 31, is 31 March.
    """
    return month_step(month_index(day) + months, day.day if anchor_day is None else anchor_day)


def month_end(day: date) -> date:
    """Give the last day of a day's month."""
    return month_step(month_index(day), _LAST_DAY_OF_EVERY_MONTH)


def is_month_end(day: date) -> bool:
    """Tell whether a day is the last of its month."""
    return day.day >= _SHORTEST_MONTH and day.day == _month_length(month_index(day))


def day_number(day: date) -> int:
    """Count the days from 1970-01-01, which is 0, to a day."""
    return day.toordinal() - _EPOCH_ORDINAL


def from_day_number(number: int) -> date:
    """Give the day with this number; the inverse of `day_number`."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


def due_key(index: int, day: int) -> int:
    """Give one integer that orders anchored due dates: month index * 32 + day (1-31).

    The day is the anchored one, even in a month too short for it; `as_of_key` allows for that.
    """
    return index * _KEY_DAYS + day


def as_of_key(day: date) -> int:
    """Give the key up to which due keys have fallen due by the end of this day.

    The last day of a month counts as the 31st: whatever is anchored to a later day of that
    month falls due on it.
    """
    last = _LAST_DAY_OF_EVERY_MONTH if is_month_end(day) else day.day
    return due_key(month_index(day), last)


def business_date(moment: datetime, zone: ZoneInfo) -> date:
    """Give the local day of an aware moment; ValueError for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment carries its zone")
    return moment.astimezone(zone).date()


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Give the last microsecond of a local day, in UTC.

    Where clocks are put back over midnight that hour comes twice; the second one counts.
    """
    try:
        return datetime.combine(day, time.max, zone).replace(fold=1).astimezone(UTC)
    except OverflowError:
        raise Refused("{day} is too far away. Check the year.", day=day.isoformat()) from None


def fiscal_year(day: date) -> int:
    """Give the fiscal year, July to June, by the year in which it starts."""
    return day.year if day.month >= _FISCAL_YEAR_FIRST_MONTH else day.year - 1
