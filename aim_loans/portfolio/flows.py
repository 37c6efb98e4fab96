"""What happened to each loan in a month, added up into cells.

How a loan stands at the end of the month, less how it stood at the end of the month before,
both as known at the same cut: so the flows of a month are the difference of its two ends. The
loans are those of the scope at the end of the month, with what they then belonged to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Subquery,
    Text,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from aim_loans.db.bulk import whole_sum
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import instalment, loan, loan_fact, schedule_version
from aim_loans.portfolio.cells import Kept, kept_loans, late_by
from aim_loans.portfolio.due import Number, View, may_fall_in_month, standing_on, sum_where
from aim_loans.portfolio.lateness import Scale
from aim_loans.portfolio.sources import Source, source_for
from aim_loans.portfolio.standing import Wanted, standing

BELONGING = ("sector", "branch", "officer", "programme", "gender")
_DETAILS = ("disbursed", "paid", "waived", "written_off", "recovery", "refunded", "credit")
_GROUPS = (*BELONGING, "fund")
LEVELS = ("level", "level_before", "rescheduled")
_LEVELS = ("branch", *LEVELS)
_VALUE = ("dimension", "value", "branch")
_KEYS = (*_VALUE, *LEVELS)
# Counts, then paisa: how the loans stood at the opening and stand at the end, and what moved
# between. `received_due` leaves out what was paid on instalments due after the month.
MEASURES = (
    "active_loans",
    "loans_made",
    "opening",
    "outstanding",
    "arrears",
    "credit",
    "disbursed",
    "received",
    "received_due",
    "waived",
    "written_off",
    "recovered",
    "refunded",
)
# What fell due in the month as first agreed, and what of it was covered on or before its day.
DUE = ("due", "due_on_time")
# A loan with nothing outstanding has no level.
NO_LEVEL = -1
_NOUGHT, _ZERO = literal_column("0", BigInteger), literal_column("0", Integer)
_EMPTY = literal_column("''", Text)
# The rows of the levels are of no dimension.
_NONE = ""


class Month(NamedTuple):
    """The end of a month and the end of the month before it, both as known at one cut."""

    end: View
    before: View


class Moves(NamedTuple):
    """A month of some loans by their branches: two tables of int64 sums (counts, then paisa).

    `groups` by dimension (of `BELONGING`, and the fund), its value and the branch: `MEASURES`.
    `levels` by branch and `LEVELS`: the level (`lateness.Scale`, -1 where nothing is
    outstanding) at the end, at the end before, and whether the loan is rescheduled: `MEASURES`
    and `DUE`.
    """

    groups: pd.DataFrame
    levels: pd.DataFrame


@dataclass(frozen=True, slots=True)
class MonthCells:
    """A month of a scope in two tables: as `Moves` has them, added up over the branches."""

    by_group: pd.DataFrame
    by_level: pd.DataFrame

    def of(self, dimension: str, names: Iterable[str]) -> pd.DataFrame:
        """Give some measures by the values of a dimension."""
        mine = self.by_group[self.by_group["dimension"] == dimension]
        return mine.set_index("value")[list(names)]


def month_cells(connection: Connection, month: Month, scale: Scale, kept: Kept) -> MonthCells:
    """Add up what the kept loans did in a month."""
    return added_up(month_moves(connection, month, scale, kept))


def month_moves(connection: Connection, month: Month, scale: Scale, kept: Kept) -> Moves:
    """Add up by branch what the kept loans did in a month."""
    moved = _moved(connection, month, scale, kept).cte("moved").prefix_with("MATERIALIZED")
    joint = _joint(moved).cte("joint").prefix_with("MATERIALIZED")
    parts = [*(_by_value(joint, name) for name in _GROUPS), _by_level(moved)]
    rows = connection.execute(union_all(*parts, _on_time(moved, month.end, month.before)))
    found = pd.DataFrame(list(map(tuple, rows)), columns=[*_KEYS, *MEASURES, *DUE])
    found = found.astype(dict.fromkeys((*LEVELS, *MEASURES, *DUE), "int64"))
    of_level = found["dimension"] == _NONE
    groups = found.loc[~of_level, [*_VALUE, *MEASURES]]
    levels = found[of_level].groupby(list(_LEVELS), as_index=False)[[*MEASURES, *DUE]].sum()
    return Moves(groups, levels)


def added_up(moves: Moves) -> MonthCells:
    """Add a month up over the branches."""
    by_group = moves.groups.groupby(["dimension", "value"], as_index=False)[list(MEASURES)].sum()
    by_level = moves.levels.groupby(list(LEVELS), as_index=False)[[*MEASURES, *DUE]].sum()
    return MonthCells(by_group, by_level)


def corrected(cells: MonthCells, then: MonthCells, now: MonthCells) -> MonthCells:
    """Take off what some loans did as it was known, and add it as it is known now."""
    tables = []
    for kept, known, anew in zip(*map(_tables, (cells, then, now)), strict=True):
        names = [name for name in (*MEASURES, *DUE) if name in kept]
        tables.append(pd.concat([kept, known.assign(**(-known[names])), anew]))
    return MonthCells(*tables)


def _tables(cells: MonthCells) -> tuple[pd.DataFrame, pd.DataFrame]:
    return cells.by_group, cells.by_level


def _moved(connection: Connection, month: Month, scale: Scale, kept: Kept) -> Select[Any]:
    """Select what each loan did: its groups, its levels at both ends, and the measures."""
    # Of few loans the facts are the shortest way.
    few = kept.among is not None
    at_end, at_start = (Source.FACTS if few else source_for(connection, view) for view in month)
    end = kept_loans(at_end, month.end, BELONGING, kept, details=_DETAILS)
    start = standing(at_start, month.before, Wanted(detailed=True, among=kept.among))
    now = end.cte("now").prefix_with("MATERIALIZED")
    before = start.cte("before").prefix_with("MATERIALIZED")
    again = _rescheduled(month.end)
    tables = (
        now.join(loan, loan.c.id == now.c.loan_id)
        .outerjoin(before, before.c.loan_id == now.c.loan_id)
        .outerjoin(again, again.c.loan_id == now.c.loan_id)
    )
    return select(
        now.c.loan_id,
        *(now.c[name] for name in BELONGING),
        loan.c.fund_code.label("fund"),
        _level(now, at_end, month.end, scale).label("level"),
        _level(before, at_start, month.before, scale).label("level_before"),
        case((again.c.loan_id.is_(None), 0), else_=1).label("rescheduled"),
        *(amount.label(name) for name, amount in _measures(now, before).items()),
        (now.c.due_first - _held(before, "due_first")).label("fell_due"),
        case((now.c.waived > 0, standing_on(Kind.WAIVER, now.c.loan_id, month.end))).label(
            "waived_on"
        ),
    ).select_from(tables)


def _measures(now: FromClause, before: FromClause) -> dict[str, Number]:
    moved = {
        name: now.c[column] - _held(before, column)
        for name, column in (
            ("disbursed", "disbursed"),
            ("received", "paid"),
            ("waived", "waived"),
            ("written_off", "written_off"),
            ("recovered", "recovery"),
            ("refunded", "refunded"),
        )
    }
    due, paid_before = now.c.due_first, _held(before, "paid")
    found = {
        "active_loans": case((now.c.outstanding > 0, 1), else_=0),
        "loans_made": case((before.c.loan_id.is_(None), 1), else_=0),
        "opening": _held(before, "outstanding"),
        "received_due": _lesser(now.c.paid, due) - _lesser(paid_before, due),
        **{name: now.c[name] for name in ("outstanding", "arrears", "credit")},
        **moved,
    }
    return {name: found[name] for name in MEASURES}


def _level(loans: FromClause, source: Source, view: View, scale: Scale) -> ColumnElement[int]:
    """Give how many edges of the scale a loan has reached; `NO_LEVEL` with nothing left."""
    reached = [
        (late_by(loans, source, view, days), level) for level, days in enumerate(scale.edges, 1)
    ]
    nothing = (func.coalesce(loans.c.outstanding, 0) == 0, NO_LEVEL)
    return case(nothing, (loans.c.arrears == 0, 0), *reversed(reached), else_=0)


def _rescheduled(view: View) -> Subquery:
    version = schedule_version
    return (
        select(version.c.loan_id)
        .where(version.c.number > 1, version.c.effective_on <= view.as_of, view.known(version))
        .distinct()
        .subquery("again")
    )


def _joint(moved: CTE) -> Select[Any]:
    """Add the measures up by all groups at once; from here on there are few rows."""
    groups = [moved.c[name] for name in _GROUPS]
    sums = (whole_sum(moved.c[name]).label(name) for name in MEASURES)
    return select(*groups, *sums).group_by(*groups)


def _by_value(joint: CTE, name: str) -> Select[Any]:
    """Select the measures by the values of a dimension, each with its branch."""
    dimension = literal_column(f"'{name}'", Text)
    return select(
        dimension.label("dimension"),
        joint.c[name].label("value"),
        joint.c.branch,
        *(_ZERO.label(level) for level in LEVELS),
        *(whole_sum(joint.c[measure]).label(measure) for measure in MEASURES),
        *(_NOUGHT.label(due) for due in DUE),
    ).group_by(*dict.fromkeys((joint.c[name], joint.c.branch)))


def _by_level(moved: CTE) -> Select[Any]:
    """Select the measures by branch and levels."""
    keys = [moved.c[name] for name in _LEVELS]
    return select(
        _EMPTY.label("dimension"),
        _EMPTY.label("value"),
        *keys,
        *(whole_sum(moved.c[name]).label(name) for name in MEASURES),
        *(_NOUGHT.label(name) for name in DUE),
    ).group_by(*keys)


def _on_time(moved: CTE, end: View, before: View) -> Select[Any]:
    """Select what fell due in the month and was paid on its day; the other measures are blank."""
    keys = [moved.c[name] for name in _LEVELS]
    first = schedule_version.alias("first")
    row = instalment
    tables = moved.join(first, and_(first.c.loan_id == moved.c.loan_id, first.c.number == 1)).join(
        row, and_(row.c.version_id == first.c.id, may_fall_in_month(first, row, end.as_of))
    )
    asked = or_(moved.c.waived_on.is_(None), row.c.due_on <= moved.c.waived_on)
    covered = _paid_by(moved.c.loan_id, row.c.due_on, end) - (row.c.due_total - row.c.amount)
    on_time = case((covered < 0, 0), (covered > row.c.amount, row.c.amount), else_=covered)
    fell_due = (
        select(*keys, row.c.amount, on_time.label("on_time"))
        .select_from(tables)
        .where(moved.c.fell_due > 0, row.c.due_on > before.as_of, row.c.due_on <= end.as_of, asked)
        .subquery("fell_due")
    )
    return select(
        _EMPTY,
        _EMPTY,
        *(fell_due.c[name] for name in _LEVELS),
        *(_NOUGHT for _ in MEASURES),
        whole_sum(fell_due.c.amount),
        whole_sum(fell_due.c.on_time),
    ).group_by(*(fell_due.c[name] for name in _LEVELS))


def _paid_by(loan_id: ColumnElement[int], day: ColumnElement[Any], view: View) -> Number:
    """Give what had reached a loan's principal by a day."""
    fact = loan_fact.alias()
    sums = {kind: sum_where(fact.c.amount, fact.c.kind == kind) for kind in Kind}
    payable = sums[Kind.DISBURSEMENT] - sums[Kind.WAIVER] - sums[Kind.WRITE_OFF]
    return (
        select(_lesser(sums[Kind.RECEIPT], payable))
        .where(fact.c.loan_id == loan_id, fact.c.value_on <= day, view.known(fact))
        .correlate_except(fact)
        .scalar_subquery()
    )


def _held(before: FromClause, name: str) -> Number:
    return func.coalesce(before.c[name], 0)


def _lesser(one: Number, other: Number) -> Number:
    return case((one < other, one), else_=other)
