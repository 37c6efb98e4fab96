"""Groups of borrowers who guarantee each other: listed, made, joined, left."""

from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.borrowers.details import LEAST_MEMBERS, MOST_MEMBERS
from aim_loans.borrowers.groups import (
    Group,
    JoinGroup,
    LeaveGroup,
    MakeGroup,
    group_by_id,
    group_of_person,
    groups_of,
    groups_page,
    join_group,
    leave_group,
    make_group,
    members_of,
)
from aim_loans.borrowers.identifiers import parse_cnic
from aim_loans.borrowers.queries import cnic_owners
from aim_loans.dates import parse_date
from aim_loans.errors import NotFound
from aim_loans.identity.permissions import Deed, allows, reach, require
from aim_loans.identity.queries import branch_codes
from aim_loans.web.borrower_page import visible_person
from aim_loans.web.forms import Form, row_number
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("groups", __name__)


@pages.get("/groups")
@needs(Deed.READ_BOOK)
def listed() -> str:
    """List the groups of the branches within reach."""
    return _list_page(Form(request.args))


@pages.post("/groups")
@needs(Deed.REGISTER)
def make() -> tuple[str, int] | Response:
    """Make a group; its members join on its page."""
    form, group_id = Form(request.form), 0
    branch, name = form.read("branch", str), form.read("name", str)
    place = form.read("meeting_place", str)
    if branch is not None and name is not None and place is not None and not form.faults:
        with form.attempt(), around().writing() as tx:
            command = MakeGroup(branch, name, place)
            group_id = make_group(tx, command, actor=me().actor, key=form.key)
    if form.faults:
        return _list_page(form), 422
    return redirect(url_for("groups.show", group_id=group_id), code=303)


@pages.get("/groups/<row:group_id>")
@needs(Deed.READ_BOOK)
def show(group_id: int) -> str:
    """Show a group with its members, those who left included."""
    return _group_page(Form(_today()), group_id)


@pages.post("/groups/<row:group_id>/members")
@needs(Deed.REGISTER)
def join(group_id: int) -> tuple[str, int] | Response:
    """Take a borrower into the group, found by the CNIC."""
    form = Form({**_today(), **request.form})
    cnic, joined_on = form.read("cnic", parse_cnic), form.read("joined_on", parse_date)
    if cnic is not None and joined_on is not None:
        with form.attempt():
            with around().reading() as connection:
                person_id = _registered(connection, cnic)
            _join(form, group_id, person_id, joined_on)
    if form.faults:
        return _group_page(form, group_id), 422
    return redirect(url_for("groups.show", group_id=group_id), code=303)


@pages.post("/groups/<row:group_id>/members/<row:membership_id>/leave")
@needs(Deed.REGISTER)
def leave(group_id: int, membership_id: int) -> tuple[str, int] | Response:
    """Write down that a member left."""
    form, here = Form({**_today(), **request.form}), around()
    left_on = form.read("left_on", parse_date)
    if left_on is not None:
        with form.attempt(), here.writing() as tx:
            command = LeaveGroup(group_id, membership_id, left_on)
            leave_group(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _group_page(form, group_id), 422
    return redirect(url_for("groups.show", group_id=group_id), code=303)


@pages.get("/borrowers/<row:person_id>/group")
@needs(Deed.READ_BOOK)
def ask(person_id: int) -> str | Response:
    """Lead to the borrower's group; ask which one takes the borrower in when there is none."""
    with around().reading() as connection:
        visible_person(connection, person_id)
        group = group_of_person(connection, person_id)
    if group is not None:
        return redirect(url_for("groups.show", group_id=group.id))
    return _join_page(Form(_today()), person_id)


@pages.post("/borrowers/<row:person_id>/group")
@needs(Deed.REGISTER)
def send(person_id: int) -> tuple[str, int] | Response:
    """Take the borrower into the chosen group."""
    form, group_id = Form(request.form), 0
    chosen, joined_on = form.read("group", row_number), form.read("joined_on", parse_date)
    if chosen is not None and joined_on is not None:
        group_id = chosen
        with form.attempt():
            with around().reading() as connection:
                visible_person(connection, person_id)
            _join(form, group_id, person_id, joined_on)
    if form.faults:
        return _join_page(form, person_id), 422
    return redirect(url_for("groups.show", group_id=group_id), code=303)


def _today() -> dict[str, str]:
    return {"joined_on": around().today.isoformat(), "left_on": around().today.isoformat()}


def _registered(connection: Connection, cnic: str) -> int:
    """Give whose CNIC it is, among those whom the reader may see."""
    person_id = cnic_owners(connection, [cnic]).get(cnic)
    if person_id is None:
        raise NotFound(
            "Nobody with this CNIC is registered. Register the borrower first.", field="cnic"
        )
    return visible_person(connection, person_id).person.id


def _join(form: Form, group_id: int, person_id: int, joined_on: date) -> None:
    here = around()
    with here.writing() as tx:
        command = JoinGroup(group_id, person_id, joined_on)
        join_group(tx, command, actor=me().actor, today=here.today, key=form.key)


def _list_page(form: Form) -> str:
    page = form.page()
    may_make = reach(me().actor, Deed.REGISTER)
    with around().reading() as connection:
        seen = reach(me().actor, Deed.READ_BOOK)
        groups, more = groups_page(connection, seen, page=page)
        branches = branch_codes(connection) if may_make is None else sorted(may_make)
    return render_template(
        "groups.html",
        form=form,
        groups=groups,
        page=page,
        more=more,
        branches=branches,
        least=LEAST_MEMBERS,
    )


def _group_page(form: Form, group_id: int) -> str:
    actor = me().actor
    with around().reading() as connection:
        group = _visible(connection, group_id)
        members = members_of(connection, group_id)
    return render_template(
        "group.html",
        form=form,
        group=group,
        members=members,
        least=LEAST_MEMBERS,
        most=MOST_MEMBERS,
        may_change=allows(actor, Deed.REGISTER, branch=group.branch_code),
    )


def _join_page(form: Form, person_id: int) -> str:
    with around().reading() as connection:
        visible = visible_person(connection, person_id)
        found = groups_of(connection, reach(me().actor, Deed.REGISTER))
    open_groups = [each for each in found if each.members < MOST_MEMBERS]
    return render_template(
        "group_join.html",
        form=form,
        who=visible.person,
        groups=open_groups,
        may_change=visible.act_branch is not None,
    )


def _visible(connection: Connection, group_id: int) -> Group:
    """Give a group; NotAllowed outside the reach, NotFound when there is none."""
    group = group_by_id(connection, group_id)
    require(me().actor, Deed.READ_BOOK, branch=group.branch_code)
    return group
