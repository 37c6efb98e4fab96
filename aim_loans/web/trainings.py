"""Trainings: planned, borrowers invited as one set, attendance on one sheet."""

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.borrowers.places import districts, find_district
from aim_loans.borrowers.undoing import TakeBack
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.dates import parse_date
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, allows, reach, require
from aim_loans.identity.queries import branch_codes
from aim_loans.mou.events import answers_to
from aim_loans.mou.inviting import STAGES, candidates
from aim_loans.mou.mistakes import take_back_attendance, take_back_training
from aim_loans.mou.trainings import (
    HIGHEST_SATISFACTION,
    MOST_DAYS,
    MOST_SEATS,
    EnterAttendance,
    Invite,
    Invited,
    PlanTraining,
    Present,
    Training,
    enter_attendance,
    invite,
    invited_to,
    plan_training,
    training_by_id,
    trainings,
)
from aim_loans.value_words import WORDS
from aim_loans.web.forms import Form, row_number, whole
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("trainings", __name__)

# What an invitation can choose by, as typed.
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "sector": SECTOR_KEYS,
    "gender": tuple(WORDS["gender"]),
    "stage": STAGES,
}


@pages.get("/trainings")
@needs(Deed.READ_BOOK)
def show() -> str:
    """List the trainings within reach."""
    with around().reading() as connection:
        found = trainings(connection, branches=reach(me().actor, Deed.READ_BOOK))
        answers = answers_to(connection, "training", [each.id for each in found])
    return render_template("trainings.html", trainings=found, answers=answers)


@pages.get("/trainings/new")
@needs(Deed.PLAN_TRAINING)
def ask() -> str:
    """Ask what is planned."""
    return _plan_page(Form())


@pages.post("/trainings/new")
@needs(Deed.PLAN_TRAINING)
def send() -> tuple[str, int] | Response:
    """Plan the training."""
    form, training_id = Form(request.form), 0
    command = _plan(form)
    if command is not None:
        with form.attempt(), around().writing() as tx:
            training_id = plan_training(tx, command, actor=me().actor, key=form.key)
    if form.faults:
        return _plan_page(form), 422
    return redirect(url_for("trainings.show_one", training_id=training_id), code=303)


@pages.get("/trainings/<row:training_id>")
@needs(Deed.READ_BOOK)
def show_one(training_id: int) -> str:
    """Show a training with its list, and how many could still be invited."""
    return _shown(Form(), training_id)


@pages.post("/trainings/<row:training_id>/invite")
@needs(Deed.PLAN_TRAINING)
def send_invitation(training_id: int) -> str | tuple[str, int] | Response:
    """Invite everybody whom the filters keep, as one set; or only count them."""
    form = Form(request.form)
    filters = _filters(form)
    if form.typed("count") and not form.faults:
        return _shown(form, training_id)
    if not form.faults:
        with form.attempt(), around().writing() as tx:
            invite(tx, Invite(training_id, filters), actor=me().actor, key=form.key)
    if form.faults:
        return _shown(form, training_id), 422
    return redirect(url_for("trainings.show_one", training_id=training_id), code=303)


@pages.get("/trainings/<row:training_id>/attendance")
@needs(Deed.RECORD_SUPPORT)
def ask_attendance(training_id: int) -> str:
    """Show the sheet: to print and sign, then to enter."""
    with around().reading() as connection:
        found, listed = training_by_id(connection, training_id), invited_to(connection, training_id)
    require(me().actor, Deed.RECORD_SUPPORT, branch=found.branch_code)
    return _sheet(Form(_entered(listed)), found, listed)


