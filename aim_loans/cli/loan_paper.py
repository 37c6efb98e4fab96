"""The command `aim-loans report loan`: a loan's paper as PDF."""

from datetime import date
from pathlib import Path

import click
from sqlalchemy import Connection

from aim_loans.cli.door import Door
from aim_loans.db.engine import reading
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, require
from aim_loans.loans.lookup import LoanPage, loan_page
from aim_loans.loans.queries import loan_id_of
from aim_loans.origination.conditions import plan_for
from aim_loans.origination.lookup import application_by_id, application_of_loan
from aim_loans.origination.paper_marks import (
    OF_APPLICATION,
    OF_LOAN,
    code_of_application,
    code_of_loan,
)
from aim_loans.origination.queries import given_names, holidays_of
from aim_loans.web.paper_values import account_of, letterhead, offer_of
from reports.accounts import account_paper
from reports.offers import offer_paper
from reports.voice import PAPER_LANGUAGES


@click.command("loan")
@click.argument("loan_ref")
@click.option("--paper", required=True, type=click.Choice([*OF_LOAN, *OF_APPLICATION]))
@click.option(
    "--language", type=click.Choice(PAPER_LANGUAGES), help="By default the institution's."
)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def loan_command(door: Door, *, loan_ref: str, paper: str, language: str | None, out: Path) -> None:
    """Draw a paper of a loan: its account today, or what was agreed before its payout."""
    spoken = language or door.settings.institution.language
    with reading(door.ready_engine) as connection:
        loan = loan_page(connection, loan_id_of(connection, loan_ref), today=door.today)
        require(door.actor, Deed.READ_BOOK, branch=loan.branch_code)
        if paper in OF_LOAN:
            product = given_names(connection)["product", loan.product]
            drawn = _of_account(door, loan, product, paper, spoken)
        else:
            drawn = _of_offer(door, connection, loan, paper, spoken)
    out.write_bytes(drawn)
    door.note("{file} is written.", file=out.name)


def _of_account(door: Door, loan: LoanPage, product: str, paper: str, language: str) -> bytes:
    settings, today = door.settings, door.today
    code = code_of_loan(door.audit_key, paper, loan, as_of=today)
    zone = settings.institution.zone
    account = account_of(loan, product=product, as_of=today, zone=zone)
    return account_paper(paper, account, letterhead(settings), code=str(code), language=language)


def _of_offer(
    door: Door, connection: Connection, loan: LoanPage, paper: str, language: str
) -> bytes:
    asked = application_by_id(
        connection, application_of_loan(connection, loan.loan_id), today=door.today
    )
    paid_on = _paid_on(loan)
    plan = plan_for(asked, paid_on=paid_on, holidays=holidays_of(door.settings.calendar))
    code = code_of_application(door.audit_key, paper, asked, plan, planned_on=paid_on)
    offer = offer_of(asked, plan, planned_on=paid_on)
    return offer_paper(paper, offer, letterhead(door.settings), code=str(code), language=language)


def _paid_on(loan: LoanPage) -> date:
    if loan.disbursed_on is None:
        raise Refused(
            "Loan {ref} is not paid out. Print the papers of its application.", ref=loan.ref
        )
    return loan.disbursed_on
