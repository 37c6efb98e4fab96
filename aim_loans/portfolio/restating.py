"""What was recorded after a month was closed and changes it: which loans, why, by how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    and_,
    case,
    func,
    literal_column,
    select,
    union_all,
)

from aim_loans.db.bulk import whole_sum
from aim_loans.errors import NotFound
from aim_loans.identity.models import act
from aim_loans.loans.models import loan, loan_dimension, loan_fact, schedule_version
from aim_loans.portfolio.due import View, sum_where
from aim_loans.portfolio.models import month_cell, month_loan
from aim_loans.portfolio.months import ClosedMonth, editions
from aim_loans.portfolio.sources import Source
from aim_loans.portfolio.standing import Wanted, as_closed
from aim_loans.portfolio.sums import changed_since

# What is compared, in this order: paisa, but for the number of active loans.
MEASURES = (
    *("disbursed", "paid", "waived", "written_off", "outstanding", "active_loans"),
    *("due", "arrears", "par30"),
)
MOST_LOANS = 200
_PAR_DAYS = 30


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

    loan_id: int
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
    branches: frozenset[str] | None = None,
) -> Restatements:
    """Give what changed a closed month since, as known at a moment (None: by now).

    Of the newest edition when none is named, of all branches when none are; a loan that moved
    counts at each branch as it was there. NotFound for a month never closed.
    """
    closed = _edition(connection, month, edition)
    view = View(month, known_at)
    stands = _stands(closed, view, branches).cte("stands")
    before = connection.execute(_whole(closed, branches)).one()
    changes = connection.execute(_differences(stands)).one()
    totals = [
        Measure(name, old, old + change)
        for name, old, change in zip(MEASURES, before, changes[1:], strict=True)
    ]
    shown = connection.execute(_shown(stands)).all()
    causes = _causes(connection, closed, view, [row.loan_id for row in shown])
    loans = [_restated(row, causes.get(row.loan_id, ())) for row in shown]
    return Restatements(closed, known_at, totals, loans, changes[0] - len(loans))


def _edition(connection: Connection, month: date, edition: int | None) -> ClosedMonth:
    for closed in reversed(editions(connection, month)):
        if edition in (None, closed.edition):
            return closed
    raise NotFound(
        "The month that ends on {day} was never closed. Close it, or choose another month.",
        field="month",
        day=month,
    )


def _stands(closed: ClosedMonth, view: View, branches: frozenset[str] | None) -> Select[Any]:
    """Select the loans that changed, each with its measures as closed and as known later."""
    among = select(changed_since(closed, view).cte("changed").c.loan_id)
    wanted = Wanted(dimensions=("branch_code",), among=among, sums=True)
    held, anew = month_loan.alias("held"), as_closed(Source.FACTS, view, wanted).subquery("anew")
    mine = and_(held.c.close_id == closed.id, held.c.loan_id.in_(among))
    sides = union_all(
        _side(held, branches, is_closed=True).where(mine),
        _side(anew, branches, is_closed=False),
    ).subquery("sides")
    loan_id, *amounts = sides.c
    sums = [whole_sum(amount).label(amount.name) for amount in amounts]
    return select(loan_id, *sums).group_by(loan_id)


def _side(rows: FromClause, branches: frozenset[str] | None, *, is_closed: bool) -> Select[Any]:
    """Select a loan's measures as those of one side, with 0 on the other."""
    nothing = literal_column("0", BigInteger)
    measures = _measures(rows)
    before, after = (measures, {}) if is_closed else ({}, measures)
    return select(
        rows.c.loan_id,
        *(before.get(name, nothing).label(f"{name}_closed") for name in MEASURES),
        *(after.get(name, nothing).label(f"{name}_restated") for name in MEASURES),
    ).where(*_kept(rows, branches))


def _measures(rows: FromClause) -> dict[str, ColumnElement[int]]:
    made = {
        "active_loans": case((rows.c.outstanding > 0, 1), else_=0),
        "par30": case((rows.c.late_days > _PAR_DAYS, rows.c.outstanding), else_=0),
    }
    return {name: made[name] if name in made else rows.c[name] for name in MEASURES}


def _kept(rows: FromClause, branches: frozenset[str] | None) -> list[ColumnElement[bool]]:
    paid_out: ColumnElement[bool] = rows.c.disbursed > 0
    return [paid_out] if branches is None else [paid_out, rows.c.branch_code.in_(branches)]


def _whole(closed: ClosedMonth, branches: frozenset[str] | None) -> Select[Any]:
    """Add the measures of all frozen loans up, from the cells of the month."""
    cell = month_cell.c
    late = sum_where(cell.outstanding, cell.from_days > _PAR_DAYS)
    sums: list[ColumnElement[Any]] = [
        late if name == "par30" else whole_sum(cell[name]) for name in MEASURES
    ]
    mine = [] if branches is None else [cell.branch_code.in_(branches)]
    return select(*sums).where(cell.close_id == closed.id, *mine)


def _differences(stands: CTE) -> Select[Any]:
    """Count the loans that changed, and add their differences up."""
    sums = (whole_sum(stands.c[f"{n}_restated"] - stands.c[f"{n}_closed"]) for n in MEASURES)
    columns: list[ColumnElement[Any]] = [func.count(), *sums]
    return select(*columns).select_from(stands)


def _shown(stands: CTE) -> Select[Any]:
    return (
        select(loan.c.ref, stands)
        .join(stands, stands.c.loan_id == loan.c.id)
        .order_by(loan.c.id)
        .limit(MOST_LOANS)
    )


def _restated(row: Any, causes: Sequence[Cause]) -> Restated:
    ref, loan_id, *amounts = row
    sides = zip(MEASURES, amounts[: len(MEASURES)], amounts[len(MEASURES) :], strict=True)
    return Restated(loan_id, ref, [Measure(*side) for side in sides], causes)


def _causes(
    connection: Connection, closed: ClosedMonth, view: View, loan_ids: Sequence[int]
) -> Mapping[int, Sequence[Cause]]:
    """Give what was recorded of these loans since the close, in the order recorded."""
    none, fact = literal_column("0", BigInteger), loan_fact.c
    facts = select(fact.loan_id, fact.kind, fact.amount, fact.value_on, fact.act_id).where(
        fact.id > closed.last_fact_id, view.counts(loan_fact), fact.loan_id.in_(loan_ids)
    )
    others = [
        select(table.c.loan_id, literal_column(f"'{name}'", Text), none, day, table.c.act_id).where(
            table.c.id > last, view.known(table), table.c.loan_id.in_(loan_ids)
        )
        for name, table, day, last in (
            ("dimension", loan_dimension, loan_dimension.c.from_on, closed.last_dimension_id),
            ("schedule", schedule_version, schedule_version.c.effective_on, closed.last_version_id),
        )
    ]
    rows = union_all(facts, *others).subquery("rows")
    found = (
        select(*list(rows.c)[:4], act.c.actor, act.c.recorded_at)
        .join(act, act.c.id == rows.c.act_id)
        .order_by(act.c.recorded_at, act.c.id)
    )
    causes: dict[int, list[Cause]] = {}
    for loan_id, *cause in connection.execute(found):
        causes.setdefault(loan_id, []).append(Cause(*cause))
    return causes
