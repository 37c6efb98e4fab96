"""The institution's branches: listed, and a new one opened."""

import re

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.errors import Refused
from aim_loans.identity.operations import AddBranch
from aim_loans.identity.permissions import Deed, require
from aim_loans.identity.staff import open_branch
from aim_loans.identity.staff_queries import branches
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("branches", __name__)

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,19}")


@pages.get("/branches")
@needs(Deed.MANAGE_SETTINGS)
def show() -> str | tuple[str, int]:
    """List the branches."""
    form = Form(request.args)
    shown = _shown(form, form.page())
    return (shown, 422) if form.faults else shown


@pages.post("/branches")
@needs(Deed.MANAGE_SETTINGS)
def send() -> tuple[str, int] | Response:
    """Open a branch; an area that is new is made with it."""
    form = Form(request.form)
    code, name = form.read("branch", _code), form.read("name", str)
    area, district = form.optional("area"), form.optional("district")
    if code is not None and name is not None and not form.faults:
        with form.attempt(), around().writing() as tx:
            command = AddBranch(code, name, area, district)
            open_branch(tx, command, actor=me().actor, key=form.key)
    if form.faults:
        return _shown(form), 422
    return redirect(url_for("branches.show"), code=303)


def _shown(form: Form, page: int = 1) -> str:
    require(me().actor, Deed.MANAGE_SETTINGS, branch=None)
    with around().reading() as connection:
        found, more = branches(connection, page=page)
    return render_template("branches.html", form=form, branches=found, page=page, more=more)


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise Refused("A branch code has 2 to 20 capital letters, digits and dashes: LHR-01")
    return text
