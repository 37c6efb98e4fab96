"""Which source a question goes to: positions, all facts, or a closed month and what came later.

Any of them leads to the same answer; the cheapest of those that are true is chosen.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Connection, func, select, true

from aim_loans.db.engine import is_postgresql
from aim_loans.loans.models import loan_position
from aim_loans.portfolio.due import View
from aim_loans.portfolio.months import ClosedMonth, close_before

# PostgreSQL's name for how many processes may help with one statement.
_WORKERS = "max_parallel_workers_per_gather"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the sums of the loans come from, and the columns that tell the oldest unpaid due.

    Positions know its date. Facts give it for a regular schedule as a number (a due key, or
    a day's number) and for all others as a date; NULL where nothing is late. A closed month
    leads to the same as all facts do, from its frozen loans and what came after them: at its
    own end it has counted the days late, for a later day it only saves most of the adding up.
    """

    value: tuple[str, ...]
    closed: ClosedMonth | None = None

    POSITIONS: ClassVar["Source"]
    FACTS: ClassVar["Source"]

    @property
    def worked_out(self) -> bool:
        """Say whether its columns are worked out loan by loan, so that each is asked for once."""
        return self.value == Source.FACTS.value


Source.POSITIONS = Source(("unpaid_on",))
Source.FACTS = Source(("unpaid_key", "unpaid_number", "unpaid_on"))


def source_for(connection: Connection, view: View) -> Source:
    """Choose the cheaper source among those that give the true answer.

    Positions hold every fact recorded so far: they are the book of a day only when none is
    dated after it, and nothing is asked as it was known earlier. Any other day starts from the
    last month closed by then, where there is one.
    """
    asked: list[ColumnElement[Any]] = [func.max(loan_position.c.last_value_on)]
    if is_postgresql(connection):
        # A plan kept for any day misjudges the one that is asked for.
        asked.append(_told("plan_cache_mode", "force_custom_plan"))
        asked.append(_told(_WORKERS, None))
    last = connection.execute(select(*asked)).scalar()
    if view.known_at is None and (last is None or last <= view.as_of):
        return Source.POSITIONS
    return fact_source(connection, view)


def fact_source(connection: Connection, view: View) -> Source:
    """Choose among all facts and those since the last close: they know every sum by its day."""
    closed = close_before(connection, view.as_of, view.known_at)
    if closed is not None:
        return since_close(closed, view)
    if is_postgresql(connection):
        # Of several workers each would add up all the facts anew.
        connection.execute(select(_told(_WORKERS, "0")))
    return Source.FACTS


def since_close(closed: ClosedMonth, view: View) -> Source:
    """Start from a closed month, for its own end or a later day, at its cut or later."""
    columns = Source.FACTS.value if view.as_of > closed.month else ("late_days",)
    return Source(columns, closed)


def _told(setting: str, value: str | None) -> ColumnElement[str]:
    """Tell PostgreSQL's planner for the rest of the transaction; None: as the server has it."""
    return func.set_config(setting, value, true())
