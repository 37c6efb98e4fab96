"""Made-up loans, the same for the same seed: contracts, schedules, receipts, endings.

The mix follows a large book of small loans: mostly monthly schedules, a few of another shape,
four loans in five still running, some borrowers a month late and about 3 % of the balance more
than 30 days past due.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from aim_loans.dates import add_months
from aim_loans.loans.due_dates import DueRule, Frequency, HolidayRule
from aim_loans.loans.schedule import Request, Schedule, ScheduleRules, build, from_rows

SEED = 20_260_331
LAST_DAY = date(2026, 3, 31)
DAYS_A_MONTH = 30.4
FIRST_DAY = date(2023, 4, 1)
PAST_DAY = date(2025, 3, 31)
LOANS_A_BRANCH = 1_250
FEWEST_BRANCHES = 8
OFFICERS_A_BRANCH = 4

SECTORS = {
    "trade": (0.38, ("shop", "tailoring", "street_vending", "repair")),
    "livestock": (0.24, ("dairy", "goats", "poultry")),
    "agriculture": (0.18, ("wheat", "vegetables", "orchard")),
    "manufacturing": (0.08, ("embroidery", "carpentry")),
    "housing": (0.04, ("house_repair",)),
    "education": (0.03, ("school_fees",)),
    "health": (0.02, (None,)),
    "other": (0.03, (None,)),
}
DISTRICTS = ("Lahore", "Multan", "Faisalabad", "Peshawar", "Quetta", "Sukkur", "Swat", "Hyderabad")
PRINCIPALS = (20_000, 25_000, 30_000, 40_000, 50_000, 60_000, 75_000, 100_000, 150_000)
TERMS = (10, 12, 12, 15, 18, 18, 20)
LATE_DAYS = (-3, -1, 0, 0, 0, 0, 0, 1, 2, 5)

# Shares of a thousand loans.
WEEKLY, SINGLE, GIVEN_ROWS = 15, 10, 15
EARLIER_CYCLE, SECOND_LOAN, MOVED_SECTOR = 200, 40, 20
FAR_BEHIND, A_MONTH_BEHIND, WRITTEN_OFF, OVERPAID = 28, 45, 3, 2


class Place(NamedTuple):
    """What a loan belongs to from a day on."""

    from_on: date
    branch: str
    officer: str
    sector: str
    activity: str | None
    district: str
    urban_rural: str
    gender: str


class Receipt(NamedTuple):
    """Money received for a loan: amount in paisa."""

    day: date
    amount: int


class Life(NamedTuple):
    """One loan and all that happened to it; amounts in paisa.

    `written_off` is the balance and the day on which it was given up.
    """

    number: int
    borrower: int
    principal: int
    frequency: Frequency
    disbursed_on: date
    schedule: Schedule
    receipts: list[Receipt]
    written_off: Receipt | None
    places: list[Place]


def branch_codes(loans: int) -> list[str]:
    """Name the branches of a book of so many loans."""
    count = max(FEWEST_BRANCHES, loans // LOANS_A_BRANCH)
    return [f"BR-{number:04d}" for number in range(1, count + 1)]


def officers_of(branch: str) -> list[str]:
    """Name the loan officers of a branch."""
    return [f"{branch}-officer-{number}" for number in range(1, OFFICERS_A_BRANCH + 1)]


def lives(loans: int) -> Iterator[Life]:
    """Give the loans of a book one after the other, numbered from 1."""
    chance = random.Random(SEED)
    branches = branch_codes(loans)
    borrower = 0
    for number in range(1, loans + 1):
        borrower += not (borrower and _one_of_thousand(chance, SECOND_LOAN))
        yield _life(chance, number, borrower, chance.choice(branches))


def gender_of(borrower: int) -> str:
    """Give a borrower's gender, the same whenever it is asked: 46 in 100 are women."""
    place = borrower * 7_919 % 1_000
    if place < 460:
        return "female"
    return "male" if place < 995 else "transgender" if place < 997 else "unknown"


def _life(chance: random.Random, number: int, borrower: int, branch: str) -> Life:
    frequency, schedule, disbursed_on, principal = _contract(chance)
    receipts, written_off = _payments(chance, schedule, disbursed_on)
    places = _places(chance, disbursed_on, branch, gender_of(borrower))
    return Life(
        number,
        borrower,
        principal,
        frequency,
        disbursed_on,
        schedule,
        receipts,
        written_off,
        places,
    )


