"""What has fallen due, and the oldest instalment not paid for, as SQL expressions.

A regular schedule is a few whole numbers (`loans.due_dates.DueSteps`): what is due by a day
and which instalment is the oldest unpaid follow from them without reading an instalment or
computing a date a row. Schedules without a rule, and the few loans with more than one
version, are asked for their instalments.

Every division here is of whole numbers that are not negative, so that both databases give
what Python's `//` gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Label,
    ScalarSelect,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
    or_,
    select,
    true,
)

from aim_loans.dates import (
    MONTHS_PER_YEAR,
    as_of_key,
    day_number,
    due_key,
    from_day_number,
    month_index,
    month_step,
)
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import instalment, loan_fact, schedule_version

Number = ColumnElement[int]
Day = ColumnElement[date]

_KEY_OF_A_MONTH = due_key(1, 0)
# From the first of March of the year 0 on.
_DAYS_BEFORE_1970 = 719_468


@dataclass(frozen=True, slots=True)
class View:
    """What a question is asked at: the day D, and the moment K up to which facts are known.

    Without K everything recorded so far is known. `without`, a parameter for ids of acts, leaves
    out what these wrote.
    """

    as_of: date
    known_at: datetime | None
    without: BindParameter[Any] | None = None

    def known(self, rows: FromClause) -> ColumnElement[bool]:
        """Tell whether a row was recorded by then."""
        by_then = true() if self.known_at is None else rows.c.recorded_at <= self.known_at
        if self.without is None:
            return by_then
        return and_(by_then, rows.c.act_id.not_in(self.without))

    def counts(self, facts: FromClause) -> ColumnElement[bool]:
        """Tell whether a fact counts: its value date has come, and it is known."""
        return and_(facts.c.value_on <= self.as_of, self.known(facts))


def sum_where(amount: Number, condition: ColumnElement[bool]) -> Number:
    """Sum whole numbers where a condition holds into a BIGINT, 0 for none.

    FILTER takes a quarter less time than a CASE inside the sum, on both databases.
    """
    return cast(func.coalesce(func.sum(amount).filter(condition), 0), BigInteger)


class Reached(NamedTuple):
    """A day as due dates of each kind are compared with it (`dates.as_of_key`)."""

    day: date
    key: int
    number: int


def reached(day: date) -> Reached:
    """Give the numbers of a day."""
    return Reached(day, as_of_key(day), day_number(day))


def back(day: date, days: int) -> Reached:
    """Give the numbers of the day so many days earlier; the calendar's first day at least."""
    return reached(date.fromordinal(max(1, day.toordinal() - days)))


def day_of_key(key: int) -> date:
    """Give the due date of a due key (`dates.due_key`)."""
    return month_step(*divmod(key, _KEY_OF_A_MONTH))


def days_past_due(as_of: date, unpaid: Sequence[Any]) -> int:
    """Count the days since the oldest unpaid due date, given as `sources.Source` has it.

    A closed month has counted them already.
    """
    *numbers, day = unpaid
    if isinstance(day, int):
        return day
    if day is None:
        key, number = numbers
        day = from_day_number(number) if key is None else day_of_key(key)
    return int((as_of - day).days)


def days_of_late(as_of: date, arrears: Sequence[int], unpaid: Sequence[Sequence[Any]]) -> list[int]:
    """Count the days past due of loans given by their columns; 0 for those without arrears."""
    loans = zip(arrears, zip(*unpaid, strict=True), strict=True)
    return [days_past_due(as_of, since) if behind else 0 for behind, since in loans]


def advance_of(paid: int, due: int) -> int:
    """Give what was paid on the principal before it fell due (paisa)."""
    return paid - due if paid > due else 0


def late_days(as_of: date, key: Number, number: Number, day: Day) -> Number:
    """Count in the database what `days_past_due` counts; 0 where nothing is unpaid.

    The oldest unpaid due date is given as its key, its day number or its date.
    """
    today = day_number(as_of)
    month, due_day = key // _KEY_OF_A_MONTH, key % _KEY_OF_A_MONTH
    anchored, last = _first_of(month) + due_day - 1, _first_of(month + 1) - 1
    of_key = case((anchored < last, anchored), else_=last)
    month_of_day = _part("year", day) * MONTHS_PER_YEAR + _part("month", day) - 1
    return case(
        (key.is_not(None), today - of_key),
        (number.is_not(None), today - number),
        (day.is_not(None), today - (_first_of(month_of_day) + _part("day", day) - 1)),
        else_=0,
    )


def due_by_rule(pattern: FromClause, principal: Number, by: Reached) -> Number:
    """Sum the instalments of a regular schedule that have fallen due by a day, it included."""
    base, steps = pattern.c.base_amount, pattern.c.instalment_count - 1
    months = _due(by.key - _first_key(pattern), _step_key(pattern), steps, base, principal)
    days = _due(by.number - pattern.c.first_day, pattern.c.step_days, steps, base, principal)
    return case((pattern.c.step_days.is_(None), months), else_=days)


