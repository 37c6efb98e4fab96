"""The conditions of an application, asked of the book: its schedule, its eligibility."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, select

from aim_loans.loans.models import loan, loan_position
from aim_loans.loans.schedule import Holidays, Schedule
from aim_loans.origination.eligibility import Applicant, Asked, Check, Guarantor, eligibility
from aim_loans.origination.lookup import Application, GuarantorRow
from aim_loans.origination.models import (
    application,
    application_loan,
    group_guarantee,
    guarantee,
)
from aim_loans.origination.queries import product_in_force, schedule_rules
from aim_loans.origination.terms import Terms, check_months, plan
from aim_loans.origination.ties import guarantee_stands, not_paid_back
from aim_loans.origination.waiting import turned_down


def plan_of(connection: Connection, terms: Terms, *, paid_on: date, holidays: Holidays) -> Schedule:
    """Give the schedule of terms that nobody asked for yet, by the product's rules of a day."""
    product = product_in_force(connection, terms.product, paid_on)
    check_months(terms, product)
    return plan(terms, schedule_rules(product), paid_on=paid_on, holidays=holidays)


def plan_for(asked: Application, *, paid_on: date, holidays: Holidays) -> Schedule:
    """Give the schedule of an application paid out on a day."""
    rules = schedule_rules(asked.dated.product_on(asked.terms.product, paid_on))
    return plan(asked.terms, rules, paid_on=paid_on, holidays=holidays)


def checks_of(
    connection: Connection, asked: Application, *, on: date, holidays: Holidays
) -> list[Check]:
    """Check an application against every condition on a day."""
    product = asked.dated.product_on(asked.terms.product, on)
    schedule = plan_for(asked, paid_on=on, holidays=holidays)
    people = [*(each.person_id for each in asked.guarantors), asked.borrower_id]
    drawn, ties = _drawn(connection, people), _ties(connection, people)
    late = _late(drawn, on)
    return eligibility(
        _applicant(asked, drawn),
        Asked(
            principal=asked.terms.principal,
            months=asked.terms.months,
            sector=asked.terms.sector,
            instalment=max(row.amount for row in schedule.instalments),
            left_over=asked.left_over,
        ),
        [_guarantor(asked, each, late, ties) for each in asked.guarantors],
        product=product,
        limits=asked.dated.limits_on(on),
        on=on,
    )


def unpaid_loans(connection: Connection, person_id: int) -> list[str]:
    """Give the numbers of the loans that somebody has not paid back yet."""
    return [each.ref for each in _drawn(connection, [person_id]) if each.outstanding]


class _Held(NamedTuple):
    """A loan that somebody drew: what is left of it, in paisa, and since when something is due."""

    borrower_id: int
    ref: str
    outstanding: int
    unpaid_since: date | None


def _drawn(connection: Connection, person_ids: Sequence[int]) -> list[_Held]:
    """Give the loans that were paid out to these persons, in their order."""
    held = loan_position.c
    rows = connection.execute(
        select(held.borrower_id, loan.c.ref, held.outstanding, held.oldest_unpaid_due_on)
        .join(loan, loan.c.id == held.loan_id)
        .where(held.borrower_id.in_(person_ids), held.disbursed > 0)
        .order_by(loan.c.id)
    )
    return [_Held(*row) for row in rows]


def _applicant(asked: Application, drawn: Sequence[_Held]) -> Applicant:
    own = [each for each in drawn if each.borrower_id == asked.borrower_id]
    return Applicant(
        cnic=asked.person.cnic,
        cnic_expires_on=asked.person.cnic_expires_on,
        birth_date=asked.person.birth_date,
        loans_before=len(own),
        unpaid=[each.ref for each in own if each.outstanding],
    )


class _Tie(NamedTuple):
    """Who guarantees for whom, on an application that still counts."""

    guarantor_id: int
    borrower_id: int


def _late(drawn: Iterable[_Held], on: date) -> set[int]:
    """Give who owes something that fell due before a day."""
    return {
        each.borrower_id
        for each in drawn
        if each.outstanding and each.unpaid_since and each.unpaid_since < on
    }


def _guarantor(
    asked: Application, each: GuarantorRow, late: set[int], ties: Sequence[_Tie]
) -> Guarantor:
    household = asked.person.household
    return Guarantor(
        name=each.name,
        same_household=bool(household) and each.household == household,
        in_arrears=each.person_id in late,
        live_guarantees=sum(tie.guarantor_id == each.person_id for tie in ties),
        guaranteed_by_borrower=_Tie(asked.borrower_id, each.person_id) in ties,
        in_group=each.group is not None,
    )


def _ties(connection: Connection, person_ids: Sequence[int]) -> list[_Tie]:
    """Give the guarantees of these persons alone that still bind them."""
    rows = connection.execute(_standing().where(guarantee.c.person_id.in_(person_ids)))
    return [_Tie(*row) for row in rows]


def _standing() -> Select[Any]:
    return (
        select(guarantee.c.person_id, application.c.borrower_id)
        .join(application, application.c.id == guarantee.c.application_id)
        .outerjoin(application_loan, application_loan.c.application_id == application.c.id)
        .outerjoin(loan_position, loan_position.c.loan_id == application_loan.c.loan_id)
        .where(
            guarantee_stands(),
            ~exists().where(group_guarantee.c.guarantee_id == guarantee.c.id),
            ~turned_down(),
            not_paid_back(),
        )
    )
