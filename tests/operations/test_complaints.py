"""Complaints: how each stands on a day as known at a moment, and what is refused."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from aim_loans.borrowers.complaints import (
    Complaint,
    RecordComplaint,
    TakeStep,
    complaints_on,
    record_complaint,
    take_step,
)
from aim_loans.db.engine import reading, writing
from aim_loans.errors import NotAllowed, NotFound, Refused
from tests.book import AUDIT_KEY, CASHIER, MANAGER, TODAY, Book
from tests.branch import OFFICER, STRANGER

SAID = RecordComplaint(
    branch="LHR-01",
    received_on=date(2026, 1, 20),
    channel="letter",
    category="collection",
    gender="unknown",
    words="Came at night",
)
JANUARY, FEBRUARY, MARCH = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)


def record(book: Book, said: RecordComplaint = SAID, **more: Any) -> int:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return record_complaint(tx, said, **{"actor": OFFICER, "today": TODAY, **more})


def step(book: Book, number: int, kind: str, day: date, **more: Any) -> datetime:
    command = TakeStep(complaint_id=number, kind=kind, done_on=day, note="Called", **more)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        take_step(tx, command, actor=MANAGER, today=TODAY)
        return tx.now


def standing(book: Book, day: date, known_at: datetime) -> list[Complaint]:
    with reading(book.engine) as connection:
        first = day.replace(day=1)
        return complaints_on(connection, day, closed_from=first, known_at=known_at)


def test_a_complaint_stands_as_it_did_on_the_day_by_what_was_known(book: Book) -> None:
    number = record(book)
    answered = step(book, number, "answered", date(2026, 2, 3))
    closed = step(book, number, "closed", date(2026, 2, 20), outcome="partly_upheld")
    (one,) = standing(book, JANUARY, closed)
    assert (one.status, one.outcome, one.days_open(JANUARY)) == ("received", None, 11)
    (one,) = standing(book, FEBRUARY, closed)
    assert (one.status, one.outcome, one.days_open(FEBRUARY)) == ("closed", "partly_upheld", 31)
    (one,) = standing(book, FEBRUARY, answered)
    assert (one.status, one.outcome, one.days_open(FEBRUARY)) == ("in_progress", None, 39)
    assert standing(book, FEBRUARY, answered - timedelta(hours=1)) == []
    assert standing(book, MARCH, closed) == []
    again = step(book, number, "reopened", date(2026, 3, 1))
    assert [each.status for each in standing(book, MARCH, again)] == ["in_progress"]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_no_complaint_can_be_is_refused(book: Book) -> None:
    wrong: dict[str, Any] = {
        "channel": "pigeon",
        "category": "",
        "gender": "x",
        "words": "  ",
        "received_on": date(2026, 4, 1),
    }
    for field, value in wrong.items():
        with pytest.raises(Refused) as refused:
            record(book, replace(SAID, **{field: value}))
        assert refused.value.field == field
    with pytest.raises(NotFound):
        record(book, replace(SAID, branch="ISB-09"), actor=CASHIER)
    with pytest.raises(NotAllowed):
        record(book, actor=STRANGER)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_step_that_its_state_does_not_allow_is_refused(book: Book) -> None:
    number = record(book, key="once")
    assert record(book, key="once") == number
    for kind, day, more, field in (
        ("reopened", TODAY, {}, "kind"),
        ("lost", TODAY, {}, "kind"),
        ("closed", TODAY, {}, "outcome"),
        ("answered", TODAY, {"outcome": "upheld"}, "outcome"),
        ("answered", date(2026, 1, 19), {}, "done_on"),
        ("answered", date(2026, 4, 1), {}, "done_on"),
    ):
        with pytest.raises(Refused) as refused:
            step(book, number, kind, day, **more)
        assert refused.value.field == field
    step(book, number, "closed", TODAY, outcome="withdrawn")
    with pytest.raises(Refused, match="Open it again first"):
        step(book, number, "closed", TODAY, outcome="upheld")
    with pytest.raises(NotFound):
        step(book, number + 1, "answered", TODAY)
