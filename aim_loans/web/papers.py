"""The borrower's papers, printed and acknowledged before the money is handed over."""

from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.dates import parse_date
from aim_loans.identity.permissions import Deed
from aim_loans.origination.conditions import plan_for
from aim_loans.origination.payout import (
    MANNERS,
    PAYOUT_CHANNELS,
    Acknowledge,
    PayOut,
    acknowledge,
    pay_out,
)
from aim_loans.texts import LANGUAGES
from aim_loans.web.applications import acting, application_page, days_off, tried, visible
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.surroundings import around

pages = Blueprint("papers", __name__)


@pages.get("/applications/<row:application_id>/papers")
@needs(Deed.READ_BOOK)
def show(application_id: int) -> str:
    """Draw the papers of a payout on the day in the address, by default today."""
    here, form = around(), Form(request.args)
    planned = form.read("planned_on", parse_date) if form.typed("planned_on") else None
    planned_on = here.today if planned is None else max(planned, here.today)
    with here.reading() as connection:
        asked = visible(connection, application_id)
    plan = plan_for(asked, paid_on=planned_on, holidays=days_off())
    fee = asked.dated.fee_on(planned_on)
    return render_template(
        "papers.html", asked=asked, plan=plan, planned_on=planned_on, fee=fee, today=here.today
    )


def planned_day() -> date:
    """Read the day of the payout from the address: today, or a later one."""
    form, today = Form(request.args), around().today
    planned_on = form.read("planned_on", parse_date) if form.typed("planned_on") else None
    return today if planned_on is None else max(planned_on, today)


@pages.post("/applications/<row:application_id>/acknowledgement")
@needs(Deed.ENTER_APPLICATION)
def send_acknowledgement(application_id: int) -> tuple[str, int] | Response:
    """Record that the borrower agreed to the printed instalments."""
    form = Form(request.form)
    planned_on = form.read("planned_on", parse_date)
    manner = form.read("manner", one_of(*MANNERS))
    language = form.read("paper_language", one_of(*LANGUAGES))
    if planned_on is None or manner is None or language is None:
        return application_page(form, application_id), 422
    command = Acknowledge(
        application_id=application_id, planned_on=planned_on, language=language, manner=manner
    )
    return tried(
        form,
        application_id,
        lambda tx: acknowledge(tx, command, **acting(form), holidays=days_off()),
    )


@pages.post("/applications/<row:application_id>/payout")
@needs(Deed.DISBURSE)
def send_payout(application_id: int) -> tuple[str, int] | Response:
    """Pay the loan out, once however often the form is sent."""
    form = Form(request.form)
    channel = form.read("payout_channel", one_of(*PAYOUT_CHANNELS))
    reference, loan_id = form.optional("payout_reference"), 0
    if channel is not None and not form.faults:
        command = PayOut(application_id=application_id, channel=channel, reference=reference)
        with form.attempt(), around().writing() as tx:
            loan_id = pay_out(tx, command, **acting(form), holidays=days_off())
    if form.faults:
        return application_page(form, application_id), 422
    return redirect(url_for("loans.show", loan_id=loan_id), code=303)
