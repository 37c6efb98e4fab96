"""What can be asked of applications; changes nothing (a lock is no change)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, func, select

from aim_loans.borrowers.groups import Group, group_columns, group_ref, is_group_of
from aim_loans.borrowers.models import borrower_group, enterprise, person
from aim_loans.config.settings import DatedTables
from aim_loans.db.engine import hold_row
from aim_loans.errors import NotFound
from aim_loans.origination.beginnings import PaidBy, paid_by
from aim_loans.origination.committee import (
    Committee,
    State,
    Step,
    Taken,
    committee_step,
    missing_votes,
    stands_until,
    state_of,
)
from aim_loans.origination.happened import Event, happened
from aim_loans.origination.models import (
    application,
    application_loan,
    application_terms,
    group_guarantee,
    guarantee,
)
from aim_loans.origination.parts import ACKNOWLEDGED, ANSWERS, BORROWER, PARTS, VISITS, beside
from aim_loans.origination.queries import settings_in_force
from aim_loans.origination.terms import Terms

OPEN_STATES = (State.DRAFT, State.SUBMITTED, State.APPRAISED, State.APPROVED, State.RETURNED)
APPRAISALS = {"social", "business"}
STEPS = frozenset(Step)


class GroupNamed(NamedTuple):
    """A group that guarantees: its number and name."""

    id: int
    ref: str
    name: str


class GuarantorRow(NamedTuple):
    """A person who guarantees for the borrower, alone or as a member of a group."""

    guarantee_id: int
    person_id: int
    name: str
    cnic: str | None
    mobile: str | None
    address: str | None
    household: str | None
    relation: str
    group: GroupNamed | None


class Answer(NamedTuple):
    """What the bureau or the screening answered."""

    kind: str
    result: str
    checked_on: date
    reference: str | None
    checked_by: str


class Acknowledged(NamedTuple):
    """What the borrower acknowledged, of which version."""

    version: int
    schedule_digest: str
    language: str
    manner: str
    acknowledged_on: date


@dataclass(frozen=True)
class Application:
    """An application with all that is known of it; amounts in paisa.

    `person` holds the borrower's columns, `appraisals` the newest of each kind for the
    version in hand, `events` what happened so far, `dated` the institution's settings. It is
    read on the day `today`; `version_at` is when the version in hand was written down.
    """

    id: int
    branch_code: str
    programme: str
    enterprise: str | None
    officer: str | None
    entered_by: str
    entered_at: datetime
    borrower_id: int
    person: Any
    borrowers_group: Group | None
    version: int
    terms: Terms
    events: Sequence[Event]
    appraisals: Mapping[str, Any]
    guarantors: Sequence[GuarantorRow]
    answers: Mapping[str, Answer]
    acknowledged: Acknowledged | None
    loan_id: int | None
    paid_by: PaidBy | None
    committee: Committee
    dated: DatedTables
    today: date
    version_at: datetime

    @property
    def ref(self) -> str:
        """Give the application's number as people write it."""
        return application_ref(self.branch_code, self.id)

    @cached_property
    def steps(self) -> list[Taken]:
        """Give the steps taken on the version in hand."""
        return [Taken(step.kind, step.by, step.rank) for step in self._current]

    @cached_property
    def state(self) -> State:
        """Derive where it stands today."""
        until = self.stands_until
        return State.EXPIRED if until and until < self.today else self._reached

    @property
    def stands_until(self) -> date | None:
        """Give the last day before it expires, if no further step is taken; None for never."""
        taken = (step.recorded_at for step in self._current)
        since = day_of(max((self.version_at, *taken)))
        return stands_until(self._reached, since, self.dated.expiry_on(self.today))

    @property
    def _current(self) -> list[Event]:
        taken = (each for each in self.events if each.kind in STEPS)
        return [step for step in taken if step.version == self.version]

    @property
    def _reached(self) -> State:
        return state_of(
            self.steps,
            self.committee,
            appraised=self.appraisals.keys() == APPRAISALS,
            paid_out=self.loan_id is not None,
        )

    @property
    def group(self) -> GroupNamed | None:
        """Give the group that guarantees, if one does."""
        return next((each.group for each in self.guarantors if each.group), None)

    @property
    def missing(self) -> list[str]:
        """Give what the committee still lacks: votes, rank, fresh_eyes."""
        return missing_votes(self.committee, self.steps)

    @property
    def left_over(self) -> int | None:
        """Give what the household and the business leave over a month, as appraised."""
        if "social" not in self.appraisals:
            return None
        home, business = self.appraisals["social"], self.appraisals.get("business")
        left = (home.income or 0) - (home.expenses or 0) - (home.debt_payments or 0)
        return left + ((business.sales or 0) - (business.costs or 0) if business else 0)


def day_of(moment: datetime) -> date:
    """Give the day from which an application stands so; UTC, as weeks are counted from it."""
    return moment.date()


def application_ref(branch: str, application_id: int) -> str:
    """Write an application's number."""
    return f"{branch}-A{application_id:06d}"


