"""The loans of the made-up book: the same for the same seed and day. Pure.

The sectors' parts of the balance and women's part of the borrowers follow the national figures
(SMEDA's statement, July 2025: trade 22.4 %, livestock 25.5 %, agriculture 21.4 %, not itemised
30.7 %; 46 % women).
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from aim_loans.config.settings import DatedTables
from aim_loans.dates import add_months
from aim_loans.demo.paying import Course, Household, course_of, days_late
from aim_loans.demo.people import Person, evenly, person
from aim_loans.demo.seasons import Seasons, seasons_around
from aim_loans.loans.due_dates import Frequency
from aim_loans.loans.schedule import Request, Schedule, ScheduleRules, build

YEARS = 3
_MONTHS = 12 * YEARS
# A month of the last year brings about a third more first loans than one of the first year.
_GROWTH = 0.012
_BY_SECTOR = 0.7320508076
# Of a thousand borrowers who paid everything back: those who take the next loan.
COMES_AGAIN = 620

# Parts of a thousand loans, chosen so that the balances have the national parts: crop loans
# keep their whole balance until the harvest and so need fewer loans.
SECTORS: Mapping[str, int] = {
    "trade": 236,
    "livestock": 252,
    "agriculture": 190,
    "manufacturing": 102,
    "housing": 92,
    "education": 46,
    "health": 26,
    "other": 56,
}
PURPOSES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "trade": (
        ("shop", "Stock for a grocery shop"),
        ("tailoring", "Two sewing machines"),
        ("street_vending", "A vegetable cart"),
        ("beauty_parlour", "Chairs and mirrors"),
        ("transport", "Repair of a rickshaw"),
        ("repair", "Tools of a motorcycle workshop"),
        ("food_stall", "A tandoor"),
    ),
    "livestock": (
        ("dairy", "A buffalo in milk"),
        ("goats", "Six goats"),
        ("fattening", "Two calves to fatten before Eid-ul-Azha"),
        ("poultry", "Two hundred chicks and feed"),
    ),
    "agriculture": (
        ("wheat", "Seed and fertiliser for wheat"),
        ("rice", "Seed and diesel for rice"),
        ("cotton", "Seed and spray for cotton"),
        ("vegetables", "A tunnel for vegetables"),
        ("orchard", "Pruning and fertiliser of an orchard"),
    ),
    "manufacturing": (
        ("embroidery", "Frames and thread"),
        ("carpentry", "A band saw"),
        ("handicrafts", "Clay and a kiln"),
        ("food_processing", "A press for pickles"),
    ),
    "housing": (("house_repair", "A new roof"), ("house_building", "A room and a bath")),
    "education": (("school_fees", "Fees of two children"), ("school_running", "Desks")),
    "health": (("treatment", "An operation"), ("clinic", "Stock of a pharmacy")),
    "other": (("", "A family need"),),
}
_CROP, _LIVESTOCK, _FAMILY = "crop", "livestock", "family_enterprise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A loan and all that came of it; `cycle` counts the borrower's loans, `principal` is paisa."""

    ref: str
    person: Person
    cycle: int
    product: str
    frequency: Frequency
    sector: str
    activity: str
    purpose: str
    paid_out: date
    principal: int
    schedule: Schedule
    course: Course

    def outstanding(self, day: date) -> int:
        """Give the balance at the end of a day; nothing is left after a waiver or write-off."""
        ended = any(end.day <= day for end in self.course.endings)
        if day < self.paid_out or ended:
            return 0
        return max(0, self.principal - self.course.paid_by(day))

    def days_late(self, day: date) -> int:
        """Count the days past due at the end of a day."""
        if not self.outstanding(day):
            return 0
        return days_late(self.schedule.instalments, self.course.paid_by(day), day)


