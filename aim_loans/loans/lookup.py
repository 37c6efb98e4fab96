"""What the pages of a loan and of a borrower show of loans; changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, or_, select

from aim_loans.borrowers.models import person
from aim_loans.borrowers.queries import Person, person_columns, require_found
from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.queries import receipt_number
from aim_loans.errors import NotFound
from aim_loans.identity.models import act
from aim_loans.loans.facts import Fact, balances
from aim_loans.loans.models import (
    instalment,
    loan,
    loan_fact,
    loan_position,
    schedule_version,
)
from aim_loans.vocabulary import N_

MOST_OF_ONE = 200


class BorrowersLoan(NamedTuple):
    """A loan in a borrower's list: amounts in paisa."""

    loan_id: int
    ref: str
    branch_code: str
    principal: int
    disbursed_on: date | None
    outstanding: int
    days_past_due: int


class Borrower(NamedTuple):
    """A person with the loans at all branches, the newest first."""

    person: Person
    loans: Sequence[BorrowersLoan]

    @property
    def branches(self) -> frozenset[str]:
        """Give the branches that hold the person: where registered, and where there are loans."""
        registered = {self.person.branch_code} if self.person.branch_code else set()
        return frozenset(registered | {loan.branch_code for loan in self.loans})


class PaidLoan(NamedTuple):
    """A loan that money stands on, and whose it is."""

    loan_id: int
    ref: str
    borrower: str


class DueRow(NamedTuple):
    """An instalment and how much of it is paid (paisa)."""

    number: int
    due_on: date
    amount: int
    paid: int

    def stands(self, *, outstanding: int, today: date) -> str:
        """Say how it stands, as a message; a loan with nothing outstanding has ended."""
        if self.paid == self.amount:
            return N_("paid")
        if not outstanding:
            return N_("ended")
        if self.due_on < today:
            return N_("late")
        return N_("due today") if self.due_on == today else N_("to come")


class Happened(NamedTuple):
    """A fact with both its days, and who recorded it; amount in paisa, negative when undone.

    `cancelled` says that it went with the receipt of its money.
    """

    fact_id: int
    kind: str
    amount: int
    value_on: date
    recorded_at: datetime
    actor: str
    money_in_id: int | None
    receipt_number: str | None
    cancelled: bool

    @property
    def undone(self) -> str:
        """Say how it undoes an earlier fact, as a message; nothing where it undoes none."""
        if self.amount >= 0:
            return ""
        return N_("cancelled") if self.cancelled else N_("taken back")


@dataclass(frozen=True, slots=True)
class LoanPage:
    """A loan as its page shows it today: amounts in paisa.

    `rows` is the schedule as it stands, `agreed` the first one where that is another.
    """

    loan_id: int
    ref: str
    borrower_id: int
    borrower: str
    cnic: str | None
    branch_code: str
    sector: str
    product: str
    fund: str
    frequency: str
    purpose: str | None
    disbursed_on: date | None
    principal: int
    outstanding: int
    credit: int
    due_now: int
    days_past_due: int
    rows: Sequence[DueRow]
    agreed: Sequence[DueRow]
    facts: Sequence[Happened]

    @property
    def amount_to_ask(self) -> int:
        """Give what to ask for today: what is due, else the next instalment, else nothing."""
        ahead = (row.amount - row.paid for row in self.rows if row.paid < row.amount)
        return self.due_now or min(next(ahead, 0), self.outstanding)

    @property
    def statement(self) -> Sequence[tuple[Happened, int]]:
        """Give each fact with the balance after it."""
        facts = [Fact(fact.kind, fact.amount, fact.value_on) for fact in self.facts]
        return list(zip(self.facts, balances(facts), strict=True))


def borrower(connection: Connection, person_id: int, *, today: date) -> Borrower:
    """Give a person with the loans, 200 at most; NotFound when there is no such person."""
    names = ("disbursed_on", "outstanding", "oldest_unpaid_due_on", "branch_code")
    rows = connection.execute(
        select(
            *person_columns(),
            loan.c.id.label("loan_id"),
            loan.c.ref.label("loan_ref"),
            loan.c.principal,
            *(loan_position.c[name].label(f"loan_{name}") for name in names),
        )
        .outerjoin(loan_position, loan_position.c.borrower_id == person.c.id)
        .outerjoin(loan, loan.c.id == loan_position.c.loan_id)
        .where(person.c.id == person_id)
        .order_by(loan.c.id.desc())
        .limit(MOST_OF_ONE)
    ).all()
    who = require_found(rows[0][: len(Person.__slots__)] if rows else None)
    return Borrower(who, [_borrowers_loan(row, today) for row in rows if row.loan_id])


def _borrowers_loan(row: Any, today: date) -> BorrowersLoan:
    return BorrowersLoan(
        row.loan_id,
        row.loan_ref,
        row.loan_branch_code,
        row.principal,
        row.loan_disbursed_on,
        row.loan_outstanding,
        _days_late(row.loan_oldest_unpaid_due_on, today),
    )


