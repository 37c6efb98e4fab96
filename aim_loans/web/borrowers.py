"""Borrowers: registered on one page, shown with their loans, changed, given an enterprise."""

from collections.abc import Sequence
from dataclasses import asdict

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.borrowers.details import GENDERS as ALL_GENDERS
from aim_loans.borrowers.details import PersonDetails
from aim_loans.borrowers.operations import (
    AddEnterprise,
    ChangePerson,
    RegisterPerson,
    add_enterprise,
    change_person,
    register_person,
)
from aim_loans.borrowers.places import districts
from aim_loans.borrowers.queries import Person, changes_of, last_change
from aim_loans.errors import AimError, Conflict
from aim_loans.identity.permissions import Deed, reach
from aim_loans.identity.queries import branch_codes, key_used
from aim_loans.loans.finding import FoundBorrower, likely_duplicates
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
from aim_loans.web.borrower_page import (
    borrower_page,
    cautions_of,
    changeable_person,
    visible_person,
)
from aim_loans.web.forms import Form, row_number
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("borrowers", __name__)


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
    """Show a borrower: details, loans, applications and guarantees, enterprises, attachments."""
    return borrower_page(Form(), person_id)


@pages.get("/borrowers/<row:person_id>/changes")
@needs(Deed.READ_BOOK)
def changes(person_id: int) -> str:
    """Show what was changed on a borrower, by whom."""
    with around().reading() as connection:
        who = visible_person(connection, person_id).person
        found = changes_of(connection, person_id)
    return render_template("borrower_changes.html", who=who, changes=found, labels=LABELS)


@pages.get("/borrowers/<row:person_id>/details")
@needs(Deed.REGISTER)
def ask_details(person_id: int) -> str:
    """Ask for what is different."""
    with around().reading() as connection:
        known, _ = changeable_person(connection, person_id)
        seen = last_change(connection, person_id)
    return _change_page(Form(filled({**asdict(known), "seen_change": seen})), known)


@pages.post("/borrowers/<row:person_id>/details")
@needs(Deed.REGISTER)
def send_details(person_id: int) -> tuple[str, int] | Response:
    """Change the borrower."""
    form = Form(request.form)
    with around().reading() as connection:
        known, branch = changeable_person(connection, person_id)
    details = read_person(form, genders=ALL_GENDERS, needed=frozenset())
    if not form.faults:
        command = ChangePerson(person_id, details, branch, row_number(form.typed("seen_change")))
        with form.attempt(), around().writing() as tx:
            change_person(tx, command, actor=me().actor, today=around().today, key=form.key)
    if form.faults:
        return _change_page(form, known), 422
    return redirect(url_for("borrowers.show", person_id=person_id), code=303)


@pages.get("/borrowers/<row:person_id>/enterprise")
@needs(Deed.REGISTER)
def ask_enterprise(person_id: int) -> str:
    """Ask for a further enterprise."""
    with around().reading() as connection:
        known, _ = changeable_person(connection, person_id)
    return _enterprise_page(Form(filled({"enterprise_district": known.district})), known)


@pages.post("/borrowers/<row:person_id>/enterprise")
@needs(Deed.REGISTER)
def send_enterprise(person_id: int) -> tuple[str, int] | Response:
    """Add the enterprise."""
    form, sectors = Form(request.form), around().settings.sectors
    with around().reading() as connection:
        known, branch = changeable_person(connection, person_id)
    details = read_enterprise(form, sectors)
    if details is not None and not form.faults:
        with form.attempt(), around().writing() as tx:
            add_enterprise(
                tx,
                AddEnterprise(person_id, details, branch),
                actor=me().actor,
                today=around().today,
                sectors=[sector.key for sector in sectors],
                key=form.key,
            )
    if form.faults:
        return _enterprise_page(form, known), 422
    return redirect(url_for("borrowers.show", person_id=person_id), code=303)


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


def _new_page(
    form: Form, details: PersonDetails | None = None, alike: Sequence[FoundBorrower] = ()
) -> str:
    seen = reach(me().actor, Deed.REGISTER)
    with around().reading() as connection:
        limits = settings_in_force(connection).limits_on(around().today)
        return render_template(
            "borrower_new.html",
            form=form,
            alike=alike,
            branches=branch_codes(connection) if seen is None else sorted(seen),
            cautions=cautions_of(details, limits) if details else {},
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
