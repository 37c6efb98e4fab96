"""A month is closed once, changes only by restatement, and is reopened by two people."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Select, TextClause, event, func, insert, select, text, update
from sqlalchemy.dialects import postgresql

from aim_loans.cash.donations import TakeDonation, take_donation
from aim_loans.cash.models import money_in, number_series
from aim_loans.checks.run import verify_book
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import cutting, reading, writing
from aim_loans.errors import NotAllowed, NotFound, Refused
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.intake.models import data_gap
from aim_loans.ledger.lines import Side
from aim_loans.ledger.models import journal_line
from aim_loans.ledger.queries import trial_lines, value_balance
from aim_loans.portfolio import restating
from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.closing import (
    ClosedMonth,
    CloseMonth,
    close_month,
    closed_month,
    editions,
    next_month,
    readiness,
    restatements,
)
from aim_loans.portfolio.due import View
from aim_loans.portfolio.measuring import WHOLE, Asked, newest, portfolio_statement
from aim_loans.portfolio.models import month_loan
from aim_loans.portfolio.months import unseen
from aim_loans.portfolio.reopening import (
    AskToReopen,
    ConfirmReopening,
    DeclineReopening,
    ask_to_reopen,
    confirm_reopening,
    decline_reopening,
    open_reopenings,
)
from aim_loans.portfolio.statement_reads import posting_lags
from aim_loans.portfolio.statement_restated import restated_loans
from aim_loans.repayment.operations import (
    CancelReceipt,
    ReceiveMoney,
    RecordReceipt,
    cancel_receipt,
    receive_money,
    record_receipt,
)
from tests.book import AUDIT_KEY, CASHIER, HEAD_OFFICE, MANAGER, SHELL, TODAY, Book

SETTINGS = read_settings(None, {})
JANUARY, FEBRUARY, MARCH = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
MARCH_BEGINS = date(2026, 3, 1)
SECOND = Actor("finance", (Grant(Role.HEAD_OFFICE),))
AUDITOR = Actor("auditor", (Grant(Role.AUDITOR),))


def close(book: Book, month: date, actor: Actor = HEAD_OFFICE, **more: Any) -> ClosedMonth:
    with cutting(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return close_month(tx, CloseMonth(month), actor=actor, today=TODAY, **more)


def do(book: Book, act: Callable[..., Any], command: Any, actor: Actor, **more: Any) -> Any:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return act(tx, command, actor=actor, **more)


def receive(book: Book, ref: str, day: date, amount: int = 900_00) -> None:
    command = RecordReceipt(ref, amount, day, "cash")
    do(book, record_receipt, command, CASHIER, today=TODAY, backdating_days=400)


def ask(book: Book, month: date) -> int:
    do(book, ask_to_reopen, AskToReopen(month, "a receipt was forgotten"), HEAD_OFFICE)
    with reading(book.engine) as connection:
        return open_reopenings(connection)[0].id


def reopen(book: Book, month: date) -> None:
    do(book, confirm_reopening, ConfirmReopening(ask(book, month)), SECOND, today=TODAY)


def explained(asked: Select[Any]) -> TextClause:
    """Ask PostgreSQL how it plans a query."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # it ships none
    written = asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return text(f"EXPLAIN (FORMAT JSON) {written}")


@pytest.fixture
def lending(book: Book) -> Book:
    """Two loans at two branches with a receipt in February, and two who keep the books."""
    for username in (HEAD_OFFICE.name, SECOND.name):
        do(book, add_staff, AddStaff(username, "Name", Role.HEAD_OFFICE, TODAY), SHELL)
    book.open_loan("L1")
    book.open_loan("L2", branch="MUL-01", programme="women")
    receive(book, "L1", date(2026, 2, 10))
    return book


