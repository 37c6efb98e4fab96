"""Visits to borrowers: what came of them, what was promised, and whether it was kept.

A promise is kept when the money put on the loan after the visit and up to the promised day
reaches the promised amount. It is broken once that day is past, and open until then. Nobody
marks it: each question works it out from the facts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, ScalarSelect, Select, case, func, or_, select

from aim_loans.db.bulk import insert_new, whole_sum
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import act
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan, loan_fact, loan_position
from aim_loans.repayment.models import visit
from aim_loans.repayment.receivable import LARGEST_AMOUNT

PROMISED = "promised"
OUTCOMES = ("paid", PROMISED, "not_home", "refused", "moved", "dispute", "other")
MET = ("borrower", "family", "guarantor", "neighbour")
MOST_SHOWN = 50

_MONEY = (Kind.RECEIPT.value, Kind.RECOVERY.value, Kind.CREDIT.value)
_COLUMNS = (
    "loan_id",
    "visited_on",
    "outcome",
    "met_whom",
    "promised_on",
    "promised_amount",
    "note",
    "act_id",
    "recorded_at",
)


@dataclass(frozen=True, slots=True)
class RecordVisit:
    """A visit to the borrower of a loan; a promise has its day and its amount in paisa."""

    loan_id: int
    visited_on: date
    outcome: str
    met_whom: str | None = None
    promised_on: date | None = None
    promised_amount: int | None = None
    note: str | None = None


class Promise(NamedTuple):
    """What was promised by a day, what came in for it (paisa), and how it stands.

    `standing` is kept, broken or open.
    """

    by: date
    amount: int
    paid: int
    standing: str


class Visit(NamedTuple):
    """A visit as recorded, and who recorded it."""

    loan_id: int
    visited_on: date
    outcome: str
    met_whom: str | None
    note: str | None
    actor: str
    promise: Promise | None


@dataclass(frozen=True, slots=True)
class Contact:
    """The last visit for a loan, and the last promise that was given."""

    visit: Visit
    promise: Promise | None


def record_visit(
    tx: Writing, command: RecordVisit, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Record a visit; Refused for a day that cannot be, or a promise that is none."""
    row = tx.connection.execute(
        select(loan.c.ref, loan_position.c.branch_code, loan_position.c.disbursed_on)
        .join(loan_position, loan_position.c.loan_id == loan.c.id)
        .where(loan.c.id == command.loan_id)
    ).first()
    if row is None:
        raise NotFound("There is no such loan. Look for it by its number.", field="loan_ref")
    require(actor, Deed.RECORD_VISIT, branch=row.branch_code)
    _check_day(command, disbursed_on=row.disbursed_on, ref=row.ref, today=today)
    _check_outcome(command)
    this = begin_branch_act(
        tx,
        kind="record_visit",
        command=command,
        actor=actor,
        subject=f"loan {row.ref}",
        branch_code=row.branch_code,
        key=key,
    )
    if this.repeated:
        return this
    values = (
        command.loan_id,
        command.visited_on,
        command.outcome,
        command.met_whom,
        command.promised_on,
        command.promised_amount,
        command.note,
        this.id,
        this.recorded_micros,
    )
    insert_new(tx.connection, visit, _COLUMNS, [values])
    seal_act(tx, this, (visit,))
    return this


def visits_of_loan(connection: Connection, loan_id: int, *, today: date) -> list[Visit]:
    """Give the visits for a loan, the latest first, 50 at most."""
    rows = (
        _visits()
        .where(visit.c.loan_id == loan_id)
        .order_by(visit.c.visited_on.desc(), visit.c.id.desc())
        .limit(MOST_SHOWN)
    )
    return [_visit(row, today) for row in connection.execute(rows)]


def last_contacts(
    connection: Connection, loan_ids: Sequence[int], *, today: date
) -> dict[int, Contact]:
    """Give the last visit and the last promise of each of these loans that has one."""
    latest = func.row_number().over(
        partition_by=(visit.c.loan_id, visit.c.promised_on.is_(None)),
        order_by=(visit.c.visited_on.desc(), visit.c.id.desc()),
    )
    ranked = (
        select(visit.c.id, latest.label("rank")).where(visit.c.loan_id.in_(loan_ids)).subquery()
    )
    rows = (
        _visits()
        .join(ranked, ranked.c.id == visit.c.id)
        .where(ranked.c.rank == 1)
        .order_by(visit.c.visited_on, visit.c.id)
    )
    return _contacts(_visit(row, today) for row in connection.execute(rows))