def loan_page(connection: Connection, loan_id: int, *, today: date) -> LoanPage:
    """Give a loan as its page shows it; NotFound when there is none."""
    row = connection.execute(_contract(loan_id)).first()
    if row is None:
        raise NotFound("There is no such loan. Look for it by its number.", field="loan_ref")
    over = max(0, row.applied - max(0, row.payable))
    over_claim = max(0, row.recovered - row.written_off)
    rows, agreed = _rows(connection, loan_id, row.version_id, paid=row.applied)
    due = sum(each.amount - each.paid for each in rows if each.due_on <= today)
    return LoanPage(
        loan_id=row.id,
        ref=row.ref,
        borrower_id=row.borrower_id,
        borrower=row.name,
        cnic=row.cnic,
        branch_code=row.branch_code,
        sector=row.sector,
        product=row.product_code,
        fund=row.fund_code,
        frequency=row.frequency,
        purpose=row.purpose,
        disbursed_on=row.disbursed_on,
        principal=row.principal,
        outstanding=row.outstanding,
        credit=over + over_claim + row.credited - row.refunded,
        due_now=min(due, row.outstanding),
        days_past_due=_days_late(row.oldest_unpaid_due_on, today),
        rows=rows,
        agreed=agreed,
        facts=_facts(connection, loan_id),
    )


def loans_of_money(connection: Connection, money_in_id: int) -> list[int]:
    """Give the loans on which money in stands now; of cancelled money, the one it was last on."""
    came = case((loan_fact.c.reverses_id.is_(None), loan_fact.c.id))
    rows = connection.execute(
        select(loan_fact.c.loan_id, func.sum(loan_fact.c.amount).label("standing"))
        .where(loan_fact.c.money_in_id == money_in_id)
        .group_by(loan_fact.c.loan_id)
        .order_by(func.max(came))
    ).all()
    standing = sorted(row.loan_id for row in rows if row.standing > 0)
    return standing or [row.loan_id for row in rows[-1:]]


def loans_of_receipts(
    connection: Connection, money_in_ids: Sequence[int]
) -> dict[int, list[PaidLoan]]:
    """Give the loans on which money in stands now, by its id; without those it stands on none."""
    rows = connection.execute(
        select(loan_fact.c.money_in_id, loan.c.id, loan.c.ref, person.c.name)
        .join(loan, loan.c.id == loan_fact.c.loan_id)
        .join(person, person.c.id == loan.c.borrower_id)
        .where(loan_fact.c.money_in_id.in_(money_in_ids))
        .group_by(loan_fact.c.money_in_id, loan.c.id, loan.c.ref, person.c.name)
        .having(func.sum(loan_fact.c.amount) > 0)
        .order_by(loan.c.id)
    )
    found: dict[int, list[PaidLoan]] = {}
    for money_in_id, *paid in rows:
        found.setdefault(money_in_id, []).append(PaidLoan(*paid))
    return found


def _days_late(oldest_unpaid: date | None, today: date) -> int:
    return max(0, (today - oldest_unpaid).days) if oldest_unpaid else 0


def _contract(loan_id: int) -> Select[Any]:
    payable = (
        loan_position.c.disbursed - loan_position.c.waived - loan_position.c.written_off
    ).label("payable")
    names = (
        "id",
        "ref",
        "borrower_id",
        "product_code",
        "fund_code",
        "frequency",
        "purpose",
        "principal",
    )
    stands = (
        "branch_code",
        "sector",
        "version_id",
        "disbursed_on",
        "applied",
        "written_off",
        "recovered",
        "credited",
        "refunded",
        "outstanding",
        "oldest_unpaid_due_on",
    )
    return (
        select(
            *(loan.c[name] for name in names),
            *(loan_position.c[name] for name in stands),
            payable,
            person.c.name,
            person.c.cnic,
        )
        .join(person, person.c.id == loan.c.borrower_id)
        .join(loan_position, loan_position.c.loan_id == loan.c.id)
        .where(loan.c.id == loan_id)
    )


def _rows(
    connection: Connection, loan_id: int, version_id: int, *, paid: int
) -> tuple[list[DueRow], list[DueRow]]:
    """Give the schedule that stands, and the first one where it is another.

    What was paid goes on the oldest instalments first.
    """
    names = ("version_id", "number", "due_on", "amount", "due_total")
    version = schedule_version
    rows = connection.execute(
        select(*(instalment.c[name] for name in names))
        .join(version, version.c.id == instalment.c.version_id)
        .where(version.c.loan_id == loan_id, or_(version.c.id == version_id, version.c.number == 1))
        .order_by(instalment.c.number)
    )
    stands: list[DueRow] = []
    agreed: list[DueRow] = []
    for of_version, number, due_on, amount, total in rows:
        row = DueRow(number, due_on, amount, min(amount, max(0, paid - (total - amount))))
        (stands if of_version == version_id else agreed).append(row)
    return stands, agreed


def _facts(connection: Connection, loan_id: int) -> list[Happened]:
    opposite = money_in.alias("opposite")
    rows = connection.execute(
        select(
            loan_fact,
            act.c.actor,
            money_in.c.branch_code,
            money_in.c.number,
            number_series.c.series,
            number_series.c.fiscal_year,
            opposite.c.id.label("opposite_id"),
        )
        .join(act, act.c.id == loan_fact.c.act_id)
        .outerjoin(money_in, money_in.c.id == loan_fact.c.money_in_id)
        .outerjoin(number_series, number_series.c.id == money_in.c.series_id)
        .outerjoin(
            opposite,
            (opposite.c.reverses_id == money_in.c.id) & (opposite.c.act_id == loan_fact.c.act_id),
        )
        .where(loan_fact.c.loan_id == loan_id)
        .order_by(loan_fact.c.value_on, loan_fact.c.id)
    )
    return [_happened(row) for row in rows]


def _happened(row: Any) -> Happened:
    number = None
    if row.number is not None:
        number = receipt_number(row.branch_code, row.series, row.fiscal_year, row.number)
    return Happened(
        row.id,
        row.kind,
        row.amount,
        row.value_on,
        row.recorded_at,
        row.actor,
        row.money_in_id,
        number,
        row.opposite_id is not None,
    )
