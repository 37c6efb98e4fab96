"""At which branch somebody of the joint work is looked after, and by which officer."""

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from aim_loans.borrowers.models import person
from aim_loans.loans.models import loan_position


def branch_of_person() -> ColumnElement[str]:
    """Give a person's branch; of an imported person, who has none, a branch of the loans."""
    of_loans = (
        select(func.min(loan_position.c.branch_code))
        .where(loan_position.c.borrower_id == person.c.id)
        .correlate(person)
        .scalar_subquery()
    )
    return func.coalesce(person.c.branch_code, of_loans)


def looked_after(
    branches: frozenset[str] | None, officer: str | None = None
) -> ColumnElement[bool]:
    """Keep the persons of these branches (None: all); of an officer, those of the own loans.

    An imported person belongs to each branch that lent.
    """
    borrowers = select(loan_position.c.borrower_id)
    if branches is not None:
        borrowers = borrowers.where(loan_position.c.branch_code.in_(branches))
    if officer is not None:
        return person.c.id.in_(borrowers.where(loan_position.c.officer == officer))
    if branches is None:
        return true()
    imported = and_(person.c.branch_code.is_(None), person.c.id.in_(borrowers))
    return or_(person.c.branch_code.in_(branches), imported)
