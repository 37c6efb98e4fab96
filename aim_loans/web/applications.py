"""Applications: asked for on one page, listed where they wait, decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.config.settings import CHANNELS, DatedTables, Product, Sector
from aim_loans.db.engine import Writing
from aim_loans.identity.permissions import Deed, allows, reach, require
from aim_loans.loans.schedule import Holidays, Schedule
from aim_loans.money import parse_positive_rupees, plain
from aim_loans.mou.applying import NameCode, name_code
from aim_loans.origination.applications import (
    ChangeTerms,
    Decide,
    EnterApplication,
    change_terms,
    decide,
    enter_application,
)
from aim_loans.origination.committee import State, Step
from aim_loans.origination.conditions import checks_of, plan_for, plan_of
from aim_loans.origination.fees import fee_of
from aim_loans.origination.lookup import Application, application_by_id
from aim_loans.origination.queries import holidays_of, programmes, settings_in_force
from aim_loans.origination.terms import Terms
from aim_loans.origination.waiting import ApplicationRow, open_applications
from aim_loans.web.borrower_forms import business_of, businesses
from aim_loans.web.borrower_page import visible_person
from aim_loans.web.enterprise_choice import EnterpriseOffers, read_choice
from aim_loans.web.forms import Form, one_of, whole
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("applications", __name__)

_LONGEST_MONTHS = 600
_STEPS = (Step.APPROVED.value, Step.REJECTED.value, Step.RETURNED.value)

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Offers:
    """What a form of terms lets choose from, and the most of a first loan (paisa)."""

    branches: Choices
    programmes: Choices
    products: Sequence[Product]
    sectors: tuple[Sector, ...]
    first_loan: int


@pages.get("/applications")
@needs(Deed.READ_BOOK)
def waiting() -> str:
    """List what has not ended, and of it what waits for whoever asks."""
    here, actor = around(), me().actor
    with here.reading() as connection:
        rows = open_applications(
            connection,
            branches=reach(actor, Deed.READ_BOOK),
            dated=settings_in_force(connection),
            today=here.today,
        )
    mine = [row for row in rows if waits_for_me(row)]
    others = [row for row in rows if row not in mine]
    return render_template("applications.html", mine=mine, others=others)


@pages.get("/borrowers/<row:person_id>/application")
@needs(Deed.ENTER_APPLICATION)
def ask(person_id: int) -> str:
    """Ask what the borrower wants."""
    here = around()
    first = {
        "months": "12",
        "product": here.settings.lending.default_product,
        "programme": here.settings.lending.default_programme,
        "referral": request.args.get("referral", ""),
    }
    with here.reading() as connection:
        owned = EnterpriseOffers.of(connection, visible_person(connection, person_id))
        return _asked(Form(first | owned.first_choice()), _offers(connection), owned=owned)


@pages.post("/borrowers/<row:person_id>/application")
@needs(Deed.ENTER_APPLICATION)
def send(person_id: int) -> tuple[str, int] | str | Response:
    """Show the schedule, or write the application down, as the button says."""
    form, here = Form(request.form), around()
    with here.reading() as connection:
        owned = EnterpriseOffers.of(connection, visible_person(connection, person_id))
        offers = _offers(connection)
    terms, enterprise = _terms(form, offers), read_choice(form, owned)
    branch = form.read("branch", _key_of(offers.branches))
    programme, code = form.read("programme", _key_of(offers.programmes)), form.optional("referral")
    if terms is not None and branch is not None and programme is not None and _wants(form):
        entered = 0
        with form.attempt(), here.writing() as tx:
            command = EnterApplication(
                borrower_id=person_id,
                branch=branch,
                programme=programme,
                terms=terms,
                enterprise_id=enterprise.settled(tx, form.key),
                submit=form.typed("act") == "submit",
            )
            entered = enter_application(tx, command, **acting(form), holidays=days_off())
            if code:
                more = {"key": f"{form.key}/code", "zone": here.settings.institution.zone}
                name_code(tx, NameCode(entered, code), **acting(form) | more)
        if not form.faults:
            return redirect(url_for("applications.show", application_id=entered), code=303)
    return _with_schedule(form, offers, terms, owned=owned)


@pages.get("/applications/<row:application_id>")
@needs(Deed.READ_BOOK)
def show(application_id: int) -> str:
    """Show an application with all that is known of it, and what may be done next."""
    return application_page(Form(), application_id)


@pages.get("/applications/<row:application_id>/change")
@needs(Deed.ENTER_APPLICATION)
def change(application_id: int) -> str:
    """Ask what is wanted instead."""
    with around().reading() as connection:
        asked = visible(connection, application_id)
        require(me().actor, Deed.ENTER_APPLICATION, branch=asked.branch_code)
        terms = asked.terms
        filled = {
            "product": terms.product,
            "principal": plain(terms.principal),
            "months": str(terms.months),
            "sector": business_of(terms.sector, terms.activity),
            "purpose": terms.purpose,
        }
        offers = _offers(connection)
    return _asked(Form(filled), offers, asked=asked)


@pages.post("/applications/<row:application_id>/change")
@needs(Deed.ENTER_APPLICATION)
def send_change(application_id: int) -> tuple[str, int] | str | Response:
    """Write the next version of the terms, or show its schedule."""
    form, here = Form(request.form), around()
    with here.reading() as connection:
        asked, offers = visible(connection, application_id), _offers(connection)
    terms = _terms(form, offers)
    if terms is not None and _wants(form):
        command = ChangeTerms(
            application_id=asked.id, terms=terms, submit=form.typed("act") == "submit"
        )
        with form.attempt(), here.writing() as tx:
            change_terms(tx, command, **acting(form), holidays=days_off())
        if not form.faults:
            return redirect(url_for("applications.show", application_id=asked.id), code=303)
    return _with_schedule(form, offers, terms, asked=asked)


@pages.post("/applications/<row:application_id>/decide")
@needs(Deed.DECIDE)
def send_decision(application_id: int) -> tuple[str, int] | Response:
    """Take a step on the version that was read."""
    form = Form(request.form)
    step = form.read("step", one_of(*_STEPS))
    return _decided(form, application_id, Step(step) if step else None)


@pages.post("/applications/<row:application_id>/withdraw")
@needs(Deed.ENTER_APPLICATION)
def withdraw(application_id: int) -> tuple[str, int] | Response:
    """Write down that the borrower does not want the loan any more."""
    return _decided(Form(request.form), application_id, Step.WITHDRAWN)


def visible(connection: Connection, application_id: int) -> Application:
    """Give an application; NotAllowed outside the reach, NotFound when there is none."""
    asked = application_by_id(connection, application_id, today=around().today)
    require(me().actor, Deed.READ_BOOK, branch=asked.branch_code)
    return asked


def waits_for_me(row: ApplicationRow) -> bool:
    """Say whether the next step on an application is one that whoever asks may take."""
    actor = me().actor
    if row.state in (State.DRAFT, State.RETURNED, State.EXPIRED):
        return row.entered_by == actor.name
    if row.state is State.SUBMITTED:
        return allows(actor, Deed.APPRAISE, branch=row.branch_code)
    # Whoever entered or approved it takes neither of the two steps that are left.
    deed = Deed.DECIDE if row.state is State.APPRAISED else Deed.DISBURSE
    had_a_hand = actor.name in {row.entered_by, *row.voted}
    return not had_a_hand and allows(actor, deed, branch=row.branch_code)


def days_off() -> Holidays:
    """Give the holidays of the institution's calendar."""
    return holidays_of(around().settings.calendar)


