"""Months: which are final, what stands against closing the next, what changed a closed one."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.dates import parse_date
from aim_loans.identity.permissions import Deed, allows, require
from aim_loans.portfolio.allowance_requests import open_allowances
from aim_loans.portfolio.closing import (
    ClosedMonth,
    CloseMonth,
    close_by_id,
    close_month,
    closed_months,
    editions,
    next_month,
    readiness,
    restatements,
)
from aim_loans.portfolio.reopening import (
    AskToReopen,
    ConfirmReopening,
    DeclineReopening,
    ask_to_reopen,
    confirm_reopening,
    decline_reopening,
    open_reopenings,
)
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("months", __name__)


@pages.get("/months")
@needs(Deed.VERIFY)
def show() -> str:
    """List the months that were closed, and who asked to reopen one."""
    return _shown(Form())


@pages.get("/months/next")
@needs(Deed.VERIFY)
def check() -> str:
    """Say what stands against closing the next month."""
    return _checked(Form())


@pages.post("/months/next")
@needs(Deed.CLOSE_MONTH)
def close() -> tuple[str, int] | Response:
    """Close the month that the page showed."""
    form, here = Form(request.form), around()
    month, closed = form.read("month", parse_date), None
    if month is not None:
        with form.attempt(), here.cutting() as tx:
            command = CloseMonth(month)
            closed = close_month(tx, command, actor=me().actor, today=here.today, key=form.key)
    if closed is None:
        return _checked(form), 422
    return redirect(url_for("months.one", close_id=closed.id), code=303)


@pages.get("/months/<row:close_id>")
@needs(Deed.VERIFY)
def one(close_id: int) -> str:
    """Show a month as it was closed, and what was recorded of it since."""
    return _one(Form(), close_id)


@pages.post("/months/<row:close_id>")
@needs(Deed.ASK_REOPEN)
def ask(close_id: int) -> tuple[str, int] | Response:
    """Ask to reopen a month; another person confirms."""
    form, here = Form(request.form), around()
    reason = form.read("reason", str)
    if reason is not None:
        with form.attempt(), here.writing() as tx:
            month = close_by_id(tx.connection, close_id).month
            ask_to_reopen(tx, AskToReopen(month, reason), actor=me().actor, key=form.key)
    if form.faults:
        return _one(form, close_id), 422
    return redirect(url_for("months.show"), code=303)


@pages.post("/months/requests/<row:request_id>")
@needs(Deed.CONFIRM_REOPEN)
def answer(request_id: int) -> tuple[str, int] | Response:
    """Confirm what another asked for, or decline it with a reason."""
    form, here, actor = Form(request.form), around(), me().actor
    with form.attempt(), here.writing() as tx:
        if form.typed("answer") == "confirm":
            command = ConfirmReopening(request_id)
            confirm_reopening(tx, command, actor=actor, today=here.today)
        else:
            declined = DeclineReopening(request_id, form.typed("reason"))
            decline_reopening(tx, declined, actor=actor)
    if form.faults:
        return _shown(form), 422
    return redirect(url_for("months.show"), code=303)


def _shown(form: Form) -> str:
    actor = me().actor
    require(actor, Deed.VERIFY, branch=None)
    with around().reading() as connection:
        found, waiting = closed_months(connection), open_reopenings(connection)
        allowances = open_allowances(connection)
    return render_template(
        "months.html",
        form=form,
        months=found,
        waiting=waiting,
        allowances=allowances,
        may_confirm=allows(actor, Deed.CONFIRM_REOPEN, branch=None),
        own=actor.name,
    )


def _checked(form: Form) -> str:
    actor, here = me().actor, around()
    require(actor, Deed.VERIFY, branch=None)
    with here.reading() as connection:
        month = next_month(connection, here.today)
        is_over = month < here.today
        found = readiness(connection, month) if is_over else None
    may_close = allows(actor, Deed.CLOSE_MONTH, branch=None)
    return render_template(
        "month_check.html", form=form, month=month, found=found, may_close=may_close
    )


def _one(form: Form, close_id: int) -> str:
    actor = me().actor
    require(actor, Deed.VERIFY, branch=None)
    with around().reading() as connection:
        closed = close_by_id(connection, close_id)
        every = editions(connection, closed.month)
        changed = restatements(connection, closed.month, edition=closed.edition)
    return render_template(
        "month.html",
        form=form,
        closed=closed,
        editions=every,
        changed=changed,
        may_ask=_is_final(closed, every) and allows(actor, Deed.ASK_REOPEN, branch=None),
    )


def _is_final(closed: ClosedMonth, every: list[ClosedMonth]) -> bool:
    """Say whether this is the edition that papers and files of the month go by."""
    return closed == every[-1] and not closed.reopened
