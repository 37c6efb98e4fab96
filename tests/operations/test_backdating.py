"""A receipt for a day long past: asked for with a reason, and permitted by another person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from aim_loans.checks.run import verify_book
from aim_loans.db.engine import reading, writing
from aim_loans.errors import Conflict, NotAllowed, NotFound, Refused
from aim_loans.identity.models import act
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.loans.lookup import LoanPage, loan_page
from aim_loans.repayment.backdating import (
    BackdatingRequest,
    DeclineBackdating,
    PermitBackdating,
    ask_backdating,
    backdating_by_id,
    backdating_of_money,
    decline_backdating,
    open_backdatings,
    permit_backdating,
)
from aim_loans.repayment.endings import EndLoan, waive
from aim_loans.repayment.operations import Recorded, RecordReceipt, record_receipt
from aim_loans.repayment.waiting import count_waiting
from tests.book import AUDIT_KEY, HEAD_OFFICE, SHELL, TODAY, Book, close_a_month
from tests.branch import CASHIER, MANAGER, STRANGER

ALLOWED = 2
LONG_AGO = TODAY - timedelta(days=ALLOWED + 1)
WHY = "The slip lay in the drawer."
LATE = RecordReceipt("L1", 2_800_00, LONG_AGO, "cash", payer="family", book_number="7", reason=WHY)
BY_WALLET = replace(LATE, channel="raast", account="HBL", reference="R-1")
AUDITOR = Actor("auditor", (Grant(Role.AUDITOR),))


def lent(book: Book) -> Book:
    """Lend to one borrower, with people who may ask."""
    book.open_loan("L1")
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        for actor, role in ((CASHIER, Role.CASHIER), (MANAGER, Role.BRANCH_MANAGER)):
            hired = AddStaff(actor.name, actor.name, role, TODAY, branch_code="LHR-01")
            add_staff(tx, hired, actor=SHELL)
    return book


@pytest.fixture
def alone(sqlite_book: Book) -> Book:
    return lent(sqlite_book)


def do(book: Book, deed: Callable[..., Any], command: Any, actor: Actor, **more: Any) -> Any:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return deed(tx, command, actor=actor, **more)


def ask(
    book: Book, command: RecordReceipt = LATE, actor: Actor = CASHIER, key: str | None = None
) -> int:
    more = {"today": TODAY, "backdating_days": ALLOWED, "key": key}
    return int(do(book, ask_backdating, command, actor, **more))


def permit(
    book: Book, request_id: int = 1, actor: Actor = MANAGER, days: int = ALLOWED
) -> Recorded:
    command = PermitBackdating(request_id)
    done: Recorded = do(book, permit_backdating, command, actor, today=TODAY, backdating_days=days)
    return done


def decline(book: Book, actor: Actor = MANAGER, reason: str = "Not so") -> None:
    do(book, decline_backdating, DeclineBackdating(1, reason), actor)


def waiting(book: Book, branches: frozenset[str] | None = None) -> list[BackdatingRequest]:
    with reading(book.engine) as connection:
        found = open_backdatings(connection, branches=branches)
        assert count_waiting(connection, receipts=branches, endings={}) == len(found)
    return found


def page(book: Book) -> LoanPage:
    with reading(book.engine) as connection:
        return loan_page(connection, 1, today=TODAY)


def test_a_receipt_waits_for_another_person_and_names_both(book: Book) -> None:
    lent(book)
    request_id = ask(book, BY_WALLET, key="k")
    assert ask(book, BY_WALLET, key="k") == request_id
    (request,) = waiting(book)
    assert request.asked == replace(BY_WALLET, branch="LHR-01")
    assert (request.borrower, request.asked_by, request.answer) == (
        "Borrower of L1",
        "cashier",
        None,
    )
    assert page(book).outstanding == 50_000_00
    done = permit(book)
    (_, received) = page(book).facts
    assert (received.actor, received.value_on, received.amount) == ("cashier", LONG_AGO, 2_800_00)
    assert waiting(book) == []
    with reading(book.engine) as connection:
        found = backdating_of_money(connection, done.receipt.id)
        acts = connection.execute(select(act.c.actor, act.c.second_actor, act.c.reason, act.c.kind))
        wrote = {row.kind: row[:3] for row in acts}
        outcomes = verify_book(connection, zone=ZoneInfo("Asia/Karachi"), audit_key=AUDIT_KEY)
        faults = [fault for outcome in outcomes for fault in outcome.faults]
    assert found is not None
    assert found.answer is not None
    assert (found.answer.by, found.answer.money_in_id) == ("manager", done.receipt.id)
    assert wrote["record_receipt"] == ("cashier", "manager", WHY)
    assert wrote["permit_backdating"] == ("manager", None, WHY)
    assert faults == []


def test_nobody_permits_alone_nor_at_another_branch(alone: Book) -> None:
    ask(alone, actor=MANAGER)
    # Even where the rule was relaxed meanwhile, so that the receipt alone would need nobody.
    for days in (ALLOWED, 999):
        with pytest.raises(NotAllowed, match="asked for this"):
            permit(alone, days=days)
        for other in (STRANGER, CASHIER, AUDITOR):
            with pytest.raises(NotAllowed):
                permit(alone, actor=other, days=days)
    for other in (STRANGER, CASHIER, AUDITOR):
        with pytest.raises(NotAllowed):
            decline(alone, actor=other)
    for other in (STRANGER, AUDITOR, HEAD_OFFICE):
        with pytest.raises(NotAllowed):
            ask(alone, actor=other)
    assert waiting(alone, frozenset({"KHI-01"})) == []
    assert len(waiting(alone, frozenset({"LHR-01"}))) == 1


@pytest.mark.parametrize("actor", [MANAGER, CASHIER], ids=["declined", "taken back"])
def test_what_is_declined_or_taken_back_leaves_nothing(alone: Book, actor: Actor) -> None:
    ask(alone)
    with pytest.raises(Refused, match="Give the reason"):
        decline(alone, actor, " ")
    decline(alone, actor, "Paid to the other branch")
    for again in (permit, decline):
        with pytest.raises(Refused, match="dealt with"):
            again(alone)
    with reading(alone.engine) as connection:
        answer = backdating_by_id(connection, 1).answer
    assert answer is not None
    said = (answer.by, answer.reason, answer.money_in_id)
    assert said == (actor.name, "Paid to the other branch", None)
    assert (waiting(alone), page(alone).outstanding) == ([], 50_000_00)
    ask(alone)
    assert permit(alone, 2).outstanding == 50_000_00 - 2_800_00


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": None}, "more than 2 days ago"),
        ({"reason": " "}, "more than 2 days ago"),
        ({"received_on": TODAY}, "nobody's permission"),
        ({"received_on": TODAY - timedelta(days=ALLOWED)}, "nobody's permission"),
        ({"received_on": TODAY + timedelta(days=1)}, "future"),
        ({"received_on": date(2024, 12, 31)}, "before"),
        ({"amount": 0}, "more than 0"),
        ({"amount": 10**18}, "too large"),
        ({"channel": "raast"}, "needs its reference"),
        ({"channel": "pigeon"}, "pigeon"),
        ({"account": "import"}, "kept for imported books"),
        ({"payer": "mayor"}, "no payer mayor"),
        ({"branch": "MUL-01"}, "may not do this"),
        ({"loan_ref": "L9"}, "L9"),
    ],
)
def test_what_no_receipt_could_be_is_not_asked_for(
    alone: Book, change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        ask(alone, replace(LATE, **change))
    assert sentence in str(refused.value)
    assert waiting(alone) == []


def test_the_same_is_not_asked_for_twice(alone: Book) -> None:
    ask(alone)
    with pytest.raises(Refused, match="asked for this receipt already"):
        ask(alone, replace(LATE, reason="Another reason"), MANAGER)
    ask(alone, BY_WALLET, key="k")
    with pytest.raises(Conflict, match="already used"):
        ask(alone, replace(BY_WALLET, amount=2), key="k")
    assert len(waiting(alone)) == 2


def test_a_request_whose_receipt_cannot_be_written_any_more_stays_open(book: Book) -> None:
    lent(book)
    ask(book, BY_WALLET)
    taken = replace(BY_WALLET, received_on=TODAY)
    do(book, record_receipt, taken, CASHIER, today=TODAY, backdating_days=ALLOWED)
    with pytest.raises(Conflict, match="already in the book"):
        permit(book)
    assert len(waiting(book)) == 1
    with pytest.raises(Conflict, match="already in the book"):
        ask(book, replace(BY_WALLET, amount=1))
    with pytest.raises(NotFound):
        permit(book, 99)
    decline(book)
    assert waiting(book) == []


def test_money_permitted_after_the_loan_was_waived_is_the_borrowers(alone: Book) -> None:
    ask(alone)
    do(alone, waive, EndLoan("L1", TODAY, "death"), HEAD_OFFICE, today=TODAY)
    assert permit(alone).credit == 2_800_00


def test_a_day_of_a_closed_month_is_a_restatement_as_ever(alone: Book) -> None:
    ask(alone, replace(LATE, received_on=date(2026, 2, 20)))
    close_a_month(alone)
    permit(alone)
    (_, received) = page(alone).facts
    assert received.value_on == date(2026, 2, 20)
