"""From what the pages show to the finished values that papers are drawn from."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from aim_loans.cash.queries import Receipt
from aim_loans.config.settings import Settings
from aim_loans.loans.facts import Fact, State, add_up, state_of
from aim_loans.loans.lookup import LoanPage
from aim_loans.loans.schedule import Schedule
from aim_loans.origination.lookup import Application
from reports import loan_values


def letterhead(settings: Settings) -> loan_values.Letterhead:
    """Give what every paper of the institution carries."""
    return loan_values.Letterhead(
        settings.institution.name,
        settings.currency.grouping,
        synthetic=settings.institution.synthetic,
        time_zone=settings.institution.time_zone,
    )


def offer_of(asked: Application, plan: Schedule, *, planned_on: date) -> loan_values.Offer:
    """Give what the borrower agrees to, for a payout on a day."""
    person, principal = asked.person, asked.terms.principal
    return loan_values.Offer(
        ref=asked.ref,
        borrower=loan_values.Person(person.name, person.cnic, person.father_or_husband_name),
        guarantors=[
            loan_values.Person(each.name, each.cnic, relation=each.relation)
            for each in asked.guarantors
        ],
        principal=principal,
        fee=asked.dated.fee_on(planned_on).amount,
        purpose=asked.terms.purpose,
        asked=plan.asked,
        instalments=[
            loan_values.Planned(row.number, row.due_on, row.amount, principal - row.due_total)
            for row in plan.instalments
        ],
        group=loan_values.Group(asked.group.name, asked.group.ref) if asked.group else None,
    )


def account_of(loan: LoanPage, *, product: str, as_of: date, zone: ZoneInfo) -> loan_values.Account:
    """Give a loan as it stands on the day it was read for; `product` is its product's name."""
    facts = [Fact(fact.kind, fact.amount, fact.value_on) for fact in loan.facts]
    return loan_values.Account(
        ref=loan.ref,
        borrower=loan_values.Person(loan.borrower, loan.cnic),
        branch=loan.branch_code,
        product=product,
        principal=loan.principal,
        disbursed_on=loan.disbursed_on,
        as_of=as_of,
        closed=state_of(add_up(facts)) is State.CLOSED,
        outstanding=loan.outstanding,
        due=loan.due_now,
        credit=loan.credit,
        instalments=[
            loan_values.Instalment(*row, row.stands(outstanding=loan.outstanding, today=as_of))
            for row in loan.rows
        ],
        happenings=[
            loan_values.Happening(
                fact.value_on,
                fact.kind,
                fact.amount,
                fact.receipt_number or "",
                fact.recorded_at.astimezone(zone),
                balance,
                fact.undone,
            )
            for fact, balance in loan.statement
        ],
    )


def receipt_of(money: Receipt, loans: Sequence[LoanPage]) -> loan_values.Receipt:
    """Give a receipt with the loans that the money is on, as they stand now."""
    return loan_values.Receipt(
        number=money.number,
        amount=money.amount,
        received_on=money.received_on,
        channel=money.channel,
        reference=money.reference or "",
        branch=money.branch_code,
        cancelled=money.cancelled,
        loans=[loan_values.OnLoan(each.ref, each.borrower, each.outstanding) for each in loans],
    )
