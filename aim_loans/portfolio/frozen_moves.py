"""What a closed month's groups are, what moved in it, what the ledger held: kept, read.

Kept is what the same questions give at the cut of the close, branch by branch.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, Select, Table, select

from aim_loans.config.settings import Ladder
from aim_loans.dates import add_months, month_end
from aim_loans.db.bulk import insert_new, whole_sum
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act
from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.due import View
from aim_loans.portfolio.flows import (
    DUE,
    LEVELS,
    MEASURES,
    NO_LEVEL,
    Month,
    MonthCells,
    month_moves,
)
from aim_loans.portfolio.frozen_book import kept_by
from aim_loans.portfolio.frozen_groups import freeze_groups, frozen_books, groups_are_whole
from aim_loans.portfolio.lateness import Scale, scale
from aim_loans.portfolio.models import month_control, month_flow, month_roll
from aim_loans.portfolio.months import ClosedMonth
from aim_loans.portfolio.statement_reads import Controls, controls_of_branches, within

_VALUE = ("dimension", "value")
_DAYS = ("from_days", "from_days_before", "rescheduled")
_COLUMNS: Mapping[Table, Sequence[str]] = {
    month_flow: ("branch_code", "dimension", "value", *MEASURES),
    month_roll: ("branch_code", *_DAYS, *MEASURES, *DUE),
    month_control: ("branch_code", "fund_code", *Controls._fields),
}
Rows = list[tuple[Any, ...]]


class FrozenMonth(NamedTuple):
    """What a statement reads of a month as it was closed; the books by dimension where kept."""

    cells: MonthCells
    controls: Mapping[str, Controls]
    books: Mapping[str, pd.DataFrame] | None


def freeze_moves(tx: Writing, act: Act, closed: ClosedMonth, ladder: Ladder) -> None:
    """Keep what the groups of a month are, what moved in it, and what the ledger held."""
    freeze_groups(tx, act, closed.id)
    for table, rows in _measured(tx.connection, closed, ladder).items():
        signed = [(closed.id, *row, act.id) for row in rows]
        insert_new(tx.connection, table, ("close_id", *_COLUMNS[table], "act_id"), signed)


def moves_are_whole(connection: Connection, closed: ClosedMonth, ladder: Ladder) -> bool:
    """Say whether what is kept of a month is what is measured of it at its cut.

    A month closed before it was kept has none.
    """
    if not _is_kept(connection, closed):
        return True
    if not groups_are_whole(connection, closed.id):
        return False
    for table, rows in _measured(connection, closed, ladder).items():
        kept = select(*(table.c[name] for name in _COLUMNS[table]))
        mine = connection.execute(kept.where(table.c.close_id == closed.id))
        if sorted(map(tuple, mine)) != sorted(rows):
            return False
    return True


def frozen_month(
    connection: Connection, closed: ClosedMonth, steps: Scale, kept: Kept
) -> FrozenMonth | None:
    """Give what was kept of a month for the branches of a scope; None where nothing was."""
    cells = frozen_cells(connection, closed, steps, kept)
    if cells is None:
        return None
    controls = _controls(connection, closed, kept)
    return FrozenMonth(cells, controls, frozen_books(connection, closed, kept))


def frozen_cells(
    connection: Connection, closed: ClosedMonth, steps: Scale, kept: Kept
) -> MonthCells | None:
    """Give what moved in a month as known at its close; None where it was not kept.

    None too where it was kept by other days of lateness than those of the scale: days that fall
    into one level then may fall into two classes now, and the rows do not tell which.
    """
    if not _is_kept(connection, closed) or not kept_by(connection, closed, steps):
        return None
    level_of = {days: level for level, days in _days_of(steps).items()}
    rolls = _sums(closed, kept, month_roll, _DAYS, (*MEASURES, *DUE))
    rows = connection.execute(rolls)
    by_level = pd.DataFrame(
        [(*map(level_of.__getitem__, row[:2]), *row[2:]) for row in rows],
        columns=[*LEVELS, *MEASURES, *DUE],
    )
    flows = _sums(closed, kept, month_flow, _VALUE, MEASURES)
    by_group = pd.DataFrame(connection.execute(flows).all(), columns=[*_VALUE, *MEASURES])
    return MonthCells(
        by_group.astype(dict.fromkeys(MEASURES, "int64")),
        by_level.astype("int64"),
    )


def _is_kept(connection: Connection, closed: ClosedMonth) -> bool:
    row = select(month_control.c.id).where(month_control.c.close_id == closed.id).limit(1)
    return connection.execute(row).first() is not None


def _sums(
    closed: ClosedMonth, kept: Kept, table: Table, by: Sequence[str], names: Sequence[str]
) -> Select[Any]:
    """Select what a table keeps of a month, added up over the branches of a scope."""
    keys = [table.c[name] for name in by]
    sums = (whole_sum(table.c[name]).label(name) for name in names)
    mine = [table.c.close_id == closed.id, *within(table.c.branch_code, kept)]
    return select(*keys, *sums).where(*mine).group_by(*keys)


def _controls(connection: Connection, closed: ClosedMonth, kept: Kept) -> Mapping[str, Controls]:
    rows = connection.execute(_sums(closed, kept, month_control, ("fund_code",), Controls._fields))
    return {fund: Controls(*balances) for fund, *balances in rows}


def _measured(connection: Connection, closed: ClosedMonth, ladder: Ladder) -> Mapping[Table, Rows]:
    """Measure all that is kept of a month, in the order of each table's columns."""
    steps, everything = scale(ladder), Kept()
    before = month_end(add_months(closed.month, -1))
    month = Month(View(closed.month, closed.known_at), View(before, closed.known_at))
    moves = month_moves(connection, month, steps, everything)
    days = _days_of(steps)
    level, level_before = (moves.levels[name].map(days) for name in ("level", "level_before"))
    rolls = moves.levels.assign(level=level, level_before=level_before)
    controls = controls_of_branches(connection, month.end, before, everything)
    return {
        month_flow: _rows(moves.groups[["branch", *_VALUE, *MEASURES]]),
        month_roll: _rows(rolls[["branch", *LEVELS, *MEASURES, *DUE]]),
        month_control: [(*place, *balances) for place, balances in controls.items()],
    }


def _days_of(steps: Scale) -> dict[int, int]:
    """Give the fewest days late of each level."""
    levels = range(len(steps.edges) + 1)
    return {NO_LEVEL: NO_LEVEL, **{level: steps.lowest_days(level) for level in levels}}


def _rows(frame: pd.DataFrame) -> Rows:
    """Give the rows of a frame in Python's own numbers and texts."""
    return list(zip(*(frame[name].tolist() for name in frame), strict=True))
