"""The periods of the joint statement: a calendar half-year (2026-H1) or a month (2026-10). Pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from aim_loans.dates import add_months, month_end
from aim_loans.errors import Refused

_HALF = re.compile(r"([1-9][0-9]{3})-H([12])")
_MONTH = re.compile(r"([1-9][0-9]{3})-(0[1-9]|1[0-2])")
MONTHS_OF_A_HALF = 6


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its name, with its first and last day."""

    name: str
    first: date
    last: date

    @property
    def is_month(self) -> bool:
        """Say whether it is a month, of which there is the brief alone."""
        return self.first.month == self.last.month

    def before(self, day: date) -> "Period":
        """Give the period of the same length that ends on the eve of a day."""
        months = 1 if self.is_month else MONTHS_OF_A_HALF
        first = add_months(day, -months)
        last = day - timedelta(days=1)
        return Period(f"{first.isoformat()}/{last.isoformat()}", first, last)


def half_year_of(day: date) -> Period:
    """Give the half-year of a day."""
    return parse_period(f"{day.year}-H{1 if day.month <= MONTHS_OF_A_HALF else 2}")


def months_of(half: Period) -> list[Period]:
    """Give the months of a half-year in their order."""
    return [_month_of(add_months(half.first, number)) for number in range(MONTHS_OF_A_HALF)]


def period_before(period: Period) -> Period:
    """Give the half-year or month before a period."""
    eve = period.first - timedelta(days=1)
    return _month_of(eve) if period.is_month else half_year_of(eve)


def period_after(period: Period) -> Period:
    """Give the half-year or month after a period."""
    morrow = period.last + timedelta(days=1)
    return _month_of(morrow) if period.is_month else half_year_of(morrow)


def _month_of(day: date) -> Period:
    return parse_period(f"{day:%Y-%m}")


def parse_period(text: str) -> Period:
    """Read the name of a half-year or a month; Refused for anything else."""
    name = text.strip().upper()
    if half := _HALF.fullmatch(name):
        first = date(int(half[1]), 1 if half[2] == "1" else 7, 1)
        return Period(name, first, month_end(add_months(first, MONTHS_OF_A_HALF - 1)))
    if month := _MONTH.fullmatch(name):
        first = date(int(month[1]), int(month[2]), 1)
        return Period(name, first, month_end(first))
    raise Refused(
        "{given} is no period. Write a half-year such as 2026-H1, or a month such as 2026-10.",
        field="period",
        given=text.strip(),
    )
