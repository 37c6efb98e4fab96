"""Surveys of outcomes: a sample drawn once, the answers of its enterprises, or that none came."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, exists, select

from aim_loans.borrowers.details import tidy
from aim_loans.borrowers.enterprises import (
    RUN_BY,
    OwnedEnterprise,
    begin_on_enterprise,
    owned_enterprise,
)
from aim_loans.borrowers.models import enterprise, person
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, begin_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.mou.models import survey, survey_answer, survey_member, survey_nonresponse
from aim_loans.mou.periods import parse_period
from aim_loans.mou.sampling import draw
from aim_loans.repayment.receivable import LARGEST_AMOUNT
from aim_loans.value_words import WORDS

LARGEST_SAMPLE = 5_000
MOST_WORKERS = 100_000
# What a column of whole numbers holds on both databases.
LARGEST_SEED = 2**31 - 1
NONRESPONSES = tuple(WORDS["nonresponse"])
WORKERS = (
    "women_before",
    "men_before",
    "others_before",
    "women_now",
    "men_now",
    "others_now",
)
INCOMES = ("income_before", "income_now")

_OF_MEMBER = ("survey_id", "enterprise_id", "stratum", "act_id", "recorded_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawSurvey:
    """Draw a sample of so many enterprises for a period; the seed makes the draw repeatable."""

    period: str
    title: str
    seed: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSurvey:
    """What an enterprise of the sample answered: workers then and now, income a month in paisa.

    A closed enterprise has no workers now. `branch_code` as in ReviewEnterprise.
    """

    survey_id: int
    enterprise_id: int
    branch_code: str
    asked_on: date
    running: bool
    run_by: str
    income_before: int
    income_now: int
    women_before: int = 0
    men_before: int = 0
    others_before: int = 0
    women_now: int = 0
    men_now: int = 0
    others_now: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordNonresponse:
    """An enterprise of the sample was asked on a day and gave no answer: refused, or not found.

    `branch_code` as in ReviewEnterprise.
    """

    survey_id: int
    enterprise_id: int
    branch_code: str
    tried_on: date
    outcome: str


def draw_survey(
    tx: Writing, command: DrawSurvey, *, actor: Actor, today: date, key: str | None = None
) -> int:
    """Draw the sample of a survey from all enterprises, by sector and gender of the owner.

    It takes the place of an earlier one of the period; Refused once that one was asked.
    """
    require(actor, Deed.DRAW_SURVEY, branch=None)
    period, title = parse_period(command.period), tidy(command.title)
    if not title:
        raise Refused("Fill this in.", field="title")
    _check_within("size", command.size, 1, LARGEST_SAMPLE)
    _check_within("seed", command.seed, 0, LARGEST_SEED)
    this = begin_act(
        tx,
        kind="draw_survey",
        command=command,
        actor=actor,
        subject=f"survey {period.name}",
        chain=HEAD_OFFICE_CHAIN,
        key=key,
    )
    if this.repeated:
        made = select(survey.c.id).where(survey.c.act_id == this.id)
        return int(tx.connection.execute(made).scalar_one())
    _check_unasked(tx.connection, period.name)
    strata = _strata(tx.connection)
    if not strata:
        raise Refused(
            "No enterprise is written down yet, so there is nobody to ask. "
            "Branches add enterprises on the borrower's page."
        )
    columns = ("period", "title", "seed", "drawn_on", "population", "act_id", "recorded_at")
    row = (period.name, title, command.seed, today, len(strata), this.id, this.recorded_micros)
    (survey_id,) = insert_new(tx.connection, survey, columns, [row])
    members = [
        (survey_id, *each, this.id, this.recorded_micros)
        for each in draw(strata, size=command.size, seed=command.seed)
    ]
    insert_new(tx.connection, survey_member, _OF_MEMBER, members)
    seal_act(tx, this, (survey, survey_member))
    return survey_id


def answer_survey(
    tx: Writing, command: AnswerSurvey, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write answers down; asked again, the last ones hold."""
    known, branch = _allowed(tx, command, actor)
    member_id, drawn_on = _member(tx.connection, command.survey_id, command.enterprise_id)
    _check(command)
    _check_day("asked_on", command.asked_on, drawn_on, today)
    this = begin_on_enterprise(
        tx, known, "answer_survey", command, actor=actor, branch=branch, key=key
    )
    if this.repeated:
        return
    names = ("asked_on", "running", "run_by", *WORKERS, *INCOMES)
    columns = ("member_id", *names, "act_id", "recorded_at")
    given = (getattr(command, name) for name in names)
    row = (member_id, *given, this.id, this.recorded_micros)
    insert_new(tx.connection, survey_answer, columns, [row])
    seal_act(tx, this, (survey_answer,))