def test_a_month_is_closed_once_and_in_its_turn(lending: Book) -> None:
    with reading(lending.engine) as connection:
        assert next_month(connection, TODAY) == FEBRUARY
        assert closed_month(connection, JANUARY) is None
    first = close(lending, JANUARY, key="one click")
    assert close(lending, JANUARY, key="one click") == first
    for month, reason in (
        (JANUARY, "closed already"),
        (MARCH, "is not over"),
        (date(2026, 2, 27), "last day"),
        (date(2025, 12, 31), "closed already"),
    ):
        with pytest.raises(Refused, match=reason):
            close(lending, month)
    second = close(lending, FEBRUARY)
    assert (second.edition, second.cut_id, second.closed_by) == (1, 2, HEAD_OFFICE.name)
    with reading(lending.engine) as connection:
        assert closed_month(connection, FEBRUARY) == second
        assert closed_month(connection, JANUARY) == first
        assert closed_month(connection, MARCH) is None
    assert second.outstanding == first.outstanding - 900_00 == 99_100_00


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_close_looks_through_no_table_anew_for_each_loan(lending: Book) -> None:
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "WITH", "INSERT")):
            driver = connection.connection.driver_connection
            plan = driver.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(step for *_, step in plan)

    event.listen(lending.engine, "before_cursor_execute", explain)
    for month in (JANUARY, FEBRUARY):
        close(lending, month)
    event.remove(lending.engine, "before_cursor_execute", explain)
    joined = [step for step in plans if step.endswith("LEFT-JOIN")]
    assert joined
    assert [step for step in joined if step.startswith("SCAN")] == []


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_month_that_no_statistics_know_is_expected_to_be_like_others(lending: Book) -> None:
    close(lending, JANUARY)
    with lending.engine.begin() as connection:
        connection.execute(text("ANALYZE month_loan"))
    latest = close(lending, FEBRUARY)
    with lending.engine.begin() as connection:
        asked = select(month_loan).where(month_loan.c.close_id == unseen(latest.id))
        plan = connection.execute(explained(asked)).scalar_one()
    assert plan[0]["Plan"]["Plan Rows"] == 2


def test_months_are_not_left_out(lending: Book) -> None:
    close(lending, date(2025, 11, 30))
    with pytest.raises(Refused, match="in their order"):
        close(lending, JANUARY)


def test_a_late_receipt_restates_the_month_and_is_booked_in_the_open_one(lending: Book) -> None:
    closed = close(lending, FEBRUARY)
    before = balances(lending)
    receive(lending, "L2", date(2026, 2, 20))
    receive(lending, "L1", TODAY)
    with reading(lending.engine) as connection:
        late = journal_line.c.value_on == date(2026, 2, 20)
        booked = connection.execute(select(journal_line.c.booked_on).where(late)).scalars()
        assert set(booked) == {MARCH_BEGINS}
        on_time = journal_line.c.value_on == TODAY
        booked = connection.execute(select(journal_line.c.booked_on).where(on_time)).scalars()
        assert set(booked) == {TODAY}
        found = restatements(connection, FEBRUARY)
        assert closed_month(connection, FEBRUARY) == closed
        assert faults(connection) == []
    assert [row.loan_ref for row in found.loans] == ["L2"]
    (cause,) = found.loans[0].causes
    assert (cause.kind, cause.amount, cause.recorded_by) == ("receipt", 900_00, CASHIER.name)
    changed = {each.name: each.difference for each in found.totals if each.difference}
    assert changed == dict.fromkeys(("outstanding", "arrears", "par30"), -90000) | {"paid": 900_00}
    expect_the_lines_of_a_paper(lending, closed)
    after = balances(lending)
    assert before["trial"] == after["trial"] == before["value"]
    assert sum_of(after["trial"], after["later"]) == after["value"] != before["value"]


def expect_the_lines_of_a_paper(book: Book, closed: ClosedMonth) -> None:
    """Whatever the list holds, its lines add up; before the receipt there are none."""
    late = datetime(2100, 1, 1, tzinfo=UTC)
    with reading(book.engine) as connection, pytest.MonkeyPatch.context() as patch:
        (line,) = restated_loans(connection, FEBRUARY, late, Kept())
        assert restated_loans(connection, FEBRUARY, late, Kept(frozenset({"LHR-01"}))) == ()
        assert restated_loans(connection, FEBRUARY, closed.known_at, Kept()) == ()
        assert restated_loans(connection, JANUARY, late, Kept()) == ()
        patch.setattr(restating, "MOST_LOANS", 0)
        (others,) = restated_loans(connection, FEBRUARY, late, Kept())
    assert (line.loan_ref, line.branch, line.reason) == ("L2", "MUL-01", "receipt")
    assert (line.recorded_by, line.month) == (CASHIER.name, FEBRUARY)
    for each in (line, others):
        assert (each.outstanding, each.arrears, each.par30) == (-900_00, -900_00, -900_00)
    assert others.loan_ref == ""


