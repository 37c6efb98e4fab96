"""Taking money for a loan, and the receipt to print."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.cash.queries import receipt
from aim_loans.config.settings import CHANNELS
from aim_loans.dates import parse_date
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, require
from aim_loans.loans.lookup import LoanPage, loans_of_money
from aim_loans.money import parse_positive_rupees, plain
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.loans import visible_loan
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("receipts", __name__)

PAYERS = ("borrower", "family", "guarantor")


@pages.get("/loans/<int:loan_id>/receipt")
@needs(Deed.RECEIVE)
def ask(loan_id: int) -> str:
    """Ask what was received; the amount is what is due, or one instalment."""
    loan, today = visible_loan(loan_id), around().today
    require(me().actor, Deed.RECEIVE, branch=loan.branch_code)
    filled = {
        "amount": plain(loan.amount_to_ask),
        "received_on": today.isoformat(),
        "channel": "cash",
        "payer": "borrower",
    }
    return _shown(Form(filled), loan)


@pages.post("/loans/<int:loan_id>/receipt")
@needs(Deed.RECEIVE)
def send(loan_id: int) -> tuple[str, int] | Response:
    """Record the receipt, once however often the form is sent."""
    loan, form = visible_loan(loan_id), Form(request.form)
    command = _command(form, loan)
    if command is not None:
        try:
            recorded = _record(command, form.key)
        except Refused as fault:
            form.refuse(fault)
        else:
            address = url_for("receipts.show", money_in_id=recorded, loan_id=loan.loan_id)
            return redirect(address, code=303)
    return _shown(form, loan), 422


@pages.get("/receipts/<int:money_in_id>")
@needs(Deed.READ_BOOK)
def show(money_in_id: int) -> str:
    """Show a receipt as it is handed out, with the balance of the loan now."""
    with around().reading() as connection:
        money = receipt(connection, money_in_id)
        loan_ids = loans_of_money(connection, money_in_id)
    require(me().actor, Deed.READ_BOOK, branch=money.branch_code)
    loans = [visible_loan(loan_id) for loan_id in loan_ids]
    return render_template("receipt.html", money=money, loans=loans)


def _command(form: Form, loan: LoanPage) -> RecordReceipt | None:
    amount = form.read("amount", parse_positive_rupees)
    received_on = form.read("received_on", parse_date)
    channel = form.read("channel", one_of(*CHANNELS))
    payer = form.read("payer", one_of(*PAYERS))
    texts: dict[str, Any] = {name: form.optional(name) for name in ("reference", "book_number")}
    account = form.optional("account") or ""
    if form.faults or amount is None or received_on is None or channel is None:
        return None
    return RecordReceipt(
        loan.ref, amount, received_on, channel, account=account, payer=payer, **texts
    )


def _record(command: RecordReceipt, key: str) -> int:
    here = around()
    with here.writing() as tx:
        recorded = record_receipt(
            tx,
            command,
            actor=me().actor,
            today=here.today,
            backdating_days=here.settings.lending.backdating_days,
            key=key,
        )
    return recorded.receipt.id


def _shown(form: Form, loan: LoanPage) -> str:
    return render_template(
        "take_receipt.html", form=form, loan=loan, channels=CHANNELS, payers=PAYERS
    )
