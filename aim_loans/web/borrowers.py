"""Borrowers: registered on one page, shown with their loans, changed, given an enterprise."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.borrowers.details import GENDERS as ALL_GENDERS
from aim_loans.borrowers.details import PersonDetails, cautions
from aim_loans.borrowers.groups import group_of_person
from aim_loans.borrowers.operations import (
    AddEnterprise,
    ChangePerson,
    RegisterPerson,
    add_enterprise,
    change_person,
    register_person,
)
from aim_loans.borrowers.places import districts
from aim_loans.borrowers.queries import Person, changes_of, enterprises_of, last_change, person
from aim_loans.errors import AimError, Conflict
from aim_loans.identity.permissions import Deed, allows, reach, require
from aim_loans.identity.queries import branch_codes, key_used
from aim_loans.loans.finding import FoundBorrower, branches_of, likely_duplicates
from aim_loans.loans.lookup import loans_of
from aim_loans.origination.queries import settings_in_force
from aim_loans.web.borrower_forms import (
    GENDERS,
    LABELS,
    NEEDED,
    PLACES,
    filled,
    names_an_enterprise,
    read_enterprise,
    read_person,
)
from aim_loans.web.forms import Form, row_number
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("borrowers", __name__)


@dataclass(frozen=True, slots=True)
class Visible:
    """A person within reach, and the branch at which the reader may change something."""

    person: Person
    act_branch: str | None


@pages.get("/borrowers/new")
@needs(Deed.REGISTER)
def ask() -> str:
    """Ask for everything about a new borrower on one page."""
    return _new_page(Form())


@pages.post("/borrowers/new")
@needs(Deed.REGISTER)
def send() -> tuple[str, int] | Response:
    """Register; whoever may be the same person is shown first."""
    form, sectors = Form(request.form), around().settings.sectors
    details = read_person(form, genders=GENDERS, needed=NEEDED)
    owned = read_enterprise(form, sectors) if names_an_enterprise(form) else None
    branch = form.read("branch", str) or ""
    alike: Sequence[FoundBorrower] = ()
    if not form.faults:
        alike = _look_alikes(form, details)
    if form.faults or (alike and not form.typed("another")):
        return _new_page(form, details, alike), 422
    person_id = 0
    with form.attempt(), around().writing() as tx:
        person_id = register_person(
            tx,
            RegisterPerson(branch, details, owned),
            actor=me().actor,
            today=around().today,
            sectors=[sector.key for sector in sectors],
            key=form.key,
        )
    if form.faults:
        return _new_page(form, details, alike), 422
    return redirect(url_for("borrowers.show", person_id=person_id), code=303)


@pages.get("/borrowers/<row:person_id>")
@needs(Deed.READ_BOOK)
def show(person_id: int) -> str:
    """Show a borrower: details, enterprises, loans within reach, what was changed."""
    today, seen = around().today, reach(me().actor, Deed.READ_BOOK)
    with around().reading() as connection:
        visible = visible_person(connection, person_id)
        who = visible.person
        return render_template(
            "borrower_page.html",
            who=who,
            may_change=visible.act_branch is not None,
            cautions=_cautions(connection, who),
            group=group_of_person(connection, person_id),
            enterprises=enterprises_of(connection, person_id),
            loans=loans_of(connection, person_id, branches=seen, today=today),
            changes=changes_of(connection, person_id),
            labels=LABELS,
            activities=_activity_labels(),
            may_lend=reach(me().actor, Deed.ENTER_APPLICATION) != frozenset(),
        )


@pages.get("/borrowers/<row:person_id>/details")
@needs(Deed.REGISTER)
def ask_details(person_id: int) -> str:
    """Ask for what is different."""
    with around().reading() as connection:
        known = _changeable(connection, person_id).person
        seen = last_change(connection, person_id)
    return _change_page(Form(filled({**asdict(known), "seen_change": seen})), known)


@pages.post("/borrowers/<row:person_id>/details")
@needs(Deed.REGISTER)
def send_details(person_id: int) -> tuple[str, int] | Response:
    """Change the borrower."""
    form = Form(request.form)
    with around().reading() as connection:
        visible = _changeable(connection, person_id)
    details = read_person(form, genders=ALL_GENDERS, needed=frozenset())
    if not form.faults:
        command = ChangePerson(
            person_id, details, _branch(visible), row_number(form.typed("seen_change"))
        )
        with form.attempt(), around().writing() as tx:
            change_person(tx, command, actor=me().actor, today=around().today, key=form.key)
    if form.faults:
        return _change_page(form, visible.person), 422
    return redirect(url_for("borrowers.show", person_id=person_id), code=303)


@pages.get("/borrowers/<row:person_id>/enterprise")
@needs(Deed.REGISTER)
def ask_enterprise(person_id: int) -> str:
    """Ask for a further enterprise."""
    with around().reading() as connection:
        known = _changeable(connection, person_id).person
    return _enterprise_page(Form(filled({"enterprise_district": known.district})), known)


@pages.post("/borrowers/<row:person_id>/enterprise")
@needs(Deed.REGISTER)
def send_enterprise(person_id: int) -> tuple[str, int] | Response:
    """Add the enterprise."""
    form, sectors = Form(request.form), around().settings.sectors
    with around().reading() as connection:
        visible = _changeable(connection, person_id)
    details = read_enterprise(form, sectors)
    if details is not None and not form.faults:
        with form.attempt(), around().writing() as tx:
            add_enterprise(
                tx,
                AddEnterprise(person_id, details, _branch(visible)),
                actor=me().actor,
                today=around().today,
                sectors=[sector.key for sector in sectors],
                key=form.key,
            )
    if form.faults:
        return _enterprise_page(form, visible.person), 422
    return redirect(url_for("borrowers.show", person_id=person_id), code=303)


def visible_person(connection: Connection, person_id: int) -> Visible:
    """Give a person; NotFound when there is none, NotAllowed when no branch within reach has it."""
    found, actor = person(connection, person_id), me().actor
    at = branches_of(connection, person_id)
    if not any(allows(actor, Deed.READ_BOOK, branch=code) for code in at):
        require(actor, Deed.READ_BOOK, branch=min(at, default=None))
    own = {found.branch_code} if found.branch_code else at
    may = (code for code in sorted(own) if allows(actor, Deed.REGISTER, branch=code))
    return Visible(found, next(may, None))


def _changeable(connection: Connection, person_id: int) -> Visible:
    """Give a person of a branch at which the reader may register borrowers."""
    visible = visible_person(connection, person_id)
    if visible.act_branch is None:
        require(me().actor, Deed.REGISTER, branch=visible.person.branch_code)
    return visible


def _branch(visible: Visible) -> str:
    if visible.act_branch is None:
        raise AssertionError("nobody changes what they may not")
    return visible.act_branch


def _look_alikes(form: Form, details: PersonDetails) -> list[FoundBorrower]:
    """Give who may be the same person; a form that was written already has none."""
    seen = reach(me().actor, Deed.READ_BOOK)
    with around().reading() as connection:
        if key_used(connection, form.key):
            return []
        alike = likely_duplicates(connection, details, branches=seen)
    for each in alike:
        if each.cnic == details.cnic:
            form.refuse(_belongs_to(each))
    return alike


def _belongs_to(found: FoundBorrower) -> AimError:
    return Conflict(
        "This CNIC already belongs to {name}, branch {branch}. Open that page, or check the "
        "number.",
        field="cnic",
        name=found.name,
        branch=found.branch_code,
    )


def _cautions(connection: Connection, who: Person | PersonDetails) -> dict[str, AimError]:
    today = around().today
    limits = settings_in_force(connection).limits_on(today)
    found = cautions(
        cnic=who.cnic,
        gender=who.gender,
        expires_on=who.cnic_expires_on,
        birth_date=who.birth_date,
        today=today,
        ages=(limits.age_min, limits.age_max),
    )
    return {each.field: each for each in found}


def _activity_labels() -> dict[str, str]:
    sectors = around().settings.sectors
    return {each.key: each.label for sector in sectors for each in sector.activities}


def _new_page(
    form: Form, details: PersonDetails | None = None, alike: Sequence[FoundBorrower] = ()
) -> str:
    seen = reach(me().actor, Deed.REGISTER)
    with around().reading() as connection:
        return render_template(
            "borrower_new.html",
            form=form,
            alike=alike,
            branches=branch_codes(connection) if seen is None else sorted(seen),
            cautions=_cautions(connection, details) if details else {},
            labels=LABELS,
            genders=GENDERS,
            places=PLACES,
            needed=NEEDED,
            districts=districts(),
            sectors=around().settings.sectors,
        )


def _change_page(form: Form, known: Person) -> str:
    return render_template(
        "borrower_change.html",
        form=form,
        who=known,
        cautions={},
        labels=LABELS,
        genders=ALL_GENDERS,
        places=PLACES,
        needed=frozenset(),
        districts=districts(),
    )


def _enterprise_page(form: Form, known: Person) -> str:
    return render_template(
        "borrower_enterprise.html",
        form=form,
        who=known,
        districts=districts(),
        sectors=around().settings.sectors,
    )
