"""Taking money for a loan, and the receipt to print."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.cash.queries import no_receipt, receipt
from aim_loans.cash.series import DONATION_SERIES, FEE_SERIES
from aim_loans.config.settings import CHANNELS
from aim_loans.dates import parse_date
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, allows, require
from aim_loans.identity.queries import key_used
from aim_loans.loans.facts import Kind
from aim_loans.loans.lookup import LoanPage, loans_of_money
from aim_loans.money import Rupees, parse_positive_rupees, plain
from aim_loans.origination.fees import fees_paid_for
from aim_loans.repayment.backdating import ask_backdating, backdating_of_money
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from aim_loans.repayment.receivable import is_backdated
from aim_loans.repayment.requests import (
    AskToCancel,
    ask_to_cancel,
    cancelling_of,
    open_request_of,
)
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.loans import visible_loan
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("receipts", __name__)

PAYERS = ("borrower", "family", "guarantor")


@pages.get("/loans/<row:loan_id>/receipt")
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


@pages.post("/loans/<row:loan_id>/receipt")
@needs(Deed.RECEIVE)
def send(loan_id: int) -> tuple[str, int] | Response:
    """Record the receipt, or ask for it where its day is too far back; once however often sent."""
    loan, form = visible_loan(loan_id), Form(request.form)
    command, written = _command(form, loan), ""
    if command is not None and _asks_again(form, command.amount, loan):
        form.faults["amount"] = Refused(
            "This is Rs {above} more than the loan's balance. Correct it, or tick below that the "
            "rest is kept for the borrower.",
            field="amount",
            above=Rupees(command.amount - loan.outstanding),
        )
    elif command is not None:
        with form.attempt():
            written = _write(command, form.key)
    if form.faults:
        return _shown(form, loan), 422
    return redirect(written, code=303)


@pages.get("/receipts/<row:money_in_id>")
@needs(Deed.READ_BOOK)
def show(money_in_id: int) -> str:
    """Show a receipt as it is handed out, with the balance of the loan now."""
    return _receipt_page(Form(), money_in_id)


@pages.post("/receipts/<row:money_in_id>/cancel")
@needs(Deed.ASK_REVERSAL)
def ask_to_cancel_it(money_in_id: int) -> tuple[str, int] | Response:
    """Ask that a receipt be cancelled; another person confirms it."""
    form = Form(request.form)
    returned = form.read("dishonoured_on", parse_date) if form.typed("dishonoured_on") else None
    reason = form.read("reason", str)
    if reason is not None and not form.faults:
        command = AskToCancel(money_in_id, reason, returned)
        with form.attempt(), around().writing() as tx:
            ask_to_cancel(tx, command, actor=me().actor, key=form.key)
    if form.faults:
        return _receipt_page(form, money_in_id), 422
    return redirect(url_for("receipts.show", money_in_id=money_in_id), code=303)


def _receipt_page(form: Form, money_in_id: int) -> str:
    with around().reading() as connection:
        money = receipt(connection, money_in_id)
        loan_ids = loans_of_money(connection, money_in_id)
        fees = fees_paid_for(connection, [money_in_id]) if money.series == FEE_SERIES else {}
        backdated = backdating_of_money(connection, money_in_id)
        asked = None if money.cancelled else open_request_of(connection, money)
        cancelled = cancelling_of(connection, money) if money.cancelled else None
    require(me().actor, Deed.READ_BOOK, branch=money.branch_code)
    if money.series == DONATION_SERIES:
        raise no_receipt()
    return render_template(
        "receipt.html",
        form=form,
        money=money,
        loans=[visible_loan(loan_id) for loan_id in loan_ids],
        fee=fees.get(money_in_id),
        asked=asked,
        cancelled=cancelled,
        backdated=backdated,
        may_receive=allows(me().actor, Deed.RECEIVE, branch=money.branch_code),
        may_ask=allows(me().actor, Deed.ASK_REVERSAL, branch=money.branch_code),
    )


def _command(form: Form, loan: LoanPage) -> RecordReceipt | None:
    amount = form.read("amount", parse_positive_rupees)
    received_on = form.read("received_on", parse_date)
    channel = form.read("channel", one_of(*CHANNELS))
    payer = form.read("payer", one_of(*PAYERS))
    left_out = ("reference", "book_number", "reason")
    texts: dict[str, Any] = {name: form.optional(name) for name in left_out}
    account = form.optional("account") or ""
    if form.faults or amount is None or received_on is None or channel is None:
        return None
    return RecordReceipt(
        loan.ref, amount, received_on, channel, account=account, payer=payer, **texts
    )


def _asks_again(form: Form, amount: int, loan: LoanPage) -> bool:
    """Say whether more comes than is owed, and nobody said yet that it is meant so.

    A recovery on a loan that was written off has no balance; a form that counted already has none
    any more.
    """
    if amount <= loan.outstanding or form.typed("above"):
        return False
    if any(fact.kind == Kind.WRITE_OFF for fact in loan.facts):
        return False
    with around().reading() as connection:
        return not key_used(connection, form.key)


def _write(command: RecordReceipt, key: str) -> str:
    """Record a receipt, or ask for one of a day too far back; gives the address of its page."""
    here, actor = around(), me().actor
    today, days = here.today, here.settings.lending.backdating_days
    with here.writing() as tx:
        if is_backdated(command.received_on, today=today, allowed_days=days):
            asked = ask_backdating(
                tx, command, actor=actor, today=today, backdating_days=days, key=key
            )
            return url_for("backdating.show", backdating_id=asked)
        recorded = record_receipt(
            tx, command, actor=actor, today=today, backdating_days=days, key=key
        )
    return url_for("receipts.show", money_in_id=recorded.receipt.id)


def _shown(form: Form, loan: LoanPage) -> str:
    fault, day = form.faults.get("amount"), form.faults.get("received_on")
    return render_template(
        "take_receipt.html",
        form=form,
        loan=loan,
        above=bool(form.typed("above")) or (fault is not None and "above" in fault.values),
        late=bool(form.typed("reason")) or (day is not None and "days" in day.values),
        channels=CHANNELS,
        payers=PAYERS,
    )
