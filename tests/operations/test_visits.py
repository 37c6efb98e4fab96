"""Visits: what came of them, and what becomes of the promises that were given."""

from datetime import date, timedelta

import pytest

from aim_loans.db.engine import reading, writing
from aim_loans.errors import Conflict, NotAllowed, NotFound, Refused
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.repayment.models import visit
from aim_loans.repayment.operations import (
    CancelReceipt,
    RecordReceipt,
    cancel_receipt,
    record_receipt,
)
from aim_loans.repayment.visits import (
    Contact,
    RecordVisit,
    last_contacts,
    record_visit,
    visits_of_loan,
)
from tests.book import AUDIT_KEY, CASHIER, MANAGER, TODAY, Book

DAY = timedelta(days=1)
VISITED = TODAY - 2 * DAY
DISBURSED = date(2025, 1, 8)


def officer(branch: str) -> Actor:
    return Actor("officer", (Grant(Role.LOAN_OFFICER, frozenset({branch})),))


def record(
    book: Book, command: RecordVisit, *, actor: Actor = MANAGER, key: str | None = None
) -> None:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        record_visit(tx, command, actor=actor, today=TODAY, key=key)


def promise(loan_id: int, *, by: date, amount: int = 2_800_00, on: date = VISITED) -> RecordVisit:
    return RecordVisit(loan_id, on, "promised", "borrower", by, amount)


def receive(book: Book, amount: int, *, on: date) -> int:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        command = RecordReceipt("L1", amount, on, "cash")
        done = record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=30)
    return done.receipt.id


def contact(book: Book, loan_id: int, *, today: date = TODAY) -> Contact:
    with reading(book.engine) as connection:
        return last_contacts(connection, [loan_id], today=today)[loan_id]


def standing(book: Book, loan_id: int, *, today: date = TODAY) -> str:
    given = contact(book, loan_id, today=today).promise
    assert given is not None
    return given.standing


def visits(book: Book) -> int:
    return book.count(visit)


def test_a_promise_is_open_up_to_its_day_and_broken_after_it(book: Book) -> None:
    loan_id = book.open_loan("L1")
    record(book, promise(loan_id, by=TODAY))
    assert standing(book, loan_id) == "open"
    assert standing(book, loan_id, today=TODAY + DAY) == "broken"


def test_a_promise_is_kept_by_money_after_the_visit_and_up_to_its_day(book: Book) -> None:
    loan_id = book.open_loan("L1")
    record(book, promise(loan_id, by=TODAY - DAY))
    receive(book, 2_800_00, on=VISITED)
    receive(book, 2_800_00, on=TODAY)
    assert standing(book, loan_id) == "broken"
    receive(book, 1_800_00, on=TODAY - DAY)
    assert standing(book, loan_id) == "broken"
    last = receive(book, 1_000_00, on=TODAY - DAY)
    assert standing(book, loan_id) == "kept"
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        command = CancelReceipt(last, "typed twice")
        cancel_receipt(tx, command, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)
    assert standing(book, loan_id) == "broken"


def test_a_promise_for_the_day_of_the_visit_is_kept_by_the_money_of_that_day(book: Book) -> None:
    loan_id = book.open_loan("L1")
    record(book, promise(loan_id, by=VISITED))
    assert standing(book, loan_id) == "broken"
    receive(book, 2_800_00, on=VISITED)
    assert standing(book, loan_id) == "kept"


def test_the_last_visit_and_the_last_promise_of_each_loan_are_known(book: Book) -> None:
    first, second, third = (book.open_loan(ref) for ref in ("L1", "L2", "L3"))
    record(book, RecordVisit(first, TODAY, "not_home"))
    record(book, promise(first, by=TODAY + DAY, on=TODAY - 5 * DAY))
    record(book, promise(first, by=TODAY - DAY, on=TODAY - 9 * DAY))
    record(book, RecordVisit(second, VISITED, "moved"))
    record(book, RecordVisit(second, VISITED, "paid"))
    with reading(book.engine) as connection:
        contacts = last_contacts(connection, [first, second, third], today=TODAY)
        listed = visits_of_loan(connection, first, today=TODAY)
    assert set(contacts) == {first, second}
    assert contacts[first].visit.outcome == "not_home"
    given = contacts[first].promise
    assert given is not None
    assert given.by == TODAY + DAY
    assert (contacts[second].visit.outcome, contacts[second].promise) == ("paid", None)
    assert [each.visited_on for each in listed] == [TODAY, TODAY - 5 * DAY, TODAY - 9 * DAY]


def test_the_same_form_twice_is_one_visit(book: Book) -> None:
    loan_id = book.open_loan("L1")
    for _ in range(2):
        record(book, promise(loan_id, by=TODAY), key="form-1")
    with pytest.raises(Conflict, match="already used"):
        record(book, promise(loan_id, by=TODAY + DAY), key="form-1")
    assert visits(book) == 1


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (RecordVisit(1, TODAY + DAY, "paid"), "future"),
        (RecordVisit(1, DISBURSED - DAY, "paid"), "comes after it"),
        (RecordVisit(1, TODAY, "hidden"), "no outcome hidden"),
        (RecordVisit(1, TODAY, "paid", "the cat"), "Choose one"),
        (RecordVisit(1, TODAY, "promised", promised_amount=100), "day by which"),
        (RecordVisit(1, TODAY, "promised", promised_on=TODAY), "promised amount"),
        (promise(1, by=TODAY, amount=0), "more than 0"),
        (promise(1, by=TODAY, amount=-1), "more than 0"),
        (promise(1, by=TODAY, amount=2**62), "too large"),
        (promise(1, by=VISITED - DAY), "before the visit"),
        (RecordVisit(1, TODAY, "refused", promised_on=TODAY), "Only a promise"),
        (RecordVisit(1, TODAY, "refused", promised_amount=100), "Only a promise"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    book: Book, command: RecordVisit, sentence: str
) -> None:
    assert book.open_loan("L1") == 1
    with pytest.raises(Refused, match=sentence):
        record(book, command)
    assert visits(book) == 0


def test_a_loan_that_is_not_there_or_not_paid_out_has_no_visits(book: Book) -> None:
    agreed = book.open_loan("L1", pay_out=False)
    with pytest.raises(Refused, match="not paid out"):
        record(book, RecordVisit(agreed, TODAY, "paid"))
    with pytest.raises(NotFound, match="no such loan"):
        record(book, RecordVisit(99, TODAY, "paid"))


def test_only_the_field_staff_of_the_loans_branch_record_a_visit(book: Book) -> None:
    loan_id = book.open_loan("L1")
    command = RecordVisit(loan_id, TODAY, "not_home")
    cashier = Actor("cashier", (Grant(Role.CASHIER, frozenset({"LHR-01"})),))
    for actor in (officer("KHI-01"), cashier):
        with pytest.raises(NotAllowed, match="may not do this"):
            record(book, command, actor=actor)
    record(book, command, actor=officer("LHR-01"))
    assert visits(book) == 1