@pages.post("/trainings/<row:training_id>/attendance")
@needs(Deed.RECORD_SUPPORT)
def send_attendance(training_id: int) -> tuple[str, int] | Response:
    """Write down who came, all of it or nothing."""
    form, here = Form(request.form), around()
    with here.reading() as connection:
        found, listed = training_by_id(connection, training_id), invited_to(connection, training_id)
    require(me().actor, Deed.RECORD_SUPPORT, branch=found.branch_code)
    present = [each for row in listed if (each := _present(form, row, found)) is not None]
    if not form.faults:
        command = EnterAttendance(training_id, tuple(present))
        with form.attempt(), here.writing() as tx:
            enter_attendance(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _sheet(form, found, listed), 422
    return redirect(url_for("trainings.show_one", training_id=training_id), code=303)


@pages.post("/trainings/<row:training_id>/take-back")
@needs(Deed.READ_BOOK)
def take_back(training_id: int) -> tuple[str, int] | Response:
    """Take back the training, or what was entered of one who came; the operation asks who may."""
    form = Form(request.form)
    of_one = form.typed("what") == "attendance"
    row = row_number(form.typed("row")) if of_one else training_id
    act = take_back_attendance if of_one else take_back_training
    with form.attempt(), around().writing() as tx:
        act(tx, TakeBack(row, form.typed("reason")), actor=me().actor, key=form.key)
    if form.faults:
        return _shown(form, training_id), 422
    return redirect(url_for("trainings.show_one", training_id=training_id), code=303)


def _plan(form: Form) -> PlanTraining | None:
    branch = form.read("branch", str)
    title, place = form.read("title", str), form.read("place", str)
    begins = form.read("begins_on", parse_date)
    days, seats = form.read("days", whole(1, MOST_DAYS)), form.read("seats", whole(1, MOST_SEATS))
    code = form.optional("smeda_code")
    if form.faults or not (branch and title and place and begins and days and seats):
        return None
    return PlanTraining(
        branch_code=branch,
        title=title,
        place=place,
        begins_on=begins,
        days=days,
        seats=seats,
        smeda_code=code,
    )


def _filters(form: Form) -> dict[str, str]:
    """Read by what to choose; what is left out does not narrow."""
    found = {}
    for name, known in _CHOICES.items():
        if typed := form.typed(name):
            if typed not in known:
                form.faults[name] = Refused("Choose one of the list.", field=name)
            found[name] = typed
    readers: Mapping[str, Callable[[str], str]] = {
        "district": _district,
        "branch_code": str,
        "officer": str,
    }
    texts = {name: form.read(name, read) for name, read in readers.items() if form.typed(name)}
    return found | {name: text for name, text in texts.items() if text}


def _district(text: str) -> str:
    """Give the district's own name for any of its spellings."""
    known = find_district(text)
    return known.name if known else text


def _present(form: Form, row: Invited, found: Training) -> Present | None:
    """Read a line of the sheet; None when nothing was typed in it."""
    days = f"days-{row.invitation_id}"
    score = f"satisfaction-{row.invitation_id}"
    if not form.typed(days):
        return None
    came = form.read(days, whole(0, found.days))
    content = form.read(score, whole(1, HIGHEST_SATISFACTION)) if form.typed(score) else None
    completed = bool(form.typed(f"completed-{row.invitation_id}"))
    return None if came is None else Present(row.invitation_id, came, completed, content)


def _entered(listed: list[Invited]) -> dict[str, str]:
    """Give the texts of what was entered last."""
    texts = {}
    for row in listed:
        if row.days is not None:
            texts[f"days-{row.invitation_id}"] = str(row.days)
            texts[f"completed-{row.invitation_id}"] = "1" if row.completed else ""
            texts[f"satisfaction-{row.invitation_id}"] = str(row.satisfaction or "")
    return texts


def _shown(form: Form, training_id: int) -> str:
    actor = me().actor
    with around().reading() as connection:
        found = training_by_id(connection, training_id)
        require(actor, Deed.READ_BOOK, branch=found.branch_code)
        stands = found.taken_back is None
        may_plan = stands and allows(actor, Deed.PLAN_TRAINING, branch=found.branch_code)
        filters = _filters(form)
        whom = reach(actor, Deed.PLAN_TRAINING)
        return render_template(
            "training.html",
            form=form,
            training=found,
            listed=invited_to(connection, training_id),
            answers=answers_to(connection, "training", [training_id]),
            may_plan=may_plan,
            may_enter=stands and allows(actor, Deed.RECORD_SUPPORT, branch=found.branch_code),
            fitting=candidates(connection, training_id, filters, branches=whom) if may_plan else 0,
            choices=_CHOICES,
            branches=_branches(connection) if may_plan else (),
            districts=districts(),
            has_begun=found.begins_on <= around().today,
        )


def _plan_page(form: Form) -> str:
    with around().reading() as connection:
        branches = _branches(connection)
    return render_template("training_new.html", form=form, branches=branches)


def _branches(connection: Connection) -> list[str]:
    """Give the branches at which the reader plans trainings, and whose borrowers are invited."""
    within = reach(me().actor, Deed.PLAN_TRAINING)
    return branch_codes(connection) if within is None else sorted(within)


def _sheet(form: Form, found: Training, listed: list[Invited]) -> str:
    return render_template(
        "training_sheet.html",
        form=form,
        training=found,
        listed=listed,
        scores=range(1, HIGHEST_SATISFACTION + 1),
    )
