"""Closes a month of a plain book at any of its moments, as if nothing had been recorded since."""

from datetime import date, datetime

from sqlalchemy import Connection, Table, func, insert, select

from aim_loans.config.settings import Ladder
from aim_loans.db.engine import Writing
from aim_loans.db.tables import to_micros
from aim_loans.identity.models import cut
from aim_loans.identity.operations import Act
from aim_loans.loans.models import loan_dimension, loan_fact, schedule_version
from aim_loans.portfolio.due import View
from aim_loans.portfolio.freezing import freeze_cells, freeze_loans
from aim_loans.portfolio.frozen_book import freeze_concurrent
from aim_loans.portfolio.frozen_standings import freeze_standings
from aim_loans.portfolio.models import month_close
from aim_loans.portfolio.months import ClosedMonth, editions
from aim_loans.portfolio.sources import fact_source


def close_at(connection: Connection, day: date, known_at: datetime, ladder: Ladder) -> ClosedMonth:
    """Freeze a day (a month's end or any other) as known at a moment."""
    number = 1 + (connection.execute(select(func.max(cut.c.number))).scalar() or 0)
    connection.execute(
        insert(cut).values(
            number=number, taken_at=known_at, purpose="", heads="{}", seal="", act_id=1
        )
    )
    tx, act = Writing(connection, known_at, b""), Act(1, "test", to_micros(known_at))
    view, earlier = View(day, known_at), editions(connection, day)
    totals = freeze_loans(tx, number, fact_source(connection, view), view, ladder)
    connection.execute(
        insert(month_close).values(
            id=number,
            month=day,
            edition=len(earlier) + 1,
            replaces_id=earlier[-1].id if earlier else None,
            cut_number=number,
            **_marks(connection, day, known_at),
            **totals._asdict(),
            act_id=1,
            recorded_at=known_at,
        )
    )
    freeze_cells(tx, act, number, ladder)
    freeze_concurrent(tx, number)
    freeze_standings(tx, act, number)
    return editions(connection, day)[-1]


def _marks(connection: Connection, day: date, known_at: datetime) -> dict[str, int]:
    last = _last_of(connection, loan_fact, known_at)
    later = connection.execute(
        select(func.min(loan_fact.c.id)).where(
            loan_fact.c.recorded_at <= known_at, loan_fact.c.value_on > day
        )
    ).scalar()
    return {
        "last_fact_id": last,
        "later_fact_id": later or last + 1,
        "last_dimension_id": _last_of(connection, loan_dimension, known_at),
        "last_version_id": _last_of(connection, schedule_version, known_at),
    }


def _last_of(connection: Connection, table: Table, known_at: datetime) -> int:
    known = select(func.max(table.c.id)).where(table.c.recorded_at <= known_at)
    return connection.execute(known).scalar() or 0
