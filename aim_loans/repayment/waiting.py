"""How much waits for a second person; changes nothing."""

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from aim_loans.repayment.backdating import waiting_backdatings
from aim_loans.repayment.ending_requests import Ending, waiting_endings
from aim_loans.repayment.requests import waiting_cancellings

Branches = frozenset[str] | None


def count_waiting(
    connection: Connection, *, receipts: Branches, endings: Mapping[Ending, Branches]
) -> int:
    """Count receipts to cancel or to backdate at these branches, and endings at those of each kind.

    None means all branches.
    """
    parts = (
        waiting_cancellings(receipts),
        waiting_backdatings(receipts),
        waiting_endings(endings),
    )
    counts = (select(func.count()).select_from(part.subquery()).scalar_subquery() for part in parts)
    return sum(connection.execute(select(*counts)).one())
