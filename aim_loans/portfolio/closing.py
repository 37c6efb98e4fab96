"""Closes a month: its book is frozen at a cut, and its days take no entries any more.

Every paper, file and page asks `closed_month`: a month that it does not give is provisional.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from aim_loans.dates import add_months, is_month_end, month_end
from aim_loans.db.bulk import next_ids
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.models import cut
from aim_loans.identity.operations import (
    HEAD_OFFICE_CHAIN,
    Act,
    TakeCut,
    begin_act,
    seal_act,
    take_cut,
)
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.ledger.models import period_lock
from aim_loans.ledger.operations import lock_until
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.due import View
from aim_loans.portfolio.freezing import freeze_cells, freeze_loans, marks
from aim_loans.portfolio.frozen_book import freeze_concurrent
from aim_loans.portfolio.frozen_standings import freeze_standings
from aim_loans.portfolio.models import (
    month_cell,
    month_close,
    month_cohort,
    month_control,
    month_flow,
    month_group,
    month_loan,
    month_person,
    month_roll,
)
from aim_loans.portfolio.months import (
    ClosedMonth,
    close_by_id,
    closed_month,
    closed_months,
    editions,
    last_closed,
)
from aim_loans.portfolio.readiness import Readiness, judged, readiness
from aim_loans.portfolio.restating import Cause, Measure, Restated, Restatements, restatements
from aim_loans.portfolio.sources import fact_source

__all__ = [
    "Cause",
    "CloseMonth",
    "ClosedMonth",
    "Measure",
    "Readiness",
    "Restated",
    "Restatements",
    "close_by_id",
    "close_month",
    "closed_month",
    "closed_months",
    "editions",
    "next_month",
    "readiness",
    "restatements",
]


_SEALED = (
    *(month_close, month_cell, month_cohort, month_person),
    *(month_group, month_flow, month_roll, month_control, period_lock),
)


@dataclass(frozen=True, slots=True)
class CloseMonth:
    """Close a month, given by its last day."""

    month: date


def close_month(
    tx: Writing, command: CloseMonth, *, actor: Actor, today: date, key: str | None = None
) -> ClosedMonth:
    """Close a month; Refused while a check of `readiness` finds a fault, or out of order.

    The transaction must be one from `cutting`: its moment is the cut K. A close after a
    reopening is the next edition of the month, and names the one before.
    """
    require(actor, Deed.CLOSE_MONTH, branch=None)
    month = command.month
    this = begin_act(
        tx,
        kind="close_month",
        command=command,
        actor=actor,
        subject=f"month {month:%Y-%m}",
        chain=HEAD_OFFICE_CHAIN,
        key=key,
    )
    if not this.repeated:
        _check_turn(tx.connection, month, today)
        _freeze(tx, this, month, actor)
        lock_until(tx, this, month)
        seal_act(tx, this, _SEALED)
    return editions(tx.connection, month)[-1]


def next_month(connection: Connection, today: date) -> date:
    """Give the last day of the month whose turn it is to be closed.

    That is the month after the last closed one; before the first close of all, the last month
    that has ended.
    """
    ever = closed_months(connection)
    for each in ever:
        if not each.reopened:
            return month_end(add_months(each.month, 1, anchor_day=1))
    return min((each.month for each in ever), default=month_end(add_months(today, -1)))


def _check_turn(connection: Connection, month: date, today: date) -> None:
    """Refuse a month that has not ended, is closed, or has an open month before it."""
    if not is_month_end(month):
        raise Refused("A month is named by its last day; {day} is none.", field="month", day=month)
    if month >= today:
        raise Refused(
            "The month that ends on {day} is not over. Close it from the next day on.",
            field="month",
            day=month,
        )
    last = last_closed(connection)
    if last is not None and month <= last.month:
        raise Refused(
            "The month that ends on {day} is closed already. To change it, ask to reopen it.",
            field="month",
            day=month,
        )
    turn = next_month(connection, today)
    if month != turn and closed_months(connection):
        raise Refused(
            "Months are closed in their order. Close the month that ends on {day} first.",
            field="month",
            day=turn,
        )


def _freeze(tx: Writing, this: Act, month: date, actor: Actor) -> None:
    """Freeze loans and cells at a cut, and refuse to if the ledger says otherwise."""
    connection, view = tx.connection, View(month, None)
    source = fact_source(connection, view)
    known_at = take_cut(tx, TakeCut(f"close {month:%Y-%m}"), actor=actor)
    ladder = settings_in_force(connection).ladder_on(month)
    (close_id,) = next_ids(connection, month_close, 1)
    totals = freeze_loans(tx, close_id, source, view, ladder)
    rows = select(month_loan).where(month_loan.c.close_id == close_id).subquery("rows")
    found = judged(connection, month, rows, closed=source.closed)
    if found.faults:
        raise Refused("The month cannot be closed yet:\n{faults}", faults=list(found.faults))
    number = select(cut.c.number).where(cut.c.taken_at == known_at)
    earlier = editions(connection, month)
    connection.execute(
        insert(month_close).values(
            id=close_id,
            month=month,
            edition=len(earlier) + 1,
            replaces_id=earlier[-1].id if earlier else None,
            cut_number=number.scalar_subquery(),
            **marks(connection, month)._asdict(),
            **totals._asdict(),
            act_id=this.id,
            recorded_at=this.recorded_at,
        )
    )
    freeze_cells(tx, this, close_id, ladder)
    freeze_concurrent(tx, close_id)
    freeze_standings(tx, this, close_id)