def _contract(chance: random.Random) -> tuple[Frequency, Schedule, date, int]:
    """Draw terms so that four loans in five are still running on the last day."""
    principal = chance.choice(PRINCIPALS) * 100
    months = chance.choice(TERMS)
    age = round(chance.uniform(0, 1.1) * months * DAYS_A_MONTH)
    if _one_of_thousand(chance, EARLIER_CYCLE):
        age = chance.randint(365, (LAST_DAY - FIRST_DAY).days)
    disbursed_on = LAST_DAY - timedelta(days=age)
    shape = chance.randrange(1_000)
    if shape < WEEKLY:
        weekly = _weekly(principal, months, disbursed_on)
        return Frequency.weekly, weekly, disbursed_on, principal
    if shape < WEEKLY + SINGLE:
        single = _single(principal, months, disbursed_on.replace(day=1))
        return Frequency.single, single, disbursed_on, principal
    if shape < WEEKLY + SINGLE + GIVEN_ROWS:
        given = _given(principal, months, disbursed_on)
        return Frequency.monthly, given, disbursed_on, principal
    # Loans of one month, before the cutoff day or after it, share their due dates.
    alike = disbursed_on.replace(day=1 if disbursed_on.day <= 10 else 11)
    return Frequency.monthly, _monthly(principal, months, alike), disbursed_on, principal


def rules(frequency: Frequency) -> ScheduleRules:
    """Give the rules of the book's products: up to 100 rupees, due on the 10th."""
    return ScheduleRules(
        rounding="up",
        round_to=100_00,
        due_rule=DueRule.fixed_day,
        due_day=10,
        cutoff_day=10,
        grace_months=0,
        frequency=frequency,
        holiday_rule=HolidayRule.none,
    )


@lru_cache(maxsize=50_000)
def _monthly(principal: int, months: int, day: date) -> Schedule:
    request = Request(principal=principal, disbursed_on=day, months=months)
    return build(request, rules(Frequency.monthly))


@lru_cache(maxsize=50_000)
def _single(principal: int, months: int, day: date) -> Schedule:
    request = Request(principal=principal, disbursed_on=day, instalments=months)
    return build(request, rules(Frequency.single))


def _weekly(principal: int, months: int, day: date) -> Schedule:
    request = Request(principal=principal, disbursed_on=day, months=months)
    return build(request, rules(Frequency.weekly))


def _given(principal: int, months: int, day: date) -> Schedule:
    """Give three uneven instalments after the harvests, as no rule would."""
    third = principal // 4
    amounts = (third, third, principal - 2 * third)
    after = (months // 3, months // 2, months)
    days = [add_months(day, step) + timedelta(days=step) for step in after]
    rows = zip((1, 2, 3), days, amounts, strict=True)
    return from_rows(principal, rows, disbursed_on=day)


def _payments(
    chance: random.Random, schedule: Schedule, disbursed_on: date
) -> tuple[list[Receipt], Receipt | None]:
    """Draw the receipts up to the last day, and the write-off that a few loans end in."""
    rows = schedule.instalments
    fallen = bisect_right(rows, LAST_DAY, key=lambda row: row.due_on)
    habit = chance.randrange(1_000)
    if habit < FAR_BEHIND:
        missed = chance.randint(2, 9)
    else:
        missed = 1 if habit < FAR_BEHIND + A_MONTH_BEHIND else 0
    paid = max(0, fallen - missed)
    receipts = [
        Receipt(_paid_on(chance, row.due_on, disbursed_on), row.amount) for row in rows[:paid]
    ]
    left = rows[-1].due_total - (rows[paid - 1].due_total if paid else 0)
    if left and missed > 3 and _one_of_thousand(chance, WRITTEN_OFF * 1_000 // FAR_BEHIND):
        last = max((receipt.day for receipt in receipts), default=disbursed_on)
        return receipts, Receipt(max(last, LAST_DAY - timedelta(days=20)), left)
    if not left and _one_of_thousand(chance, OVERPAID * 10):
        above = receipts[-1]
        receipts[-1] = Receipt(above.day, above.amount + 50_00)
    return receipts, None


def _paid_on(chance: random.Random, due_on: date, disbursed_on: date) -> date:
    day = due_on + timedelta(days=chance.choice(LATE_DAYS))
    return min(max(day, disbursed_on), LAST_DAY)


def _places(chance: random.Random, disbursed_on: date, branch: str, gender: str) -> list[Place]:
    sector = _sector(chance)
    first = Place(
        disbursed_on,
        branch,
        chance.choice(officers_of(branch)),
        sector,
        chance.choice(SECTORS[sector][1]),
        DISTRICTS[hash_of(branch) % len(DISTRICTS)],
        chance.choice(("urban", "rural")),
        gender,
    )
    if not _one_of_thousand(chance, MOVED_SECTOR):
        return [first]
    later = disbursed_on + timedelta(days=chance.randint(0, (LAST_DAY - disbursed_on).days))
    other = _sector(chance)
    return [first, first._replace(from_on=later, sector=other, activity=None)]


def hash_of(code: str) -> int:
    """Give a number for a code, the same in every process."""
    return sum(map(ord, code)) * 31


_SHARES = [sum(share for share, _ in list(SECTORS.values())[: n + 1]) for n in range(len(SECTORS))]


def _sector(chance: random.Random) -> str:
    place = bisect_right(_SHARES, chance.random() * _SHARES[-1])
    return list(SECTORS)[min(place, len(SECTORS) - 1)]


def _one_of_thousand(chance: random.Random, share: int) -> bool:
    return chance.randrange(1_000) < share
