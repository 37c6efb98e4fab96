"""Surveys of outcomes: head office draws a sample, officers ask its enterprises."""

from collections.abc import Iterable

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.borrowers.enterprises import RUN_BY
from aim_loans.identity.permissions import Deed, reach
from aim_loans.mou.periods import parse_period
from aim_loans.mou.sampling import margin_per_mille, shares
from aim_loans.mou.survey_progress import (
    PAGE_ROWS,
    Listed,
    Progress,
    members,
    population_by_stratum,
    progress_by_stratum,
    survey_by_id,
    surveys,
)
from aim_loans.mou.surveys import LARGEST_SAMPLE, LARGEST_SEED, DrawSurvey, draw_survey
from aim_loans.value_words import WORDS
from aim_loans.web.forms import Form, whole
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around
from aim_loans.web.survey_questions import QUESTIONS

pages = Blueprint("surveys", __name__)

STATES = tuple(WORDS["survey_state"])


@pages.get("/surveys")
@needs(Deed.READ_BOOK)
def show() -> str:
    """List the surveys with their progress within reach."""
    within = reach(me().actor, Deed.READ_BOOK)
    with around().reading() as connection:
        found = surveys(connection, branches=within)
    return render_template("surveys.html", surveys=found, everywhere=within is None)


@pages.get("/surveys/new")
@needs(Deed.DRAW_SURVEY)
def ask() -> str:
    """Ask what sample to draw."""
    return _new_page(Form())


@pages.post("/surveys/new")
@needs(Deed.DRAW_SURVEY)
def send() -> str | tuple[str, int] | Response:
    """Draw the sample; or only show how many each stratum would give."""
    form, here, survey_id = Form(request.form), around(), 0
    command = _draw(form)
    if command is not None and form.typed("look"):
        return _new_page(form, size=command.size)
    if command is not None:
        with form.attempt(), here.writing() as tx:
            survey_id = draw_survey(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _new_page(form), 422
    return redirect(url_for("surveys.show_one", survey_id=survey_id), code=303)


@pages.get("/surveys/<row:survey_id>")
@needs(Deed.READ_BOOK)
def show_one(survey_id: int) -> str:
    """Show how a survey goes, and a page of its enterprises within reach."""
    form, actor = Form(request.args), me().actor
    state = form.typed("state") if form.typed("state") in STATES else None
    listed = Listed(reach(actor, Deed.READ_BOOK), state, form.page())
    with around().reading() as connection:
        found = survey_by_id(connection, survey_id)
        strata = progress_by_stratum(connection, survey_id, branches=listed.branches)
        rows = members(connection, survey_id, listed)
    whole_sample = _added(strata.values())
    everywhere = listed.branches is None
    return render_template(
        "survey.html",
        survey=found,
        strata=[(*stratum.split("/"), each) for stratum, each in strata.items()],
        whole=whole_sample,
        margin=margin_per_mille(whole_sample.answered, found.population) if everywhere else None,
        members=rows[:PAGE_ROWS],
        more=len(rows) > PAGE_ROWS,
        first=(listed.page - 1) * PAGE_ROWS + 1,
        listed=listed,
        states=STATES,
        ask_at=reach(actor, Deed.RECORD_SUPPORT),
        everywhere=everywhere,
    )


@pages.get("/surveys/<row:survey_id>/paper")
@needs(Deed.READ_BOOK)
def paper(survey_id: int) -> str:
    """Show the blank form, to print and to take along."""
    with around().reading() as connection:
        found = survey_by_id(connection, survey_id)
    return render_template("survey_paper.html", survey=found, run_by=RUN_BY, questions=QUESTIONS)


def _draw(form: Form) -> DrawSurvey | None:
    period = form.read("period", lambda text: parse_period(text).name)
    title = form.read("title", str)
    size = form.read("size", whole(1, LARGEST_SAMPLE))
    seed = form.read("seed", whole(0, LARGEST_SEED))
    if form.faults or not (period and title and size) or seed is None:
        return None
    return DrawSurvey(period=period, title=title, seed=seed, size=size)


def _added(parts: Iterable[Progress]) -> Progress:
    sums = [sum(column) for column in zip(*parts, strict=True)]
    return Progress(*(sums or [0] * len(Progress._fields)))


def _new_page(form: Form, *, size: int = 0) -> str:
    with around().reading() as connection:
        population = population_by_stratum(connection)
    drawn = shares(population, size) if size and population else {}
    rows = [
        (*stratum.split("/"), count, drawn.get(stratum)) for stratum, count in population.items()
    ]
    return render_template(
        "survey_new.html",
        form=form,
        strata=sorted(rows),
        population=sum(population.values()),
        drawn=sum(drawn.values()),
    )