def application_by_id(
    connection: Connection, application_id: int, *, today: date, lock: bool = False
) -> Application:
    """Give an application, locked if asked for; NotFound when there is none.

    The committee is that of the limits in force today.
    """
    if lock:
        hold_row(connection, application.c.id, application_id)
    row = connection.execute(_head(application_id)).first()
    if row is None:
        raise NotFound("There is no such application. Look for the borrower by name.")
    dated = settings_in_force(connection)
    visits = {kind: part.of(row) for kind, part in VISITS.items()}
    appraisals = {kind: each for kind, each in visits.items() if each}
    step = committee_step(dated.limits_on(today).committee, row.principal)
    appraisers = frozenset(each.appraised_by for each in appraisals.values())
    return Application(
        id=row.id,
        branch_code=row.branch_code,
        programme=row.programme_code,
        enterprise=row.enterprise_name,
        officer=row.officer,
        entered_by=row.entered_by,
        entered_at=row.recorded_at,
        borrower_id=row.borrower_id,
        person=BORROWER.of(row),
        borrowers_group=_borrowers_group(row),
        version=row.version,
        terms=_terms(row),
        events=happened(connection, row.id),
        appraisals=appraisals,
        guarantors=_guarantors(connection, row.id),
        answers=_answered(row),
        acknowledged=_acknowledged(row),
        loan_id=row.loan_id,
        paid_by=paid_by(row),
        committee=Committee(step, row.entered_by, appraisers),
        dated=dated,
        today=today,
        version_at=row.version_at,
    )


def application_of_act(connection: Connection, act_id: int) -> int:
    """Give the application that an act entered."""
    found = select(application.c.id).where(application.c.act_id == act_id)
    return int(connection.execute(found).scalar_one())


def application_of_loan(connection: Connection, loan_id: int) -> int:
    """Give the application that a loan was paid out on; NotFound for a loan without one."""
    wanted = select(application_loan.c.application_id).where(application_loan.c.loan_id == loan_id)
    found = connection.execute(wanted).scalar()
    if found is None:
        raise NotFound(
            "This loan came into the book without an application, so its papers are not here. "
            "Print its statement or its schedule."
        )
    return int(found)


def require_person(connection: Connection, person_id: int) -> None:
    """Refuse with NotFound a borrower who is not registered."""
    if connection.execute(select(person.c.id).where(person.c.id == person_id)).first() is None:
        raise NotFound("There is no such borrower. Register the borrower first.")


def hold_borrower(connection: Connection, application_id: int) -> None:
    """Hold the borrower of an application for this act, before the application itself."""
    mine = (
        select(person.c.id)
        .join(application, application.c.borrower_id == person.c.id)
        .where(application.c.id == application_id)
    )
    connection.execute(mine.with_for_update(of=person)).all()


def newest_terms() -> Select[Any]:
    """Select applications, each with the version of its terms that counts."""
    later = application_terms.alias("later")
    newest = (
        select(func.max(later.c.version))
        .where(later.c.application_id == application.c.id)
        .scalar_subquery()
    )
    return select(
        application,
        *(application_terms.c[name] for name in _TERMS),
        application_terms.c.version,
        application_terms.c.recorded_at.label("version_at"),
    ).select_from(
        application.join(
            application_terms,
            (application_terms.c.application_id == application.c.id)
            & (application_terms.c.version == newest),
        )
    )


_TERMS = ("product_code", "principal", "months", "sector", "activity", "purpose")


def _head(application_id: int) -> Select[Any]:
    paid = application_loan.c.application_id == application.c.id
    group = (each.label(f"group_{each.name}") for each in group_columns())
    return (
        beside(newest_terms(), PARTS)
        .add_columns(application_loan.c.loan_id, enterprise.c.name.label("enterprise_name"), *group)
        .outerjoin(application_loan, paid)
        .outerjoin(enterprise, enterprise.c.id == application.c.enterprise_id)
        .outerjoin(borrower_group, is_group_of(application.c.borrower_id))
        .where(application.c.id == application_id)
    )


def _terms(row: Any) -> Terms:
    return Terms(
        product=row.product_code,
        principal=row.principal,
        months=row.months,
        sector=row.sector,
        activity=row.activity,
        purpose=row.purpose,
    )


def _guarantors(connection: Connection, application_id: int) -> list[GuarantorRow]:
    ending = guarantee.alias("ending")
    rows = connection.execute(
        select(
            guarantee.c.id,
            person.c.id,
            person.c.name,
            person.c.cnic,
            person.c.mobile,
            person.c.address,
            person.c.household,
            guarantee.c.relation,
            borrower_group.c.id,
            borrower_group.c.branch_code,
            borrower_group.c.name,
        )
        .join(person, person.c.id == guarantee.c.person_id)
        .outerjoin(group_guarantee, group_guarantee.c.guarantee_id == guarantee.c.id)
        .outerjoin(borrower_group, borrower_group.c.id == group_guarantee.c.group_id)
        .where(
            guarantee.c.application_id == application_id,
            guarantee.c.ends_id.is_(None),
            ~exists().where(ending.c.ends_id == guarantee.c.id),
        )
        .order_by(guarantee.c.id)
    )
    return [GuarantorRow(*row[:8], _group(*row[8:])) for row in rows]


def _group(group_id: int | None, branch: str, name: str) -> GroupNamed | None:
    return None if group_id is None else GroupNamed(group_id, group_ref(branch, group_id), name)


def _answered(row: Any) -> dict[str, Answer]:
    """Give the newest answer of each kind."""
    found = {kind: part.of(row) for kind, part in ANSWERS.items()}
    return {
        kind: Answer(*(getattr(each, name) for name in Answer._fields))
        for kind, each in found.items()
        if each
    }


def _acknowledged(row: Any) -> Acknowledged | None:
    each = ACKNOWLEDGED.of(row)
    return each and Acknowledged(*(getattr(each, name) for name in Acknowledged._fields))


def _borrowers_group(row: Any) -> Group | None:
    if row.group_id is None:
        return None
    return Group(*(getattr(row, f"group_{name}") for name in Group._fields))
