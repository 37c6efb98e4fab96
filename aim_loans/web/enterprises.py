"""An enterprise: looked at, registered step by step, helped; and what was a mistake undone."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.borrowers.enterprises import (
    LISTED,
    MOST_WORKERS,
    WORKERS,
    ReviewEnterprise,
    review_enterprise,
    reviews_of,
)
from aim_loans.borrowers.sizes import size_class
from aim_loans.config.mou import REGISTRATIONS
from aim_loans.dates import parse_date
from aim_loans.identity.permissions import Deed, allows, require
from aim_loans.mou import supporting
from aim_loans.mou.mistakes import taken_back_of
from aim_loans.mou.next_steps import MENTORING_MONTHS, MICRO, Mentoring, mentoring_plan
from aim_loans.mou.programme import Whose, in_programme
from aim_loans.mou.registering import State, next_states, next_step
from aim_loans.mou.registrations import (
    Registered,
    TakeStep,
    UndoStep,
    deed_of,
    steps_of,
    take_step,
    undo_step,
)
from aim_loans.mou.supporting import (
    HIGHEST_SATISFACTION,
    GiveSupport,
    Support,
    UndoSupport,
    give_support,
    support_of,
    undo_support,
)
from aim_loans.origination.queries import settings_in_force
from aim_loans.vocabulary import N_
from aim_loans.web.forms import Form, one_of, row_number, whole
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.seen_enterprise import Seen, seen_enterprise, seen_for
from aim_loans.web.surroundings import around

pages = Blueprint("enterprises", __name__)

WORKER_LABELS = {
    "paid_women": N_("Women, paid"),
    "paid_men": N_("Men, paid"),
    "paid_others": N_("Others, paid"),
    "family_women": N_("Women of the family"),
    "family_men": N_("Men of the family"),
    "family_others": N_("Others of the family"),
}
# All help but a help-desk is for one enterprise.
SUPPORT = tuple(kind for kind in supporting.KINDS if kind != supporting.HELP_DESK)


@dataclass(frozen=True, slots=True)
class Funnel:
    """A registration of an enterprise: its last step, and the next one that the reader may take.

    `is_apart` says that it does not apply: to no such enterprise by the agreed list, or to this
    one by what was written down.
    """

    type: str
    last: Registered | None
    onward: State | None
    is_apart: bool


@pages.get("/enterprises/<row:enterprise_id>")
@needs(Deed.READ_BOOK)
def show(enterprise_id: int) -> str:
    """Show an enterprise: what it is, how far its registrations are, what help it got."""
    return _shown(enterprise_id, Form())


@pages.get("/enterprises/<row:enterprise_id>/review")
@needs(Deed.RECORD_SUPPORT)
def ask_review(enterprise_id: int) -> str:
    """Ask what somebody found."""
    today = around().today.isoformat()
    form = Form({"reviewed_on": today, "running": "yes", **dict.fromkeys(WORKERS, "0")})
    return _review_page(form, seen_for(enterprise_id, Deed.RECORD_SUPPORT))


@pages.post("/enterprises/<row:enterprise_id>/review")
@needs(Deed.RECORD_SUPPORT)
def send_review(enterprise_id: int) -> tuple[str, int] | Response:
    """Write the review down."""
    form, here = Form(request.form), around()
    seen = seen_for(enterprise_id, Deed.RECORD_SUPPORT)
    command = _review(form, seen)
    if command is not None:
        with form.attempt(), here.writing() as tx:
            review_enterprise(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _review_page(form, seen), 422
    return _back(enterprise_id)


@pages.get("/enterprises/<row:enterprise_id>/registration")
@needs(Deed.READ_BOOK)
def ask_step(enterprise_id: int) -> str:
    """Ask for the next step of a registration; `type` and `state` in the address name it."""
    kind = request.args.get("type", "")
    kind = kind if kind in REGISTRATIONS else REGISTRATIONS[0]
    state = request.args.get("state", "")
    form = Form({"type": kind, "state": state, "on_day": around().today.isoformat()})
    seen = seen_for(enterprise_id, None)
    if not allows(me().actor, Deed.VERIFY_REGISTRATION, branch=seen.branch):
        require(me().actor, Deed.RECORD_SUPPORT, branch=seen.branch)
    return _step_page(form, seen, kind)


@pages.post("/enterprises/<row:enterprise_id>/registration")
@needs(Deed.READ_BOOK)
def send_step(enterprise_id: int) -> tuple[str, int] | Response:
    """Write the step down; the operation asks who may take it."""
    form, here, seen = Form(request.form), around(), seen_for(enterprise_id, None)
    kind = form.read("type", one_of(*REGISTRATIONS)) or REGISTRATIONS[0]
    state = form.read("state", one_of(*(each.value for each in State)))
    on_day = form.read("on_day", parse_date)
    if not form.faults and state and on_day:
        command = TakeStep(
            enterprise_id=enterprise_id,
            branch_code=seen.branch,
            type=kind,
            state=State(state),
            on_day=on_day,
            number=form.optional("number"),
            proof=form.optional("proof"),
            smeda_code=form.optional("smeda_code"),
        )
        with form.attempt(), here.writing() as tx:
            take_step(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _step_page(form, seen, kind), 422
    return _back(enterprise_id)


@pages.get("/enterprises/<row:enterprise_id>/support")
@needs(Deed.RECORD_SUPPORT)
def ask_support(enterprise_id: int) -> str:
    """Ask what help was given; `kind` and `month` in the address are filled in."""
    named = {name: request.args.get(name, "") for name in ("kind", "month")}
    form = Form({"on_day": around().today.isoformat(), **named})
    return _support_page(form, seen_for(enterprise_id, Deed.RECORD_SUPPORT))


@pages.post("/enterprises/<row:enterprise_id>/support")
@needs(Deed.RECORD_SUPPORT)
def send_support(enterprise_id: int) -> tuple[str, int] | Response:
    """Write the help down."""
    form, here = Form(request.form), around()
    seen = seen_for(enterprise_id, Deed.RECORD_SUPPORT)
    command = _support(form, seen)
    if command is not None:
        with form.attempt(), here.writing() as tx:
            give_support(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _support_page(form, seen), 422
    return _back(enterprise_id)


@pages.post("/enterprises/<row:enterprise_id>/undo")
@needs(Deed.RECORD_SUPPORT)
def undo(enterprise_id: int) -> tuple[str, int] | Response:
    """Take back the last step of a registration, or help, that was a mistake."""
    form = Form(request.form)
    seen = seen_for(enterprise_id, Deed.RECORD_SUPPORT)
    reason, number = form.typed("reason"), row_number(form.typed("row"))
    with form.attempt(), around().writing() as tx:
        if form.typed("what") == "support":
            undo_support(tx, UndoSupport(number, reason), actor=me().actor, key=form.key)
        else:
            command = UndoStep(number, reason, seen.branch)
            undo_step(tx, command, actor=me().actor, key=form.key)
    if form.faults:
        return _shown(enterprise_id, form), 422
    return _back(enterprise_id)


@pages.get("/enterprises/<row:enterprise_id>/taken-back")
@needs(Deed.READ_BOOK)
def taken_back(enterprise_id: int) -> str:
    """Show what was written down by mistake, why, and who took it back."""
    with around().reading() as connection:
        seen = seen_enterprise(connection, enterprise_id)
        found = taken_back_of(connection, enterprise_id)
    return render_template("enterprise_taken_back.html", seen=seen, taken_back=found)


def _back(enterprise_id: int) -> Response:
    return redirect(url_for("enterprises.show", enterprise_id=enterprise_id), code=303)


def _shown(enterprise_id: int, form: Form) -> str:
    today = around().today
    with around().reading() as connection:
        seen = seen_enterprise(connection, enterprise_id)
        limits = settings_in_force(connection).limits_on(today)
        reviews = reviews_of(connection, enterprise_id)
        steps = steps_of(connection, enterprise_id)
        support = support_of(connection, enterprise_id)
        joined = in_programme(connection, Whose(enterprise_id=enterprise_id), today=today)
    size = size_class(reviews[0].turnover, limits) if reviews else ""
    listed = _listed(seen, size or MICRO, today)
    return render_template(
        "enterprise.html",
        form=form,
        seen=seen,
        size=size,
        reviews=reviews,
        registrations=[
            _funnel(seen, kind, steps.get(kind), is_listed=kind in listed) for kind in REGISTRATIONS
        ],
        support=support,
        since=joined[0].since if joined else None,
        mentoring=_mentoring(joined[0].since, support) if joined else (),
        today=today,
        may_record=seen.owner.act_branch is not None,
    )


def _listed(seen: Seen, size: str, today: date) -> tuple[str, ...]:
    """Give the registrations that the parties agreed on for an enterprise such as this one."""
    mou = around().settings.mou
    agreed = mou.applicable_on(today) if mou else None
    return agreed.of(seen.owned.sector, size) if agreed else REGISTRATIONS


def _funnel(seen: Seen, kind: str, last: Registered | None, *, is_listed: bool) -> Funnel:
    """Say how far a registration is, and what the reader may do next about it."""
    is_apart = last.state is State.NOT_APPLICABLE if last else not is_listed
    onward = None if is_apart else next_step(last.state if last else None)
    if onward and not _may_take(seen, onward, last):
        onward = None
    return Funnel(kind, last, onward, is_apart)


def _may_take(seen: Seen, state: State, last: Registered | None) -> bool:
    """Say whether the reader may take a step after the last one; nobody verifies their own."""
    actor = me().actor
    if state is State.VERIFIED and last and last.entered_by == actor.name:
        return False
    return allows(actor, deed_of(state), branch=seen.branch)


def _mentoring(since: date, given: list[Support]) -> list[tuple[Mentoring, date | None]]:
    """Give the mentoring done, with its day, and what is still to come after the last one."""
    done = {each.month: each.on_day for each in given if each.month is not None}
    last = max(done, default=0)
    plan = mentoring_plan(since)
    return [
        (each, done.get(each.month)) for each in plan if each.month in done or each.month > last
    ]


def _review(form: Form, seen: Seen) -> ReviewEnterprise | None:
    workers: dict[str, Any] = {
        name: form.read(name, whole(0, MOST_WORKERS)) or 0 for name in WORKERS
    }
    started = form.read("started_on", parse_date) if form.typed("started_on") else None
    reviewed = form.read("reviewed_on", parse_date)
    running = form.read("running", one_of("yes", "no"))
    given: dict[str, Any] = {
        name: form.read(name, one_of(*known)) for name, known in LISTED.items()
    }
    if form.faults or reviewed is None:
        return None
    return ReviewEnterprise(
        enterprise_id=seen.owned.id,
        branch_code=seen.branch,
        reviewed_on=reviewed,
        running=running == "yes",
        started_on=started,
        **given,
        **workers,
    )


def _support(form: Form, seen: Seen) -> GiveSupport | None:
    kind = form.read("kind", one_of(*SUPPORT))
    on_day = form.read("on_day", parse_date)
    month = form.read("month", whole(0, 12)) if form.typed("month") else None
    content = form.typed("satisfaction")
    given = form.read("satisfaction", whole(1, HIGHEST_SATISFACTION)) if content else None
    code, note = form.optional("smeda_code"), form.optional("note")
    if form.faults or kind is None or on_day is None:
        return None
    return GiveSupport(
        kind=kind,
        branch_code=seen.branch,
        on_day=on_day,
        enterprise_id=seen.owned.id,
        month=month,
        smeda_code=code,
        satisfaction=given,
        note=note,
    )


def _review_page(form: Form, seen: Seen) -> str:
    return render_template(
        "enterprise_review.html",
        form=form,
        seen=seen,
        listed=LISTED,
        workers=WORKER_LABELS,
    )


def _step_page(form: Form, seen: Seen, kind: str) -> str:
    with around().reading() as connection:
        last = steps_of(connection, seen.owned.id).get(kind)
    following = next_states(last.state if last else None)
    states = [each.value for each in following if _may_take(seen, each, last)]
    return render_template(
        "enterprise_step.html", form=form, seen=seen, kind=kind, last=last, states=states
    )


def _support_page(form: Form, seen: Seen) -> str:
    return render_template(
        "enterprise_support.html",
        form=form,
        seen=seen,
        kinds=SUPPORT,
        months=MENTORING_MONTHS,
        scores=range(1, HIGHEST_SATISFACTION + 1),
    )
