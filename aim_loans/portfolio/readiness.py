"""What stands against closing a month: faults that block it, and what is only to be known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial

from sqlalchemy import Connection, FromClause, and_, exists, func, or_, select, true

from aim_loans.cash.models import money_in, number_series
from aim_loans.db.bulk import whole_sum
from aim_loans.errors import AimError, Refused
from aim_loans.identity.models import act
from aim_loans.intake.models import data_gap
from aim_loans.ledger.chart import Account
from aim_loans.ledger.lines import Side
from aim_loans.ledger.queries import fund_names, value_balance
from aim_loans.loans.models import loan
from aim_loans.loans.suspense import money_on_no_loan
from aim_loans.money import Rupees
from aim_loans.portfolio.due import View
from aim_loans.portfolio.months import ClosedMonth
from aim_loans.portfolio.sources import fact_source
from aim_loans.portfolio.standing import Wanted, as_closed
from aim_loans.texts import Phrase
from aim_loans.vocabulary import N_

Balances = Mapping[Side, int]
# Asked only when something is found: the names of the funds by their codes.
_Names = Callable[[], Mapping[str, Phrase]]

_UNEQUAL = {
    Account.LOANS: N_(
        "Branch {branch}, fund {fund}: the ledger holds Rs {ledger} of loans, the loans themselves "
        "add up to Rs {detail}. Run `aim-loans verify` to find the entry."
    ),
    Account.BORROWER_CREDIT: N_(
        "Branch {branch}, fund {fund}: the ledger holds Rs {ledger} of borrowers' credit, the "
        "loans themselves add up to Rs {detail}. Run `aim-loans verify` to find the entry."
    ),
    Account.SUSPENSE: N_(
        "Branch {branch}, fund {fund}: the ledger holds Rs {ledger} in suspense, the money that is "
        "on no loan adds up to Rs {detail}. Run `aim-loans verify` to find the entry."
    ),
}
# Liabilities stand on the credit side; a person reads them as amounts owed.
_OWED = (Account.BORROWER_CREDIT, Account.SUSPENSE)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a look at a month found: faults that block its close, and warnings that do not."""

    faults: Sequence[AimError]
    warnings: Sequence[AimError]


def readiness(connection: Connection, month: date) -> Readiness:
    """Say whether a month (its last day) may be closed, as known now."""
    view = View(month, None)
    wanted = Wanted(dimensions=("branch_code",), detailed=True)
    source = fact_source(connection, view)
    rows = as_closed(source, view, wanted).subquery("rows")
    return judged(connection, month, rows, closed=source.closed)


def judged(
    connection: Connection, month: date, rows: FromClause, *, closed: ClosedMonth | None
) -> Readiness:
    """Judge a month by how its loans stand: loan_id, branch_code, outstanding and credit.

    `closed` is the last month that was closed before.
    """
    names: _Names = cache(partial(fund_names, connection))
    ledger = value_balance(connection, day=month, known_at=None)
    loans, credit = _of_loans(connection, rows)
    loose = _in_suspense(connection, month)
    details = {Account.LOANS: loans, Account.BORROWER_CREDIT: credit, Account.SUSPENSE: loose}
    faults: list[AimError] = []
    for account, detail in details.items():
        faults += _unequal(account, ledger, detail, names)
    faults += [*_bridges(ledger, names), *_numbers(connection, closed)]
    return Readiness(faults, [*_waiting(loose, names), *_gaps(connection)])


def _of_loans(connection: Connection, rows: FromClause) -> tuple[Balances, Balances]:
    """Add the loans' balances and their borrowers' credit up by branch and fund."""
    by = (rows.c.branch_code, loan.c.fund_code)
    found = connection.execute(
        select(*by, whole_sum(rows.c.outstanding), whole_sum(rows.c.credit))
        .join_from(rows, loan, loan.c.id == rows.c.loan_id)
        .group_by(*by)
    ).all()
    loans = {Side(Account.LOANS, branch, fund): out for branch, fund, out, _ in found}
    credit = {Side(Account.BORROWER_CREDIT, branch, fund): -owed for branch, fund, _, owed in found}
    return loans, credit


