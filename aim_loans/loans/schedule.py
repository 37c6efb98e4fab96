"""The repayment schedule: how a principal is split, and when each part falls due.

Nothing is ever added to the principal: instalments sum to it exactly and each is above 0.
Every instalment but the last has the same amount; the last one takes the remainder.
Amounts are paisa.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from aim_loans.dates import MONTHS_PER_YEAR, month_index
from aim_loans.errors import Refused
from aim_loans.loans.due_dates import (
    MONTHS_PER_STEP,
    NO_HOLIDAYS,
    PERIODS_PER_YEAR,
    WEEKS_PER_STEP,
    DueRule,
    DueSteps,
    Frequency,
    HolidayRule,
    Holidays,
    on_working_days,
    steps_from_first_due,
    steps_in_months,
    weekly_steps,
)
from aim_loans.money import RoundingRule, Rupees, divide_rounded

__all__ = [
    "NO_HOLIDAYS",
    "DueRule",
    "DueSteps",
    "Frequency",
    "GivenRow",
    "HolidayRule",
    "Holidays",
    "Instalment",
    "Pattern",
    "Request",
    "Schedule",
    "ScheduleRules",
    "build",
    "due_to_date",
    "from_rows",
    "oldest_unpaid",
]

LARGEST_ROUND_TO = 100_000
_LAST_DAY = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRules:
    """What a product says about schedules.

    `round_to` is in paisa, 1 to 100,000 (0.01 to 1,000 rupees). `due_day` and `cutoff_day`
    (1-31) count under the fixed-day rule only. `grace_months` puts off the first due date.
    """

    rounding: RoundingRule
    round_to: int
    due_rule: DueRule
    due_day: int
    cutoff_day: int
    grace_months: int
    frequency: Frequency
    holiday_rule: HolidayRule

    def __post_init__(self) -> None:
        """Refuse the first setting that is out of its range, by its name."""
        if not 1 <= self.round_to <= LARGEST_ROUND_TO:
            raise Refused("Round to between 0.01 and 1000 rupees.", field="round_to")
        if not 1 <= self.due_day <= _LAST_DAY:
            raise Refused("The due day lies between 1 and 31.", field="due_day")
        if not 1 <= self.cutoff_day <= _LAST_DAY:
            raise Refused("The cutoff day lies between 1 and 31.", field="cutoff_day")
        if self.grace_months < 0:
            raise Refused("The grace is 0 months or more.", field="grace_months")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one loan asks of its schedule.

    Either `months` (the term) or `instalments` (their number, which then holds); a single
    payment without a first due date reads either as the months to its one due date.
    """

    principal: int
    disbursed_on: date
    months: int | None = None
    instalments: int | None = None
    instalment_amount: int | None = None
    first_due_on: date | None = None


class Instalment(NamedTuple):
    """One due: `due_total` is the sum of the instalments up to and with this one."""

    number: int
    due_on: date
    amount: int
    due_total: int


