"""What the files of a month are asked at, and what all of them mean by it."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from aim_loans.config.settings import Ladder
from aim_loans.dates import is_month_end, month_end
from aim_loans.errors import Refused
from aim_loans.portfolio.due import View

# Of a larger digest nobody needs more to tell two people apart.
_PSEUDONYM_DIGITS = 32

Pseudonym = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class AskedMonth:
    """The month's last day, the moment K up to which facts are known, ladder and time zone."""

    day: date
    known_at: datetime
    ladder: Ladder
    zone: ZoneInfo

    def __post_init__(self) -> None:
        """Hold that the day ends its month."""
        if not is_month_end(self.day):
            raise ValueError(f"{self.day} is not the last day of a month")

    @property
    def first(self) -> date:
        """Give the first day of the month."""
        return self.day.replace(day=1)

    @property
    def view(self) -> View:
        """Look at the book as of the day."""
        return View(self.day, self.known_at)

    @property
    def before(self) -> View:
        """Look at the book as of the end of the month before, as known at the same moment."""
        return View(self.first - timedelta(days=1), self.known_at)


def closing_day(month: date, *, today: date) -> date:
    """Give the last day of a month that is over; Refused for one that is not."""
    last = month_end(month)
    if last >= today:
        raise Refused(
            "The month {month} is not over yet. Ask from {day} on.",
            field="month",
            month=f"{month:%Y-%m}",
            day=last + timedelta(days=1),
        )
    return last


def pseudonyms(key: bytes) -> Pseudonym:
    """Make the function that hides a name: the first digits of its HMAC-SHA256 under a key."""

    def hide(name: str) -> str:
        return hmac.digest(key, name.encode(), "sha256").hex()[:_PSEUDONYM_DIGITS]

    return hide
