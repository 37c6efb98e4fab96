"""The loss allowance: proposed by a close, posted by two people, reversed by a reopening."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from aim_loans.checks.run import verify_book
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading, writing
from aim_loans.errors import NotAllowed, NotFound, Refused
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.ledger.chart import Account
from aim_loans.ledger.models import journal_line
from aim_loans.ledger.queries import trial_lines, value_balance
from aim_loans.portfolio.allowance import allowances, by_fund, posted, proposed
from aim_loans.portfolio.allowance_requests import (
    AskAllowance,
    ConfirmAllowance,
    DeclineAllowance,
    ask_allowance,
    confirm_allowance,
    decline_allowance,
    open_allowances,
)
from aim_loans.portfolio.closing import ClosedMonth
from aim_loans.portfolio.measuring import Asked, portfolio_statement
from aim_loans.portfolio.reopening import (
    AskToReopen,
    ConfirmReopening,
    ask_to_reopen,
    confirm_reopening,
    open_reopenings,
)
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from tests.book import AUDIT_KEY, CASHIER, HEAD_OFFICE, MANAGER, SHELL, TODAY, Book

SETTINGS = read_settings(None, {})
JANUARY, FEBRUARY = date(2026, 1, 31), date(2026, 2, 28)
MARCH_BEGINS = date(2026, 3, 1)
LATE = datetime(2100, 1, 1, tzinfo=UTC)
SECOND = Actor("finance", (Grant(Role.HEAD_OFFICE),))
AUDITOR = Actor("auditor", (Grant(Role.AUDITOR),))


@pytest.fixture
def lending(book: Book) -> Book:
    """Loans of two funds at two branches, nothing paid since a year; two who keep the books."""
    for username in (HEAD_OFFICE.name, SECOND.name):
        do(book, add_staff, AddStaff(username, "Name", Role.HEAD_OFFICE, TODAY), SHELL)
    book.open_loan("L1", principal=33_333_00)
    book.open_loan("L2", branch="MUL-01", programme="women")
    book.open_loan("L3", branch="MUL-01", on=date(2025, 12, 20), principal=77_777_00)
    return book


def do(book: Book, act: Callable[..., Any], command: Any, actor: Actor, **more: Any) -> Any:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return act(tx, command, actor=actor, **more)


def ask(book: Book, closed: ClosedMonth, key: str | None = None) -> int:
    do(book, ask_allowance, AskAllowance(closed.id), HEAD_OFFICE, key=key)
    with reading(book.engine) as connection:
        (waiting,) = open_allowances(connection)
    return waiting.id


def confirm(book: Book, request: int, actor: Actor = SECOND) -> None:
    do(book, confirm_allowance, ConfirmAllowance(request), actor, today=TODAY)


def reopen(book: Book, month: date) -> None:
    do(book, ask_to_reopen, AskToReopen(month, "a receipt was forgotten"), HEAD_OFFICE)
    with reading(book.engine) as connection:
        (waiting,) = open_reopenings(connection)
    do(book, confirm_reopening, ConfirmReopening(waiting.id), SECOND, today=TODAY)


def statement(book: Book, month: date) -> PortfolioStatement:
    """Measure a month by all that is known."""
    with reading(book.engine) as connection:
        asked = Asked(month, LATE)
        return portfolio_statement(connection, asked, settings=SETTINGS, code_version="0")


def faults(book: Book) -> list[str]:
    with reading(book.engine) as connection:
        outcomes = verify_book(connection, zone=ZoneInfo("Asia/Karachi"), audit_key=AUDIT_KEY)
        return [fault for outcome in outcomes for fault in outcome.faults]


def held(book: Book, day: date) -> int:
    with reading(book.engine) as connection:
        sides = value_balance(connection, day=day, known_at=None)
    own = (amount for side, amount in sides.items() if side.account == Account.LOSS_ALLOWANCE)
    return -int(sum(own))


def booked(book: Book, day: date) -> int:
    """What is set aside on a day by the days on which entries were booked."""
    with reading(book.engine) as connection:
        lines = trial_lines(connection, day=day, known_at=None)
    return -sum(line.booked for line in lines if line.account == Account.LOSS_ALLOWANCE)


def test_two_people_post_what_the_ladder_asks_for_by_branch_and_fund(lending: Book) -> None:
    before, closed = statement(lending, FEBRUARY), lending.close(FEBRUARY)
    wanted = before.classification.specific + before.classification.general
    with reading(lending.engine) as connection:
        moves = proposed(connection, closed)
    assert [(each.branch, each.fund) for each in moves] == [
        ("LHR-01", "general"),
        ("MUL-01", "general"),
        ("MUL-01", "women"),
    ]
    assert sum(each.amount for each in by_fund(moves)) == wanted > 0
    request = ask(lending, closed, key="one click")
    assert ask(lending, closed, key="one click") == request
    with pytest.raises(Refused, match="asked already"):
        ask(lending, closed)
    with pytest.raises(NotAllowed, match="second person"):
        confirm(lending, request, HEAD_OFFICE)
    assert held(lending, FEBRUARY) == 0
    confirm(lending, request)
    with reading(lending.engine) as connection:
        own = select(journal_line).where(journal_line.c.source == "allowance_entry")
        lines = connection.execute(own.order_by(journal_line.c.id)).all()
        assert allowances(connection) == {(m.branch, m.fund): m.needed for m in moves}
        done = posted(connection, closed.id)
    assert done is not None
    assert done.moves == by_fund(moves)
    assert (done.by.asked_by, done.by.confirmed_by) == (HEAD_OFFICE.name, SECOND.name)
    assert done.by.asked_at < done.by.confirmed_at
    assert [(line.debit, line.credit, line.amount) for line in lines] == [
        (Account.PROVISION, Account.LOSS_ALLOWANCE, each.amount) for each in moves
    ]
    assert {(line.value_on, line.booked_on) for line in lines} == {(FEBRUARY, MARCH_BEGINS)}
    expect_it_on_the_paper(lending, wanted)
    with pytest.raises(Refused, match="posted already"):
        ask(lending, closed)
    for sent in (request, 99):
        with pytest.raises((Refused, NotFound)):
            confirm(lending, sent)
    assert faults(lending) == []


def expect_it_on_the_paper(book: Book, wanted: int) -> None:
    """The ledger's allowance covers what the paper asks for, and its account is reconciled."""
    after = statement(book, FEBRUARY)
    assert after.headline.allowance == wanted
    assert after.headline.risk_coverage == (wanted, after.now.par30)
    own = [each for each in after.reconciliation if each.account == Account.LOSS_ALLOWANCE]
    assert sum(each.control for each in own) == sum(each.sub_ledger for each in own) == wanted
    assert [each.fund for each in own] == ["general", "women"]


