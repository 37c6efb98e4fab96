"""The register of waivers, write-offs and recoveries, and the complaints: a row an event."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from aim_loans.borrowers.complaints import complaints_on
from aim_loans.borrowers.models import person
from aim_loans.identity.models import act
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan, loan_fact
from aim_loans.portfolio.feeder.asked import AskedMonth

_EVENTS = (Kind.WAIVER, Kind.WRITE_OFF, Kind.RECOVERY)
_ROWS_AT_A_TIME = 2_000

Row = tuple[Any, ...]


def register_rows(connection: Connection, asked: AskedMonth) -> Iterator[Row]:
    """Give the month's waivers, write-offs, recoveries and reversals by their day (paisa)."""
    fact = loan_fact
    statement = (
        select(
            *(fact.c.id, fact.c.kind, fact.c.reverses_id, fact.c.value_on),
            *(fact.c.contra_branch, fact.c.fund_code, loan.c.ref),
            *(person.c.cnic, person.c.name, person.c.gender, fact.c.amount),
            *(act.c.reason, act.c.actor, act.c.second_actor),
        )
        .join(loan, loan.c.id == fact.c.loan_id)
        .join(person, person.c.id == loan.c.borrower_id)
        .join(act, act.c.id == fact.c.act_id)
        .where(fact.c.kind.in_(_EVENTS), fact.c.value_on >= asked.first, asked.view.counts(fact))
        .order_by(fact.c.value_on, fact.c.id)
    )
    for number, kind, undoes, *rest in connection.execute(
        statement, execution_options={"yield_per": _ROWS_AT_A_TIME}
    ):
        yield (asked.day, str(number), kind, None if undoes is None else str(undoes), *rest)


def complaint_rows(connection: Connection, asked: AskedMonth) -> Iterator[Row]:
    """Give the complaints that were open on the day, or were closed in the month."""
    found = complaints_on(connection, asked.day, closed_from=asked.first, known_at=asked.known_at)
    for one in found:
        yield (
            *(asked.day, str(one.id), one.received_on, one.channel, one.category),
            *(one.status, one.days_open(asked.day), one.outcome, one.gender, one.branch_code),
        )
