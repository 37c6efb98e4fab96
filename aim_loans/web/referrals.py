"""Referrals at the branches: listed with how far they are, entered, ended, taken back."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.borrowers.identifiers import parse_cnic
from aim_loans.borrowers.queries import cnic_owners
from aim_loans.borrowers.referrals import (
    FROM_SMEDA,
    OUTCOMES,
    CloseReferral,
    Refer,
    Referral,
    close_referral,
    refer,
    referral_by_id,
    take_back_referral,
)
from aim_loans.borrowers.undoing import TakeBack
from aim_loans.dates import parse_date
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, allows, reach, require
from aim_loans.mou.applying import NameCode, name_code, referral_of
from aim_loans.mou.events import answers_to
from aim_loans.mou.referral_list import (
    PAGE_ROWS,
    STATES,
    Progress,
    WantedReferrals,
    list_referrals,
    progress_of,
)
from aim_loans.mou.sent import Sent, not_come, sent_by_code
from aim_loans.mou.sent_endings import CloseSent, closable, close_sent
from aim_loans.web.applications import acting, visible
from aim_loans.web.borrower_page import visible_person
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("referrals", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A referral with how far it is, SMEDA's word of it, and SMEDA's answer ("" for none)."""

    referral: Referral
    progress: Progress
    sent: Sent | None
    answer: str


@pages.get("/referrals")
@needs(Deed.READ_BOOK)
def show() -> str:
    """List the referrals within reach, both ways, and whom SMEDA sent and who has not come."""
    return _listed(Form(request.args))


@pages.post("/referrals/sent/<row:sent_id>/close")
@needs(Deed.CLOSE_SENT)
def close_awaited(sent_id: int) -> tuple[str, int] | Response:
    """Await somebody whom SMEDA sent no longer."""
    form = Form(request.form)
    command = CloseSent(sent_id, form.typed("reason"))
    with form.attempt(), around().writing() as tx:
        close_sent(tx, command, actor=me().actor, key=form.key)
    if form.faults:
        return _listed(form), 422
    return redirect(url_for("referrals.show"), code=303)


@pages.get("/referrals/new")
@needs(Deed.RECORD_SUPPORT)
def ask() -> str:
    """Ask who was referred by whom; the address may name the code, which tells of nobody."""
    code = request.args.get("code", "")
    return _asked(Form({"on_day": around().today.isoformat(), "smeda_code": code}))


@pages.post("/referrals/new")
@needs(Deed.RECORD_SUPPORT)
def send() -> tuple[str, int] | Response:
    """Write a referral down, of the borrower with this CNIC."""
    form, here, made = Form(request.form), around(), 0
    cnic, on_day = form.read("cnic", parse_cnic), form.read("on_day", parse_date)
    code, bank = form.optional("smeda_code"), form.optional("bank")
    if not form.faults and cnic and on_day:
        with form.attempt():
            with here.reading() as connection:
                person_id, branch = _borrower(connection, cnic)
            command = Refer(
                person_id=person_id, branch_code=branch, on_day=on_day, smeda_code=code, bank=bank
            )
            with here.writing() as tx:
                made = refer(tx, command, **acting(form))
    if form.faults:
        return _asked(form), 422
    return redirect(url_for("referrals.show_one", referral_id=made), code=303)


@pages.get("/referrals/<row:referral_id>")
@needs(Deed.READ_BOOK)
def show_one(referral_id: int) -> str:
    """Show a referral with all that came of it, and what may be done next."""
    return _page(Form({"on_day": around().today.isoformat()}), referral_id)


@pages.post("/referrals/<row:referral_id>/close")
@needs(Deed.RECORD_SUPPORT)
def close(referral_id: int) -> tuple[str, int] | Response:
    """Write down how it ended."""
    form = Form(request.form)
    outcomes = {each for known in OUTCOMES.values() for each in known}
    outcome = form.read("outcome", one_of(*sorted(outcomes)))
    on_day, note = form.read("on_day", parse_date), form.optional("note")
    if not form.faults and outcome and on_day:
        command = CloseReferral(referral_id, outcome, on_day, note)
        with form.attempt(), around().writing() as tx:
            close_referral(tx, command, **acting(form))
    return _answer(form, referral_id)


