"""What can be asked of the ledger; changes nothing."""

from sqlalchemy import Connection, select

from aim_loans.errors import NotFound
from aim_loans.ledger.models import fund


def known_funds(connection: Connection) -> set[str]:
    """Give the codes of all funds."""
    return set(connection.execute(select(fund.c.code)).scalars())


def require_fund(connection: Connection, code: str) -> None:
    """Refuse with NotFound a fund that is not there."""
    if code not in known_funds(connection):
        raise NotFound("There is no fund {code}. Check the code.", field="fund", code=code)
