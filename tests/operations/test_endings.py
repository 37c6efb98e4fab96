"""Waivers, write-offs and refunds by two people; a waiver waits for its fund."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from aim_loans.cash.donations import TakeDonation, take_donation
from aim_loans.checks.run import CHECKS
from aim_loans.db.engine import reading, writing
from aim_loans.errors import NotAllowed, NotFound, Refused
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.ledger.queries import fund_balance
from aim_loans.loans.lookup import LoanPage, loan_page
from aim_loans.repayment.collection import Wanted, collection_sheet, follow_up
from aim_loans.repayment.ending_requests import (
    AskEnding,
    DeclineEnding,
    Ending,
    ask_ending,
    confirm_ending,
    decline_ending,
    open_ending_requests,
)
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from tests.book import (
    AUDIT_KEY,
    CASHIER,
    HEAD_OFFICE,
    MANAGER,
    SHELL,
    TODAY,
    Book,
    ask_to_waive,
)

SECOND = Actor("second", (Grant(Role.HEAD_OFFICE),))
ZONE = ZoneInfo("Asia/Karachi")
BALANCE = 50_000_00


def lent(book: Book) -> Book:
    """Lend to one borrower who is late, with people who may ask."""
    book.open_loan("L1")
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        for actor, role in ((HEAD_OFFICE, Role.HEAD_OFFICE), (CASHIER, Role.CASHIER)):
            add_staff(tx, AddStaff(actor.name, actor.name, role, TODAY), actor=SHELL)
    return book


@pytest.fixture
def alone(sqlite_book: Book) -> Book:
    return lent(sqlite_book)


def ask(book: Book, command: AskEnding, actor: Actor = HEAD_OFFICE, key: str | None = None) -> None:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        ask_ending(tx, command, actor=actor, today=TODAY, key=key)


def confirm(book: Book, request_id: int = 1, actor: Actor = SECOND) -> None:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        confirm_ending(tx, request_id, actor=actor, today=TODAY)


def give(book: Book, amount: int) -> None:
    command = TakeDonation(branch="LHR-01", fund="mutual_support", amount=amount, channel="cash")
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        take_donation(tx, command, actor=CASHIER, today=TODAY)


def receive(book: Book, amount: int) -> None:
    command = RecordReceipt("L1", amount, TODAY, "cash")
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=2)


def page(book: Book) -> LoanPage:
    with reading(book.engine) as connection:
        return loan_page(connection, 1, today=TODAY)


def collected_from(book: Book) -> tuple[int, int]:
    """Count the loans of the sheet and of the follow-up."""
    with reading(book.engine) as connection:
        sheet = collection_sheet(connection, Wanted(None), by=TODAY)
        return sheet.count, follow_up(connection, Wanted(None), today=TODAY).count


def test_a_waiver_waits_for_its_fund_and_nothing_is_collected_meanwhile(book: Book) -> None:
    lent(book)
    assert collected_from(book) == (1, 1)
    ask_to_waive(book, 1)
    assert collected_from(book) == (0, 0)
    give(book, BALANCE - 1)
    with pytest.raises(Refused, match="stays waiting"):
        confirm(book)
    assert (page(book).outstanding, collected_from(book)) == (BALANCE, (0, 0))
    give(book, 1)
    confirm(book)
    with reading(book.engine) as connection:
        left = fund_balance(connection, "mutual_support")
        open_requests = open_ending_requests(connection, branches=None)
        faults = [fault for check in CHECKS.values() for fault in check(connection, ZONE)]
    assert (page(book).outstanding, left, open_requests, faults) == (0, 0, [], [])


def test_a_declined_waiver_lets_collecting_go_on(alone: Book) -> None:
    ask_to_waive(alone, 1)
    with pytest.raises(Refused, match="Give the reason"):
        decline(alone, DeclineEnding(1, " "))
    decline(alone, DeclineEnding(1, "the borrower is alive"))
    assert collected_from(alone) == (1, 1)
    with pytest.raises(Refused, match="dealt with"):
        confirm(alone)


def decline(book: Book, command: DeclineEnding, actor: Actor = SECOND) -> None:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        decline_ending(tx, command, actor=actor)


def test_a_write_off_needs_two_people_and_its_claim_is_recovered_later(alone: Book) -> None:
    wanted = AskEnding(loan_id=1, kind=Ending.WRITE_OFF, on=TODAY, reason="fled")
    ask(alone, wanted, key="k")
    ask(alone, wanted, key="k")
    with pytest.raises(NotAllowed, match="asked for this"):
        confirm(alone, actor=HEAD_OFFICE)
    confirm(alone)
    receive(alone, 700_00)
    assert page(alone).outstanding == 0
    assert [fact.kind for fact in page(alone).facts[1:]] == ["write_off", "recovery"]


def test_credit_is_asked_for_at_the_counter_and_paid_back_by_another(alone: Book) -> None:
    receive(alone, BALANCE + 900_00)
    refund = AskEnding(
        loan_id=1, kind=Ending.REFUND, on=TODAY, reason="hers", amount=900_01, channel="cash"
    )
    with pytest.raises(Refused, match="credit is Rs 900"):
        ask(alone, refund, CASHIER)
    ask(
        alone,
        AskEnding(
            loan_id=1, kind=Ending.REFUND, on=TODAY, reason="hers", amount=900_00, channel="cash"
        ),
        CASHIER,
    )
    assert page(alone).credit == 900_00
    confirm(alone, actor=MANAGER)
    assert page(alone).credit == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": " "}, "Give the reason"),
        ({"on": TODAY + timedelta(days=1)}, "future"),
        ({"fund": "general"}, "another fund"),
        ({"fund": None}, "another fund"),
        ({"fund": "gold"}, "no fund gold"),
        ({"loan_id": 99}, "no such loan"),
    ],
)
def test_what_cannot_be_is_refused(alone: Book, change: dict[str, object], sentence: str) -> None:
    asked: dict[str, object] = {
        "loan_id": 1,
        "kind": Ending.WAIVER,
        "on": TODAY,
        "reason": "death",
        "fund": "mutual_support",
    }
    with pytest.raises((Refused, NotFound)) as refused:
        ask(alone, AskEnding(**(asked | change)))  # type: ignore[arg-type]  # some are wrong
    assert sentence in refused.value.message.format(**refused.value.values)


def test_only_one_thing_waits_and_only_for_those_who_may(alone: Book) -> None:
    wanted = AskEnding(loan_id=1, kind=Ending.WRITE_OFF, on=TODAY, reason="fled")
    with pytest.raises(NotAllowed):
        ask(alone, wanted, MANAGER)
    ask(alone, wanted)
    with pytest.raises(Refused, match="asked for on this loan already"):
        ask_to_waive(alone, 1)
    with pytest.raises(NotAllowed):
        confirm(alone, actor=MANAGER)
    receive(alone, BALANCE)
    with pytest.raises(Refused):
        confirm(alone)


def test_a_donation_is_taken_by_the_cashier_alone(alone: Book) -> None:
    command = TakeDonation(branch="LHR-01", fund="mutual_support", amount=500_00, channel="cash")
    with writing(alone.engine, audit_key=AUDIT_KEY, clock=alone.clock) as tx:
        taken = take_donation(tx, command, actor=CASHIER, today=TODAY, key="k")
        again = take_donation(tx, command, actor=CASHIER, today=TODAY, key="k")
        for decides in (MANAGER, HEAD_OFFICE):
            with pytest.raises(NotAllowed):
                take_donation(tx, command, actor=decides, today=TODAY)
    assert (taken.id, taken.number) == (again.id, "LHR-01/D/2025/000001")
    with reading(alone.engine) as connection:
        assert fund_balance(connection, "mutual_support") == 500_00