def application_page(form: Form, application_id: int) -> str:
    """Draw the page of an application, with the faults of whichever of its forms was sent."""
    here, actor = around(), me().actor
    with here.reading() as connection:
        asked = visible(connection, application_id)
        checks = checks_of(connection, asked, on=here.today, holidays=days_off())
        fee_receipt = fee_of(connection, application_id)
    plan = plan_for(asked, paid_on=here.today, holidays=days_off())
    return render_template(
        "application.html",
        form=form,
        asked=asked,
        checks=checks,
        group=asked.borrowers_group,
        fee=asked.dated.fee_on(here.today).amount,
        fee_receipt=fee_receipt,
        channels=CHANNELS,
        plan=plan,
        today=here.today,
        may_here=lambda deed: allows(actor, Deed(deed), branch=asked.branch_code),
        mine=asked.entered_by == actor.name,
        voted=any(
            step.taken_by == actor.name and step.kind == Step.APPROVED for step in asked.steps
        ),
    )


def tried(
    form: Form, application_id: int, act: Callable[[Writing], object]
) -> tuple[str, int] | Response:
    """Run an act, and come back to the application's page, with what was refused if it was."""
    if not form.faults:
        with form.attempt(), around().writing() as tx:
            act(tx)
    if form.faults:
        return application_page(form, application_id), 422
    return redirect(url_for("applications.show", application_id=application_id), code=303)


