"""What was recorded after a month was closed and changes it: which loans, why, by how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from aim_loans.errors import NotFound
from aim_loans.portfolio.months import ClosedMonth, editions

# What is compared, in this order: paisa, but for the number of active loans.
MEASURES = (
    *("disbursed", "paid", "waived", "written_off", "outstanding", "active_loans"),
    *("due", "arrears", "par30"),
)
MOST_LOANS = 200


class Measure(NamedTuple):
    """A figure of the month as closed and as known later."""

    name: str
    closed: int
    restated: int

    @property
    def difference(self) -> int:
        """Give by how much it is larger now."""
        return self.restated - self.closed


class Cause(NamedTuple):
    """One thing recorded after the close and dated in the month or before.

    `kind` is the kind of a fact (`loans.facts.Kind`), "dimension" or "schedule"; `amount` is
    paisa, negative for a reversal, and 0 where no money moved.
    """

    kind: str
    amount: int
    value_on: date
    recorded_by: str
    recorded_at: datetime


class Restated(NamedTuple):
    """A loan that stands otherwise than when the month was closed, and why."""

    loan_ref: str
    measures: Sequence[Measure]
    causes: Sequence[Cause]


@dataclass(frozen=True, slots=True)
class Restatements:
    """How a closed month stands as known later.

    `totals` are those of the whole book; their differences are the sums over all loans
    restated, of which `loans` shows the first and `left_out` counts the rest.
    """

    closed: ClosedMonth
    known_at: datetime | None
    totals: Sequence[Measure]
    loans: Sequence[Restated]
    left_out: int


def restatements(
    connection: Connection,
    month: date,
    *,
    known_at: datetime | None = None,
    edition: int | None = None,
) -> Restatements:
    """Give what changed a closed month since, as known at a moment (None: by now).

    Of the newest edition when none is named; NotFound for a month never closed.
    """
    closed = _edition(connection, month, edition)
    return Restatements(closed, known_at, (), (), 0)


def _edition(connection: Connection, month: date, edition: int | None) -> ClosedMonth:
    for closed in reversed(editions(connection, month)):
        if edition in (None, closed.edition):
            return closed
    raise NotFound(
        "The month that ends on {day} was never closed. Close it, or choose another month.",
        field="month",
        day=month,
    )
