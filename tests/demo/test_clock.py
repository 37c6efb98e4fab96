"""The demonstration's clock: it opens day after day, goes never back, and never past now."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aim_loans.demo.office import Clock

KARACHI = ZoneInfo("Asia/Karachi")
TODAY = date(2026, 3, 31)


@pytest.mark.parametrize("hour", [0, 3, 9, 15, 23])
def test_days_open_at_nine_and_the_last_one_before_now(hour: int) -> None:
    now = datetime(2026, 3, 31, hour, 20, tzinfo=KARACHI).astimezone(UTC)
    clock = Clock(KARACHI, now)
    assert clock.last_day == TODAY
    seen = []
    for back in (40, 2, 1, 0):
        day = TODAY - timedelta(days=back)
        clock.open(day)
        assert clock.today == day
        assert clock() <= now
        seen.append(clock())
    assert seen == sorted(seen)
    assert seen[0].astimezone(KARACHI).hour == 9


def test_a_day_opened_again_goes_on_where_it_was() -> None:
    clock = Clock(KARACHI, datetime(2026, 3, 31, 10, tzinfo=UTC))
    clock.open(TODAY)
    first = clock()
    clock.open(TODAY)
    assert clock() > first
