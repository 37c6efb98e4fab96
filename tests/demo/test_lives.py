"""The made-up loans as such, without a database: shares, lateness, and that they can be true."""

from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest

from aim_loans.config.reader import read_settings
from aim_loans.demo.files import Span
from aim_loans.demo.lives import Life, Plan, lives
from aim_loans.demo.seasons import month_ends, seasons_around, span_ends
from aim_loans.loans.schedule import ScheduleRules
from aim_loans.origination.queries import schedule_rules

DAYS = (date(2026, 3, 31), date(2026, 11, 22))
# SMEDA's statement of July 2025, in hundredths of the national portfolio.
NATIONAL = {"trade": 22.4, "livestock": 25.5, "agriculture": 21.4}


def plan(day: date, *, loans: int = 2_000, seed: int = 3) -> Plan:
    dated = read_settings(None, {}).dated

    def rules_on(product: str, on: date) -> ScheduleRules:
        return schedule_rules(dated.product_on(product, on))

    return Plan(
        seed=seed,
        loans=loans,
        day=day,
        last_payout=day - timedelta(days=14),
        dated=dated,
        rules_on=rules_on,
    )


@cache
def book(day: date) -> list[Life]:
    return list(lives(plan(day)))


def owed(life: Life, day: date) -> int:
    """Give the balance by going through the payments one by one."""
    if day < life.paid_out or any(end.day <= day for end in life.course.endings):
        return 0
    left = life.principal
    for payment in life.course.payments:
        if payment.day <= day:
            left -= payment.amount
    return max(0, left)


def late(life: Life, day: date) -> int:
    """Count the days past due by going through the instalments one by one."""
    paid = life.principal - owed(life, day)
    for row in life.schedule.instalments:
        if row.amount > paid:
            return max(0, (day - row.due_on).days)
        paid -= row.amount
    return 0


def hundredths(part: int, whole: int) -> float:
    return 100 * part / whole


def later_than_30_days(loans: list[Life], day: date) -> float:
    whole = sum(owed(life, day) for life in loans)
    return hundredths(sum(owed(life, day) for life in loans if late(life, day) > 30), whole)


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_sectors_women_and_lateness_are_near_the_national_figures(day: date) -> None:
    balances: Counter[str] = Counter()
    active: dict[int, str] = {}
    for life in book(day):
        balances[life.sector] += owed(life, day)
        if owed(life, day):
            active[life.person.number] = life.person.gender
    whole = balances.total()
    for sector, share in NATIONAL.items():
        assert hundredths(balances[sector], whole) == pytest.approx(share, abs=2.5), sector
    women = sum(gender == "female" for gender in active.values())
    assert hundredths(women, len(active)) == pytest.approx(46, abs=1.5)
    assert 2.5 <= later_than_30_days(book(day), day) <= 5.5


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_flood_shows_in_two_districts(day: date) -> None:
    flood = seasons_around(day).flood_on
    assert day - timedelta(days=440) < flood < day - timedelta(days=74)
    after = flood + timedelta(days=60)
    flooded = [life for life in book(day) if life.person.town.flooded]
    dry = [life for life in book(day) if not life.person.town.flooded]
    assert len({life.person.town.district for life in flooded}) == 2
    assert later_than_30_days(flooded, after) > 2 * later_than_30_days(dry, after)


def test_around_the_eids_fewer_instalments_come_on_time() -> None:
    day = DAYS[1]
    eid = seasons_around(day).is_eid
    on_time: Counter[bool] = Counter()
    dues: Counter[bool] = Counter()
    for life in book(day):
        paid_days = {payment.day for payment in life.course.payments}
        for row in life.schedule.instalments:
            if row.due_on < day:
                near = {row.due_on + timedelta(days=step) for step in range(-4, 4)}
                dues[eid(row.due_on)] += 1
                on_time[eid(row.due_on)] += bool(near & paid_days)
    assert on_time[True] / dues[True] < on_time[False] / dues[False] - 0.1


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_loan_can_be_true(day: date) -> None:
    for life in book(day):
        rows = life.schedule.instalments
        paid = [payment.day for payment in life.course.payments]
        ends = [end.day for end in life.course.endings]
        assert sum(row.amount for row in rows) == life.principal
        assert paid == sorted(paid)
        assert all(life.paid_out <= each <= day for each in paid)
        assert ends == sorted(ends)
        assert not ends or all(each < ends[0] for each in paid)
        assert all(payment.amount > 0 for payment in life.course.payments)
        assert owed(life, day) == life.outstanding(day)
        assert late(life, day) == life.days_late(day)


def test_borrowers_come_again_once_they_have_paid_and_some_live_together() -> None:
    day = DAYS[0]
    of_person: dict[int, list[Life]] = {}
    for life in book(day):
        of_person.setdefault(life.person.number, []).append(life)
    for loans in of_person.values():
        assert [life.cycle for life in loans] == list(range(1, len(loans) + 1))
        for before, after in pairwise(loans):
            assert owed(before, after.paid_out) == 0
            assert before.paid_out < after.paid_out
    assert sum(len(loans) > 1 for loans in of_person.values()) > 200
    homes = Counter(loans[0].person.household for loans in of_person.values())
    assert 50 < sum(count > 1 for count in homes.values()) < 300
    cnics = [loans[0].person.cnic for loans in of_person.values() if loans[0].person.cnic]
    assert len(set(cnics)) == len(cnics)
    assert all(cnic[1:5] == "0000" for cnic in cnics)


def test_waivers_write_offs_and_recoveries_come_up() -> None:
    kinds = Counter(end.kind for life in book(DAYS[0]) for end in life.course.endings)
    assert set(kinds) == {"waiver", "write_off", "recovery"}


def test_the_same_seed_gives_the_same_loans_and_another_one_others() -> None:
    day = DAYS[0]
    small = plan(day, loans=80)
    assert list(lives(small)) == list(lives(small))
    assert list(lives(small)) == book(day)[:80]
    assert list(lives(small)) != list(lives(plan(day, loans=80, seed=4)))


def test_the_months_of_a_book_leave_no_day_out_and_none_twice() -> None:
    ends = month_ends(date(2023, 3, 1), date(2026, 3, 17))
    assert (ends[0], ends[-1], len(ends)) == (date(2023, 3, 31), date(2026, 2, 28), 36)
    spans = [Span(after, until) for after, until in pairwise(ends)]
    day = date(2024, 2, 29)
    assert [span.until for span in spans if span.holds(day)] == [day]


def test_a_history_that_ends_with_a_month_comes_to_that_day_once() -> None:
    first = date(2026, 6, 1)
    assert span_ends(first, date(2026, 7, 31)) == [date(2026, 6, 30), date(2026, 7, 31)]
    assert span_ends(first, date(2026, 7, 17)) == [date(2026, 6, 30), date(2026, 7, 17)]