def test_fees_and_gifts_never_wait_and_stand_against_no_close(lending: Book) -> None:
    """Nor does a gift that was cancelled."""
    gift = TakeDonation(branch="LHR-01", fund="general", amount=500_00, channel="cash")
    with writing(lending.engine, audit_key=AUDIT_KEY, clock=lending.clock) as tx:
        take_donation(tx, gift, actor=CASHIER, today=date(2026, 2, 10))
        taken = take_donation(tx, gift, actor=CASHIER, today=date(2026, 2, 20))
        wrong = CancelReceipt(taken.id, "typed twice")
        cancel_receipt(tx, wrong, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)
    with reading(lending.engine) as connection:
        found = readiness(connection, FEBRUARY)
        assert (list(found.faults), list(found.warnings)) == ([], [])
        assert faults(connection) == []


def test_how_late_money_was_entered_leaves_gifts_out(lending: Book) -> None:
    gift = TakeDonation(branch="LHR-01", fund="general", amount=500_00, channel="cash")
    do(lending, take_donation, gift, CASHIER, today=date(2026, 2, 20))
    with reading(lending.engine) as connection:
        asked = (connection, View(FEBRUARY, None), JANUARY)
        lags, elsewhere = (
            posting_lags(*asked, Kept(branches), SETTINGS.institution.zone)
            for branches in (None, frozenset({"MUL-01"}))
        )
    assert [(each.receipts, each.amount) for each in lags] == [(1, 900_00)]
    assert elsewhere == []


def balances(book: Book) -> dict[str, dict[Side, int]]:
    with reading(book.engine) as connection:
        lines = trial_lines(connection, day=FEBRUARY, known_at=None)
        value = dict(value_balance(connection, day=FEBRUARY, known_at=None))
    booked = {Side(*line[:3]): line.booked for line in lines if line.booked}
    later = {Side(*line[:3]): line.booked_later for line in lines if line.booked_later}
    return {"trial": booked, "later": later, "value": value}


def sum_of(one: dict[Side, int], other: dict[Side, int]) -> dict[Side, int]:
    sums = {side: one.get(side, 0) + other.get(side, 0) for side in {*one, *other}}
    return {side: amount for side, amount in sums.items() if amount}


def faults(connection: Any) -> list[str]:
    outcomes = verify_book(connection, zone=ZoneInfo("Asia/Karachi"), audit_key=AUDIT_KEY)
    return [fault for outcome in outcomes for fault in outcome.faults]


def test_the_paper_of_a_month_stands_on_its_close_and_tells_what_came_later(
    lending: Book,
) -> None:
    close(lending, JANUARY)
    closed = close(lending, FEBRUARY)
    receive(lending, "L2", date(2026, 1, 20))
    late = datetime(2100, 1, 1, tzinfo=UTC)
    with reading(lending.engine) as connection:
        final = newest(connection, FEBRUARY, WHOLE, now=late)
        as_closed, as_known = (
            portfolio_statement(connection, asked, settings=SETTINGS, code_version="0")
            for asked in (final, Asked(FEBRUARY, late))
        )
    identity = as_closed.identity
    assert (identity.state, identity.edition, identity.seal) == ("final", 1, closed.seal)
    assert as_closed.now.outstanding == closed.outstanding
    assert as_closed.restatements == ()
    assert as_known.identity.state == "provisional"
    assert as_known.now.outstanding == closed.outstanding - 900_00
    assert [line.loan_ref for line in as_known.restatements] == ["L2"]
    assert as_known.trend[-2].received - as_closed.trend[-2].received == 900_00


def test_two_people_reopen_a_month_and_it_is_closed_as_a_new_edition(lending: Book) -> None:
    first = close(lending, JANUARY)
    close(lending, FEBRUARY)
    with pytest.raises(Refused, match="Only the last closed month"):
        do(lending, ask_to_reopen, AskToReopen(JANUARY, "why not"), HEAD_OFFICE)
    request = ask(lending, FEBRUARY)
    with pytest.raises(Refused, match="asked already"):
        ask(lending, FEBRUARY)
    with pytest.raises(NotAllowed, match="second person"):
        do(lending, confirm_reopening, ConfirmReopening(request), HEAD_OFFICE, today=TODAY)
    do(lending, confirm_reopening, ConfirmReopening(request), SECOND, today=TODAY)
    with pytest.raises(Refused, match="dealt with"):
        do(lending, confirm_reopening, ConfirmReopening(request), SECOND, today=TODAY)
    receive(lending, "L2", date(2026, 2, 20))
    receive(lending, "L2", date(2026, 1, 20))
    with reading(lending.engine) as connection:
        assert closed_month(connection, FEBRUARY) is None
        days = select(journal_line.c.value_on, journal_line.c.booked_on).where(
            journal_line.c.value_on.in_([date(2026, 2, 20), date(2026, 1, 20)])
        )
        assert set(map(tuple, connection.execute(days))) == {
            (date(2026, 2, 20), date(2026, 2, 20)),
            (date(2026, 1, 20), date(2026, 2, 1)),
        }
    again = close(lending, FEBRUARY)
    expect_both_editions(lending, first, again)


