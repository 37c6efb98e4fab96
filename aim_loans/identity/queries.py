"""What can be asked of identity; changes nothing."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from aim_loans.errors import NotFound
from aim_loans.identity.models import branch, staff


def branch_exists(connection: Connection, code: str) -> bool:
    """Say whether a branch has this code."""
    return known_branches(connection, [code]) == {code}


def require_branch(connection: Connection, code: str) -> None:
    """Refuse with NotFound a branch that is not there."""
    if not branch_exists(connection, code):
        raise NotFound("There is no branch {code}.", field="branch", code=code)


def known_branches(connection: Connection, codes: Iterable[str]) -> set[str]:
    """Give those of the codes that are branches."""
    found = connection.execute(select(branch.c.code).where(branch.c.code.in_(list(codes))))
    return set(found.scalars())


def staff_exists(connection: Connection, username: str) -> bool:
    """Say whether a member of staff has this user name."""
    found = connection.execute(select(staff.c.username).where(staff.c.username == username))
    return found.first() is not None