def _in_suspense(connection: Connection, month: date) -> Balances:
    return {
        Side(Account.SUSPENSE, branch, fund): amount
        for branch, fund, amount in connection.execute(money_on_no_loan(month))
    }


def _unequal(
    account: Account, ledger: Balances, detail: Balances, names: _Names
) -> Iterator[AimError]:
    sign = -1 if account in _OWED else 1
    booked = {side for side in ledger if side.account == account}
    for side in sorted(booked | set(detail)):
        held, counted = ledger.get(side, 0), detail.get(side, 0)
        if held != counted:
            yield Refused(
                _UNEQUAL[account],
                branch=side.branch,
                fund=names()[side.fund],
                ledger=Rupees(sign * held),
                detail=Rupees(sign * counted),
            )


def _bridges(ledger: Balances, names: _Names) -> Iterator[AimError]:
    """Find what crossed branches in a fund, or funds in a branch, and did not arrive."""
    left: dict[tuple[Account, str], int] = {}
    for side, amount in ledger.items():
        if side.account == Account.INTER_BRANCH:
            key = (Account.INTER_BRANCH, side.fund)
        elif side.account == Account.INTER_FUND:
            key = (Account.INTER_FUND, side.branch)
        else:
            continue
        left[key] = left.get(key, 0) + amount
    for (account, place), amount in sorted(left.items()):
        if amount:
            yield Refused(
                "The account {account} does not cancel for {place}: Rs {amount} are left. Run "
                "`aim-loans verify` to find the entry.",
                account=account.value,
                place=names().get(place, place),
                amount=Rupees(amount),
            )


def _numbers(connection: Connection, closed: ClosedMonth | None) -> Iterator[AimError]:
    """Find series of receipts whose numbers do not run from 1 to the last one given out.

    At the last close they all did, and no receipt goes away: so what was given out since is
    looked at, and must go on from a number that was there.
    """
    recent = true() if closed is None else act.c.recorded_at > closed.known_at
    given = (
        select(
            money_in.c.series_id,
            func.count().label("count"),
            func.min(money_in.c.number).label("first"),
        )
        .join(act, act.c.id == money_in.c.act_id)
        .where(money_in.c.number.is_not(None), recent)
        .group_by(money_in.c.series_id)
        .subquery("given")
    )
    of_series = money_in.c.series_id == number_series.c.id
    last = select(func.max(money_in.c.number)).where(of_series).scalar_subquery()
    before = exists().where(of_series, money_in.c.number == given.c.first - 1)
    goes_on = and_(
        given.c.count == number_series.c.last_number - given.c.first + 1,
        or_(given.c.first == 1, before),
    )
    rows = (
        select(number_series)
        .outerjoin(given, given.c.series_id == number_series.c.id)
        .where(or_(last.is_(None), last != number_series.c.last_number, ~goes_on))
        .order_by(number_series.c.id)
    )
    for row in connection.execute(rows):
        yield Refused(
            "The receipts {branch}, series {series}, year {year} have a gap in their numbers. "
            "Run `aim-loans verify`, and find the receipt that is missing.",
            branch=row.branch_code,
            series=row.series,
            year=str(row.fiscal_year),
        )


def _waiting(loose: Balances, names: _Names) -> Iterator[AimError]:
    for side, amount in sorted(loose.items()):
        if amount:
            yield AimError(
                "Branch {branch}, fund {fund}: Rs {amount} came in and are on no loan yet.",
                branch=side.branch,
                fund=names()[side.fund],
                amount=Rupees(-amount),
            )


def _gaps(connection: Connection) -> Iterator[AimError]:
    count = connection.execute(select(func.count()).select_from(data_gap)).scalar_one()
    if count:
        yield AimError(
            "The imported book has {count} gaps in personal fields or districts.",
            count=f"{count:,}",
        )
