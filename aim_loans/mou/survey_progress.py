"""How a survey goes: whom the sample holds at the branches within reach, and who answered.

The response rate is answers over all that were drawn (AAPOR, Standard Definitions, 10th
edition, 2023, response rate 1: every enterprise of the sample counts as eligible).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, case, func, select

from aim_loans.borrowers.models import enterprise, person
from aim_loans.errors import NotFound
from aim_loans.mou.belonging import branch_of_person, looked_after
from aim_loans.mou.models import survey, survey_answer, survey_member, survey_nonresponse

TO_ASK = "to_ask"
ANSWERED = "answered"
MOST_SURVEYS = 20
PAGE_ROWS = 50

_HEAD = ("id", "period", "title", "seed", "drawn_on", "population")


class Survey(NamedTuple):
    """A survey as it was drawn."""

    id: int
    period: str
    title: str
    seed: int
    drawn_on: date
    population: int


class Progress(NamedTuple):
    """Of so many drawn, how many answered, refused or were not found; the others wait."""

    drawn: int
    answered: int
    refused: int
    not_found: int

    @property
    def to_ask(self) -> int:
        """Give how many nobody has asked yet."""
        return self.drawn - self.answered - self.refused - self.not_found


class Member(NamedTuple):
    """An enterprise of the sample: whose it is, where, and how it stands."""

    enterprise_id: int
    name: str
    sector: str
    owner: str
    mobile: str | None
    district: str | None
    branch_code: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Which part of a sample is listed: of these branches (None: all), perhaps of one state."""

    branches: frozenset[str] | None
    state: str | None = None
    page: int = 1


def surveys(
    connection: Connection, *, branches: frozenset[str] | None
) -> list[tuple[Survey, Progress]]:
    """Give the surveys with their progress at these branches, the newest first; 20 at most."""
    newest = select(survey.c.id).order_by(survey.c.id.desc()).limit(MOST_SURVEYS)
    of = _members(branches).where(survey_member.c.survey_id.in_(newest)).subquery("of")
    head = [survey.c[name] for name in _HEAD]
    rows = (
        select(*head, *_counts(of))
        .outerjoin(of, of.c.survey_id == survey.c.id)
        .where(survey.c.id.in_(newest))
        .group_by(*head)
        .order_by(survey.c.id.desc())
    )
    split = len(_HEAD)
    return [(Survey(*row[:split]), Progress(*row[split:])) for row in connection.execute(rows)]


def survey_by_id(connection: Connection, survey_id: int) -> Survey:
    """Give a survey; NotFound when there is none."""
    head = [survey.c[name] for name in _HEAD]
    row = connection.execute(select(*head).where(survey.c.id == survey_id)).first()
    if row is None:
        raise NotFound("There is no such survey. Open the list again.")
    return Survey(*row)


def progress_by_stratum(
    connection: Connection, survey_id: int, *, branches: frozenset[str] | None
) -> dict[str, Progress]:
    """Give the progress of a survey at these branches by stratum: sector and gender."""
    of = _members(branches).where(survey_member.c.survey_id == survey_id).subquery("of")
    rows = select(of.c.stratum, *_counts(of)).group_by(of.c.stratum).order_by(of.c.stratum)
    return {row[0]: Progress(*row[1:]) for row in connection.execute(rows)}


def members(connection: Connection, survey_id: int, listed: Listed) -> list[Member]:
    """Give a page of a sample, by district and name; one row more tells that a page follows."""
    of = _members(listed.branches).where(survey_member.c.survey_id == survey_id).subquery("of")
    rows = select(*(of.c[name] for name in Member._fields))
    if listed.state:
        rows = rows.where(of.c.state == listed.state)
    rows = rows.order_by(of.c.district, of.c.owner, of.c.enterprise_id)
    rows = rows.limit(PAGE_ROWS + 1).offset((listed.page - 1) * PAGE_ROWS)
    return [Member(*row) for row in connection.execute(rows)]


def state_of_member(connection: Connection, survey_id: int, enterprise_id: int) -> str:
    """Say how an enterprise of the sample stands; NotFound when it was not drawn."""
    one = and_(
        survey_member.c.survey_id == survey_id, survey_member.c.enterprise_id == enterprise_id
    )
    row = connection.execute(_members(None).where(one)).first()
    if row is None:
        raise NotFound("This enterprise was not drawn for the survey. Ask another one.")
    return str(row.state)


def population_by_stratum(connection: Connection) -> dict[str, int]:
    """Count all enterprises by stratum: what a sample would be drawn from now."""
    rows: Any = connection.execute(
        select(enterprise.c.sector, person.c.gender, func.count())
        .join(person, person.c.id == enterprise.c.owner_id)
        .group_by(enterprise.c.sector, person.c.gender)
    )
    return {f"{sector}/{gender}": count for sector, gender, count in rows}


def _members(branches: frozenset[str] | None) -> Select[Any]:
    """Select the enterprises of all samples at these branches, each with how it stands."""
    answered = select(survey_answer.c.id).where(survey_answer.c.member_id == survey_member.c.id)
    tried = (
        select(survey_nonresponse.c.outcome)
        .where(survey_nonresponse.c.member_id == survey_member.c.id)
        .order_by(survey_nonresponse.c.id.desc())
        .limit(1)
        .correlate(survey_member)
        .scalar_subquery()
    )
    state = case((answered.exists(), ANSWERED), else_=func.coalesce(tried, TO_ASK))
    return (
        select(
            survey_member.c.survey_id,
            survey_member.c.enterprise_id,
            survey_member.c.stratum,
            enterprise.c.name,
            enterprise.c.sector,
            person.c.name.label("owner"),
            person.c.mobile,
            func.coalesce(enterprise.c.district, person.c.district).label("district"),
            branch_of_person().label("branch_code"),
            state.label("state"),
        )
        .join(enterprise, enterprise.c.id == survey_member.c.enterprise_id)
        .join(person, person.c.id == enterprise.c.owner_id)
        .where(looked_after(branches))
    )


def _counts(of: Any) -> list[Any]:
    states = (ANSWERED, *Progress._fields[2:])
    count = func.count(of.c.enterprise_id)
    return [count, *(count.filter(of.c.state == state) for state in states)]
