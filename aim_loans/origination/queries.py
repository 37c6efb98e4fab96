"""What can be asked of origination: dated settings, products, programmes."""

from collections import Counter
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Text, func, literal_column, or_, select, union_all

from aim_loans.config.dated import DatedRow, dated_tables
from aim_loans.config.settings import DatedTables, Product, WorkingCalendar
from aim_loans.dates import month_index, month_step
from aim_loans.identity.models import act
from aim_loans.ledger.models import fund
from aim_loans.loans.schedule import DueRule, Frequency, HolidayRule, Holidays, ScheduleRules
from aim_loans.origination.models import dated_setting, product, programme

_LAST_DAY = 31
# Dimensions whose values are added to the book, each once and for all, with their names.
GIVEN_NAMES = {"product": product, "programme": programme, "fund": fund}


def settings_in_force(connection: Connection, *, known_at: datetime | None = None) -> DatedTables:
    """Read all dated tables as known at a moment K (None: by now).

    The database holds them once it is set up. A table that it did not hold yet at K is read as
    it was first copied, as the earliest row of a table holds for all days before it.
    """
    rows = select(dated_setting).order_by(dated_setting.c.id)
    if known_at is not None:
        same = dated_setting.alias("same")
        first = select(func.min(same.c.act_id)).where(
            same.c.table_name == dated_setting.c.table_name
        )
        held = or_(act.c.recorded_at <= known_at, act.c.id == first.scalar_subquery())
        rows = rows.join(act, act.c.id == dated_setting.c.act_id).where(held)
    return dated_tables(stored_row(row) for row in connection.execute(rows))


def stored_row(row: Any) -> DatedRow:
    """Give a row of a table that keeps dated rows as a value."""
    return DatedRow(
        table=row.table_name,
        key=row.key,
        effective_from=row.effective_from,
        source=row.source,
        verified=row.verified,
        body=row.body,
    )


def product_in_force(connection: Connection, code: str, day: date) -> Product:
    """Give a product's rules on a day; NotFound for a code that is not there."""
    return settings_in_force(connection).product_on(code, day)


def due_day(dated: DatedTables, day: date) -> date:
    """Give the day by which most monthly instalments of a day's month fall due."""
    days = Counter(rules.due_day for rules in dated.products if rules.frequency == "monthly")
    ((most, _),) = days.most_common(1) or [(_LAST_DAY, 0)]
    return month_step(month_index(day), most)


def given_names(connection: Connection) -> dict[tuple[str, str], str]:
    """Give the names of products, programmes and funds by dimension and code; they never change."""
    parts = (
        select(literal_column(f"'{dimension}'", Text), table.c.code, table.c.name)
        for dimension, table in GIVEN_NAMES.items()
    )
    found = connection.execute(union_all(*parts))
    return {(dimension, code): name for dimension, code, name in found}


def programmes(connection: Connection) -> dict[str, str]:
    """Give the fund of each programme, by code."""
    found = connection.execute(select(programme.c.code, programme.c.fund_code))
    return {row.code: row.fund_code for row in found}


def schedule_rules(rules: Product) -> ScheduleRules:
    """Give what a product says about schedules."""
    return ScheduleRules(
        rounding=rules.rounding,
        round_to=rules.round_to,
        due_rule=DueRule(rules.due_rule),
        due_day=rules.due_day,
        cutoff_day=rules.cutoff_day,
        grace_months=rules.grace_months,
        frequency=Frequency(rules.frequency),
        holiday_rule=HolidayRule(rules.holiday_rule),
    )


def holidays_of(calendar: WorkingCalendar) -> Holidays:
    """Give the days on which nothing falls due under a holiday rule."""
    return Holidays(frozenset(row.day for row in calendar.holidays), calendar.weekly_rest_days)
