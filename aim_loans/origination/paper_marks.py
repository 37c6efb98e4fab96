"""What the short codes of the loan papers stand for, and whether a code fits the book.

Of a loan a code speaks of a day and of so many of its facts: facts are only added, so the book
says the same of them at any later time. Of an application it speaks of a version and of the day
planned for the payout.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from aim_loans.cash.queries import Receipt, receipt
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.paper_codes import PaperCode, fits, paper_code
from aim_loans.loans.facts import Fact, add_up
from aim_loans.loans.lookup import LoanPage, loan_page
from aim_loans.loans.schedule import Holidays, Schedule
from aim_loans.origination.conditions import plan_for
from aim_loans.origination.lookup import Application, application_by_id
from aim_loans.origination.terms import schedule_digest

RECEIPT = "R"
OF_LOAN = {"statement": "S", "schedule": "H", "clearance": "C"}
OF_APPLICATION = {"key_facts": "K", "agreement": "A", "undertaking": "G"}

_FIRST_DAY = date(2000, 1, 1)
_DAYS = 2**22  # more than a date can be away


@dataclass(frozen=True, slots=True)
class Marked:
    """What a genuine code speaks of: its thing, a day, and an amount in paisa.

    Of a receipt the day and amount received; of a loan the balance on the day of the paper; of
    an application the day planned for the payout and the amount of the loan.
    """

    code: PaperCode
    branch_code: str
    ref: str
    day: date
    amount: int
    cancelled: bool = False


def code_of_receipt(key: bytes, money: Receipt) -> PaperCode:
    """Make the code of a receipt; it stays when the receipt is cancelled."""
    return paper_code(key, RECEIPT, money.id, 0, _said_of_receipt(money))


def code_of_loan(key: bytes, paper: str, loan: LoanPage, *, as_of: date) -> PaperCode:
    """Make the code of a loan's `statement`, `schedule` or `clearance` drawn on a day."""
    state = len(loan.facts) * _DAYS + (as_of - _FIRST_DAY).days
    said = _said_of_loan(loan, len(loan.facts), as_of)
    return paper_code(key, OF_LOAN[paper], loan.loan_id, state, said)


def code_of_application(
    key: bytes, paper: str, asked: Application, plan: Schedule, *, planned_on: date
) -> PaperCode:
    """Make the code of `key_facts`, `agreement` or `undertaking` for a payout on a day."""
    state = asked.version * _DAYS + (planned_on - _FIRST_DAY).days
    said = _said_of_application(asked, plan)
    return paper_code(key, OF_APPLICATION[paper], asked.id, state, said)


def marked(
    connection: Connection, code: PaperCode, key: bytes, *, today: date, holidays: Holidays
) -> Marked:
    """Give what a code speaks of; NotFound when it fits nothing in the book."""
    try:
        found, said = _spoken_of(connection, code, today, holidays)
    except (Refused, OverflowError):
        # What no row has, or a day that no calendar has.
        raise _unknown(code) from None
    if not fits(code, key, said):
        raise _unknown(code)
    return found


def _spoken_of(
    connection: Connection, code: PaperCode, today: date, holidays: Holidays
) -> tuple[Marked, list[str]]:
    if code.kind == RECEIPT:
        money = receipt(connection, code.row_id)
        known = Marked(
            code,
            money.branch_code,
            money.number,
            money.received_on,
            money.amount,
            money.cancelled,
        )
        return known, _said_of_receipt(money)
    number, days = divmod(code.state, _DAYS)
    day = _FIRST_DAY + timedelta(days)
    if code.kind in OF_LOAN.values():
        loan = loan_page(connection, code.row_id, today=today)
        amount = _balance(loan, number)
        known = Marked(code, loan.branch_code, loan.ref, day, amount)
        return known, _said_of_loan(loan, number, day)
    asked = application_by_id(connection, code.row_id, today=today)
    if asked.version != number:
        raise _unknown(code)
    plan = plan_for(asked, paid_on=day, holidays=holidays)
    known = Marked(code, asked.branch_code, asked.ref, day, asked.terms.principal)
    return known, _said_of_application(asked, plan)


def _unknown(code: PaperCode) -> NotFound:
    return NotFound(
        "No paper of ours that still holds carries the code {code}. Compare it with the paper "
        "letter by letter; if it is the same, keep the paper and tell head office.",
        code=code,
    )


def _said_of_receipt(money: Receipt) -> list[str]:
    return [money.number, str(money.amount), str(money.received_on)]


def _said_of_loan(loan: LoanPage, facts: int, as_of: date) -> list[str]:
    return [loan.ref, str(loan.principal), str(as_of), str(_balance(loan, facts))]


def _balance(loan: LoanPage, facts: int) -> int:
    """Give what is outstanding after so many facts, in the order of recording (paisa)."""
    recorded = sorted(loan.facts, key=lambda fact: fact.fact_id)[:facts]
    return add_up(Fact(fact.kind, fact.amount, fact.value_on) for fact in recorded).outstanding


def _said_of_application(asked: Application, plan: Schedule) -> list[str]:
    return [asked.ref, str(asked.terms.principal), schedule_digest(plan)]
