"""Staff: who they are and what they may do; roles, first passwords, sign-out, second factors."""

import re
from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.dates import parse_date
from aim_loans.db.engine import Writing
from aim_loans.errors import NotAllowed, Refused
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.passwords import temporary_password
from aim_loans.identity.permissions import Deed, Role, require
from aim_loans.identity.queries import require_area
from aim_loans.identity.second_factor import ResetFactor, reset_factor
from aim_loans.identity.sign_in import SetPassword, set_password
from aim_loans.identity.staff import (
    EndRole,
    GiveRole,
    SignOut,
    end_role,
    give_role,
    sign_out_everywhere,
)
from aim_loans.identity.staff_queries import Member, member, members
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("staff", __name__)

# The operator is the shell's role; nobody holds it in the browser.
ROLES = tuple(role.value for role in Role if role is not Role.OPERATOR)
REACHES = ("branch", "area", "everywhere")
_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")


@pages.get("/staff")
@needs(Deed.VERIFY)
def show() -> str | tuple[str, int]:
    """List the staff, of all branches or of one."""
    require(me().actor, Deed.VERIFY, branch=None)
    form = Form(request.args)
    page = form.page()
    with around().reading() as connection:
        found, more = members(connection, branch_code=form.optional("branch"), page=page)
    shown = render_template(
        "staff.html", form=form, members=found, page=page, more=more, today=around().today
    )
    return (shown, 422) if form.faults else shown


@pages.get("/staff/new")
@needs(Deed.MANAGE_STAFF)
def ask() -> str:
    """Ask who is new, and for the first role."""
    _require_right()
    return _new_page(Form({"valid_from": around().today.isoformat(), "reach": "branch"}))


@pages.post("/staff/new")
@needs(Deed.MANAGE_STAFF)
def send() -> str | tuple[str, int] | Response:
    """Add a member of staff; the first password is shown this once."""
    form, here = Form(request.form), around()
    username, full_name = form.read("username", _username), form.read("full_name", str)
    role = _read_role(form, username or "")
    password, added = temporary_password(), None
    if role is not None and full_name is not None and not form.faults:
        command = AddStaff(
            role.username, full_name, role.role, role.valid_from, role.branch_code, role.area
        )
        with form.attempt(), here.writing() as tx:
            if command.area:
                require_area(tx.connection, command.area)
            added = add_staff(tx, command, actor=me().actor, key=form.key)
            if not added.repeated:
                first = SetPassword(command.username, temporary=True)
                set_password(tx, first, password, actor=me().actor)
    if added is None:
        _beside_the_place(form)
        return _new_page(form), 422
    if added.repeated:
        return redirect(url_for("staff.show_one", member_id=added.id), code=303)
    return _password_page(added.id, password)


@pages.get("/staff/<row:member_id>")
@needs(Deed.VERIFY)
def show_one(member_id: int) -> str:
    """Show a member of staff, and to whoever may change them what can be done."""
    require(me().actor, Deed.VERIFY, branch=None)
    return _member_page(Form(_role_begun()), _member(member_id))


@pages.post("/staff/<row:member_id>/roles")
@needs(Deed.MANAGE_STAFF)
def send_role(member_id: int) -> tuple[str, int] | Response:
    """Give another role, from a day on."""
    form, here = Form(request.form), around()
    command = _read_role(form, _other(member_id).username)
    if command is not None:
        with form.attempt(), here.writing() as tx:
            give_role(tx, command, actor=me().actor, today=here.today, key=form.key)
    _beside_the_place(form)
    return _done(form, member_id)


@pages.post("/staff/<row:member_id>/roles/<row:grant_id>/end")
@needs(Deed.MANAGE_STAFF)
def send_end(member_id: int, grant_id: int) -> tuple[str, int] | Response:
    """End a role on a day."""
    form, here = Form(request.form), around()
    _other(member_id)
    day = form.read("ends_on", parse_date)
    if day is not None:
        with form.attempt(), here.writing() as tx:
            end_role(tx, EndRole(grant_id, day), actor=me().actor, today=here.today, key=form.key)
    return _done(form, member_id)


@pages.post("/staff/<row:member_id>/password")
@needs(Deed.MANAGE_STAFF)
def send_password(member_id: int) -> str:
    """Give a new first password, shown this once; all sessions end."""
    who, password = _other(member_id), temporary_password()
    with around().writing() as tx:
        set_password(tx, SetPassword(who.username, temporary=True), password, actor=me().actor)
    return _password_page(member_id, password)


@pages.post("/staff/<row:member_id>/sign-out")
@needs(Deed.MANAGE_STAFF)
def send_sign_out(member_id: int) -> Response:
    """Sign a member of staff out everywhere."""
    return _written(
        member_id, lambda tx, who: sign_out_everywhere(tx, SignOut(who), actor=me().actor)
    )


@pages.post("/staff/<row:member_id>/factor")
@needs(Deed.MANAGE_STAFF)
def send_reset(member_id: int) -> Response:
    """Reset the second factor of somebody who lost telephone and codes."""
    return _written(member_id, lambda tx, who: reset_factor(tx, ResetFactor(who), actor=me().actor))


def _written(member_id: int, step: Callable[[Writing, str], object]) -> Response:
    who = _other(member_id).username
    with around().writing() as tx:
        step(tx, who)
    return redirect(url_for("staff.show_one", member_id=member_id), code=303)


def _done(form: Form, member_id: int) -> tuple[str, int] | Response:
    if form.faults:
        return _member_page(form, _member(member_id)), 422
    return redirect(url_for("staff.show_one", member_id=member_id), code=303)


def _require_right() -> None:
    require(me().actor, Deed.MANAGE_STAFF, branch=None)


def _member(member_id: int) -> Member:
    with around().reading() as connection:
        return member(connection, member_id)


def _other(member_id: int) -> Member:
    """Give a member of staff who is not the one that asks."""
    _require_right()
    found = _member(member_id)
    if found.username == me().actor.name:
        raise NotAllowed(
            "{actor} may not change their own roles. Ask a second person.", actor=found.username
        )
    return found


def _read_role(form: Form, username: str) -> GiveRole | None:
    role = form.read("role", one_of(*ROLES))
    valid_from = form.read("valid_from", parse_date)
    reach = form.read("reach", one_of(*REACHES))
    place = form.read("place", str) if reach != "everywhere" else None
    if form.faults or role is None or valid_from is None:
        return None
    return GiveRole(
        username,
        Role(role),
        valid_from,
        branch_code=place if reach == "branch" else None,
        area=place if reach == "area" else None,
    )


def _beside_the_place(form: Form) -> None:
    """Show beside the field what was refused of a branch or an area."""
    fault = form.faults.get("")
    if fault is not None and fault.field in REACHES:
        form.faults["place"] = form.faults.pop("")


def _username(text: str) -> str:
    if not _USERNAME.fullmatch(text):
        raise Refused(
            "A user name has 2 to 40 small letters, digits, dots and dashes, and begins with a "
            "letter: zainab.bibi"
        )
    return text


def _role_begun() -> dict[str, str]:
    today = around().today.isoformat()
    return {"valid_from": today, "ends_on": today, "reach": "branch"}


def _new_page(form: Form) -> str:
    return render_template("staff_new.html", form=form, roles=ROLES, reaches=REACHES)


def _member_page(form: Form, who: Member) -> str:
    return render_template(
        "staff_member.html",
        form=form,
        who=who,
        roles=ROLES,
        reaches=REACHES,
        own=who.username == me().actor.name,
        today=around().today,
    )


def _password_page(member_id: int, password: str) -> str:
    return render_template("staff_password.html", who=_member(member_id), password=password)
