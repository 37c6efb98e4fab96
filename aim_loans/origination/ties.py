"""What a person is tied to: the applications that are open, the guarantees that still bind."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, exists, or_, select, union

from aim_loans.borrowers.models import person
from aim_loans.loans.models import loan, loan_position
from aim_loans.origination.lookup import application_ref, newest_terms
from aim_loans.origination.models import application, application_loan, guarantee
from aim_loans.origination.waiting import ApplicationRow, Rules, listed, turned_down

MOST_SHOWN = 50


class Guaranteed(NamedTuple):
    """What a person guarantees for: an application, and its loan once it is paid out (paisa)."""

    application_id: int
    ref: str
    borrower_id: int
    borrower: str
    principal: int
    loan_id: int | None
    loan_ref: str | None
    outstanding: int | None


class Ties(NamedTuple):
    """The applications of a person that have not ended, and the guarantees that bind."""

    applications: Sequence[ApplicationRow]
    guarantees: Sequence[Guaranteed]


def ties_of(
    connection: Connection, person_id: int, *, branches: frozenset[str] | None, rules: Rules
) -> Ties:
    """Give what ties a person at these branches (None: at all), the newest first; 50 at most."""
    wanted = _tied(person_id)
    if branches is not None:
        wanted = wanted.where(application.c.branch_code.in_(branches))
    rows = connection.execute(wanted).all()
    own = [row for row in rows if row.borrower_id == person_id]
    guarantees = [
        Guaranteed(
            row.id,
            application_ref(row.branch_code, row.id),
            row.borrower_id,
            row.name,
            row.principal,
            row.loan_id,
            row.loan_ref,
            row.outstanding,
        )
        for row in rows
        if row.borrower_id != person_id
    ]
    return Ties(listed(connection, own, rules), guarantees)


def guarantee_stands() -> ColumnElement[bool]:
    """Give the condition that a row of guarantees is one, and no other row ends it."""
    ending = guarantee.alias("ending")
    return guarantee.c.ends_id.is_(None) & ~exists().where(ending.c.ends_id == guarantee.c.id)


def not_paid_back() -> ColumnElement[bool]:
    """Give the condition that an application is not paid out yet, or not paid back."""
    return or_(loan_position.c.loan_id.is_(None), loan_position.c.outstanding > 0)


def _tied(person_id: int) -> Select[tuple[object, ...]]:
    """Select the person's applications that are not paid out, and those guaranteed for."""
    asked = select(application.c.id).where(application.c.borrower_id == person_id)
    guaranteed = select(guarantee.c.application_id).where(
        guarantee.c.person_id == person_id, guarantee_stands()
    )
    of_another = application.c.borrower_id != person_id
    return (
        newest_terms()
        .add_columns(
            person.c.name,
            application_loan.c.loan_id,
            loan.c.ref.label("loan_ref"),
            loan_position.c.outstanding,
        )
        .join(person, person.c.id == application.c.borrower_id)
        .outerjoin(application_loan, application_loan.c.application_id == application.c.id)
        .outerjoin(loan, loan.c.id == application_loan.c.loan_id)
        .outerjoin(loan_position, loan_position.c.loan_id == loan.c.id)
        .where(
            application.c.id.in_(union(asked, guaranteed)),
            ~turned_down(),
            or_(application_loan.c.loan_id.is_(None), of_another & not_paid_back()),
        )
        .order_by(application.c.id.desc())
        .limit(MOST_SHOWN)
    )
