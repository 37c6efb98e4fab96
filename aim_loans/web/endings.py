"""Ending a loan: a waiver, a write-off or a refund, asked by one and confirmed by another."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.config.settings import CHANNELS
from aim_loans.dates import parse_date
from aim_loans.identity.permissions import Deed, require
from aim_loans.loans.lookup import LoanPage
from aim_loans.money import parse_positive_rupees, plain
from aim_loans.repayment.ending_requests import (
    AskEnding,
    DeclineEnding,
    Ending,
    ask_ending,
    confirm_ending,
    decline_ending,
)
from aim_loans.web.confirmations import waiting_page
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.loans import visible_loan
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("endings", __name__)

_ENDS = (Ending.WAIVER.value, Ending.WRITE_OFF.value)


@pages.get("/loans/<row:loan_id>/end")
@needs(Deed.WAIVE)
def ask(loan_id: int) -> str:
    """Ask how and why the loan ends."""
    loan = visible_loan(loan_id)
    require(me().actor, Deed.WAIVE, branch=loan.branch_code)
    return _end_page(Form({"on": around().today.isoformat()}), loan)


@pages.post("/loans/<row:loan_id>/end")
@needs(Deed.WAIVE)
def send(loan_id: int) -> tuple[str, int] | Response:
    """Write down that the balance is to be waived or written off."""
    loan, form = visible_loan(loan_id), Form(request.form)
    kind, on = form.read("kind", one_of(*_ENDS)), form.read("on", parse_date)
    reason, fund = form.read("reason", str), None
    if kind == Ending.WAIVER:
        fund = form.read("fund", one_of(*(code for code, _ in _giving(loan))))
    if kind is not None and on is not None and reason is not None and not form.faults:
        _ask(form, AskEnding(loan_id=loan_id, kind=Ending(kind), on=on, reason=reason, fund=fund))
    if form.faults:
        return _end_page(form, loan), 422
    return redirect(url_for("loans.show", loan_id=loan_id), code=303)


@pages.get("/loans/<row:loan_id>/refund")
@needs(Deed.ASK_REFUND)
def ask_refund(loan_id: int) -> str:
    """Ask how the borrower's credit is paid back."""
    loan = visible_loan(loan_id)
    require(me().actor, Deed.ASK_REFUND, branch=loan.branch_code)
    amount = plain(loan.credit) if loan.credit else ""
    filled = {"amount": amount, "on": around().today.isoformat(), "channel": "cash"}
    return _refund_page(Form(filled), loan)


@pages.post("/loans/<row:loan_id>/refund")
@needs(Deed.ASK_REFUND)
def send_refund(loan_id: int) -> tuple[str, int] | Response:
    """Write down that credit is to be paid back."""
    loan, form = visible_loan(loan_id), Form(request.form)
    amount, on = form.read("amount", parse_positive_rupees), form.read("on", parse_date)
    channel, reason = form.read("channel", one_of(*CHANNELS)), form.read("reason", str)
    if on is not None and reason is not None and not form.faults:
        command = AskEnding(
            loan_id=loan_id,
            kind=Ending.REFUND,
            on=on,
            reason=reason,
            amount=amount,
            channel=channel,
        )
        _ask(form, command)
    if form.faults:
        return _refund_page(form, loan), 422
    return redirect(url_for("loans.show", loan_id=loan_id), code=303)


@pages.post("/confirmations/endings/<row:request_id>")
@needs(Deed.CONFIRM_REFUND)
def answer(request_id: int) -> tuple[str, int] | Response:
    """Confirm what another asked for, or decline it with a reason."""
    form, here, loan_id = Form(request.form), around(), None
    with form.attempt(), here.writing() as tx:
        if form.typed("answer") == "confirm":
            loan_id = confirm_ending(tx, request_id, actor=me().actor, today=here.today)
        else:
            command = DeclineEnding(request_id, form.typed("reason"))
            decline_ending(tx, command, actor=me().actor)
    if form.faults:
        return waiting_page(form), 422
    if loan_id is None:
        return redirect(url_for("confirmations.show"), code=303)
    return redirect(url_for("loans.show", loan_id=loan_id), code=303)


def _ask(form: Form, command: AskEnding) -> None:
    here = around()
    with form.attempt(), here.writing() as tx:
        ask_ending(tx, command, actor=me().actor, today=here.today, key=form.key)


def _giving(loan: LoanPage) -> list[tuple[str, str]]:
    """Give the relief funds that may give for a waiver, by code and name."""
    funds = around().settings.funds
    return [
        (fund.code, fund.name)
        for fund in funds
        if fund.purpose == "relief" and fund.code != loan.fund
    ]


def _end_page(form: Form, loan: LoanPage) -> str:
    return render_template("ending.html", form=form, loan=loan, kinds=_ENDS, funds=_giving(loan))


def _refund_page(form: Form, loan: LoanPage) -> str:
    return render_template("refund.html", form=form, loan=loan, channels=CHANNELS)