class GivenRow(NamedTuple):
    """One row of a schedule that no rule gives."""

    number: int
    due_on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular schedule in closed form: `count` instalments of `base`, the last the remainder."""

    steps: DueSteps
    base: int
    count: int
    principal: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """The instalments in order; their number can be below the number asked for.

    `pattern` is None when the dates or amounts follow no even steps (given rows, or a due
    date moved off a holiday).
    """

    instalments: tuple[Instalment, ...]
    pattern: Pattern | None
    asked: int


def build(request: Request, rules: ScheduleRules, holidays: Holidays = NO_HOLIDAYS) -> Schedule:
    """Give the schedule of a loan by its product's rules.

    Refuses a term, amount or first due date that gives no schedule, by the name of its field.
    """
    _check_request(request)
    asked = _asked(request, rules.frequency)
    base = _base_amount(request, rules, asked)
    count = min(asked, -(-request.principal // base))
    try:
        steps = _steps(request, rules)
        pattern = Pattern(steps, min(base, request.principal), count, request.principal)
        regular = _regular(pattern)
    except (ValueError, OverflowError):
        raise Refused(
            "The last due date would fall after the year 9999. Ask for a shorter term."
        ) from None
    if rules.holiday_rule is not HolidayRule.none:
        dates = pattern.steps.dates(count)
        moved = on_working_days(
            dates, rule=rules.holiday_rule, holidays=holidays, after=request.disbursed_on
        )
        if moved != dates:
            return Schedule(_instalments(moved, pattern), None, asked)
    return Schedule(regular, pattern, asked)


def from_rows(
    principal: int, rows: Iterable[tuple[int, date, int]], *, disbursed_on: date | None = None
) -> Schedule:
    """Give the schedule made of given (number, due date, amount) rows, in any order.

    Refuses, each with its own sentence: no rows, numbers other than 1 to n, an amount of 0
    or less, a due date that does not come after the one before (the first: after
    `disbursed_on` when given), a sum that is not the principal.
    """
    given = [GivenRow(*row) for row in sorted(rows, key=lambda row: row[0])]
    if not given:
        raise Refused("The schedule has no instalments.", field="instalments")
    instalments: list[Instalment] = []
    total = 0
    for place, row in enumerate(given, start=1):
        previous_due = instalments[-1].due_on if instalments else disbursed_on
        _check_given_row(row, place, previous_due)
        total += row.amount
        instalments.append(Instalment(row.number, row.due_on, row.amount, total))
    if total != principal:
        raise Refused(
            "The instalments sum to {total} rupees; the principal is {principal}.",
            field="amount",
            total=Rupees(total),
            principal=Rupees(principal),
        )
    return Schedule(tuple(instalments), None, len(instalments))


def due_to_date(pattern: Pattern, day: date) -> int:
    """Sum the instalments of a regular schedule that have fallen due by a day, it included."""
    fallen = pattern.steps.fallen_due(day)
    return pattern.principal if fallen >= pattern.count else fallen * pattern.base


def oldest_unpaid(pattern: Pattern, received: int) -> date | None:
    """Give the due date of the oldest instalment that `received` (0 or more) does not cover.

    Money covers the oldest instalment first. None when everything is covered.
    """
    if received >= pattern.principal:
        return None
    covered = min(received // pattern.base, pattern.count - 1)
    return pattern.steps.due_on(covered)


def _check_request(request: Request) -> None:
    """Refuse amounts and terms of 0 or less, and a first due date not after the disbursement."""
    if request.principal <= 0:
        raise Refused("The principal must be more than 0.", field="principal")
    if request.instalment_amount is not None and request.instalment_amount <= 0:
        raise Refused("The instalment must be more than 0.", field="instalment_amount")
    if request.months is not None and request.months < 1:
        raise Refused("The term is at least 1 month.", field="months")
    if request.instalments is not None and request.instalments < 1:
        raise Refused("There must be at least 1 instalment.", field="instalments")
    if request.first_due_on is not None and request.first_due_on <= request.disbursed_on:
        raise Refused(
            "The first due date {first_due_on} must come after the disbursement on {disbursed_on}.",
            field="first_due_on",
            first_due_on=request.first_due_on.isoformat(),
            disbursed_on=request.disbursed_on.isoformat(),
        )


def _asked(request: Request, frequency: Frequency) -> int:
    """Give the number of instalments asked for: given, or the periods in the term, rounded up."""
    if frequency is Frequency.single:
        return 1
    if request.instalments is not None:
        return request.instalments
    if request.months is None:
        raise Refused("Give the months of the term or the number of instalments.", field="months")
    return -(-request.months * PERIODS_PER_YEAR[frequency] // MONTHS_PER_YEAR)


def _base_amount(request: Request, rules: ScheduleRules, asked: int) -> int:
    """Give the amount of every instalment but the last: given, or a rounded even share."""
    if rules.frequency is Frequency.single:
        return request.principal
    if request.instalment_amount is not None:
        return request.instalment_amount
    base = divide_rounded(request.principal, asked, multiple=rules.round_to, rule=rules.rounding)
    if base == 0:
        raise Refused(
            "The instalment rounds to 0. Ask for fewer instalments, or round to less than "
            "{round_to} rupees.",
            field="principal",
            round_to=Rupees(rules.round_to),
        )
    return base


def _steps(request: Request, rules: ScheduleRules) -> DueSteps:
    """Give the due dates: from a given first one, else by weeks, anniversary or fixed day."""
    if request.first_due_on is not None:
        return steps_from_first_due(request.first_due_on, rules.frequency)
    weeks = WEEKS_PER_STEP.get(rules.frequency)
    if weeks:
        return weekly_steps(request.disbursed_on, weeks=weeks, grace_months=rules.grace_months)
    return _monthly_steps(request, rules)


def _monthly_steps(request: Request, rules: ScheduleRules) -> DueSteps:
    """Step in months, the first due date one step and the grace after the disbursement.

    A single payment waits its whole term instead of one step. The anniversary keeps the day
    of the disbursement; the fixed day comes a month later for loans made after the cutoff day.
    """
    step_months = MONTHS_PER_STEP.get(rules.frequency, 1)
    wait = _single_months(request) if rules.frequency is Frequency.single else step_months
    first_month = month_index(request.disbursed_on) + wait + rules.grace_months
    day = request.disbursed_on.day
    if rules.due_rule is DueRule.anniversary:
        return steps_in_months(first_month, day, step_months)
    return steps_in_months(first_month + (day > rules.cutoff_day), rules.due_day, step_months)


def _single_months(request: Request) -> int:
    """Give the months to the due date of a single payment: the instalments given, or the term."""
    months = request.months if request.instalments is None else request.instalments
    if months is None:
        raise Refused("Give the months to the single payment, or its due date.", field="months")
    return months


# Loans of one month and one round amount are alike.
@lru_cache(maxsize=2_000)
def _regular(pattern: Pattern) -> tuple[Instalment, ...]:
    return _instalments(pattern.steps.dates(pattern.count), pattern)


def _instalments(dates: Sequence[date], pattern: Pattern) -> tuple[Instalment, ...]:
    """Put the amounts on the dates; the last one takes what is left of the principal."""
    base, last = pattern.base, len(dates)
    rows = [
        Instalment(number, due_on, base, number * base)
        for number, due_on in enumerate(dates, start=1)
    ]
    remainder = pattern.principal - (last - 1) * base
    rows[-1] = Instalment(last, dates[-1], remainder, pattern.principal)
    return tuple(rows)


def _check_given_row(row: GivenRow, place: int, previous_due: date | None) -> None:
    """Refuse a given row that is out of count, empty, or not later than the date before it."""
    if row.number < 1:
        raise Refused("Instalments are numbered from 1.", field="number")
    if row.number < place:
        raise Refused("Instalment {number} comes twice.", field="number", number=row.number)
    if row.number > place:
        raise Refused("Instalment {number} is missing.", field="number", number=place)
    if row.amount <= 0:
        raise Refused(
            "The amount of instalment {number} must be more than 0.",
            field="amount",
            number=row.number,
        )
    if previous_due is not None and row.due_on <= previous_due:
        raise Refused(
            "The due date of instalment {number}, {due_on}, must come after {previous}.",
            field="due_on",
            number=row.number,
            due_on=row.due_on.isoformat(),
            previous=previous_due.isoformat(),
        )