def record_nonresponse(
    tx: Writing, command: RecordNonresponse, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write down that no answer came; an answer that comes later holds all the same.

    Refused once the enterprise has answered.
    """
    known, branch = _allowed(tx, command, actor)
    member_id, drawn_on = _member(tx.connection, command.survey_id, command.enterprise_id)
    if command.outcome not in NONRESPONSES:
        raise Refused("Choose one of the list.", field="outcome")
    _check_day("tried_on", command.tried_on, drawn_on, today)
    this = begin_on_enterprise(
        tx, known, "record_nonresponse", command, actor=actor, branch=branch, key=key
    )
    if this.repeated:
        return
    answered = select(survey_answer.c.id).where(survey_answer.c.member_id == member_id)
    if tx.connection.execute(answered).first():
        raise Refused("This enterprise has answered already. Open its survey again.")
    columns = ("member_id", "tried_on", "outcome", "act_id", "recorded_at")
    row = (member_id, command.tried_on, command.outcome, this.id, this.recorded_micros)
    insert_new(tx.connection, survey_nonresponse, columns, [row])
    seal_act(tx, this, (survey_nonresponse,))


def _strata(connection: Connection) -> dict[int, str]:
    rows: Any = connection.execute(
        select(enterprise.c.id, enterprise.c.sector, person.c.gender).join(
            person, person.c.id == enterprise.c.owner_id
        )
    )
    return {row.id: f"{row.sector}/{row.gender}" for row in rows}


def _check_unasked(connection: Connection, period: str) -> None:
    """Refuse a second sample where it would leave out what enterprises have answered."""
    of_period = select(survey_member.c.id).join(survey, survey.c.id == survey_member.c.survey_id)
    members = of_period.where(survey.c.period == period)
    for table in (survey_answer, survey_nonresponse):
        asked = select(table.c.id).where(table.c.member_id.in_(members)).limit(1)
        if connection.execute(asked).first():
            raise Refused(
                "Enterprises of the sample of {period} have been asked already. Go on with that "
                "sample: another one would leave their answers out.",
                field="period",
                period=period,
            )


def _member(connection: Connection, survey_id: int, enterprise_id: int) -> tuple[int, date]:
    """Give an enterprise's number in the sample, and the day on which that was drawn.

    Refused where another sample of the period has taken its place: its answers count nowhere.
    """
    later = survey.alias("later")
    replaced = exists().where(later.c.period == survey.c.period, later.c.id > survey.c.id)
    wanted = (
        select(survey_member.c.id, survey.c.drawn_on, survey.c.period, replaced.label("replaced"))
        .join(survey, survey.c.id == survey_member.c.survey_id)
        .where(survey.c.id == survey_id, survey_member.c.enterprise_id == enterprise_id)
    )
    found = connection.execute(wanted).first()
    if found is None:
        raise NotFound("This enterprise was not drawn for the survey. Ask another one.")
    if found.replaced:
        raise Refused(
            "Another sample of {period} was drawn since. Ask its enterprises.", period=found.period
        )
    return int(found.id), found.drawn_on


def _allowed(
    tx: Writing, command: AnswerSurvey | RecordNonresponse, actor: Actor
) -> tuple[OwnedEnterprise, str]:
    """Give the enterprise and the branch of the act; NotAllowed at another branch."""
    known = owned_enterprise(tx.connection, command.enterprise_id)
    branch = known.branch_code or command.branch_code
    require(actor, Deed.RECORD_SUPPORT, branch=branch)
    return known, branch


def _check_within(field: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise Refused(
            "Give a whole number from {least} to {most}.", field=field, least=least, most=most
        )


def _check_day(field: str, day: date, drawn_on: date, today: date) -> None:
    if day > today:
        raise Refused("This day lies in the future.", field=field)
    if day < drawn_on:
        raise Refused("The sample was drawn on {day}, after this.", field=field, day=drawn_on)


def _check(command: AnswerSurvey) -> None:
    if command.run_by not in RUN_BY:
        raise Refused("Choose one of the list.", field="run_by")
    for names, most in ((WORKERS, MOST_WORKERS), (INCOMES, LARGEST_AMOUNT)):
        for name in names:
            if not 0 <= getattr(command, name) <= most:
                raise Refused("This number cannot be. Check it.", field=name)
    if not command.running and command.women_now + command.men_now + command.others_now:
        raise Refused("A closed enterprise has no workers. Check both.", field="running")