def acting(form: Form) -> dict[str, Any]:
    """Give what every act on an application is told: by whom, on which day, with which key."""
    return {"actor": me().actor, "today": around().today, "key": form.key}


def _decided(form: Form, application_id: int, step: Step | None) -> tuple[str, int] | Response:
    version, reason = form.read("version", whole(1, 10_000)), form.optional("reason")
    if step is None or version is None:
        return application_page(form, application_id), 422
    command = Decide(application_id=application_id, version=version, step=step, reason=reason)
    return tried(
        form, application_id, lambda tx: decide(tx, command, **acting(form), holidays=days_off())
    )


def _wants(form: Form) -> bool:
    """Say whether the form is to be written, not only to show its schedule."""
    return not form.faults and form.typed("act") in ("submit", "keep")


def _terms(form: Form, offers: Offers) -> Terms | None:
    product = form.read("product", one_of(*(each.code for each in offers.products)))
    principal = form.read("principal", parse_positive_rupees)
    months = form.read("months", whole(1, _LONGEST_MONTHS))
    business = form.read("sector", one_of(*businesses(offers.sectors)))
    purpose = form.read("purpose", str)
    if None in (product, principal, months, business, purpose):
        return None
    sector, _, activity = str(business).partition("/")
    return Terms(
        product=str(product),
        principal=principal or 0,
        months=months or 0,
        sector=sector,
        purpose=str(purpose),
        activity=activity or None,
    )


def _with_schedule(
    form: Form,
    offers: Offers,
    terms: Terms | None,
    *,
    owned: EnterpriseOffers | None = None,
    asked: Application | None = None,
) -> tuple[str, int] | str:
    """Show the form again, with the schedule that its terms would give today."""
    plan = None
    if terms is not None:
        with form.attempt(), around().reading() as connection:
            plan = plan_of(connection, terms, paid_on=around().today, holidays=days_off())
    shown = _asked(form, offers, plan=plan, owned=owned, asked=asked)
    return (shown, 422) if form.faults else shown


def _offers(connection: Connection) -> Offers:
    here = around()
    branches = reach(me().actor, Deed.ENTER_APPLICATION)
    dated = settings_in_force(connection)
    return Offers(
        [(code, code) for code in sorted(branches or ())],
        [(code, here.settings.label("programme", code)) for code in sorted(programmes(connection))],
        _products(dated, here.today),
        here.settings.sectors,
        dated.limits_on(here.today).max_principal_by_cycle[0],
    )


def _products(dated: DatedTables, today: date) -> Sequence[Product]:
    codes = sorted({product.code for product in dated.products})
    return [dated.product_on(code, today) for code in codes]


def _key_of(choices: Choices) -> Callable[[str], str]:
    return one_of(*(key for key, _ in choices))


def _asked(
    form: Form,
    offers: Offers,
    *,
    plan: Schedule | None = None,
    owned: EnterpriseOffers | None = None,
    asked: Application | None = None,
) -> str:
    """Draw the form: of a new application with the borrower's enterprises, or of a changed one."""
    return render_template(
        "application_ask.html", form=form, plan=plan, offers=offers, owned=owned, asked=asked
    )