def test_a_reopening_reverses_what_was_posted_and_the_next_close_proposes_anew(
    lending: Book,
) -> None:
    january = lending.close(JANUARY)
    confirm(lending, ask(lending, january))
    first = held(lending, JANUARY)
    command = RecordReceipt("L2", 40_000_00, date(2026, 2, 20), "cash")
    do(lending, record_receipt, command, CASHIER, today=TODAY, backdating_days=400)
    february = lending.close(FEBRUARY)
    request = ask(lending, february)
    confirm(lending, request)
    # Less is lent, so less is set aside: the movement goes the other way.
    assert 0 < held(lending, FEBRUARY) < first == held(lending, JANUARY)
    assert booked(lending, MARCH_BEGINS) != booked(lending, FEBRUARY) == first
    reopen(lending, FEBRUARY)
    assert held(lending, FEBRUARY) == booked(lending, MARCH_BEGINS) == first
    assert faults(lending) == []
    with pytest.raises(Refused, match="reopened"):
        ask(lending, february)
    again = lending.close(FEBRUARY)
    stale = ask(lending, again)
    reopen(lending, FEBRUARY)
    with pytest.raises(Refused, match="reopened"):
        confirm(lending, stale)
    do(lending, decline_allowance, DeclineAllowance(stale, "reopened"), SECOND)
    assert held(lending, FEBRUARY) == first


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_who_may_and_which_month(lending: Book) -> None:
    january = lending.close(JANUARY)
    for actor in (SHELL, AUDITOR, MANAGER):
        with pytest.raises(NotAllowed):
            do(lending, ask_allowance, AskAllowance(january.id), actor)
    request = ask(lending, january)
    for actor in (SHELL, AUDITOR, MANAGER):
        with pytest.raises(NotAllowed):
            confirm(lending, request, actor)
    with pytest.raises(Refused, match="Give the reason"):
        do(lending, decline_allowance, DeclineAllowance(request, " "), HEAD_OFFICE)
    do(lending, decline_allowance, DeclineAllowance(request, "not yet"), HEAD_OFFICE)
    request = ask(lending, january)
    february = lending.close(FEBRUARY)
    for late in (lambda: confirm(lending, request), lambda: ask(lending, january)):
        with pytest.raises(Refused, match="holds this one too"):
            late()
    do(lending, decline_allowance, DeclineAllowance(request, "too late"), SECOND)
    with pytest.raises(NotFound):
        do(lending, ask_allowance, AskAllowance(99), HEAD_OFFICE)
    confirm(lending, ask(lending, february))
    # A line by hand is found by the checks, and no paper is made on it.
    with writing(lending.engine, audit_key=AUDIT_KEY, clock=lending.clock) as tx:
        own = select(journal_line).where(journal_line.c.source == "allowance_entry").limit(1)
        line = tx.connection.execute(own).one()._asdict()
        tx.connection.execute(insert(journal_line).values(**{**line, "id": 9_000}))
    found = " ".join(faults(lending))
    for said in ("allowance entry", "loss_allowance at branch"):
        assert said in found
    with pytest.raises(Refused, match="does not reconcile"):
        statement(lending, FEBRUARY)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_book_without_a_loan_has_nothing_to_set_aside(book: Book) -> None:
    closed = book.close(FEBRUARY)
    with pytest.raises(Refused, match="holds the allowance already"):
        do(book, ask_allowance, AskAllowance(closed.id), HEAD_OFFICE)
