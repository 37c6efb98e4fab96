"""What the joint statement is counted from, read once as frames, known at a cut K.

The unit is the enterprise. A loan belongs to the enterprise that its application names, else
to the borrower's first; a borrower of whom none is written down counts as one enterprise,
under the negative of the person's id.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Table,
    false,
    func,
    select,
)

from aim_loans.borrowers.models import (
    enterprise,
    enterprise_review,
    person,
    person_change,
    referral,
    referral_undoing,
)
from aim_loans.db.bulk import whole_sum
from aim_loans.db.tables import stands
from aim_loans.identity.models import act
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan_fact
from aim_loans.mou.models import (
    application_referral,
    partner_answer,
    registration,
    support,
    survey,
    survey_answer,
    survey_member,
    target,
    training,
    training_attendance,
    training_attendance_undoing,
    training_invitation,
    training_undoing,
)
from aim_loans.mou.standing import not_undone
from aim_loans.origination.models import application, application_loan
from aim_loans.portfolio.cells import Kept, kept_loans, late_by
from aim_loans.portfolio.due import View
from aim_loans.portfolio.sources import source_for

Frame = pd.DataFrame
DIMENSIONS = ("sector", "district", "gender")
_OF_PERSON = ("gender", "birth_date", "disability", "district")
# PAR over 30 days begins with the 31st.
_LATE_FROM = 31


def read(connection: Connection, query: Select[Any]) -> Frame:
    """Read a query as a frame of what the driver gives: a day is none before `days` makes it."""
    # Past the library's own rows: to make them takes as long as to read them and to make a frame.
    with connection.execute(query) as result:
        return pd.DataFrame(result.cursor.fetchall(), columns=list(result.keys()))


def looked_up(keys: "pd.Series[Any]", table: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give the value of each key in a table indexed by key; nothing where it has none."""
    return pd.Series(table.reindex(keys).to_numpy(), index=keys.index)


