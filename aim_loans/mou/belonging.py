"""At which branch somebody of the joint work is looked after, and by which officer."""

from sqlalchemy import ColumnElement, func, select, true

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


def looked_after(branches: frozenset[str] | None, officer: str | None) -> ColumnElement[bool]:
    """Keep the persons of these branches (None: all); of an officer, those of the own loans."""
    if officer is None:
        return true() if branches is None else branch_of_person().in_(branches)
    own = select(loan_position.c.borrower_id).where(loan_position.c.officer == officer)
    if branches is not None:
        own = own.where(loan_position.c.branch_code.in_(branches))
    return person.c.id.in_(own)
