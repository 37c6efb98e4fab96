"""A receipt for a day long past: how its request stands, and the answers to it."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.identity.permissions import Deed, require
from aim_loans.repayment.backdating import (
    DeclineBackdating,
    PermitBackdating,
    backdating_by_id,
    decline_backdating,
    permit_backdating,
)
from aim_loans.web.confirmations import waiting_page
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("backdating", __name__)


@pages.get("/backdating/<row:backdating_id>")
@needs(Deed.READ_BOOK)
def show(backdating_id: int) -> str:
    """Show what was asked for and what became of it."""
    return _shown(Form(), backdating_id)


@pages.post("/backdating/<row:backdating_id>/take-back")
@needs(Deed.RECEIVE)
def take_back(backdating_id: int) -> tuple[str, int] | Response:
    """Take one's own request back, with the reason."""
    form = Form(request.form)
    reason = form.read("reason", str)
    if reason is not None:
        command = DeclineBackdating(backdating_id, reason)
        with form.attempt(), around().writing() as tx:
            decline_backdating(tx, command, actor=me().actor)
    if form.faults:
        return _shown(form, backdating_id), 422
    return redirect(url_for("backdating.show", backdating_id=backdating_id), code=303)


@pages.post("/confirmations/backdating/<row:backdating_id>")
@needs(Deed.CONFIRM_REVERSAL)
def answer(backdating_id: int) -> tuple[str, int] | Response:
    """Permit what another asked for, which writes the receipt, or decline it with a reason."""
    form, receipt_id = Form(request.form), None
    with form.attempt():
        receipt_id = _answer(form, backdating_id)
    if form.faults:
        return waiting_page(form), 422
    if receipt_id is None:
        return redirect(url_for("confirmations.show"), code=303)
    return redirect(url_for("receipts.show", money_in_id=receipt_id), code=303)


def _answer(form: Form, backdating_id: int) -> int | None:
    """Carry the answer out; gives the receipt that was written."""
    here, actor = around(), me().actor
    with here.writing() as tx:
        if form.typed("answer") != "confirm":
            command = DeclineBackdating(backdating_id, form.typed("reason"))
            decline_backdating(tx, command, actor=actor)
            return None
        recorded = permit_backdating(
            tx,
            PermitBackdating(backdating_id),
            actor=actor,
            today=here.today,
            backdating_days=here.settings.lending.backdating_days,
        )
    return recorded.receipt.id


def _shown(form: Form, backdating_id: int) -> str:
    actor = me().actor
    with around().reading() as connection:
        found = backdating_by_id(connection, backdating_id)
    require(actor, Deed.READ_BOOK, branch=found.branch_code)
    own = found.asked_by == actor.name
    return render_template("backdating.html", form=form, each=found, own=own)
