"""The papers of a loan as PDF, and the check of a paper by its short code."""

from collections.abc import Container

from flask import Blueprint, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.cash.queries import receipt
from aim_loans.errors import NotFound
from aim_loans.identity.paper_codes import KINDS, PaperCode, read_code
from aim_loans.identity.permissions import Deed, require
from aim_loans.loans.lookup import loans_of_money
from aim_loans.origination.conditions import plan_for
from aim_loans.origination.paper_marks import (
    OF_LOAN,
    RECEIPT,
    Marked,
    code_of_application,
    code_of_loan,
    code_of_receipt,
    marked,
)
from aim_loans.web.applications import days_off, visible
from aim_loans.web.guard import needs
from aim_loans.web.loans import visible_loan
from aim_loans.web.paper_values import account_of, letterhead, offer_of, receipt_of
from aim_loans.web.papers import planned_day
from aim_loans.web.people import me
from aim_loans.web.sending import to_read
from aim_loans.web.surroundings import around
from aim_loans.web.words import words
from reports.accounts import ACCOUNT_PAPERS, account_paper
from reports.offers import OFFER_PAPERS, offer_paper
from reports.receipts import A4_SHEET, SHEETS, receipt_paper

pages = Blueprint("prints", __name__)


@pages.get("/loans/<row:loan_id>/<paper>.pdf")
@needs(Deed.READ_BOOK)
def loan_pdf(loan_id: int, paper: str) -> Response:
    """Draw a loan's paper in the language of the address."""
    _require_known(paper, ACCOUNT_PAPERS)
    here, loan = around(), visible_loan(loan_id)
    code = code_of_loan(here.audit_key, paper, loan, as_of=here.today)
    product = here.name_of("product", loan.product)
    zone = here.settings.institution.zone
    account = account_of(loan, product=product, as_of=here.today, zone=zone)
    drawn = account_paper(
        paper, account, letterhead(here.settings), code=str(code), language=_language()
    )
    return to_read(drawn, f"{paper}-{loan.ref}")


@pages.get("/applications/<row:application_id>/<paper>.pdf")
@needs(Deed.READ_BOOK)
def application_pdf(application_id: int, paper: str) -> Response:
    """Draw a paper of a payout on the day in the address, by default today."""
    _require_known(paper, OFFER_PAPERS)
    here, planned_on = around(), planned_day()
    with here.reading() as connection:
        asked = visible(connection, application_id)
    plan = plan_for(asked, paid_on=planned_on, holidays=days_off())
    code = code_of_application(here.audit_key, paper, asked, plan, planned_on=planned_on)
    offer = offer_of(asked, plan, planned_on=planned_on)
    drawn = offer_paper(
        paper, offer, letterhead(here.settings), code=str(code), language=_language()
    )
    return to_read(drawn, f"{paper}-{asked.ref}")


@pages.get("/receipts/<row:money_in_id>/receipt.pdf")
@needs(Deed.READ_BOOK)
def receipt_pdf(money_in_id: int) -> Response:
    """Draw a receipt for the sheet in the address, by default A4."""
    here = around()
    with here.reading() as connection:
        money = receipt(connection, money_in_id)
        loan_ids = loans_of_money(connection, money_in_id)
    require(me().actor, Deed.READ_BOOK, branch=money.branch_code)
    sheet = request.args.get("sheet", A4_SHEET)
    drawn = receipt_paper(
        receipt_of(money, [visible_loan(loan_id) for loan_id in loan_ids]),
        letterhead(here.settings),
        sheet=sheet if sheet in SHEETS else A4_SHEET,
        code=str(code_of_receipt(here.audit_key, money)),
        language=_language(),
    )
    return to_read(drawn, f"receipt-{money.number}")


@pages.get("/paper-codes/<code>")
@needs(Deed.READ_BOOK)
def check(code: str) -> str:
    """Show what a paper with this code says; NotFound when it is not ours."""
    here, read = around(), read_code(code)
    if read is None:
        raise NotFound("This is no code of a paper. Write it as it stands on the paper.")
    with here.reading() as connection:
        found = _marked(connection, read)
    require(me().actor, Deed.READ_BOOK, branch=found.branch_code)
    return render_template(
        "paper_code.html",
        found=found,
        kind=KINDS[read.kind],
        of_receipt=read.kind == RECEIPT,
        of_loan=read.kind in OF_LOAN.values(),
    )


def _require_known(paper: str, papers: Container[str]) -> None:
    if paper not in papers:
        raise NotFound("There is no paper of this name. Choose one on the page of the loan.")


def is_ours(connection: Connection, code: PaperCode) -> bool:
    """Say whether a paper of ours carries a code."""
    try:
        _marked(connection, code)
    except NotFound:
        return False
    return True


def _marked(connection: Connection, code: PaperCode) -> Marked:
    here = around()
    return marked(connection, code, here.audit_key, today=here.today, holidays=days_off())


def _language() -> str:
    return request.args.get("language") or words().language
