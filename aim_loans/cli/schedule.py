"""The command `aim-loans schedule`: a loan's instalments, without a database."""

import sys
from datetime import date

import click

from aim_loans.cells import Column
from aim_loans.cli.door import DAY, RUPEES, Door
from aim_loans.loans.schedule import (
    DueRule,
    Frequency,
    HolidayRule,
    Request,
    ScheduleRules,
    build,
)
from aim_loans.money import RoundingRule
from aim_loans.origination.queries import holidays_of, schedule_rules
from aim_loans.portfolio.output import FORMATS, write_rows

COLUMNS = (
    Column("number", "count"),
    Column("due_on", "date"),
    Column("amount", "amount"),
    Column("balance", "amount"),
)


@click.command("schedule")
@click.option("--principal", required=True, type=RUPEES, help="Rupees.")
@click.option("--months", required=True, type=click.IntRange(min=1))
@click.option("--disbursed-on", required=True, type=DAY)
@click.option("--product", help="Whose rules apply; by default the institution's default product.")
@click.option("--round-to", type=RUPEES, help="Rupees, 0.01 to 1000.")
@click.option("--rounding", type=click.Choice(["up", "down", "half_up", "half_even"]))
@click.option("--due-rule", type=click.Choice([rule.value for rule in DueRule]))
@click.option("--due-day", type=click.IntRange(1, 31))
@click.option("--cutoff-day", type=click.IntRange(1, 31))
@click.option("--grace-months", type=click.IntRange(min=0))
@click.option("--frequency", type=click.Choice([each.value for each in Frequency]))
@click.option("--instalment-amount", type=RUPEES, help="Rupees.")
@click.option("--first-due-on", type=DAY)
@click.option("--holiday-rule", type=click.Choice([rule.value for rule in HolidayRule]))
@click.option("--format", "form", type=click.Choice(FORMATS), default="table")
@click.pass_obj
def schedule(
    door: Door,
    *,
    principal: int,
    months: int,
    disbursed_on: date,
    product: str | None,
    round_to: int | None,
    rounding: RoundingRule | None,
    due_rule: str | None,
    due_day: int | None,
    cutoff_day: int | None,
    grace_months: int | None,
    frequency: str | None,
    instalment_amount: int | None,
    first_due_on: date | None,
    holiday_rule: str | None,
    form: str,
) -> None:
    """Print a loan's instalments; options override the product's rules."""
    settings = door.settings
    code = product or settings.lending.default_product
    base = schedule_rules(settings.dated.product_on(code, disbursed_on))
    rules = ScheduleRules(
        rounding=rounding or base.rounding,
        round_to=base.round_to if round_to is None else round_to,
        due_rule=DueRule(due_rule or base.due_rule),
        due_day=due_day or base.due_day,
        cutoff_day=cutoff_day or base.cutoff_day,
        grace_months=base.grace_months if grace_months is None else grace_months,
        frequency=Frequency(frequency or base.frequency),
        holiday_rule=HolidayRule(holiday_rule or base.holiday_rule),
    )
    request = Request(
        principal=principal,
        disbursed_on=disbursed_on,
        months=months,
        instalment_amount=instalment_amount,
        first_due_on=first_due_on,
    )
    plan = build(request, rules, holidays_of(settings.calendar))
    rows = [
        (row.number, row.due_on, row.amount, principal - row.due_total) for row in plan.instalments
    ]
    write_rows(
        rows,
        COLUMNS,
        form=form,
        stream=sys.stdout,
        words=door.words,
        grouping=settings.currency.grouping,
    )
    if len(rows) < plan.asked:
        door.note(
            "{count} instalments instead of {asked}: the amount was rounded, and the loan is "
            "repaid earlier.",
            count=len(rows),
            asked=plan.asked,
        )
