"""The periods of the joint statement: a calendar half-year (2026-H1) or a month (2026-10). Pure."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from aim_loans.dates import add_months, month_end
from aim_loans.errors import Refused

_HALF = re.compile(r"([1-9][0-9]{3})-H([12])")
_MONTH = re.compile(r"([1-9][0-9]{3})-(0[1-9]|1[0-2])")
_MONTHS_OF_A_HALF = 6


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its name, with its first and last day."""

    name: str
    first: date
    last: date

    def before(self, day: date) -> "Period":
        """Give the period of the same length that ends on the eve of a day."""
        months = _MONTHS_OF_A_HALF if _HALF.fullmatch(self.name) else 1
        first = add_months(day, -months)
        last = day - timedelta(days=1)
        return Period(f"{first.isoformat()}/{last.isoformat()}", first, last)


def half_year_of(day: date) -> Period:
    """Give the half-year of a day."""
    return parse_period(f"{day.year}-H{1 if day.month <= _MONTHS_OF_A_HALF else 2}")


def parse_period(text: str) -> Period:
    """Read the name of a half-year or a month; Refused for anything else."""
    name = text.strip().upper()
    if half := _HALF.fullmatch(name):
        first = date(int(half[1]), 1 if half[2] == "1" else 7, 1)
        return Period(name, first, month_end(add_months(first, _MONTHS_OF_A_HALF - 1)))
    if month := _MONTH.fullmatch(name):
        first = date(int(month[1]), int(month[2]), 1)
        return Period(name, first, month_end(first))
    raise Refused(
        "{given} is no period. Write a half-year such as 2026-H1, or a month such as 2026-10.",
        field="period",
        given=text.strip(),
    )
