"""Writing down a visit: who was met, what came of it, what was promised."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.dates import parse_date
from aim_loans.identity.permissions import Deed, require
from aim_loans.loans.lookup import LoanPage
from aim_loans.money import parse_positive_rupees, plain
from aim_loans.repayment.visits import MET, OUTCOMES, RecordVisit, record_visit
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.loans import visible_loan
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("visits", __name__)


@pages.get("/loans/<row:loan_id>/visit")
@needs(Deed.RECORD_VISIT)
def ask(loan_id: int) -> str:
    """Ask what came of a visit; a promise is for what is due."""
    loan = visible_loan(loan_id)
    require(me().actor, Deed.RECORD_VISIT, branch=loan.branch_code)
    return _shown(Form({"visited_on": around().today.isoformat()}), loan)


@pages.post("/loans/<row:loan_id>/visit")
@needs(Deed.RECORD_VISIT)
def send(loan_id: int) -> tuple[str, int] | Response:
    """Record the visit, once however often the form is sent."""
    loan, form, here = visible_loan(loan_id), Form(request.form), around()
    command = _command(form, loan)
    if command is not None:
        with form.attempt(), here.writing() as tx:
            record_visit(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _shown(form, loan), 422
    return redirect(url_for("loans.show", loan_id=loan_id, _anchor="visits"), code=303)


def _command(form: Form, loan: LoanPage) -> RecordVisit | None:
    visited_on = form.read("visited_on", parse_date)
    outcome = form.read("outcome", one_of(*OUTCOMES))
    met = form.read("met_whom", one_of(*MET)) if form.typed("met_whom") else None
    by = form.read("promised_on", parse_date) if form.typed("promised_on") else None
    typed = form.typed("promised_amount")
    amount = form.read("promised_amount", parse_positive_rupees) if typed else None
    note = form.optional("note")
    if form.faults or visited_on is None or outcome is None:
        return None
    return RecordVisit(loan.loan_id, visited_on, outcome, met, by, amount, note)


def _shown(form: Form, loan: LoanPage) -> str:
    return render_template(
        "visit.html", form=form, loan=loan, outcomes=OUTCOMES, met=MET, plain=plain
    )