def standing_of(*, by: date, amount: int, paid: int, today: date) -> str:
    """Say how a promise stands today: kept, broken or open (amounts in paisa)."""
    if paid >= amount:
        return "kept"
    return "broken" if by < today else "open"


def _contacts(visits: Iterable[Visit]) -> dict[int, Contact]:
    """Keep the last of each loan; the visits come oldest first."""
    contacts: dict[int, Contact] = {}
    for each in visits:
        earlier = contacts.get(each.loan_id)
        promise = each.promise or (earlier.promise if earlier else None)
        contacts[each.loan_id] = Contact(each, promise)
    return contacts


def _visits() -> Select[Any]:
    paid = case((visit.c.promised_on.is_not(None), _paid()))
    rows = select(visit, act.c.actor, paid.label("paid"))
    return rows.join(act, act.c.id == visit.c.act_id)


def _paid() -> ScalarSelect[int]:
    """Sum the money put on the loan after the visit, up to the promised day.

    Of a promise for the day of the visit itself, that day's money counts.
    """
    after = or_(
        loan_fact.c.value_on > visit.c.visited_on, loan_fact.c.value_on == visit.c.promised_on
    )
    return (
        select(whole_sum(loan_fact.c.amount))
        .where(
            loan_fact.c.loan_id == visit.c.loan_id,
            loan_fact.c.kind.in_(_MONEY),
            loan_fact.c.value_on <= visit.c.promised_on,
            after,
        )
        .correlate_except(loan_fact)
        .scalar_subquery()
    )


def _visit(row: Any, today: date) -> Visit:
    promise = None
    if row.promised_on is not None:
        by, amount, paid = row.promised_on, row.promised_amount, row.paid
        standing = standing_of(by=by, amount=amount, paid=paid, today=today)
        promise = Promise(by, amount, paid, standing)
    return Visit(
        row.loan_id, row.visited_on, row.outcome, row.met_whom, row.note, row.actor, promise
    )


def _check_day(command: RecordVisit, *, disbursed_on: date | None, ref: str, today: date) -> None:
    if command.visited_on > today:
        raise Refused(
            "The day {day} lies in the future. Give the day of the visit.",
            field="visited_on",
            day=command.visited_on.isoformat(),
        )
    if disbursed_on is None:
        raise Refused("Loan {ref} is not paid out; there is nothing to collect yet.", ref=ref)
    if command.visited_on < disbursed_on:
        raise Refused(
            "Loan {ref} was paid out on {day}; a visit to collect comes after it. Check the date.",
            field="visited_on",
            ref=ref,
            day=disbursed_on.isoformat(),
        )


def _check_outcome(command: RecordVisit) -> None:
    if command.outcome not in OUTCOMES:
        raise Refused(
            "There is no outcome {outcome}. Use one of: {known}.",
            field="outcome",
            outcome=command.outcome,
            known=", ".join(OUTCOMES),
        )
    if command.met_whom is not None and command.met_whom not in MET:
        raise Refused("Choose one of the list.", field="met_whom")
    if command.outcome == PROMISED:
        _check_promise(command)
    elif command.promised_on is not None or command.promised_amount is not None:
        field = "promised_on" if command.promised_on is not None else "promised_amount"
        raise Refused(
            "Only a promise has a day and an amount. Choose that outcome, or leave them out.",
            field=field,
        )


def _check_promise(command: RecordVisit) -> None:
    if command.promised_on is None:
        raise Refused("Give the day by which it was promised.", field="promised_on")
    if command.promised_on < command.visited_on:
        raise Refused(
            "The promised day lies before the visit. Check both days.", field="promised_on"
        )
    if command.promised_amount is None or command.promised_amount <= 0:
        raise Refused("Give the promised amount, more than 0.", field="promised_amount")
    if command.promised_amount > LARGEST_AMOUNT:
        raise Refused(
            "The amount is too large. Check the number of zeros.", field="promised_amount"
        )
