"""What chance decides: the loans that are agreed on, and the dice of each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st

from aim_loans.loans.schedule import (
    DueRule,
    Frequency,
    HolidayRule,
    Request,
    Schedule,
    ScheduleRules,
    build,
    from_rows,
)

BRANCHES = ("LHR-01", "MUL-01", "KHI-01")
LENDING_FUNDS = ("general", "women")
FUNDS = (*LENDING_FUNDS, "mutual_support")
SECTORS = ("trade", "livestock", "agriculture")
CHANNELS = ("cash", "cash", "bank", "cheque", "raast")
EARLIEST = date(2025, 1, 1)
LAST_LENDING = date(2026, 5, 15)


@dataclass(frozen=True)
class Plan:
    """A loan to agree on; amounts in paisa."""

    principal: int
    on: date
    branch: str
    fund: str
    frequency: Frequency
    schedule: Schedule
    paid_out: bool


@dataclass(frozen=True)
class Dice:
    """One throw for one step; a step uses what it needs of it.

    A number chooses among what there is at that moment, so that every step finds something
    to work on.
    """

    which: int
    index: int
    when: int
    size: int
    branch: str
    fund: str
    sector: str
    channel: str


numbers = st.integers(0, 999)
dice = st.builds(
    Dice,
    which=st.integers(0, 59),
    index=numbers,
    when=numbers,
    size=numbers,
    branch=st.sampled_from(BRANCHES),
    fund=st.sampled_from(FUNDS),
    sector=st.sampled_from(SECTORS),
    channel=st.sampled_from(CHANNELS),
)


def product(frequency: Frequency, due_rule: DueRule) -> ScheduleRules:
    """Give a product's rules for schedules."""
    return ScheduleRules(
        rounding="up",
        round_to=100_00,
        due_rule=due_rule,
        due_day=10,
        cutoff_day=10,
        grace_months=0,
        frequency=frequency,
        holiday_rule=HolidayRule.none,
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a loan: any frequency, or rows that no rule gives."""
    principal = draw(st.sampled_from([300_00, 10_000_00, 24_999_99, 50_000_00]))
    on = EARLIEST + timedelta(days=draw(st.integers(0, (LAST_LENDING - EARLIEST).days)))
    frequency = draw(st.sampled_from(Frequency))
    count = draw(st.integers(1, 12))
    if draw(st.integers(0, 4)) == 4:
        steps = draw(st.lists(st.integers(1, 45), min_size=count, max_size=count))
        rows = given_rows(principal, on, steps)
        schedule = from_rows(principal, rows, disbursed_on=on)
    else:
        request = Request(principal=principal, disbursed_on=on, instalments=count)
        schedule = build(request, product(frequency, draw(st.sampled_from(DueRule))))
    fund = draw(st.sampled_from(LENDING_FUNDS))
    branch, paid_out = draw(st.sampled_from(BRANCHES)), draw(st.integers(0, 7)) < 7
    return Plan(principal, on, branch, fund, frequency, schedule, paid_out)


def given_rows(principal: int, on: date, steps: Sequence[int]) -> list[tuple[int, date, int]]:
    """Make rows of growing amounts, each some days after the one before."""
    share = principal // (len(steps) * len(steps))
    rows: list[tuple[int, date, int]] = []
    day, left = on, principal
    for number, step in enumerate(steps, start=1):
        day += timedelta(days=step)
        amount = left if number == len(steps) else share * number
        rows.append((number, day, amount))
        left -= amount
    return rows