RulesOn = Callable[[str, date], ScheduleRules]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What decides about a whole book: `day` is its last, loans are paid out up to `last_payout`.

    Products and limits are those of the settings, `rules_on` gives a product's schedule rules.
    """

    seed: int
    loans: int
    day: date
    last_payout: date
    dated: DatedTables
    rules_on: RulesOn

    @property
    def first_day(self) -> date:
        """Give the first day of the month in which the first loan is paid out."""
        return add_months(self.day.replace(day=1), -_MONTHS)


def lives(plan: Plan) -> Iterator[Life]:
    """Give the loans of a book, borrower by borrower."""
    made = number = 0
    seasons = seasons_around(plan.day)
    while made < plan.loans:
        number += 1
        for life in _loans_of(plan, number, seasons):
            if made == plan.loans:
                return
            made += 1
            yield life


def _loans_of(plan: Plan, number: int, seasons: Seasons) -> Iterator[Life]:
    """Give one borrower's loans: the next follows when the one before is paid back."""
    borrower = person(plan.seed, number, day=plan.first_day)
    chance = random.Random(f"{plan.seed}/loans/{number}")
    sector = _sector(number)
    day = _first_payout(chance, plan)
    for cycle in range(1, 7):
        if day > plan.last_payout:
            return
        life = _life(chance, plan, borrower, sector, seasons, cycle=cycle, day=day)
        yield life
        paid_back = not life.course.endings and not life.outstanding(plan.day)
        if not paid_back or chance.randrange(1_000) >= COMES_AGAIN:
            return
        day = _working_day(life.course.payments[-1].day + timedelta(days=chance.randint(4, 60)))


def _life(
    chance: random.Random,
    plan: Plan,
    borrower: Person,
    sector: str,
    seasons: Seasons,
    *,
    cycle: int,
    day: date,
) -> Life:
    product = _product(chance, sector)
    activity, purpose = chance.choice(PURPOSES[sector])
    principal = _principal(chance, plan, product, cycle, day)
    request = Request(principal=principal, disbursed_on=day, months=_months(chance, product))
    rules = plan.rules_on(product, day)
    schedule = build(request, rules)
    course = course_of(
        chance,
        schedule.instalments,
        Household(seasons=seasons, flooded=borrower.town.flooded),
        paid_out=day,
        last_ending=plan.last_payout,
        until=plan.day,
    )
    return Life(
        ref=f"{borrower.town.code}-{borrower.number:06d}-{cycle}",
        person=borrower,
        cycle=cycle,
        product=product,
        frequency=rules.frequency,
        sector=sector,
        activity=activity,
        purpose=purpose,
        paid_out=day,
        principal=principal,
        schedule=schedule,
        course=course,
    )


def _sector(number: int) -> str:
    place = evenly(number, _BY_SECTOR) * sum(SECTORS.values())
    for sector, part in SECTORS.items():
        place -= part
        if place < 0:
            return sector
    return "other"


def _product(chance: random.Random, sector: str) -> str:
    special = {"agriculture": _CROP, "livestock": _LIVESTOCK}.get(sector, _FAMILY)
    return chance.choice((special, _FAMILY))


def _principal(chance: random.Random, plan: Plan, product: str, cycle: int, day: date) -> int:
    """Draw whole thousands within the limits of the product and of the loan's number."""
    rules = plan.dated.product_on(product, day)
    by_cycle = plan.dated.limits_on(day).max_principal_by_cycle
    most = min(by_cycle[min(cycle, len(by_cycle)) - 1], rules.max_principal)
    least = max(rules.min_principal, most * 2 // 5)
    return chance.randrange(least, most + 1, 100_000)


def _months(chance: random.Random, product: str) -> int:
    terms = {_CROP: (5, 6, 7, 8), _LIVESTOCK: (12, 12, 18)}
    return chance.choice(terms.get(product, (10, 12, 12, 15, 18, 20)))


def _first_payout(chance: random.Random, plan: Plan) -> date:
    """Draw the day of a borrower's first loan; later months bring more of them."""
    weights = [1 + _GROWTH * month for month in range(_MONTHS + 1)]
    (month,) = chance.choices(range(_MONTHS + 1), weights)
    return _working_day(add_months(plan.first_day, month) + timedelta(days=chance.randrange(27)))


def _working_day(day: date) -> date:
    """Give the day itself, or the Monday after a Sunday."""
    return day + timedelta(days=1) if day.weekday() == 6 else day