def days(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Give a column of days as moments that compare fast; no day is NaT."""
    return pd.to_datetime(column)


def people(connection: Connection, view: View) -> Frame:
    """Read persons as known at K, by id: gender, birth_date, disability (a bool), district."""
    columns = [person.c[name] for name in _OF_PERSON]
    frame = read(connection, select(person.c.id.label("person"), *columns)).set_index("person")
    # From the newest change back to the first one after K, which tells what was known then.
    for person_id, name, before in _changes_since(connection, view):
        frame.at[person_id, name] = before
    frame["birth_date"] = days(frame["birth_date"])
    frame["disability"] = frame["disability"].notna()
    return frame


def enterprises(connection: Connection, view: View, people: Frame) -> Frame:
    """Read the enterprises written down by K: unit, person, sector, district (else its owner's)."""
    rows = select(
        enterprise.c.id.label("unit"),
        enterprise.c.owner_id.label("person"),
        enterprise.c.sector,
        enterprise.c.district,
    )
    if view.known_at is not None:
        rows = rows.join(act, act.c.id == enterprise.c.act_id).where(view.known(act))
    frame = read(connection, rows.order_by(enterprise.c.id))
    of_owner = looked_up(frame["person"], people["district"])
    frame["district"] = frame["district"].where(frame["district"].notna(), of_owner)
    return frame


def loans(connection: Connection, view: View) -> Frame:
    """Read the loans paid out by D: loan_id, person, dimensions, outstanding, late (over 30)."""
    book, late = standing_book(connection, view)
    names = ("loan_id", "borrower_id", *DIMENSIONS, "outstanding")
    frame = read(connection, select(*(book.c[name] for name in names), late.label("late")))
    return frame.rename(columns={"borrower_id": "person"}).astype({"late": bool})


def standing_book(connection: Connection, view: View) -> tuple[Subquery, ColumnElement[bool]]:
    """Give all loans paid out by D as they stand, and what says which are over 30 days late."""
    source = source_for(connection, view)
    book = kept_loans(source, view, DIMENSIONS, Kept()).subquery("book")
    return book, func.coalesce(late_by(book, source, view, _LATE_FROM), false())


def payouts(connection: Connection, view: View) -> Frame:
    """Read what was paid out on each day and stands at (D, K): loan_id, day, amount."""
    fact, amount = loan_fact, whole_sum(loan_fact.c.amount)
    rows = (
        select(fact.c.loan_id, fact.c.value_on.label("day"), amount.label("amount"))
        .where(fact.c.kind == Kind.DISBURSEMENT.value, view.counts(fact))
        .group_by(fact.c.loan_id, fact.c.value_on)
        .having(amount > 0)
    )
    frame = read(connection, rows.order_by(fact.c.loan_id, fact.c.value_on))
    frame["day"] = days(frame["day"])
    return frame


def named_enterprises(connection: Connection) -> Frame:
    """Read the enterprise that the application of a loan names: loan_id, named."""
    rows = select(application_loan.c.loan_id, application.c.enterprise_id.label("named")).join(
        application, application.c.id == application_loan.c.application_id
    )
    return read(connection, rows.where(application.c.enterprise_id.is_not(None)))


def steps(connection: Connection, view: View) -> Frame:
    """Read the steps of registrations that stand: id, unit, type, state, day, answer."""
    row = registration
    frame = read(
        connection,
        select(
            row.c.id,
            row.c.enterprise_id.label("unit"),
            row.c.type,
            row.c.state,
            row.c.on_day.label("day"),
            *_coded(row),
        )
        .where(row.c.on_day <= view.as_of, *_standing(row, view))
        .order_by(row.c.id),
    )
    return _answered(connection, view, frame, "registration")


def referrals(connection: Connection, view: View) -> Frame:
    """Read the referrals: id, direction, person, day, answer, application and loan_id.

    `application` is NaN before anybody applied, `loan_id` before anything was paid out.
    """
    paid = application_loan
    linked = (
        select(application_referral.c.referral_id, application_referral.c.application_id)
        .join(act, act.c.id == application_referral.c.act_id)
        .where(view.known(act))
        .subquery("linked")
    )
    rows = (
        select(
            referral.c.id,
            referral.c.direction,
            referral.c.person_id.label("person"),
            referral.c.on_day.label("day"),
            linked.c.application_id.label("application"),
            paid.c.loan_id,
            *_coded(referral),
        )
        .outerjoin(linked, linked.c.referral_id == referral.c.id)
        .outerjoin(paid, paid.c.application_id == linked.c.application_id)
        .where(referral.c.on_day <= view.as_of, view.known(referral))
        .where(stands(referral, referral_undoing, view.known(referral_undoing)))
    )
    return _answered(connection, view, read(connection, rows), "referral")


def support_given(connection: Connection, view: View) -> Frame:
    """Read the help that stands: id, kind, unit, day, month, satisfaction, answer."""
    row = support
    frame = read(
        connection,
        select(
            row.c.id,
            row.c.kind,
            row.c.enterprise_id.label("unit"),
            row.c.on_day.label("day"),
            row.c.month,
            row.c.satisfaction,
            *_coded(row),
        ).where(row.c.on_day <= view.as_of, *_standing(row, view)),
    )
    return _answered(connection, view, frame, "support")


def attendances(connection: Connection, view: View) -> Frame:
    """Read who came to which training: id (of the training), person, day, completed, answer."""
    row, asked = training_attendance, training_invitation
    undoing = training_attendance_undoing
    standing = (view.known(row), stands(row, undoing, view.known(undoing)))
    newest = select(func.max(row.c.id)).where(*standing).group_by(row.c.invitation_id)
    frame = read(
        connection,
        select(
            training.c.id,
            asked.c.person_id.label("person"),
            training.c.begins_on.label("day"),
            row.c.completed,
            row.c.satisfaction,
            *_coded(training),
        )
        .join(asked, asked.c.training_id == training.c.id)
        .join(row, row.c.invitation_id == asked.c.id)
        .where(row.c.id.in_(newest), row.c.days > 0, training.c.begins_on <= view.as_of)
        .where(stands(training, training_undoing, view.known(training_undoing))),
    )
    return _answered(connection, view, frame, "training")


def turnovers(connection: Connection, view: View) -> Frame:
    """Read the band of turnover that the newest review by D found: unit, turnover."""
    row = enterprise_review
    rows = select(row.c.enterprise_id.label("unit"), row.c.turnover).where(
        row.c.reviewed_on <= view.as_of, view.known(row)
    )
    frame = read(connection, rows.order_by(row.c.reviewed_on, row.c.id))
    return frame.drop_duplicates("unit", keep="last")


def outcomes(connection: Connection, view: View, period: str) -> Frame:
    """Read the sample of a period's newest survey with the last answers: a row a member."""
    newest = select(func.max(survey.c.id)).where(survey.c.period == period, view.known(survey))
    survey_id = connection.execute(newest).scalar()
    last = (
        select(func.max(survey_answer.c.id))
        .where(view.known(survey_answer))
        .group_by(survey_answer.c.member_id)
    )
    answer = select(survey_answer).where(survey_answer.c.id.in_(last)).subquery("answer")
    given = [answer.c[name] for name in survey_answer.c.keys()[2:-2]]
    frame = read(
        connection,
        select(survey_member.c.enterprise_id.label("unit"), survey.c.population, *given)
        .join(survey, survey.c.id == survey_member.c.survey_id)
        .outerjoin(answer, answer.c.member_id == survey_member.c.id)
        .where(survey.c.id == survey_id),
    )
    frame["asked_on"] = days(frame["asked_on"])
    return frame


def targets(connection: Connection, view: View, period: str) -> dict[str, int | None]:
    """Read the targets of a period that hold, by line; those of splits are left out."""
    rows = (
        select(target.c.line, target.c.value)
        .where(target.c.period == period, target.c.split_by == "", view.known(target))
        .order_by(target.c.id)
    )
    return dict(connection.execute(rows).all())


def _changes_since(connection: Connection, view: View) -> Sequence[Any]:
    row = person_change.c
    changes = select(row.person_id, row.field, row.old_value).where(
        row.field.in_(_OF_PERSON), ~view.known(person_change)
    )
    return connection.execute(changes.order_by(row.id.desc())).all()


def _coded(table: Table) -> list[ColumnElement[Any]]:
    return [table.c.smeda_code.is_not(None).label("coded")]


def _standing(table: Table, view: View) -> list[ColumnElement[bool]]:
    """Keep the rows that nobody has undone by K."""
    return [not_undone(table, known=view.known), view.known(table)]


def _answered(connection: Connection, view: View, frame: Frame, kind: str) -> Frame:
    """Add SMEDA's last answer ("" while it waits), and whether the event counts."""
    column = partner_answer.c[f"{kind}_id"]
    rows = select(column.label("id"), partner_answer.c.answer).where(
        column.is_not(None), view.known(partner_answer)
    )
    answers = read(connection, rows.order_by(partner_answer.c.id))
    last = answers.drop_duplicates("id", keep="last").set_index("id")["answer"]
    frame["answer"] = looked_up(frame["id"], last).astype(object).fillna("")
    frame["coded"] = frame["coded"].astype(bool)
    frame["counts"] = ~frame["coded"] | (frame["answer"] == "confirmed")
    frame["day"] = days(frame["day"])
    return frame
