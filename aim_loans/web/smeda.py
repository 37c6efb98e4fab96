"""What SMEDA sees: its own events by their codes, to confirm or to dispute; nobody's name."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.identity.permissions import Deed
from aim_loans.mou.events import PAGE_ROWS, Answer, answer_event, events
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.sealed import Seal
from aim_loans.web.surroundings import around

pages = Blueprint("smeda", __name__)


@pages.get("/smeda/events")
@needs(Deed.CONFIRM_EVENT)
def show() -> str:
    """List SMEDA's events, the latest first."""
    return _shown(Form(request.args))


@pages.post("/smeda/events")
@needs(Deed.CONFIRM_EVENT)
def send() -> tuple[str, int] | Response:
    """Confirm an event, or dispute it with the reason."""
    form, here = Form(request.form), around()
    kind = form.typed("kind")
    event_id = Seal(here.audit_key).number(kind, form.typed("event"))
    command = Answer(kind, event_id, form.typed("answer"), form.typed("reason"))
    with form.attempt(), here.writing() as tx:
        answer_event(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _shown(form), 422
    return redirect(url_for("smeda.show", page=form.page()), code=303)


def _shown(form: Form) -> str:
    page = form.page()
    with around().reading() as connection:
        found = events(connection, today=around().today, page=page)
    return render_template(
        "smeda_events.html",
        form=form,
        events=found[:PAGE_ROWS],
        page=page,
        more=len(found) > PAGE_ROWS,
    )
