"""Checks that the journal and the loans say the same, on every day and in every branch."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.operations import IMPORT_ACCOUNT
from aim_loans.cash.series import INCOME_OF_SERIES
from aim_loans.db.bulk import whole_sum
from aim_loans.ledger.chart import Account
from aim_loans.ledger.models import journal_line
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan, loan_dimension, loan_fact, loan_position
from aim_loans.loans.suspense import money_on_no_loan
from aim_loans.portfolio.models import allowance_entry

# A fact either takes from its other side (a loan is paid out, credit paid back) or gives to it.
_TAKES = (Kind.DISBURSEMENT, Kind.REFUND)

_CONTROLLED = (Account.LOANS, Account.BORROWER_CREDIT, Account.SUSPENSE, Account.LOSS_ALLOWANCE)

# A branch and a fund.
Place = tuple[str, str]


def lines_have_sources(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Each line belongs to a fact of the same act, and each fact moved its whole amount."""
    for table in (money_in, loan_fact, loan_dimension, allowance_entry):
        same = and_(table.c.id == journal_line.c.source_id, table.c.act_id == journal_line.c.act_id)
        found = (
            select(journal_line.c.id)
            .outerjoin(table, same)
            .where(journal_line.c.source == table.name, table.c.id.is_(None))
        )
        for (line_id,) in connection.execute(found):
            yield f"journal line {line_id}: it belongs to no {table.name}"


