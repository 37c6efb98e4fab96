"""What is found out about an application: visits, guarantors, answers of others."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.borrowers.identifiers import parse_cnic
from aim_loans.dates import parse_date
from aim_loans.errors import NotFound
from aim_loans.identity.permissions import Deed, require
from aim_loans.money import parse_rupees
from aim_loans.origination.appraisals import (
    CHECKS,
    RESULTS,
    AddGuarantor,
    Appraise,
    EndGuarantee,
    LetGroupGuarantee,
    RecordCheck,
    add_guarantor,
    appraise,
    end_guarantee,
    let_group_guarantee,
    record_check,
)
from aim_loans.web.applications import acting, application_page, tried, visible
from aim_loans.web.forms import Form, one_of, whole
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("appraisals", __name__)

_count = whole(0, 1_000)
Parser = Callable[[str], Any]

# The fields of a visit, in the order of the page.
FIELDS: dict[str, dict[str, Parser]] = {
    "social": {
        "household_size": whole(1, 100),
        "earners": whole(0, 100),
        "income": parse_rupees,
        "expenses": parse_rupees,
        "debt_payments": parse_rupees,
    },
    "business": {
        "place": str,
        "assets": parse_rupees,
        "running_capital": parse_rupees,
        "sales": parse_rupees,
        "costs": parse_rupees,
        "jobs": _count,
        "buys": str,
    },
}


@pages.get("/applications/<row:application_id>/appraisal/<kind>")
@needs(Deed.APPRAISE)
def ask(application_id: int, kind: str) -> str:
    """Ask what a visit found."""
    return _shown(Form(), application_id, kind)


@pages.post("/applications/<row:application_id>/appraisal/<kind>")
@needs(Deed.APPRAISE)
def send(application_id: int, kind: str) -> tuple[str, int] | Response:
    """Record what a visit found."""
    form = Form(request.form)
    found = {name: form.read(name, parse) for name, parse in _fields(kind).items()}
    note = form.read("note", str)
    if note is not None and not form.faults:
        command = Appraise(application_id=application_id, kind=kind, note=note, **found)
        with form.attempt(), around().writing() as tx:
            appraise(tx, command, **acting(form))
    if form.faults:
        return _shown(form, application_id, kind), 422
    return redirect(url_for("applications.show", application_id=application_id), code=303)


@pages.post("/applications/<row:application_id>/guarantors")
@needs(Deed.ENTER_APPLICATION)
def send_guarantor(application_id: int) -> tuple[str, int] | Response:
    """Add a guarantor, found by the CNIC."""
    form = Form(request.form)
    cnic, relation = form.read("cnic", parse_cnic), form.read("relation", str)
    if cnic is None or relation is None:
        return application_page(form, application_id), 422
    command = AddGuarantor(application_id=application_id, cnic=cnic, relation=relation)
    return tried(form, application_id, lambda tx: add_guarantor(tx, command, **acting(form)))


@pages.post("/applications/<row:application_id>/group")
@needs(Deed.ENTER_APPLICATION)
def send_group(application_id: int) -> tuple[str, int] | Response:
    """Let the other members of the borrower's group guarantee."""
    form = Form(request.form)
    command = LetGroupGuarantee(application_id=application_id)
    return tried(form, application_id, lambda tx: let_group_guarantee(tx, command, **acting(form)))


@pages.post("/applications/<row:application_id>/guarantors/<row:guarantee_id>/end")
@needs(Deed.ENTER_APPLICATION)
def end(application_id: int, guarantee_id: int) -> tuple[str, int] | Response:
    """Let a guarantor step back."""
    form = Form(request.form)
    command = EndGuarantee(application_id=application_id, guarantee_id=guarantee_id)
    return tried(form, application_id, lambda tx: end_guarantee(tx, command, **acting(form)))


@pages.post("/applications/<row:application_id>/checks")
@needs(Deed.APPRAISE)
def send_check(application_id: int) -> tuple[str, int] | Response:
    """Record what the bureau or the screening list answered."""
    form = Form(request.form)
    kind = form.read("kind", one_of(*CHECKS))
    result = form.read("result", one_of(*RESULTS))
    checked_on = form.read("checked_on", parse_date)
    reference = form.optional("check_reference")
    if kind is None or result is None or checked_on is None:
        return application_page(form, application_id), 422
    command = RecordCheck(
        application_id=application_id,
        kind=kind,
        result=result,
        checked_on=checked_on,
        reference=reference,
    )
    return tried(form, application_id, lambda tx: record_check(tx, command, **acting(form)))


def _fields(kind: str) -> dict[str, Parser]:
    if kind not in FIELDS:
        raise NotFound("There is no such visit. Open the application again.")
    return FIELDS[kind]


def _shown(form: Form, application_id: int, kind: str) -> str:
    _fields(kind)
    with around().reading() as connection:
        asked = visible(connection, application_id)
    require(me().actor, Deed.APPRAISE, branch=asked.branch_code)
    return render_template("appraisal.html", form=form, asked=asked, kind=kind)
