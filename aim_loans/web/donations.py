"""Taking a donation; its receipt is shown to nobody who appraises or decides."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.cash.donations import TakeDonation, take_donation
from aim_loans.cash.queries import no_receipt, receipt
from aim_loans.cash.series import DONATION_SERIES
from aim_loans.config.settings import CHANNELS
from aim_loans.identity.permissions import Deed, reach, require
from aim_loans.identity.queries import branch_codes
from aim_loans.money import parse_positive_rupees
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("donations", __name__)


@pages.get("/donations/new")
@needs(Deed.TAKE_DONATION)
def ask() -> str:
    """Ask what was given, and to which fund."""
    return _shown(Form({"channel": "cash"}))


@pages.post("/donations/new")
@needs(Deed.TAKE_DONATION)
def send() -> tuple[str, int] | Response:
    """Write the donation's receipt, once however often the form is sent."""
    form, here, taken = Form(request.form), around(), 0
    branch, fund = form.read("branch", str), form.read("fund", str)
    amount = form.read("amount", parse_positive_rupees)
    channel = form.read("channel", one_of(*CHANNELS))
    account, reference = form.optional("account") or "", form.optional("reference")
    if not form.faults and branch and fund and amount and channel:
        command = TakeDonation(
            branch=branch,
            fund=fund,
            amount=amount,
            channel=channel,
            account=account,
            reference=reference,
        )
        with form.attempt(), here.writing() as tx:
            taken = take_donation(tx, command, actor=me().actor, today=here.today, key=form.key).id
    if form.faults:
        return _shown(form), 422
    return redirect(url_for("donations.show", donation_id=taken), code=303)


@pages.get("/donations/<row:donation_id>")
@needs(Deed.TAKE_DONATION)
def show(donation_id: int) -> str:
    """Show the receipt of a donation as it is handed out."""
    with around().reading() as connection:
        money = receipt(connection, donation_id)
    if money.series != DONATION_SERIES:
        raise no_receipt()
    require(me().actor, Deed.TAKE_DONATION, branch=money.branch_code)
    return render_template("donation_receipt.html", money=money)


def _shown(form: Form) -> str:
    seen = reach(me().actor, Deed.TAKE_DONATION)
    with around().reading() as connection:
        branches = branch_codes(connection) if seen is None else sorted(seen)
    settings = around().settings
    # Gifts help those who cannot pay back; what is lent is not given.
    funds = [(each.code, each.name) for each in settings.funds if each.purpose == "relief"]
    return render_template(
        "donation.html",
        form=form,
        branches=[(code, code) for code in branches],
        funds=funds,
        channels=CHANNELS,
    )