def facts_are_posted(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Each fact's entry moved its amount through the other side it names."""
    moved = _net(
        and_(
            journal_line.c.source == "loan_fact",
            journal_line.c.source_id == loan_fact.c.id,
            journal_line.c.value_on == loan_fact.c.value_on,
            journal_line.c.branch_code == loan_fact.c.contra_branch,
            journal_line.c.fund_code == loan_fact.c.fund_code,
        ),
        loan_fact.c.contra,
    )
    wanted = case((loan_fact.c.kind.in_(_TAKES), -loan_fact.c.amount), else_=loan_fact.c.amount)
    for (row_id,) in connection.execute(_unposted(loan_fact, moved, wanted)):
        yield f"loan fact {row_id}: its journal entry is missing or has another amount"
    yield from _allowances_unposted(connection)
    own = and_(
        journal_line.c.source == "money_in",
        journal_line.c.source_id == money_in.c.id,
        journal_line.c.value_on == money_in.c.received_on,
        journal_line.c.branch_code == money_in.c.branch_code,
        journal_line.c.fund_code == money_in.c.fund_code,
    )
    elsewhere = or_(money_in.c.account == IMPORT_ACCOUNT, money_in.c.id.in_(_income()))
    goes_to = {Account.SUSPENSE: case((elsewhere, 0), else_=-money_in.c.amount)}
    for series, income in INCOME_OF_SERIES.items():
        here = money_in.c.id.in_(_income(series))
        goes_to[income] = case((here, -money_in.c.amount), else_=0)
    for held, posted in goes_to.items():
        moved = _net(own, literal(held.value))
        for (row_id,) in connection.execute(_unposted(money_in, moved, posted)):
            yield f"money in {row_id}: its journal entry is missing or has another amount"


def _allowances_unposted(connection: Connection) -> Iterator[str]:
    """Find movements of the allowance whose entry does not move them from the expense."""
    own = and_(
        journal_line.c.source == "allowance_entry",
        journal_line.c.source_id == allowance_entry.c.id,
        journal_line.c.value_on == allowance_entry.c.value_on,
        journal_line.c.branch_code == allowance_entry.c.branch_code,
        journal_line.c.fund_code == allowance_entry.c.fund_code,
    )
    moved = _net(own, literal(Account.PROVISION.value))
    for (row_id,) in connection.execute(
        _unposted(allowance_entry, moved, allowance_entry.c.amount)
    ):
        yield f"allowance entry {row_id}: its journal entry is missing or has another amount"


def _income(*only: str) -> Select[Any]:
    """Give the money that is income when it comes in, and what cancels it."""
    original = money_in.alias("original")
    own = func.coalesce(money_in.c.series_id, original.c.series_id)
    return (
        select(money_in.c.id)
        .outerjoin(original, original.c.id == money_in.c.reverses_id)
        .join(number_series, number_series.c.id == own)
        .where(number_series.c.series.in_(only or INCOME_OF_SERIES))
    )


def control_equals_loans(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Today, by branch and fund: loans, credit, suspense and allowance equal their detail."""
    booked = _booked(connection)
    for code, counted in _counted(connection).items():
        for place in sorted({*booked[code], *counted}):
            if booked[code][place] != counted[place]:
                yield (
                    f"{code} at branch {place[0]}, fund {place[1]}: the ledger says "
                    f"{booked[code][place]} paisa, the detail {counted[place]}"
                )


def _booked(connection: Connection) -> defaultdict[str, Counter[Place]]:
    """Give what the journal says of each account (debit positive), from one look at its lines."""
    line = journal_line.c
    by = (line.branch_code, line.fund_code, line.debit, line.credit)
    booked: defaultdict[str, Counter[Place]] = defaultdict(Counter)
    moved = select(*by, whole_sum(line.amount)).group_by(*by)
    for branch, fund, debit, credit, amount in connection.execute(moved):
        booked[debit][branch, fund] += amount
        booked[credit][branch, fund] -= amount
    return booked


def _counted(connection: Connection) -> dict[Account, Counter[Place]]:
    """Give what the detail of each control account adds up to (debit positive)."""
    position = loan_position.c
    credit = position.disbursed - position.waived - position.written_off - position.outstanding
    above = position.applied - credit + position.credited - position.refunded
    over_claim = position.recovered - position.written_off
    claim = case((over_claim > 0, over_claim), else_=0)
    by = (position.branch_code, loan.c.fund_code)
    loans = (
        select(*by, whole_sum(position.outstanding), whole_sum(-(above + claim)))
        .join(loan, loan.c.id == position.loan_id)
        .group_by(*by)
    )
    counted: dict[Account, Counter[Place]] = {code: Counter() for code in _CONTROLLED}
    for branch, fund, outstanding, owed in connection.execute(loans):
        counted[Account.LOANS][branch, fund] = outstanding
        counted[Account.BORROWER_CREDIT][branch, fund] = owed
    held = (allowance_entry.c.branch_code, allowance_entry.c.fund_code)
    set_aside = select(*held, whole_sum(-allowance_entry.c.amount)).group_by(*held)
    for code, detail in (
        (Account.SUSPENSE, money_on_no_loan()),
        (Account.LOSS_ALLOWANCE, set_aside),
    ):
        for branch, fund, amount in connection.execute(detail):
            counted[code][branch, fund] = amount
    return counted


def days_equal_facts(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """On every value date, by fund: what loans and credit changed by is what facts say.

    With `control_equals_loans` this holds the control accounts to the loans on every day: a
    move between branches changes no fund, and a day's facts are the sums of all others.
    """
    accounts = (Account.LOANS, Account.BORROWER_CREDIT, Account.RECOVERY_INCOME)
    facts = select(
        loan_fact.c.value_on.label("day"),
        loan.c.fund_code.label("fund"),
        case((loan_fact.c.kind.in_(_TAKES), loan_fact.c.amount), else_=-loan_fact.c.amount).label(
            "amount"
        ),
    ).join(loan, loan.c.id == loan_fact.c.loan_id)
    debit = case((journal_line.c.debit.in_(accounts), -journal_line.c.amount), else_=0)
    credit = case((journal_line.c.credit.in_(accounts), journal_line.c.amount), else_=0)
    lines = select(
        journal_line.c.value_on.label("day"),
        journal_line.c.fund_code.label("fund"),
        (debit + credit).label("amount"),
    )
    both = union_all(facts, lines).subquery()
    total = whole_sum(both.c.amount)
    found = select(both.c.day, both.c.fund, total).group_by(both.c.day, both.c.fund)
    for day, fund, amount in connection.execute(found.having(total != 0)):
        yield f"{day} fund {fund}: facts and journal differ by {amount} paisa"


def bridges_are_empty(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Inter-branch accounts cancel in each fund, inter-fund accounts in each branch, daily."""
    within = {
        Account.INTER_BRANCH: journal_line.c.fund_code,
        Account.INTER_FUND: journal_line.c.branch_code,
    }
    for code, held in within.items():
        total = whole_sum(_signed(literal(code.value)))
        found = (
            select(journal_line.c.value_on, held, total)
            .group_by(journal_line.c.value_on, held)
            .having(total != 0)
        )
        for day, place, amount in connection.execute(found):
            yield f"{day} {place}: {code} does not cancel, {amount} paisa are left"


def _signed(code: ColumnElement[str]) -> ColumnElement[int]:
    return case(
        (journal_line.c.debit == code, journal_line.c.amount),
        (journal_line.c.credit == code, -journal_line.c.amount),
        else_=0,
    )


def _net(on: ColumnElement[bool], code: ColumnElement[str]) -> tuple[Any, ColumnElement[int]]:
    return on, func.coalesce(func.sum(_signed(code)), 0)


def _unposted(
    table: FromClause, moved: tuple[Any, ColumnElement[int]], wanted: ColumnElement[int]
) -> Select[Any]:
    on, net = moved
    return (
        select(table.c.id)
        .select_from(table.outerjoin(journal_line, on))
        .group_by(table.c.id)
        .having(net != func.max(wanted))
        .order_by(table.c.id)
    )
