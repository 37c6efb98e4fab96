"""The loss allowance: what the ledger holds, and the movement that a close proposes.

The ladder asks for an amount on the loans as they were frozen (`provisions`); what is asked for
less what is held is the movement, by branch and fund. It is posted by two people
(`allowance_requests`), dated on the month's last day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, case, exists, select

from aim_loans.db.bulk import whole_sum
from aim_loans.identity.models import act
from aim_loans.identity.requests import ByTwo
from aim_loans.loans.models import loan
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.models import allowance_entry, allowance_request, month_loan
from aim_loans.portfolio.months import ClosedMonth
from aim_loans.portfolio.provisions import shared

Place = tuple[str, str]


class Movement(NamedTuple):
    """What the allowance of a branch and fund should be, and what the ledger holds (paisa)."""

    branch: str
    fund: str
    needed: int
    held: int

    @property
    def amount(self) -> int:
        """Give by how much it is to be raised (below 0: lowered)."""
        return self.needed - self.held


def proposed(connection: Connection, closed: ClosedMonth) -> Sequence[Movement]:
    """Give the movements that a close proposes, by branch and fund; those of nothing too.

    By the ladder of the month as known at the close. The parts of all branches and funds add up
    to what the paper of the whole book asks for.
    """
    ladder = settings_in_force(connection, known_at=closed.known_at).ladder_on(closed.month)
    books: dict[Place, dict[str, int]] = {}
    for branch, fund, name, outstanding in connection.execute(_by_class(closed.id)):
        books.setdefault((branch, fund), {})[name] = outstanding
    held = allowances(connection)
    for place in held:
        books.setdefault(place, {})
    return [
        Movement(*place, part, held.get(place, 0))
        for place, part in shared(ladder, sorted(books.items()))
    ]


def by_fund(moves: Iterable[Movement]) -> list[Movement]:
    """Add movements up by fund; the branch is left empty."""
    found: dict[str, Movement] = {}
    for each in moves:
        needed, held = found.get(each.fund, Movement("", each.fund, 0, 0))[2:]
        found[each.fund] = Movement("", each.fund, needed + each.needed, held + each.held)
    return [found[fund] for fund in sorted(found)]


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted for a close, by fund, and by which two people."""

    by: ByTwo
    moves: Sequence[Movement]


def posted(connection: Connection, close_id: int) -> Posted | None:
    """Give what was posted for a close, reversed since or not; None for nothing yet.

    The figures are those of that moment: what the ledger held before, and the movement.
    """
    answer = connection.execute(_confirmed(close_id)).first()
    if answer is None:
        return None
    fund, entry = allowance_entry.c.fund_code, allowance_entry.c
    moved = case((entry.act_id == answer.id, entry.amount), else_=0)
    rows = connection.execute(
        select(fund, whole_sum(entry.amount), whole_sum(moved))
        .where(entry.act_id <= answer.id)
        .group_by(fund)
        .order_by(fund)
    )
    moves = [Movement("", code, int(needed), int(needed - by)) for code, needed, by in rows]
    return Posted(_by_two(answer), [each for each in moves if each.needed or each.held])


def allowances(connection: Connection) -> dict[Place, int]:
    """Give what is set aside by branch and fund, as known now: the movements' sums."""
    by = (allowance_entry.c.branch_code, allowance_entry.c.fund_code)
    found = select(*by, whole_sum(allowance_entry.c.amount)).group_by(*by)
    return {(branch, fund): amount for branch, fund, amount in connection.execute(found)}


def is_posted(connection: Connection, close_id: int) -> bool:
    """Say whether the movement of a close is posted."""
    confirmed = exists().where(
        allowance_request.c.close_id == close_id, allowance_request.c.answer == "confirmed"
    )
    return bool(connection.execute(select(confirmed)).scalar())


def _confirmed(close_id: int) -> Select[Any]:
    """Select the act that posted the movement of a close, and when it was asked for."""
    answer, asked = allowance_request, allowance_request.alias("asked")
    return (
        select(act, asked.c.recorded_at.label("asked_at"))
        .join(answer, answer.c.act_id == act.c.id)
        .join(asked, asked.c.id == answer.c.answers_id)
        .where(answer.c.close_id == close_id, answer.c.answer == "confirmed")
    )


def _by_two(answer: Row[Any]) -> ByTwo:
    return ByTwo(answer.actor, answer.asked_at, answer.second_actor, answer.recorded_at)


def _by_class(close_id: int) -> Select[Any]:
    """Add what was outstanding at a close up by branch, fund and class."""
    rows = month_loan.c
    by = (rows.branch_code, loan.c.fund_code, rows.loan_class)
    return (
        select(*by, whole_sum(rows.outstanding))
        .join_from(month_loan, loan, loan.c.id == rows.loan_id)
        .where(rows.close_id == close_id, rows.outstanding > 0)
        .group_by(*by)
    )
