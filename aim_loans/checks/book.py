"""Invariants of the whole book, each a named check that yields what it finds wrong.

Each asks the database for the places where two ways of knowing one thing differ. Nothing
is repaired.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.operations import (
    IMPORT_ACCOUNT,
    IMPORT_SERIES,
    RECEIPT_SERIES,
)
from aim_loans.cash.series import INCOME_OF_SERIES
from aim_loans.db.tables import to_micros
from aim_loans.ledger.chart import KINDS
from aim_loans.ledger.models import account
from aim_loans.loans.models import (
    instalment,
    loan,
    loan_dimension,
    loan_fact,
    loan_position,
    schedule_version,
)
from aim_loans.loans.positions import positions

Check = Callable[[Connection, ZoneInfo], Iterator[str]]


def positions_equal_facts(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Each position row is what its loan's facts add up to, and each loan has one."""
    computed, stored = positions().subquery(), loan_position.c
    # Side by side: to tell two sets of a million rows apart, a database would sort them both.
    differs = (computed.c[each.name].is_distinct_from(each) for each in stored)
    wrong = (
        select(loan.c.ref)
        .join(computed, computed.c.loan_id == loan.c.id)
        .outerjoin(loan_position, stored.loan_id == computed.c.loan_id)
        .where(or_(*differs))
        .order_by(loan.c.ref)
    )
    for (ref,) in connection.execute(wrong):
        yield f"loan {ref}: its position is not what its facts add up to"
    surplus = select(loan_position.c.loan_id).where(
        loan_position.c.loan_id.not_in(select(loan.c.id))
    )
    for (loan_id,) in connection.execute(surplus):
        yield f"position {loan_id}: it belongs to no loan"


