"""What a statement asks beside the book: watched loans, waiting times, lags, control accounts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.series import INCOME_OF_SERIES
from aim_loans.dates import from_day_number
from aim_loans.db.bulk import whole_sum
from aim_loans.ledger.chart import Account
from aim_loans.ledger.models import journal_line
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan, loan_fact
from aim_loans.origination.models import application, application_loan
from aim_loans.portfolio.cells import Kept, kept_loans, late_by
from aim_loans.portfolio.due import View, days_past_due, sum_where
from aim_loans.portfolio.models import WATCHED_OVER, allowance_entry, month_loan
from aim_loans.portfolio.months import ClosedMonth, close_before
from aim_loans.portfolio.sources import Source, source_for
from aim_loans.portfolio.statement_tables import MOST_WATCHED, WatchedLoan

_MICROS_A_DAY = 86_400_000_000
_CONTROLS = (Account.LOANS, Account.BORROWER_CREDIT, Account.LOSS_ALLOWANCE)


class Controls(NamedTuple):
    """A fund's balances in the ledger by value date (paisa, as each account is kept).

    Loans and loss allowance, and the borrowers' credit, at the end of the month; loans at
    its opening too.
    """

    loans: int
    opening: int
    credit: int
    allowance: int


class Lag(NamedTuple):
    """Money for loans of a month that was entered so many days after it came."""

    days: int
    receipts: int
    amount: int


def watched_loans(connection: Connection, view: View, kept: Kept) -> tuple[WatchedLoan, ...]:
    """Give the loans more than 30 days late with the most outstanding, `MOST_WATCHED` at most.

    Of two with as much outstanding the one recorded first comes first.
    """
    rows = connection.execute(_watched(source_for(connection, view), view, kept))
    return tuple(
        WatchedLoan(ref, branch, days_past_due(view.as_of, due), outstanding, arrears)
        for ref, branch, outstanding, arrears, *due in rows
    )


def _watched(source: Source, view: View, kept: Kept) -> Select[Any]:
    closed = source.closed
    if closed is not None and (closed.month, closed.known_at) == (view.as_of, view.known_at):
        return _watched_then(closed, kept)
    book = kept_loans(source, view, ("branch",), kept).subquery("book")
    unpaid = [book.c[name] for name in source.value]
    return (
        select(loan.c.ref, book.c.branch, book.c.outstanding, book.c.arrears, *unpaid)
        .join(loan, loan.c.id == book.c.loan_id)
        .where(book.c.outstanding > 0, late_by(book, source, view, WATCHED_OVER + 1))
        .order_by(book.c.outstanding.desc(), book.c.loan_id)
        .limit(MOST_WATCHED)
    )


def _watched_then(closed: ClosedMonth, kept: Kept) -> Select[Any]:
    """Select the watched loans of a month as it was closed, by the index of the frozen loans."""
    held = month_loan.c
    over = held.late_days > literal_column(str(WATCHED_OVER))
    return (
        select(loan.c.ref, held.branch_code, held.outstanding, held.arrears, held.late_days)
        .join(loan, loan.c.id == held.loan_id)
        .where(held.close_id == closed.id, over, *within(held.branch_code, kept))
        .order_by(held.outstanding.desc(), held.loan_id)
        .limit(MOST_WATCHED)
    )


def waiting_days(
    connection: Connection, view: View, after: date, kept: Kept, zone: ZoneInfo
) -> Counter[int]:
    """Count, by days from application to disbursement, the loans paid out after a day.

    An application counts from the local day on which it was entered.
    """
    # Of few loans the facts are the shortest way.
    few = replace(kept, among=_paid_out_after(connection, view, after, kept))
    book = kept_loans(Source.FACTS, view, (), few, details=("disbursed_on",)).subquery("book")
    entered = _local_day(application.c.recorded_at, view.as_of, zone)
    rows = connection.execute(
        select(entered, book.c.disbursed_on, func.count())
        .select_from(application_loan)
        .join(application, application.c.id == application_loan.c.application_id)
        .join(book, book.c.loan_id == application_loan.c.loan_id)
        .where(book.c.disbursed_on > after)
        .group_by(entered, book.c.disbursed_on)
    )
    found: Counter[int] = Counter()
    for number, paid_out_on, count in rows:
        found[(paid_out_on - from_day_number(number)).days] += count
    return found


def _paid_out_after(connection: Connection, view: View, after: date, kept: Kept) -> Select[Any]:
    """Select the loans with something paid out after a day: facts that no month closed by then has.

    A closed month tells the first fact that is dated after it, in the order of recording.
    """
    closed = close_before(connection, after, view.known_at)
    first = 0 if closed is None else min(closed.later_fact_id, closed.last_fact_id + 1)
    fact = loan_fact.c
    rows = select(fact.loan_id).where(
        # Written into the statement: the planner then sees how few they are.
        fact.id >= literal_column(str(first), BigInteger),
        fact.kind == Kind.DISBURSEMENT,
        fact.value_on > after,
        view.counts(loan_fact),
    )
    return rows if kept.among is None else rows.where(fact.loan_id.in_(kept.among))


def posting_lags(
    connection: Connection, view: View, after: date, kept: Kept, zone: ZoneInfo
) -> list[Lag]:
    """Give how late money for loans that came after a day was entered, at the branch that took it.

    Fees and gifts are no such money.
    """
    entered = _local_day(money_in.c.recorded_at, view.as_of, zone)
    day = money_in.c.received_on
    income = exists().where(
        number_series.c.id == money_in.c.series_id,
        number_series.c.series.in_(INCOME_OF_SERIES),
    )
    asked = [
        ~income,
        money_in.c.reverses_id.is_(None),
        day > after,
        day <= view.as_of,
        view.known(money_in),
        *within(money_in.c.branch_code, kept),
    ]
    rows = connection.execute(
        select(entered, day, func.count(), whole_sum(money_in.c.amount))
        .where(*asked)
        .group_by(entered, day)
    )
    return [
        Lag((from_day_number(number) - received_on).days, count, amount)
        for number, received_on, count, amount in rows
    ]


def control_accounts(
    connection: Connection, view: View, opening: date, kept: Kept
) -> Mapping[str, Controls]:
    """Give each fund's control accounts as the journal has them at (D, K)."""
    found: dict[str, Controls] = {}
    for (_, fund), held in controls_of_branches(connection, view, opening, kept).items():
        before = found.get(fund, Controls(0, 0, 0, 0))
        found[fund] = Controls(*map(sum, zip(before, held, strict=True)))
    return found


