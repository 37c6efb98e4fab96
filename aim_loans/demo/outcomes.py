"""Surveys of outcomes: a sample drawn in the last month of a half-year, and what it answers."""

from typing import Any

from sqlalchemy import select

from aim_loans.db.engine import reading
from aim_loans.demo.office import Office
from aim_loans.demo.programme import Member, Programme
from aim_loans.demo.towns import HEAD_OFFICE
from aim_loans.mou.models import survey_member
from aim_loans.mou.periods import half_year_of
from aim_loans.mou.surveys import (
    AnswerSurvey,
    DrawSurvey,
    RecordNonresponse,
    answer_survey,
    draw_survey,
    record_nonresponse,
)

# Of a thousand enterprises those that are asked, of these those who answer, and those closed.
_ASK, _ANSWER, _CLOSED = 750, 840, 120
_INCOMES = (18_000_00, 52_000_00, 500_00)  # paisa a month: from, to, by
_GROWTH = (-12, 34)  # in a hundred


def ask_about_outcomes(office: Office, programme: Programme) -> None:
    """Draw the sample of a half-year in its last month, and write down who answers what."""
    today = office.clock.today
    period = half_year_of(today)
    if today.month != period.last.month:
        return
    asked = len(list(programme.taking_part(today))) * _ASK // 1_000
    if not asked:
        return
    command = DrawSurvey(
        period=period.name, title=f"Outcomes {period.name}", seed=programme.plan.seed, size=asked
    )
    drawn = office.do(draw_survey, command, HEAD_OFFICE[0])
    with reading(office.engine) as connection:
        rows = select(survey_member.c.enterprise_id).where(survey_member.c.survey_id == drawn)
        sample = set(connection.execute(rows).scalars())
    for member in programme.taking_part(today):
        if member.enterprise_id not in sample:
            continue
        if member.holds(f"answers {period.name}", _ANSWER):
            office.do(answer_survey, _answer(office, member, drawn), member.officer)
        else:
            office.do(record_nonresponse, _silent(office, member, drawn), member.officer)


def _silent(office: Office, member: Member, survey_id: int) -> RecordNonresponse:
    return RecordNonresponse(
        survey_id=survey_id,
        enterprise_id=member.enterprise_id,
        branch_code=member.town.code,
        tried_on=office.clock.today,
        outcome=member.chance(f"silent/{survey_id}").choice(("refused", "not_found")),
    )


def _answer(office: Office, member: Member, survey_id: int) -> AnswerSurvey:
    chance = member.chance(f"outcomes/{survey_id}")
    running = chance.randrange(1_000) >= _CLOSED
    before = chance.randrange(*_INCOMES)
    now = before * (100 + chance.randint(*_GROWTH)) // 100 if running else before // 2
    return AnswerSurvey(
        survey_id=survey_id,
        enterprise_id=member.enterprise_id,
        branch_code=member.town.code,
        asked_on=office.clock.today,
        running=running,
        run_by=member.run_by,
        income_before=before,
        income_now=now,
        **_workers(member, survey_id, running=running),
    )


def _workers(member: Member, survey_id: int, *, running: bool) -> dict[str, Any]:
    chance = member.chance(f"jobs/{survey_id}")
    found = {}
    for who in ("women", "men"):
        before = chance.choice((0, 0, 0, 1, 1, 2))
        found[f"{who}_before"] = before
        found[f"{who}_now"] = before + chance.choice((0, 0, 1)) if running else 0
    return found
