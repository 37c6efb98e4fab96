"""What waits for a second person: receipts to cancel or to backdate, loans to end, credit."""

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.identity.permissions import Actor, Deed, allows, reach
from aim_loans.loans.lookup import loans_of_receipts
from aim_loans.origination.fees import fees_paid_for
from aim_loans.repayment.backdating import open_backdatings
from aim_loans.repayment.ending_requests import DEEDS, EndingRequest, open_ending_requests
from aim_loans.repayment.requests import (
    Decline,
    confirm_cancelling,
    decline_cancelling,
    open_requests,
)
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("confirmations", __name__)


@pages.get("/confirmations")
@needs(Deed.CONFIRM_REVERSAL)
def show() -> str:
    """List what others asked for at the branches within reach."""
    return waiting_page(Form())


@pages.post("/confirmations/<row:request_id>")
@needs(Deed.CONFIRM_REVERSAL)
def send(request_id: int) -> tuple[str, int] | Response:
    """Confirm a request, or decline it with a reason."""
    form, receipt_id = Form(request.form), None
    with form.attempt():
        receipt_id = _answer(form, request_id)
    if form.faults:
        return waiting_page(form), 422
    if receipt_id is None:
        return redirect(url_for("confirmations.show"), code=303)
    return redirect(url_for("receipts.show", money_in_id=receipt_id), code=303)


def _answer(form: Form, request_id: int) -> int | None:
    """Carry the answer out; gives the receipt that is now cancelled."""
    here, actor = around(), me().actor
    with here.writing() as tx:
        if form.typed("answer") == "confirm":
            return confirm_cancelling(tx, request_id, actor=actor, today=here.today)
        decline_cancelling(tx, Decline(request_id, form.typed("reason")), actor=actor)
    return None


def waiting_page(form: Form) -> str:
    """Draw what waits for whoever is signed in, with the faults of an answer."""
    actor = me().actor
    with around().reading() as connection:
        branches = reach(actor, Deed.CONFIRM_REVERSAL)
        waiting = open_requests(connection, branches=branches)
        asked = [each.money.id for each in waiting]
        loans, fees = loans_of_receipts(connection, asked), fees_paid_for(connection, asked)
        backdatings = open_backdatings(connection, branches=branches)
        endings = endings_for(connection, actor)
    return render_template(
        "confirmations.html",
        form=form,
        waiting=waiting,
        loans=loans,
        fees=fees,
        backdatings=backdatings,
        endings=endings,
        own=actor.name,
    )


def endings_for(connection: Connection, actor: Actor) -> list[EndingRequest]:
    """Give what waits of loans to end and credit to pay back that somebody may confirm."""
    seen = reach(actor, Deed.CONFIRM_REFUND)
    asked = open_ending_requests(connection, branches=seen) if seen != frozenset() else []
    return [
        each for each in asked if allows(actor, DEEDS[each.asked.kind][1], branch=each.branch_code)
    ]