def controls_of_branches(
    connection: Connection, view: View, opening: date, kept: Kept
) -> Mapping[tuple[str, str], Controls]:
    """Give the control accounts of each branch and fund as the journal has them at (D, K)."""
    line = journal_line
    wanted = or_(line.c.debit.in_(_CONTROLS), line.c.credit.in_(_CONTROLS))
    loans, credit, allowance = (_debit(account.value) for account in _CONTROLS)
    begun = line.c.value_on <= opening
    by = (line.c.branch_code, line.c.fund_code)
    rows = connection.execute(
        select(
            *by,
            whole_sum(loans),
            sum_where(loans, begun),
            -whole_sum(credit),
            -whole_sum(allowance),
        )
        .where(view.counts(line), wanted, *within(line.c.branch_code, kept))
        .group_by(*by)
    )
    return {(branch, fund): Controls(*balances) for branch, fund, *balances in rows}


def set_aside(connection: Connection, view: View, kept: Kept) -> Mapping[str, int]:
    """Add each fund's movements of the allowance up, as two people posted them, at (D, K)."""
    entry = allowance_entry
    rows = connection.execute(
        select(entry.c.fund_code, whole_sum(entry.c.amount))
        .where(view.counts(entry), *within(entry.c.branch_code, kept))
        .group_by(entry.c.fund_code)
    )
    return {fund: int(amount) for fund, amount in rows}


def _debit(account: str) -> ColumnElement[int]:
    line = journal_line
    return case(
        (line.c.debit == account, line.c.amount),
        (line.c.credit == account, -line.c.amount),
        else_=0,
    )


def within(branch_code: ColumnElement[Any], kept: Kept) -> list[ColumnElement[bool]]:
    """Give the condition that keeps the branches of a scope; none where it keeps all."""
    return [] if kept.branches is None else [branch_code.in_(kept.branches)]


def _local_day(moment: ColumnElement[Any], about: date, zone: ZoneInfo) -> ColumnElement[int]:
    """Give the number of the local day of a moment, by the zone's offset about that day."""
    ahead = zone.utcoffset(datetime.combine(about, time.min)) or timedelta()
    micros = type_coerce(moment, BigInteger) + ahead // timedelta(microseconds=1)
    return micros // _MICROS_A_DAY
