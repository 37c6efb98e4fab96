"""What moves the made-up payments: the Eids, and one flood. Pure.

The Eids are estimates: the lunar year has 354.367 days, counted from those of 2025.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from aim_loans.dates import month_end

LUNAR_YEAR = 354.367
_EID_UL_FITR, _EID_UL_AZHA = date(2025, 3, 31), date(2025, 6, 7)
_FLOOD_MONTH, _FLOOD_DAY = 8, 20
# A flood of the last weeks would not show in any report yet.
_FLOOD_IS_PAST = timedelta(days=75)
_BEFORE_EID, _AFTER_EID = timedelta(days=12), timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Seasons:
    """The Eids around the years of a book, and the day on which the flood came."""

    eids: tuple[date, ...]
    flood_on: date

    def is_eid(self, day: date) -> bool:
        """Say whether people spend on an Eid around this day."""
        return any(eid - _BEFORE_EID <= day <= eid + _AFTER_EID for eid in self.eids)


def seasons_around(day: date) -> Seasons:
    """Give the Eids of the four years before and the year after a day, and the last flood."""
    lunar_years = range(_years(day) - 5, _years(day) + 2)
    eids = [
        anchor + timedelta(days=round(count * LUNAR_YEAR))
        for anchor in (_EID_UL_FITR, _EID_UL_AZHA)
        for count in lunar_years
    ]
    flood = date((day - _FLOOD_IS_PAST).year, _FLOOD_MONTH, _FLOOD_DAY)
    if flood > day - _FLOOD_IS_PAST:
        flood = flood.replace(year=flood.year - 1)
    return Seasons(tuple(sorted(eids)), flood)


def month_ends(first: date, last: date) -> list[date]:
    """Give the ends of the months from that of `first` up to `last`."""
    ends = [month_end(first)]
    while (following := month_end(ends[-1] + timedelta(days=1))) <= last:
        ends.append(following)
    return ends


def span_ends(first: date, last: date) -> list[date]:
    """Give the ends of the months up to `last`, and `last` itself, each once."""
    ends = month_ends(first, last)
    return ends if last in ends else [*ends, last]


def _years(day: date) -> int:
    """Count the lunar years since 2025."""
    return round((day - _EID_UL_FITR).days / LUNAR_YEAR)