def expect_both_editions(book: Book, january: ClosedMonth, again: ClosedMonth) -> None:
    with reading(book.engine) as connection:
        old, new = editions(connection, FEBRUARY)
        assert (old.reopened, new.reopened, new) == (True, False, again)
        assert closed_month(connection, JANUARY) == january
        changed = restatements(connection, FEBRUARY, edition=1, known_at=new.known_at)
        rows = select(month_loan.c.close_id, func.sum(month_loan.c.outstanding))
        frozen = dict(map(tuple, connection.execute(rows.group_by(month_loan.c.close_id))))
        assert faults(connection) == []
    assert frozen[old.id] - frozen[new.id] == 1_800_00
    assert {m.name: m.difference for m in changed.totals}["paid"] == 1_800_00
    assert old.outstanding - new.outstanding == 1_800_00


def test_a_request_is_declined_with_a_reason_or_taken_back(lending: Book) -> None:
    close(lending, FEBRUARY)
    for actor in (SECOND, HEAD_OFFICE):
        request = ask(lending, FEBRUARY)
        with pytest.raises(Refused, match="Give the reason"):
            do(lending, decline_reopening, DeclineReopening(request, " "), actor)
        do(lending, decline_reopening, DeclineReopening(request, "not needed"), actor)
    with reading(lending.engine) as connection:
        assert open_reopenings(connection) == []
        assert closed_month(connection, FEBRUARY) is not None
    with pytest.raises(NotFound):
        do(lending, confirm_reopening, ConfirmReopening(99), SECOND, today=TODAY)


def test_a_request_that_a_later_close_overtook_stands_in_nobodys_way(lending: Book) -> None:
    close(lending, JANUARY)
    overtaken = ask(lending, JANUARY)
    close(lending, FEBRUARY)
    do(lending, ask_to_reopen, AskToReopen(FEBRUARY, "a receipt was forgotten"), HEAD_OFFICE)
    with pytest.raises(Refused, match="Only the last closed month"):
        do(lending, confirm_reopening, ConfirmReopening(overtaken), SECOND, today=TODAY)
    with reading(lending.engine) as connection:
        waiting = [each.month for each in open_reopenings(connection)]
    assert waiting == [JANUARY, FEBRUARY]


def test_only_head_office_closes_and_the_shell_never_reopens(lending: Book) -> None:
    for actor in (AUDITOR, MANAGER, CASHIER):
        with pytest.raises(NotAllowed):
            close(lending, FEBRUARY, actor)
    close(lending, FEBRUARY, SHELL)
    for actor in (SHELL, AUDITOR, MANAGER):
        with pytest.raises(NotAllowed):
            do(lending, ask_to_reopen, AskToReopen(FEBRUARY, "why not"), actor)
    with pytest.raises(Refused, match="nothing to reopen"):
        do(lending, ask_to_reopen, AskToReopen(MARCH, "too early"), HEAD_OFFICE)
    with reading(lending.engine) as connection, pytest.raises(NotFound, match="never closed"):
        restatements(connection, JANUARY)


def test_money_in_suspense_warns_and_a_wrong_ledger_blocks(lending: Book) -> None:
    loose = ReceiveMoney("LHR-01", "general", 500_00, date(2026, 2, 27), "cash")
    do(lending, receive_money, loose, CASHIER, today=date(2026, 2, 27))
    with reading(lending.engine) as connection:
        found = readiness(connection, FEBRUARY)
    assert (found.faults, [str(w.values["amount"]) for w in found.warnings]) == ([], ["500"])
    with writing(lending.engine, audit_key=AUDIT_KEY, clock=lending.clock) as tx:
        line = tx.connection.execute(select(journal_line).limit(1)).one()._asdict()
        tx.connection.execute(insert(journal_line).values(**{**line, "id": 9_000}))
    with pytest.raises(Refused, match="cannot be closed") as refused:
        close(lending, FEBRUARY)
    assert "the loans themselves" in str(refused.value.values["faults"])
    with reading(lending.engine) as connection:
        assert closed_month(connection, FEBRUARY) is None
        assert connection.execute(select(func.count()).select_from(month_loan)).scalar() == 0