@pages.post("/referrals/<row:referral_id>/take-back")
@needs(Deed.RECORD_SUPPORT)
def take_back(referral_id: int) -> tuple[str, int] | Response:
    """Take back a referral that was a mistake."""
    form = Form(request.form)
    command = TakeBack(referral_id, form.typed("reason"))
    with form.attempt(), around().writing() as tx:
        take_back_referral(tx, command, actor=me().actor, key=form.key)
    return _answer(form, referral_id)


@pages.get("/applications/<row:application_id>/referral")
@needs(Deed.READ_BOOK)
def show_of_application(application_id: int) -> str:
    """Show the referral that an application names, or ask for its code."""
    return _of_application(Form(), application_id)


@pages.post("/applications/<row:application_id>/referral")
@needs(Deed.ENTER_APPLICATION)
def name_in_application(application_id: int) -> tuple[str, int] | Response:
    """Let an application name the referral of a code."""
    form, here = Form(request.form), around()
    code = form.read("referral", str)
    if code:
        named, zone = NameCode(application_id, code), here.settings.institution.zone
        with form.attempt(), here.writing() as tx:
            name_code(tx, named, **acting(form), zone=zone)
    if form.faults:
        return _of_application(form, application_id), 422
    address = url_for("referrals.show_of_application", application_id=application_id)
    return redirect(address, code=303)


def _listed(form: Form) -> str:
    here = around()
    within = reach(me().actor, Deed.READ_BOOK)
    direction, state = form.typed("direction"), form.typed("state")
    wanted = WantedReferrals(
        within,
        direction if direction in OUTCOMES else "",
        state if state in STATES else "",
        form.page(),
    )
    with here.reading() as connection:
        found = list_referrals(connection, wanted, zone=here.settings.institution.zone)
        waiting = not_come(connection, branches=within)
        own = closable(connection, waiting, me().actor)
    return render_template(
        "referrals.html",
        form=form,
        wanted=wanted,
        directions=tuple(OUTCOMES),
        states=STATES,
        referrals=found[:PAGE_ROWS],
        more=len(found) > PAGE_ROWS,
        waiting=waiting,
        closable=own,
    )


def _borrower(connection: Connection, cnic: str) -> tuple[int, str]:
    """Give the borrower with a CNIC, and the branch at which the reader may refer them."""
    person_id = cnic_owners(connection, [cnic]).get(cnic)
    if person_id is None:
        raise Refused("Nobody here has this CNIC. Register the borrower first.", field="cnic")
    visible = visible_person(connection, person_id)
    return person_id, visible.act_branch or visible.read_branch


def _found(connection: Connection, referral_id: int) -> Shown:
    found = referral_by_id(connection, referral_id)
    require(me().actor, Deed.READ_BOOK, branch=found.branch_code)
    zone = around().settings.institution.zone
    coded = found.smeda_code is not None
    return Shown(
        found,
        progress_of(connection, referral_id, zone=zone),
        sent_by_code(connection, found.smeda_code or "") if coded else None,
        answers_to(connection, "referral", [referral_id]).get(referral_id, ""),
    )


def _answer(form: Form, referral_id: int) -> tuple[str, int] | Response:
    if form.faults:
        return _page(form, referral_id), 422
    return redirect(url_for("referrals.show_one", referral_id=referral_id), code=303)


def _page(form: Form, referral_id: int) -> str:
    with around().reading() as connection:
        shown = _found(connection, referral_id)
    branch = shown.referral.branch_code
    return render_template(
        "referral.html",
        form=form,
        shown=shown,
        is_from_smeda=shown.referral.direction == FROM_SMEDA,
        outcomes=OUTCOMES[shown.referral.direction],
        may_record=allows(me().actor, Deed.RECORD_SUPPORT, branch=branch),
    )


def _of_application(form: Form, application_id: int) -> str:
    with around().reading() as connection:
        asked = visible(connection, application_id)
        named = referral_of(connection, application_id)
    return render_template(
        "application_referral.html",
        form=form,
        asked=asked,
        named=named,
        may_name=allows(me().actor, Deed.ENTER_APPLICATION, branch=asked.branch_code),
    )


def _asked(form: Form) -> str:
    return render_template("referral_new.html", form=form)
