"""The closed forms in the database give what the list of instalments gives, on any day."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Connection, Engine, Integer, Subquery, cast, literal, select

from aim_loans.dates import from_day_number
from aim_loans.loans.schedule import Instalment, Pattern
from aim_loans.portfolio.due import back, day_of_key, due_by_rule, reached, unpaid_by_rule
from tests.properties.schedules import Case, cases

SAME_DATABASE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def version(pattern: Pattern) -> Subquery:
    """Give one schedule version as a table of one row, with the columns that tell its rule."""
    steps = pattern.steps
    months = (steps.step_months, steps.first_month, steps.due_day)
    days = (steps.step_days, steps.first_day)
    numbers = {
        "instalment_count": pattern.count,
        **dict.fromkeys(("step_months", "first_month", "due_day")),
        **dict.fromkeys(("step_days", "first_day")),
    }
    if steps.step_days:
        numbers |= dict(zip(("step_days", "first_day"), days, strict=True))
    else:
        numbers |= dict(zip(("step_months", "first_month", "due_day"), months, strict=True))
    columns = [cast(literal(value), Integer).label(name) for name, value in numbers.items()]
    base = cast(literal(pattern.base), BigInteger).label("base_amount")
    principal = cast(literal(pattern.principal), BigInteger).label("principal")
    return select(base, principal, *columns).subquery()


def due_in_database(connection: Connection, pattern: Pattern, day: date) -> int:
    row = version(pattern)
    return int(
        connection.execute(select(due_by_rule(row, row.c.principal, reached(day)))).scalar_one()
    )


def unpaid_in_database(connection: Connection, pattern: Pattern, paid: int) -> date:
    row = version(pattern)
    key, number = unpaid_by_rule(row, cast(literal(paid), BigInteger))
    found = connection.execute(select(key, number).select_from(row)).one()
    assert (found.unpaid_key is None) != (found.unpaid_number is None)
    if found.unpaid_key is None:
        return from_day_number(found.unpaid_number)
    return day_of_key(found.unpaid_key)


def expect_closed_forms(engine: Engine, case: Case, days: int, share: int) -> None:
    schedule = case.unmoved()
    assert schedule.pattern is not None
    rows = schedule.instalments
    paid = min(sum(row.amount for row in rows) - 1, case.request.principal * share // 100)
    asked = [case.request.disbursed_on + timedelta(days=days), *near(rows)]
    with engine.connect() as connection:
        for day in asked:
            due = sum(row.amount for row in rows if row.due_on <= day)
            assert due_in_database(connection, schedule.pattern, day) == due, day
        unpaid = next(row.due_on for row in rows if row.due_total > paid)
        assert unpaid_in_database(connection, schedule.pattern, paid) == unpaid


def near(rows: Sequence[Instalment]) -> list[date]:
    """Give the days around the first, a middle and the last due date."""
    dues = {rows[0].due_on, rows[len(rows) // 2].due_on, rows[-1].due_on}
    return [day + timedelta(days=gap) for day in sorted(dues) for gap in (-1, 0, 1)]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@settings(suppress_health_check=SAME_DATABASE)
@given(case=cases(), days=st.integers(-40, 2500), share=st.integers(0, 100))
def test_the_closed_forms_are_the_list_of_instalments(
    bare_engine: Engine, case: Case, days: int, share: int
) -> None:
    expect_closed_forms(bare_engine, case, days, share)


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@settings(suppress_health_check=SAME_DATABASE, max_examples=settings().max_examples // 5)
@given(case=cases(), days=st.integers(-40, 2500), share=st.integers(0, 100))
def test_the_closed_forms_are_the_list_of_instalments_on_postgresql(
    bare_engine: Engine, case: Case, days: int, share: int
) -> None:
    expect_closed_forms(bare_engine, case, days, share)


def test_earlier_days_end_at_the_calendars_first() -> None:
    assert back(date(2025, 1, 31), 31).day == date(2024, 12, 31)
    assert back(date(1, 1, 5), 30).day == date(1, 1, 1)