def planted(book: Book, statement: Any) -> None:
    """Change the book behind the software's back, as no act does."""
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        tx.connection.execute(statement)


def a_line(book: Book, **other: Any) -> Any:
    """Insert a copy of the first journal line under a new id, with other values."""
    with reading(book.engine) as connection:
        line = connection.execute(select(journal_line).limit(1)).one()._asdict()
    return insert(journal_line).values(**{**line, "id": 9_000, **other})


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("debit", "credit", "sentence"),
    [
        ("borrower_credit", "bank", "of borrowers' credit"),
        ("suspense", "bank", "in suspense"),
        ("inter_branch", "bank", "does not cancel"),
        ("inter_fund", "bank", "does not cancel"),
    ],
)
def test_what_does_not_reconcile_blocks(
    lending: Book, debit: str, credit: str, sentence: str
) -> None:
    planted(lending, a_line(lending, debit=debit, credit=credit))
    with reading(lending.engine) as connection:
        (fault,) = readiness(connection, FEBRUARY).faults
    assert sentence in str(fault)
    with pytest.raises(Refused, match="cannot be closed"):
        close(lending, FEBRUARY)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_missing_receipt_number_blocks_and_a_gap_of_the_import_warns(lending: Book) -> None:
    with writing(lending.engine, audit_key=AUDIT_KEY, clock=lending.clock) as tx:
        act_id = tx.connection.execute(select(func.min(journal_line.c.act_id))).scalar_one()
        gap = {"id": 1, "loan_ref": "L1", "field": "cnic", "reason": "missing"}
        tx.connection.execute(insert(data_gap).values(**gap, act_id=act_id, recorded_at=tx.now))
    with reading(lending.engine) as connection:
        found = readiness(connection, FEBRUARY)
    assert (found.faults, [each.values for each in found.warnings]) == ([], [{"count": "1"}])
    planted(lending, update(number_series).values(last_number=number_series.c.last_number + 1))
    with reading(lending.engine) as connection:
        (fault,) = readiness(connection, FEBRUARY).faults
    assert "have a gap in their numbers" in str(fault)
    with pytest.raises(Refused, match="cannot be closed"):
        close(lending, FEBRUARY)


def series_with_gaps(connection: Connection) -> set[int]:
    """Name the series whose numbers are not 1, 2, … up to the last one: all of them counted."""
    held: dict[int, list[int]] = {}
    given = select(money_in.c.series_id, money_in.c.number).where(money_in.c.number.is_not(None))
    for series_id, number in connection.execute(given):
        held.setdefault(series_id, []).append(number)
    last = connection.execute(select(number_series.c.id, number_series.c.last_number))
    return {one for one, most in last if sorted(held.get(one, [0])) != [*range(1, most + 1)]}


def gaps_found(book: Book) -> int:
    """Compare what the check of a close finds with all numbers counted; gives how many."""
    with reading(book.engine) as connection:
        found = [str(each) for each in readiness(connection, FEBRUARY).faults]
        assert len(found) == len(series_with_gaps(connection))
    assert all("have a gap in their numbers" in each for each in found)
    return len(found)


@pytest.mark.parametrize("closed", [False, True])
def test_numbers_are_looked_at_from_the_last_close_on(lending: Book, *, closed: bool) -> None:
    receive(lending, "L2", date(2026, 1, 20))
    if closed:
        close(lending, JANUARY)
    assert gaps_found(lending) == 0
    receive(lending, "L1", date(2026, 2, 11))
    assert gaps_found(lending) == 0
    one = number_series.c.branch_code == "LHR-01"
    planted(lending, update(number_series).where(one).values(last_number=7))
    assert gaps_found(lending) == 1
    receive(lending, "L1", date(2026, 2, 12))
    assert gaps_found(lending) == 1
    receive(lending, "L2", date(2026, 2, 12))
    assert gaps_found(lending) == 1
