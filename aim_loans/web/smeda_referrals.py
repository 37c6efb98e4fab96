"""SMEDA's own referrals by their codes: how far each is, while the person shares it."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.borrowers.undoing import TakeBack
from aim_loans.identity.permissions import Deed
from aim_loans.mou.referral_list import PAGE_ROWS, own_referrals
from aim_loans.mou.sent_endings import take_back_sent
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("smeda_referrals", __name__)


@pages.get("/smeda/referrals")
@needs(Deed.SEND_EVENTS)
def show() -> str:
    """List SMEDA's referrals, the latest first."""
    return _shown(Form(request.args))


@pages.post("/smeda/referrals/<sealed('sent'):sent_id>/take-back")
@needs(Deed.SEND_EVENTS)
def take_back(sent_id: int) -> tuple[str, int] | Response:
    """Take back a referral that was sent by mistake."""
    form, here = Form(request.form), around()
    command = TakeBack(sent_id, form.typed("reason"))
    with form.attempt(), here.writing() as tx:
        take_back_sent(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _shown(form), 422
    return redirect(url_for("smeda_referrals.show"), code=303)


def _shown(form: Form) -> str:
    page, here = form.page(), around()
    with here.reading() as connection:
        found = own_referrals(connection, today=here.today, page=page)
    return render_template(
        "smeda_referrals.html",
        form=form,
        referrals=found[:PAGE_ROWS],
        page=page,
        more=len(found) > PAGE_ROWS,
    )
