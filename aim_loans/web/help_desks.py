"""Help-desks: held for everybody at a branch, and so on no enterprise's page."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.dates import parse_date
from aim_loans.identity.permissions import Deed, reach
from aim_loans.identity.queries import branch_codes
from aim_loans.mou.supporting import (
    HELP_DESK,
    HIGHEST_SATISFACTION,
    GiveSupport,
    UndoSupport,
    give_support,
    help_desks,
    undo_support,
)
from aim_loans.web.forms import Form, row_number, whole
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("help_desks", __name__)


@pages.get("/help-desks")
@needs(Deed.RECORD_SUPPORT)
def show() -> str:
    """List the help-desks held, and ask for another one."""
    return _shown(Form())


@pages.post("/help-desks")
@needs(Deed.RECORD_SUPPORT)
def send() -> tuple[str, int] | Response:
    """Write a help-desk down."""
    form, here = Form(request.form), around()
    branch, on_day = form.read("branch", str), form.read("on_day", parse_date)
    content = form.typed("satisfaction")
    score = form.read("satisfaction", whole(1, HIGHEST_SATISFACTION)) if content else None
    code, note = form.optional("smeda_code"), form.optional("note")
    if not form.faults and branch and on_day:
        command = GiveSupport(
            kind=HELP_DESK,
            branch_code=branch,
            on_day=on_day,
            smeda_code=code,
            satisfaction=score,
            note=note,
        )
        with form.attempt(), here.writing() as tx:
            give_support(tx, command, actor=me().actor, today=here.today, key=form.key)
    return _done(form)


@pages.post("/help-desks/undo")
@needs(Deed.RECORD_SUPPORT)
def undo() -> tuple[str, int] | Response:
    """Take back a help-desk that was written down by mistake."""
    form = Form(request.form)
    command = UndoSupport(row_number(form.typed("row")), form.typed("reason"))
    with form.attempt(), around().writing() as tx:
        undo_support(tx, command, actor=me().actor, key=form.key)
    return _done(form)


def _done(form: Form) -> tuple[str, int] | Response:
    return (_shown(form), 422) if form.faults else redirect(url_for("help_desks.show"), code=303)


def _shown(form: Form) -> str:
    within = reach(me().actor, Deed.RECORD_SUPPORT)
    with around().reading() as connection:
        found = help_desks(connection, branches=within)
        branches = branch_codes(connection) if within is None else sorted(within)
    form.texts = {"on_day": around().today.isoformat(), **form.texts}
    return render_template(
        "help_desks.html",
        form=form,
        held=found,
        branches=branches,
        scores=range(1, HIGHEST_SATISFACTION + 1),
    )
