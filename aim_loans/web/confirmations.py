"""What waits for a second person: cancelling receipts."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.identity.permissions import Deed, reach
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
    return _shown(Form())


@pages.post("/confirmations/<row:request_id>")
@needs(Deed.CONFIRM_REVERSAL)
def send(request_id: int) -> tuple[str, int] | Response:
    """Confirm a request, or decline it with a reason."""
    form, receipt_id = Form(request.form), None
    with form.attempt():
        receipt_id = _answer(form, request_id)
    if form.faults:
        return _shown(form), 422
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


def _shown(form: Form) -> str:
    actor = me().actor
    with around().reading() as connection:
        waiting = open_requests(connection, branches=reach(actor, Deed.CONFIRM_REVERSAL))
    return render_template("confirmations.html", form=form, waiting=waiting, own=actor.name)