def schedules_sum(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Each schedule version sums to its principal, in order; no instalment is of no version."""
    running = func.sum(instalment.c.amount).over(
        partition_by=instalment.c.version_id, order_by=instalment.c.number
    )
    earlier = func.lag(instalment.c.due_on).over(
        partition_by=instalment.c.version_id, order_by=instalment.c.number
    )
    rows = select(instalment, running.label("running"), earlier.label("earlier")).subquery()
    regular = and_(
        schedule_version.c.base_amount.is_not(None),
        rows.c.number < schedule_version.c.instalment_count,
        rows.c.amount != schedule_version.c.base_amount,
    )
    bad = or_(
        rows.c.due_total != rows.c.running,
        rows.c.due_on <= func.coalesce(rows.c.earlier, schedule_version.c.effective_on),
        regular,
    )
    totals = (
        select(
            schedule_version.c.loan_id,
            schedule_version.c.number,
            func.count(rows.c.number).label("count"),
            func.max(rows.c.number).label("last"),
            func.max(schedule_version.c.instalment_count).label("said"),
            func.coalesce(func.sum(rows.c.amount), 0).label("total"),
            func.coalesce(func.sum(case((bad, 1), else_=0)), 0).label("bad"),
        )
        .select_from(schedule_version)
        .outerjoin(rows, rows.c.version_id == schedule_version.c.id)
        .group_by(schedule_version.c.loan_id, schedule_version.c.number)
        .subquery()
    )
    faulty = or_(
        totals.c.total.is_(None),
        totals.c.total != loan.c.principal,
        totals.c.count != totals.c.said,
        totals.c.last != totals.c.said,
        totals.c.bad > 0,
    )
    joined = loan.outerjoin(totals, totals.c.loan_id == loan.c.id)
    found = select(loan.c.ref, totals.c.number).select_from(joined).where(faulty)
    for ref, number in connection.execute(found.order_by(loan.c.ref, totals.c.number)):
        yield f"loan {ref}: schedule version {number} does not sum to the principal in order"
    loose = (
        select(instalment.c.version_id)
        .outerjoin(schedule_version, schedule_version.c.id == instalment.c.version_id)
        .where(schedule_version.c.id.is_(None))
        .distinct()
    )
    for (version_id,) in connection.execute(loose):
        yield f"instalments of version {version_id}: they belong to no schedule"


def loans_are_whole(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Each loan has a first schedule version and belongs somewhere from its first day."""
    first = select(schedule_version.c.loan_id).where(schedule_version.c.number == 1)
    placed = select(loan_dimension.c.loan_id)
    missing = or_(loan.c.id.not_in(first), loan.c.id.not_in(placed))
    for (ref,) in connection.execute(select(loan.c.ref).where(missing).order_by(loan.c.ref)):
        yield f"loan {ref}: it has no schedule or no dimensions"


def reversals_are_opposite(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Each reversal is the exact opposite of a fact that is there and is no reversal."""
    for table in (loan_fact, money_in):
        fact = aliased(table)
        same = fact.c.amount == -table.c.amount
        ok = and_(same, fact.c.reverses_id.is_(None))
        found = (
            select(table.c.id)
            .outerjoin(fact, fact.c.id == table.c.reverses_id)
            .where(table.c.reverses_id.is_not(None), ok.is_not(True))
        )
        for (row_id,) in connection.execute(found):
            yield f"{table.name} {row_id}: it is not the opposite of what it reverses"


def money_is_applied_once(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Never more is applied to loans than came in."""
    applied = (
        select(loan_fact.c.money_in_id, func.sum(loan_fact.c.amount).label("applied"))
        .where(loan_fact.c.money_in_id.is_not(None))
        .group_by(loan_fact.c.money_in_id)
        .subquery()
    )
    back = aliased(money_in)
    left = money_in.c.amount + func.coalesce(back.c.amount, 0)
    found = (
        select(money_in.c.id)
        .outerjoin(back, back.c.reverses_id == money_in.c.id)
        .join(applied, applied.c.money_in_id == money_in.c.id)
        .where(applied.c.applied > left)
    )
    for (row_id,) in connection.execute(found):
        yield f"money in {row_id}: more of it is applied to loans than came in"


def numbers_have_no_gaps(connection: Connection, zone: ZoneInfo) -> Iterator[str]:
    """Each number series runs from 1 to its last number, in its branch and fiscal year."""
    used = (
        select(
            money_in.c.series_id,
            func.count().label("count"),
            func.min(money_in.c.number).label("first"),
            func.max(money_in.c.number).label("last"),
            func.min(money_in.c.recorded_at).label("earliest"),
            func.max(money_in.c.recorded_at).label("latest"),
            func.min(money_in.c.branch_code).label("branch"),
            func.max(money_in.c.branch_code).label("other_branch"),
            func.sum(case((money_in.c.account == IMPORT_ACCOUNT, 1), else_=0)).label("imported"),
        )
        .where(money_in.c.number.is_not(None))
        .group_by(money_in.c.series_id)
        .subquery()
    )
    rows = select(number_series, used).outerjoin(used, used.c.series_id == number_series.c.id)
    for row in connection.execute(rows):
        if not _series_is_right(row, zone):
            yield f"receipts {row.branch_code}/{row.series}/{row.fiscal_year}: numbers do not fit"
    orphans = select(money_in.c.id).where(
        money_in.c.number.is_not(None), money_in.c.series_id.not_in(select(number_series.c.id))
    )
    for (row_id,) in connection.execute(orphans):
        yield f"money in {row_id}: its number belongs to no series"


def chart_is_complete(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """The chart of accounts is the one that the software posts to."""
    rows = connection.execute(select(account.c.code, account.c.kind))
    stored = {row.code: row.kind for row in rows}
    if stored != KINDS:
        yield "the chart of accounts was changed"


def _series_is_right(row: Any, zone: ZoneInfo) -> bool:
    start = to_micros(datetime(row.fiscal_year, 7, 1, tzinfo=zone).astimezone(UTC))
    end = to_micros(datetime(row.fiscal_year + 1, 7, 1, tzinfo=zone).astimezone(UTC))
    if row.count is None:
        return False
    return (
        row.first == 1
        and row.last == row.count == row.last_number
        and row.branch == row.other_branch == row.branch_code
        and row.series in (IMPORT_SERIES, RECEIPT_SERIES, *INCOME_OF_SERIES)
        and row.imported == (row.count if row.series == IMPORT_SERIES else 0)
        and start <= to_micros(row.earliest)
        and to_micros(row.latest) < end
    )
