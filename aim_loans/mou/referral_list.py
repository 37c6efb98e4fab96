"""How far referrals are: a list for the branches, and SMEDA's own codes with what it may know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from aim_loans.borrowers.consents import consenting
from aim_loans.borrowers.models import person, referral, referral_closing, referral_undoing
from aim_loans.borrowers.referrals import TO_BANK
from aim_loans.dates import business_date
from aim_loans.db.bulk import ids_as_rows
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan_fact
from aim_loans.mou.models import application_referral
from aim_loans.mou.sent import is_closed, told_sent
from aim_loans.origination.approvals import approved_among
from aim_loans.origination.committee import Step
from aim_loans.origination.models import application_loan, application_step
from aim_loans.origination.queries import settings_in_force
from aim_loans.value_words import WORDS

SENT, TAKEN_BACK, NOT_COME = "sent", "taken_back", "not_come"
# Of a referral that somebody came with.
STATES = tuple(key for key in WORDS["referral_state"] if key != NOT_COME)
PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Progress:
    """A referral with the days on which the application came in, was approved, was paid out."""

    id: int
    direction: str
    state: str
    person_id: int
    name: str
    branch_code: str
    on_day: date
    smeda_code: str | None
    bank: str | None
    application_id: int | None
    applied_on: date | None
    approved_on: date | None
    paid_on: date | None

    def days_to(self, day: date | None) -> int | None:
        """Count the days from the referral to one of these days; None before it has come."""
        return None if day is None else (day - self.on_day).days


@dataclass(frozen=True, slots=True)
class WantedReferrals:
    """Which referrals to list: of branches (None: all), a direction and a state ("" for any)."""

    branches: frozenset[str] | None
    direction: str = ""
    state: str = ""
    page: int = 1


class OwnReferral(NamedTuple):
    """A referral as SMEDA may read it: its own words, and how far it is while the person shares it.

    `sent_id` names what came in a file; None for a code that a branch wrote down. A referral
    that nobody came with can be taken back by SMEDA.
    """

    smeda_code: str
    reference: str | None
    district: str | None
    on_day: date
    state: str
    sent_id: int | None


def list_referrals(
    connection: Connection, wanted: WantedReferrals, *, zone: ZoneInfo
) -> Sequence[Progress]:
    """Give a page of referrals, the latest first; one more than `PAGE_ROWS` tells of another."""
    rows = _progress(connection).subquery()
    listed = select(rows)
    if wanted.branches is not None:
        listed = listed.where(rows.c.branch_code.in_(wanted.branches))
    if wanted.direction:
        listed = listed.where(rows.c.direction == wanted.direction)
    if wanted.state:
        listed = listed.where(rows.c.state == wanted.state)
    latest = listed.order_by(rows.c.on_day.desc(), rows.c.id.desc())
    shown = latest.limit(PAGE_ROWS + 1).offset((wanted.page - 1) * PAGE_ROWS)
    return [_read(row, zone) for row in connection.execute(shown)]


def progress_of(connection: Connection, referral_id: int, *, zone: ZoneInfo) -> Progress:
    """Give how far a referral is that is there."""
    row = connection.execute(_progress(connection).where(referral.c.id == referral_id)).one()
    return _read(row, zone)


def own_referrals(connection: Connection, *, today: date, page: int) -> list[OwnReferral]:
    """Give a page of SMEDA's referrals, the latest first, one row more tells of another page.

    How far one is it reads only of persons who consent today; else the referral was sent, or
    nobody came with it.
    """
    told = told_sent().add_columns(is_closed().label("closed")).subquery("told")
    shared = _progress(connection).where(
        referral.c.smeda_code.is_not(None),
        referral.c.person_id.in_(consenting("smeda", today)),
        referral_undoing.c.id.is_(None),
    )
    came = shared.subquery("came")
    by_file = select(
        *(told.c[name] for name in OwnReferral._fields[:4]),
        func.coalesce(came.c.state, case((told.c.closed, NOT_COME), else_=SENT)).label("state"),
        told.c.id.label("sent_id"),
    ).outerjoin(came, came.c.smeda_code == told.c.smeda_code)
    by_branch = select(
        came.c.smeda_code,
        null().label("reference"),
        null().label("district"),
        came.c.on_day,
        came.c.state,
        null().label("sent_id"),
    ).where(~exists().where(told.c.smeda_code == came.c.smeda_code).correlate(came))
    rows = union_all(by_file, by_branch).subquery()
    latest = select(rows).order_by(rows.c.on_day.desc(), rows.c.smeda_code)
    shown = latest.limit(PAGE_ROWS + 1).offset((page - 1) * PAGE_ROWS)
    return [OwnReferral(*row) for row in connection.execute(shown)]


def _progress(connection: Connection) -> Select[Any]:
    """Select the columns of `Progress`, days of steps still as moments."""
    linked = application_referral
    submitted = _step(Step.SUBMITTED, func.min(application_step.c.recorded_at))
    paid = _paid_on()
    last_vote = _step(Step.APPROVED, func.max(application_step.c.recorded_at))
    approved = case((or_(paid.is_not(None), _is_approved(connection)), last_vote))
    names = ("branch_code", "on_day", "smeda_code", "bank")
    return (
        select(
            referral.c.id,
            referral.c.direction,
            _state(submitted, approved, paid).label("state"),
            referral.c.person_id,
            person.c.name,
            *(referral.c[name] for name in names),
            linked.c.application_id,
            submitted.label("applied_on"),
            approved.label("approved_on"),
            paid.label("paid_on"),
        )
        .join(person, person.c.id == referral.c.person_id)
        .outerjoin(linked, linked.c.referral_id == referral.c.id)
        .outerjoin(referral_closing, referral_closing.c.referral_id == referral.c.id)
        .outerjoin(referral_undoing, referral_undoing.c.undoes_id == referral.c.id)
    )


def _is_approved(connection: Connection) -> ColumnElement[bool]:
    """Tell whether the committee has approved an application that nobody was paid on yet."""
    linked, step, loan = application_referral, application_step, application_loan
    voted = exists().where(
        step.c.application_id == linked.c.application_id, step.c.kind == Step.APPROVED.value
    )
    paid = exists().where(loan.c.application_id == linked.c.application_id)
    asked = select(linked.c.application_id).where(voted, ~paid)
    dated = settings_in_force(connection)
    found = approved_among(connection, asked, known_at=None, dated=dated)
    return linked.c.application_id.in_(ids_as_rows(connection, sorted(found)))


def _state(
    submitted: ColumnElement[Any], approved: ColumnElement[Any], paid: ColumnElement[Any]
) -> ColumnElement[str]:
    """Give how far a referral is: what came of it last."""
    applied = or_(submitted.is_not(None), application_referral.c.application_id.is_not(None))
    return case(
        (referral_undoing.c.id.is_not(None), TAKEN_BACK),
        (paid.is_not(None), "disbursed"),
        (referral_closing.c.id.is_not(None), referral_closing.c.outcome),
        (approved.is_not(None), "approved"),
        (applied, "applied"),
        (referral.c.direction == TO_BANK, SENT),
        else_=literal("received"),
    )


def _step(kind: Step, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    step = application_step
    mine = and_(
        step.c.application_id == application_referral.c.application_id, step.c.kind == kind.value
    )
    return select(moment).where(mine).correlate(application_referral).scalar_subquery()


def _paid_on() -> ColumnElement[Any]:
    return (
        select(func.min(loan_fact.c.value_on))
        .join(application_loan, application_loan.c.loan_id == loan_fact.c.loan_id)
        .where(
            application_loan.c.application_id == application_referral.c.application_id,
            loan_fact.c.kind == Kind.DISBURSEMENT.value,
        )
        .correlate(application_referral)
        .scalar_subquery()
    )


def _read(row: Any, zone: ZoneInfo) -> Progress:
    *values, applied, approved, paid = row
    steps = (business_date(each, zone) if each else None for each in (applied, approved))
    return Progress(*[*values, *steps, paid])
