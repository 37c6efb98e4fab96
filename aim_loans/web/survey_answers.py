"""The survey of one enterprise: what it answered, or that no answer came."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.borrowers.enterprises import RUN_BY
from aim_loans.dates import parse_date
from aim_loans.identity.permissions import Deed
from aim_loans.money import parse_rupees
from aim_loans.mou.survey_progress import TO_ASK, state_of_member, survey_by_id
from aim_loans.mou.surveys import (
    MOST_WORKERS,
    NONRESPONSES,
    AnswerSurvey,
    RecordNonresponse,
    answer_survey,
    record_nonresponse,
)
from aim_loans.web.forms import Form, one_of, whole
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.seen_enterprise import Seen, seen_for
from aim_loans.web.surroundings import around
from aim_loans.web.survey_questions import NOW, QUESTIONS

pages = Blueprint("survey_answers", __name__)


@pages.get("/surveys/<row:survey_id>/enterprises/<row:enterprise_id>")
@needs(Deed.RECORD_SUPPORT)
def ask(survey_id: int, enterprise_id: int) -> str:
    """Ask what the enterprise answered."""
    return _page(Form(), survey_id, seen_for(enterprise_id, Deed.RECORD_SUPPORT))


@pages.post("/surveys/<row:survey_id>/enterprises/<row:enterprise_id>")
@needs(Deed.RECORD_SUPPORT)
def send(survey_id: int, enterprise_id: int) -> tuple[str, int] | Response:
    """Write the answers down."""
    form, here = Form(request.form), around()
    seen = seen_for(enterprise_id, Deed.RECORD_SUPPORT)
    command = _answer(form, survey_id, seen)
    if command is not None:
        with form.attempt(), here.writing() as tx:
            answer_survey(tx, command, actor=me().actor, today=here.today, key=form.key)
    return _done(form, survey_id, seen)


@pages.post("/surveys/<row:survey_id>/enterprises/<row:enterprise_id>/no-answer")
@needs(Deed.RECORD_SUPPORT)
def send_nonresponse(survey_id: int, enterprise_id: int) -> tuple[str, int] | Response:
    """Write down that no answer came."""
    form, here = Form(request.form), around()
    seen = seen_for(enterprise_id, Deed.RECORD_SUPPORT)
    outcome = form.read("outcome", one_of(*NONRESPONSES))
    tried_on = form.read("tried_on", parse_date)
    if outcome and tried_on:
        command = RecordNonresponse(
            survey_id=survey_id,
            enterprise_id=enterprise_id,
            branch_code=seen.branch,
            tried_on=tried_on,
            outcome=outcome,
        )
        with form.attempt(), here.writing() as tx:
            record_nonresponse(tx, command, actor=me().actor, today=here.today, key=form.key)
    return _done(form, survey_id, seen)


def _answer(form: Form, survey_id: int, seen: Seen) -> AnswerSurvey | None:
    """Read the form; of a closed enterprise the figures of now may be left out."""
    asked_on = form.read("asked_on", parse_date)
    running = form.read("running", one_of("yes", "no"))
    run_by = form.read("run_by", one_of(*RUN_BY))
    given = _figures(form, left_out=NOW if running == "no" else ())
    if form.faults or asked_on is None or run_by is None:
        return None
    return AnswerSurvey(
        survey_id=survey_id,
        enterprise_id=seen.owned.id,
        branch_code=seen.branch,
        asked_on=asked_on,
        running=running == "yes",
        run_by=run_by,
        **given,
    )


def _figures(form: Form, *, left_out: tuple[str, ...]) -> Mapping[str, Any]:
    """Read workers as heads and incomes as paisa; 0 for what may be left out and is."""
    found: dict[str, Any] = {}
    for question in QUESTIONS:
        parse = parse_rupees if question.is_amount else whole(0, MOST_WORKERS)
        for name in question.fields:
            spared = name in left_out and not form.typed(name)
            found[name] = 0 if spared else form.read(name, parse) or 0
    return found


def _done(form: Form, survey_id: int, seen: Seen) -> tuple[str, int] | Response:
    if form.faults:
        return _page(form, survey_id, seen), 422
    rest = url_for("surveys.show_one", survey_id=survey_id, state=TO_ASK)
    return redirect(rest, code=303)


def _page(form: Form, survey_id: int, seen: Seen) -> str:
    with around().reading() as connection:
        found = survey_by_id(connection, survey_id)
        state = state_of_member(connection, survey_id, seen.owned.id)
    today = around().today.isoformat()
    # There are two forms on the page: what was not sent begins afresh.
    begun = {"asked_on": today, "tried_on": today, "others_before": "0", "others_now": "0"}
    form.texts = {**begun, **form.texts}
    return render_template(
        "survey_answer.html",
        form=form,
        survey=found,
        seen=seen,
        state=state,
        run_by=RUN_BY,
        outcomes=NONRESPONSES,
        questions=QUESTIONS,
    )
