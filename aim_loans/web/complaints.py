"""Complaints: written down by whoever hears them, answered and closed by whoever may."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.borrowers.complaints import (
    ANSWER,
    CATEGORIES,
    CHANNELS,
    CLOSE,
    CLOSED,
    GENDERS,
    OUTCOMES,
    REOPEN,
    RecordComplaint,
    TakeStep,
    complaint_by_id,
    complaints,
    record_complaint,
    steps_of,
    take_step,
)
from aim_loans.dates import parse_date
from aim_loans.identity.permissions import Deed, allows, reach, require
from aim_loans.identity.queries import branch_codes
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("complaints", __name__)


@pages.get("/complaints")
@needs(Deed.READ_BOOK)
def show() -> str:
    """List the open complaints at the branches within reach, or the closed ones."""
    form, here = Form(request.args), around()
    closed, page = form.typed("status") == CLOSED, form.page()
    with here.reading() as connection:
        branches = reach(me().actor, Deed.READ_BOOK)
        found, more = complaints(connection, branches=branches, closed=closed, page=page)
    return render_template(
        "complaints.html",
        found=found,
        closed=closed,
        page=page,
        more=more,
        today=here.today,
        may_record=reach(me().actor, Deed.RECORD_COMPLAINT) != frozenset(),
    )


@pages.get("/complaints/new")
@needs(Deed.RECORD_COMPLAINT)
def ask() -> str:
    """Ask what the complaint is about."""
    return _new_page(Form({"received_on": around().today.isoformat()}))


@pages.post("/complaints/new")
@needs(Deed.RECORD_COMPLAINT)
def send() -> tuple[str, int] | Response:
    """Write the complaint down, once however often the form is sent."""
    form, here, recorded = Form(request.form), around(), 0
    command = _complaint(form)
    if command is not None:
        with form.attempt(), here.writing() as tx:
            recorded = record_complaint(
                tx, command, actor=me().actor, today=here.today, key=form.key
            )
    if form.faults:
        return _new_page(form), 422
    return redirect(url_for("complaints.show_one", complaint_id=recorded), code=303)


@pages.get("/complaints/<row:complaint_id>")
@needs(Deed.READ_BOOK)
def show_one(complaint_id: int) -> str:
    """Show a complaint with what was done about it, and what can be done."""
    return _page(Form({"done_on": around().today.isoformat()}), complaint_id)


@pages.post("/complaints/<row:complaint_id>")
@needs(Deed.ANSWER_COMPLAINT)
def send_step(complaint_id: int) -> tuple[str, int] | Response:
    """Write down what was done about it."""
    form, here = Form(request.form), around()
    command = _step(form, complaint_id)
    if command is not None:
        with form.attempt(), here.writing() as tx:
            take_step(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _page(form, complaint_id), 422
    return redirect(url_for("complaints.show_one", complaint_id=complaint_id), code=303)


def _complaint(form: Form) -> RecordComplaint | None:
    branch = form.read("branch", str)
    received_on = form.read("received_on", parse_date)
    channel = form.read("channel", one_of(*CHANNELS))
    category = form.read("category", one_of(*CATEGORIES))
    gender = form.read("gender", one_of(*GENDERS))
    words, contact = form.read("words", str), form.optional("contact")
    if form.faults or not (branch and received_on and channel and category and gender and words):
        return None
    return RecordComplaint(
        branch=branch,
        received_on=received_on,
        channel=channel,
        category=category,
        gender=gender,
        words=words,
        contact=contact,
    )


def _step(form: Form, complaint_id: int) -> TakeStep | None:
    kind = form.read("kind", one_of(ANSWER, CLOSE, REOPEN))
    done_on = form.read("done_on", parse_date)
    note, outcome = form.read("note", str), form.optional("outcome")
    if form.faults or kind is None or done_on is None or note is None:
        return None
    return TakeStep(
        complaint_id=complaint_id, kind=kind, done_on=done_on, note=note, outcome=outcome
    )


def _new_page(form: Form) -> str:
    branches = reach(me().actor, Deed.RECORD_COMPLAINT)
    with around().reading() as connection:
        known = branch_codes(connection)
    return render_template(
        "complaint_new.html",
        form=form,
        branches=[code for code in known if branches is None or code in branches],
        channels=CHANNELS,
        categories=CATEGORIES,
        genders=GENDERS,
    )


def _page(form: Form, complaint_id: int) -> str:
    here = around()
    with here.reading() as connection:
        one = complaint_by_id(connection, complaint_id)
        require(me().actor, Deed.READ_BOOK, branch=one.branch_code)
        steps = steps_of(connection, complaint_id)
    return render_template(
        "complaint.html",
        form=form,
        one=one,
        steps=steps,
        days=one.days_open(here.today),
        kinds=(REOPEN,) if one.status == CLOSED else (ANSWER, CLOSE),
        outcomes=OUTCOMES,
        may_answer=allows(me().actor, Deed.ANSWER_COMPLAINT, branch=one.branch_code),
    )
