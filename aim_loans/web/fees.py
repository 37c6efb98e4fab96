"""Taking the fee of an application at the counter."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from aim_loans.config.settings import CHANNELS
from aim_loans.identity.permissions import Deed
from aim_loans.origination.fees import TakeFee, take_fee
from aim_loans.web.applications import acting, application_page
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.surroundings import around

pages = Blueprint("fees", __name__)


@pages.post("/applications/<row:application_id>/fee")
@needs(Deed.RECEIVE)
def send(application_id: int) -> tuple[str, int] | Response:
    """Take the fee, once however often the form is sent."""
    form, taken = Form(request.form), 0
    channel = form.read("fee_channel", one_of(*CHANNELS))
    account, reference = form.optional("account") or "", form.optional("reference")
    if channel is not None and not form.faults:
        command = TakeFee(
            application_id=application_id, channel=channel, account=account, reference=reference
        )
        with form.attempt(), around().writing() as tx:
            taken = take_fee(tx, command, **acting(form)).id
    if form.faults:
        return application_page(form, application_id), 422
    return redirect(url_for("receipts.show", money_in_id=taken), code=303)
