"""What a borrower lets partners see, and who was referred by whom."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.borrowers.consents import (
    MANNERS,
    SCOPES,
    GiveConsent,
    WithdrawConsent,
    consents_of,
    give_consent,
    take_back_consent,
    withdraw_consent,
)
from aim_loans.borrowers.referrals import Refer, refer, referrals_of
from aim_loans.borrowers.undoing import TakeBack
from aim_loans.dates import parse_date
from aim_loans.identity.permissions import Deed, require
from aim_loans.web.borrower_page import Visible, visible_person
from aim_loans.web.forms import Form, one_of, row_number
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("sharing", __name__)


@pages.get("/borrowers/<row:person_id>/partners")
@needs(Deed.READ_BOOK)
def show(person_id: int) -> str:
    """Show consents and referrals."""
    return _shown(Form({"on_day": around().today.isoformat()}), person_id)


@pages.post("/borrowers/<row:person_id>/consent")
@needs(Deed.RECORD_SUPPORT)
def send_consent(person_id: int) -> tuple[str, int] | Response:
    """Write a consent or its withdrawal down."""
    form, here, branch = Form(request.form), around(), _branch(person_id)
    scope, on_day = form.read("scope", one_of(*SCOPES)), form.read("on_day", parse_date)
    withdrawn = form.typed("act") == "withdraw"
    manner = "" if withdrawn else form.read("manner", one_of(*MANNERS)) or ""
    if not form.faults and scope and on_day:
        with form.attempt(), here.writing() as tx:
            if withdrawn:
                taken = WithdrawConsent(person_id, scope, on_day, branch)
                withdraw_consent(tx, taken, actor=me().actor, today=here.today, key=form.key)
            else:
                given = GiveConsent(person_id, scope, on_day, manner, branch)
                give_consent(tx, given, actor=me().actor, today=here.today, key=form.key)
    return _answer(form, person_id)


@pages.post("/borrowers/<row:person_id>/referral")
@needs(Deed.RECORD_SUPPORT)
def send_referral(person_id: int) -> tuple[str, int] | Response:
    """Write a referral down."""
    form, here, branch = Form(request.form), around(), _branch(person_id)
    on_day = form.read("on_day", parse_date)
    code, bank = form.optional("smeda_code"), form.optional("bank")
    if not form.faults and on_day:
        command = Refer(
            person_id=person_id, branch_code=branch, on_day=on_day, smeda_code=code, bank=bank
        )
        with form.attempt(), here.writing() as tx:
            refer(tx, command, actor=me().actor, today=here.today, key=form.key)
    return _answer(form, person_id)


@pages.post("/borrowers/<row:person_id>/consent/take-back")
@needs(Deed.RECORD_SUPPORT)
def take_back(person_id: int) -> tuple[str, int] | Response:
    """Take back a consent that nobody gave."""
    form, branch = Form(request.form), _branch(person_id)
    command = TakeBack(row_number(form.typed("row")), form.typed("reason"))
    with form.attempt(), around().writing() as tx:
        take_back_consent(tx, command, branch_code=branch, actor=me().actor, key=form.key)
    return _answer(form, person_id)


def _branch(person_id: int) -> str:
    with around().reading() as connection:
        visible = visible_person(connection, person_id)
    branch = visible.act_branch or visible.person.branch_code or ""
    require(me().actor, Deed.RECORD_SUPPORT, branch=branch)
    return branch


def _answer(form: Form, person_id: int) -> tuple[str, int] | Response:
    if form.faults:
        return _shown(form, person_id), 422
    return redirect(url_for("sharing.show", person_id=person_id), code=303)


def _shown(form: Form, person_id: int) -> str:
    with around().reading() as connection:
        visible: Visible = visible_person(connection, person_id)
        return render_template(
            "sharing.html",
            form=form,
            who=visible.person,
            may_record=visible.act_branch is not None,
            consents=consents_of(connection, person_id),
            referrals=referrals_of(connection, person_id),
            scopes=SCOPES,
            manners=MANNERS,
            today=around().today,
        )
