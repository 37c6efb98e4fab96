"""What can be asked of the ledger; changes nothing."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    select,
    true,
    union_all,
)

from aim_loans.db.bulk import stored_day, whole_sum
from aim_loans.db.engine import hold_row
from aim_loans.db.statements import Statement
from aim_loans.errors import NotFound
from aim_loans.ledger.lines import Side
from aim_loans.ledger.models import account, fund, journal_line
from aim_loans.texts import Phrase

# Asked with every entry, so the days come as text: see `Statement`.
_LOCKED_UNTIL = Statement(
    "SELECT CAST(locked_until AS TEXT) FROM period_lock ORDER BY id DESC LIMIT 1"
)
ANY_DAY = ""
# What is the fund's own, credit less debit: what was put in, earned and spent.
_OWN = ("fund", "income", "expense")


def known_funds(connection: Connection) -> set[str]:
    """Give the codes of all funds."""
    return set(connection.execute(select(fund.c.code)).scalars())


def fund_names(connection: Connection) -> dict[str, Phrase]:
    """Give what the institution calls each fund, by its code."""
    rows = connection.execute(select(fund.c.code, fund.c.name))
    return {row.code: Phrase(row.name) for row in rows}


def require_fund(connection: Connection, code: str) -> None:
    """Refuse with NotFound a fund that is not there."""
    if code not in known_funds(connection):
        raise NotFound("There is no fund {code}. Check the code.", field="fund", code=code)


def lock_fund(connection: Connection, code: str) -> None:
    """Hold a fund until the act ends, so that two gifts at once cannot spend the same money."""
    hold_row(connection, fund.c.code, code)


def fund_balance(connection: Connection, code: str) -> int:
    """Give what a fund has of its own (paisa): capital and income less expense, as known now."""
    own = select(account.c.code).where(account.c.kind.in_(_OWN))
    amount = journal_line.c.amount
    came = case((journal_line.c.credit.in_(own), amount), else_=0)
    went = case((journal_line.c.debit.in_(own), amount), else_=0)
    rows = select(whole_sum(came - went)).where(journal_line.c.fund_code == code)
    return int(connection.execute(rows).scalar_one())


def first_open_day(connection: Connection) -> str:
    """Give the first day that takes entries, as it is stored; an empty text when all do."""
    for (locked,) in _LOCKED_UNTIL.run(connection, {}):
        if locked:
            return stored_day(date.fromisoformat(locked) + timedelta(days=1))
    return ANY_DAY


class TrialLine(NamedTuple):
    """What an account of a branch and fund held on a day (paisa, debit positive).

    `booked` by the days entries were booked on: of a locked day it never moves again.
    `booked_later` is what entries dated by the day, and booked after it, add to it; with them
    it is the balance by value date.
    """

    account: str
    branch: str
    fund: str
    booked: int
    booked_later: int


def trial_lines(connection: Connection, *, day: date, known_at: datetime | None) -> list[TrialLine]:
    """Give the trial balance of a day, as known at a moment, by account, branch and fund."""
    line = journal_line.c
    booked = _balances(connection, line.booked_on <= day, known_at)
    later = _balances(connection, and_(line.value_on <= day, line.booked_on > day), known_at)
    sides = sorted({*booked, *later})
    return [TrialLine(*side, booked.get(side, 0), later.get(side, 0)) for side in sides]


def value_balance(
    connection: Connection, *, day: date, known_at: datetime | None
) -> Mapping[Side, int]:
    """Give what each account held on a day by value date: what the loans must equal."""
    return _balances(connection, journal_line.c.value_on <= day, known_at)


def _balances(
    connection: Connection, kept: ColumnElement[bool], known_at: datetime | None
) -> Mapping[Side, int]:
    rows = connection.execute(_by_account(kept, known_at))
    return {Side(row.account, row.branch_code, row.fund_code): row.amount for row in rows}


def _by_account(kept: ColumnElement[bool], known_at: datetime | None) -> Select[Any]:
    """Add lines up by account, branch and fund, once over the lines; nothing where it is 0."""
    line = journal_line.c
    known = true() if known_at is None else line.recorded_at <= known_at
    places = (line.branch_code, line.fund_code)
    moved = (
        select(line.debit, line.credit, *places, whole_sum(line.amount).label("amount"))
        .where(kept, known)
        .group_by(line.debit, line.credit, *places)
        .cte("moved")
    )
    place = (moved.c.branch_code, moved.c.fund_code)
    sides = union_all(
        select(moved.c.debit.label("account"), *place, moved.c.amount),
        select(moved.c.credit.label("account"), *place, -moved.c.amount),
    ).subquery("sides")
    total = whole_sum(sides.c.amount)
    by = (sides.c.account, sides.c.branch_code, sides.c.fund_code)
    return select(*by, total.label("amount")).group_by(*by).having(total != 0).order_by(*by)
