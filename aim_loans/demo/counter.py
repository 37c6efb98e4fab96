"""At the counter and in the field: gifts, and the newest days' receipts, visits and mistakes."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from aim_loans.cash.donations import TakeDonation, take_donation
from aim_loans.cash.queries import Receipt
from aim_loans.db.engine import reading
from aim_loans.demo.lives import Life
from aim_loans.demo.office import Office
from aim_loans.demo.paying import Payment
from aim_loans.demo.records import officer_of
from aim_loans.demo.towns import TOWNS, cashier_of, manager_of
from aim_loans.loans.queries import loan_id_of
from aim_loans.origination.queries import programmes
from aim_loans.repayment.operations import Recorded, RecordReceipt, record_receipt
from aim_loans.repayment.requests import (
    AskToCancel,
    ask_to_cancel,
    confirm_cancelling,
    open_request_of,
)
from aim_loans.repayment.visits import PROMISED, RecordVisit, record_visit

# Only those are visited who are later than so many days.
_LATE = 10
# What came of a branch's visits, one on each of the last days.
_OUTCOMES = (PROMISED, "not_home", PROMISED, "refused", "moved", PROMISED, "dispute", PROMISED)
_ACCOUNTS = {"easypaisa": "Easypaisa shop 7", "jazzcash": "JazzCash shop 3", "raast": "Raast"}

# What a donor gave each branch to lend, in paisa.
_GIFT = 500_000_00


def take_gifts(office: Office) -> None:
    """Let each branch begin with a gift at the bank, which the loans of its people come out of."""
    with reading(office.engine) as connection:
        fund = programmes(connection)[office.settings.lending.default_programme]
    for town in TOWNS:
        gift = TakeDonation(
            branch=town.code,
            fund=fund,
            amount=_GIFT,
            channel="bank",
            reference=f"GIFT-{town.code}",
        )
        office.do(take_donation, gift, cashier_of(town))


def take_receipts(office: Office, book: Sequence[Life], day: date) -> None:
    """Take what was paid on a day."""
    for life in book:
        for number, paid in enumerate(life.course.payments, start=1):
            if paid.day == day:
                _receive(office, life, paid, f"{life.ref}/{number}")


def _receive(office: Office, life: Life, paid: Payment, reference: str) -> Recorded:
    cash = paid.channel == "cash"
    command = RecordReceipt(
        life.ref,
        paid.amount,
        paid.day,
        paid.channel,
        account=_ACCOUNTS.get(paid.channel, ""),
        reference=None if cash else reference,
        payer="borrower",
    )
    allowed = office.settings.lending.backdating_days
    record = partial(record_receipt, backdating_days=allowed)
    done: Recorded = office.do(record, command, cashier_of(life.person.town))
    return done


def visit_late_borrowers(office: Office, book: Sequence[Life], day: date, *, left: int) -> None:
    """Visit a late borrower of each branch; `left` counts the days that follow.

    Promises of the earlier visits are broken by the last day, those of the last ones open.
    """
    place = len(_OUTCOMES) - 1 - left
    if place < 0:
        return
    for town in TOWNS:
        late = [life for life in book if life.person.town == town and life.days_late(day) > _LATE]
        silent = [life for life in late if not any(p.day >= day for p in life.course.payments)]
        if silent:
            _visit(office, silent[place % len(silent)], day, _OUTCOMES[place])


def _visit(office: Office, life: Life, day: date, outcome: str) -> None:
    with reading(office.engine) as connection:
        loan_id = loan_id_of(connection, life.ref)
    promised = outcome == PROMISED
    command = RecordVisit(
        loan_id,
        day,
        outcome,
        met_whom="borrower" if promised else "neighbour",
        promised_on=day + timedelta(days=3) if promised else None,
        promised_amount=life.schedule.instalments[0].amount if promised else None,
    )
    office.do(record_visit, command, officer_of(life))


def cancel_receipts(office: Office, book: Sequence[Life]) -> None:
    """Cancel a receipt that was typed twice, and let another wait for the branch manager."""
    today = office.clock.today
    for town in TOWNS[:2]:
        running = [life for life in book if life.person.town == town and life.outstanding(today)]
        for place, life in enumerate(running[:2]):
            again = _receive(office, life, Payment(today, 500_00, "cash"), "")
            asked = AskToCancel(again.receipt.id, "Typed twice for the same slip.")
            with office.writing() as tx:
                ask_to_cancel(tx, asked, actor=office.somebody(cashier_of(town)))
            if place == 0:
                _confirm(office, manager_of(town), again.receipt)


def _confirm(office: Office, manager: str, money: Receipt) -> None:
    actor = office.somebody(manager)
    with office.writing() as tx:
        asked = open_request_of(tx.connection, money)
        if asked is not None:
            confirm_cancelling(tx, asked.id, actor=actor, today=office.clock.today)