def unpaid_by_rule(pattern: FromClause, paid: Number) -> tuple[Label[int], Label[int]]:
    """Give the oldest unpaid instalment of a regular schedule: its due key, or day number.

    One of the two is NULL, by whether the schedule steps in months or in days; of use only
    where something is unpaid.
    """
    last = pattern.c.instalment_count - 1
    step = case((paid >= last * pattern.c.base_amount, last), else_=paid // pattern.c.base_amount)
    return (
        (_first_key(pattern) + step * _step_key(pattern)).label("unpaid_key"),
        (pattern.c.first_day + step * pattern.c.step_days).label("unpaid_number"),
    )


def due_by_rows(
    version_id: ColumnElement[Any], day: ColumnElement[Any] | date
) -> ScalarSelect[int]:
    """Sum the instalments of a version with a due date up to a day."""
    return (
        select(func.coalesce(func.max(instalment.c.due_total), 0))
        .where(instalment.c.version_id == version_id, instalment.c.due_on <= day)
        .correlate_except(instalment)
        .scalar_subquery()
    )


def unpaid_by_rows(version_id: ColumnElement[Any], paid: Number) -> ScalarSelect[date]:
    """Give the due date of a version's oldest instalment that the money does not cover."""
    return (
        select(instalment.c.due_on)
        .where(instalment.c.version_id == version_id, instalment.c.due_total > paid)
        .order_by(instalment.c.number)
        .limit(1)
        .correlate_except(instalment)
        .scalar_subquery()
    )


def may_fall_in_month(version: FromClause, row: FromClause, month: date) -> ColumnElement[bool]:
    """Keep the one instalment that a monthly rule may put into a month; without a rule all.

    Their due dates still tell: this only spares the others from being looked at.
    """
    rule = version.c.step_months.is_not(None)
    step = (month_index(month) - version.c.first_month) // version.c.step_months + 1
    last = case((rule, step), else_=version.c.instalment_count)
    return row.c.number.between(case((rule, step), else_=1), last)


def first_version(loan_id: ColumnElement[Any]) -> ScalarSelect[int]:
    """Give the version as first agreed: recovery rates go by its due dates."""
    version = schedule_version.alias()
    return (
        select(version.c.id)
        .where(version.c.loan_id == loan_id, version.c.number == 1)
        .correlate_except(version)
        .scalar_subquery()
    )


def version_in_force(loan_id: ColumnElement[Any], view: View) -> ScalarSelect[int]:
    """Give the newest version that is known and in effect, else the first."""
    version = schedule_version.alias()
    in_effect = or_(version.c.effective_on <= view.as_of, version.c.number == 1)
    return (
        select(version.c.id)
        .where(version.c.loan_id == loan_id, in_effect, view.known(version))
        .order_by(version.c.number.desc())
        .limit(1)
        .correlate_except(version)
        .scalar_subquery()
    )


def standing_on(kind: Kind, loan_id: ColumnElement[Any], view: View) -> ScalarSelect[date]:
    """Give the value date of the loan's one fact of a kind that was not reversed."""
    fact, reversal = loan_fact.alias(), loan_fact.alias()
    reversed_since = exists().where(reversal.c.reverses_id == fact.c.id, view.counts(reversal))
    return (
        select(func.max(fact.c.value_on))
        .where(
            fact.c.loan_id == loan_id,
            fact.c.kind == kind,
            fact.c.amount > 0,
            view.counts(fact),
            ~reversed_since,
        )
        .correlate_except(fact)
        .scalar_subquery()
    )


def _part(name: str, day: Day) -> Number:
    return cast(extract(name, day), Integer)


def _first_of(month: Number) -> Number:
    """Number the first day of a month (`dates.day_number`), given by its index.

    Years are counted from March, so that a leap day is a year's last one: see Howard Hinnant,
    "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    """
    since_march = month - 2
    year, step = since_march // MONTHS_PER_YEAR, since_march % MONTHS_PER_YEAR
    leap_days = year // 4 - year // 100 + year // 400
    return 365 * year + leap_days + (153 * step + 2) // 5 - _DAYS_BEFORE_1970


def _first_key(pattern: FromClause) -> Number:
    return pattern.c.first_month * _KEY_OF_A_MONTH + pattern.c.due_day


def _step_key(pattern: FromClause) -> Number:
    return pattern.c.step_months * _KEY_OF_A_MONTH


def _due(
    since_first: Number, step: Number, steps: Number, base: Number, principal: Number
) -> Number:
    """Sum what fell due from how far a day lies beyond the first due date.

    Each part is asked once: databases work repeated expressions out again and again.
    """
    return case(
        (since_first >= steps * step, principal),
        (since_first < 0, 0),
        else_=(since_first // step + 1) * base,
    )
