"""The loss allowance of a closed month: what its ladder asks for, posted by two people."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.identity.permissions import Deed, allows, require
from aim_loans.portfolio.allowance import by_fund, posted, proposed
from aim_loans.portfolio.allowance_requests import (
    AskAllowance,
    ConfirmAllowance,
    DeclineAllowance,
    ask_allowance,
    confirm_allowance,
    decline_allowance,
    open_allowances,
)
from aim_loans.portfolio.months import close_by_id, last_closed
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("allowances", __name__)


@pages.get("/months/<row:close_id>/allowance")
@needs(Deed.VERIFY)
def show(close_id: int) -> str:
    """Show what the ladder asks for, what the ledger holds, and who asked to post the rest."""
    return _shown(Form(), close_id)


@pages.post("/months/<row:close_id>/allowance")
@needs(Deed.ASK_ALLOWANCE)
def ask(close_id: int) -> tuple[str, int] | Response:
    """Ask to post the movement; another person confirms."""
    form, here = Form(request.form), around()
    with form.attempt(), here.writing() as tx:
        ask_allowance(tx, AskAllowance(close_id), actor=me().actor, key=form.key)
    return _answered(form, close_id)


@pages.post("/months/<row:close_id>/allowance/<row:request_id>")
@needs(Deed.CONFIRM_ALLOWANCE)
def answer(close_id: int, request_id: int) -> tuple[str, int] | Response:
    """Post what another asked for, or decline it with a reason."""
    form, here, actor = Form(request.form), around(), me().actor
    with form.attempt(), here.writing() as tx:
        if form.typed("answer") == "confirm":
            command = ConfirmAllowance(request_id)
            confirm_allowance(tx, command, actor=actor, today=here.today)
        else:
            declined = DeclineAllowance(request_id, form.typed("reason"))
            decline_allowance(tx, declined, actor=actor)
    return _answered(form, close_id)


def _answered(form: Form, close_id: int) -> tuple[str, int] | Response:
    if form.faults:
        return _shown(form, close_id), 422
    return redirect(url_for("allowances.show", close_id=close_id), code=303)


def _shown(form: Form, close_id: int) -> str:
    actor = me().actor
    require(actor, Deed.VERIFY, branch=None)
    with around().reading() as connection:
        last = last_closed(connection)
        is_last = last is not None and last.id == close_id
        closed = last if last is not None and is_last else close_by_id(connection, close_id)
        done = posted(connection, close_id)
        waiting = [each for each in open_allowances(connection) if each.close_id == close_id]
        moves = by_fund(proposed(connection, closed)) if is_last and not done else []
    return render_template(
        "allowance.html",
        form=form,
        closed=closed,
        is_last=is_last,
        done=done,
        waiting=waiting,
        moves=moves,
        may_ask=allows(actor, Deed.ASK_ALLOWANCE, branch=None),
        may_confirm=allows(actor, Deed.CONFIRM_ALLOWANCE, branch=None),
        own=actor.name,
    )
