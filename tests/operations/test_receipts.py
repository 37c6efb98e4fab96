"""Receipts: what a loan, its ledger and its receipt say after money came in."""

from datetime import date

import pytest
from sqlalchemy import select

from aim_loans.cash.models import money_in
from aim_loans.db.engine import reading, writing
from aim_loans.errors import Conflict, NotAllowed, Refused
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import loan_position
from aim_loans.origination.operations import Disburse, disburse
from aim_loans.repayment.endings import EndLoan, RefundCredit, refund_credit, waive, write_off
from aim_loans.repayment.operations import (
    CancelReceipt,
    Recorded,
    RecordReceipt,
    cancel_receipt,
    record_receipt,
)
from tests.book import AUDIT_KEY, CASHIER, HEAD_OFFICE, MANAGER, TODAY, Book


def receive(book: Book, command: RecordReceipt, *, key: str | None = None) -> Recorded:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=2, key=key)


def cash(amount: int, *, ref: str = "L1", on: date = TODAY) -> RecordReceipt:
    return RecordReceipt(loan_ref=ref, amount=amount, received_on=on, channel="cash")


def test_a_receipt_lowers_the_balance_and_gets_the_next_number(book: Book) -> None:
    book.open_loan("L1")
    first = receive(book, cash(2_800_00))
    second = receive(book, cash(2_800_00))
    assert first.outstanding == 47_200_00
    assert second.outstanding == 44_400_00
    assert first.receipt.number == "LHR-01/R/2025/000001"
    assert second.receipt.number == "LHR-01/R/2025/000002"


def test_the_same_key_gives_the_first_answer_and_another_command_a_conflict(book: Book) -> None:
    book.open_loan("L1")
    first = receive(book, cash(2_800_00), key="form-1")
    again = receive(book, cash(2_800_00), key="form-1")
    assert again.repeated
    assert again.receipt == first.receipt
    with pytest.raises(Conflict, match="already used"):
        receive(book, cash(100_00), key="form-1")
    assert book.count(money_in) == 1


def test_a_reference_comes_in_once(book: Book) -> None:
    book.open_loan("L1")
    command = RecordReceipt("L1", 500_00, TODAY, "raast", account="HBL", reference="R-77")
    receive(book, command)
    with pytest.raises(Conflict, match="R-77"):
        receive(book, command)


def test_money_above_the_balance_is_the_borrowers_credit_and_can_be_refunded(book: Book) -> None:
    book.open_loan("L1", principal=10_000_00, months=5)
    after = receive(book, cash(12_000_00))
    assert (after.outstanding, after.credit) == (0, 2_000_00)
    refund = RefundCredit("L1", 2_000_00, TODAY, "cash")
    with (
        pytest.raises(NotAllowed, match="second person"),
        writing(book.engine, audit_key=AUDIT_KEY) as tx,
    ):
        refund_credit(tx, refund, asked_by=MANAGER, confirmed_by=MANAGER, today=TODAY)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        refund_credit(tx, refund, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)
    with pytest.raises(Refused, match="paid back as credit"):
        cancel(book, after.receipt.id)


def cancel(book: Book, money_in_id: int, *, dishonoured_on: date | None = None) -> None:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        cancel_receipt(
            tx,
            CancelReceipt(money_in_id, "typed twice", dishonoured_on),
            asked_by=CASHIER,
            confirmed_by=MANAGER,
            today=TODAY,
        )


def test_cancelling_an_early_receipt_turns_later_credit_into_repayment(book: Book) -> None:
    book.open_loan("L1", principal=10_000_00, months=5)
    first = receive(book, cash(6_000_00))
    receive(book, cash(6_000_00))
    cancel(book, first.receipt.id)
    assert position(book) == (4_000_00, 6_000_00)
    assert balance(book, "borrower_credit") == 0
    assert balance(book, "loans") == 4_000_00
    assert balance(book, "suspense") == 0
    assert balance(book, "cash_with_officer") == -10_000_00 + 6_000_00


def test_after_a_write_off_money_is_recovery_up_to_the_claim(book: Book) -> None:
    book.open_loan("L1", principal=10_000_00, months=5)
    receive(book, cash(4_000_00))
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        write_off(tx, EndLoan("L1", TODAY, "lost"), actor=HEAD_OFFICE, today=TODAY)
    after = receive(book, cash(7_000_00))
    assert (after.outstanding, after.credit) == (0, 1_000_00)
    assert balance(book, "recovery_income") == -6_000_00
    assert balance(book, "write_off") == 6_000_00


def test_a_waiver_is_borne_by_the_giving_fund_and_later_money_is_credit(book: Book) -> None:
    book.open_loan("L1", principal=10_000_00, months=5)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        command = EndLoan("L1", TODAY, "death", fund="mutual_support")
        waive(tx, command, actor=HEAD_OFFICE, today=TODAY)
    after = receive(book, cash(500_00))
    assert (after.outstanding, after.credit) == (0, 500_00)
    assert balance(book, "waiver", fund="mutual_support") == 10_000_00
    assert balance(book, "inter_fund", fund="general") == 10_000_00
    assert balance(book, "inter_fund") == 0


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (cash(0), "more than 0"),
        (cash(-5), "more than 0"),
        (cash(100, on=date(2026, 4, 1)), "future"),
        (cash(100, on=date(2026, 3, 1)), "2 days ago"),
        (cash(100, ref="L9"), "no loan L9"),
        (RecordReceipt("L1", 100, TODAY, "bank"), "reference"),
        (RecordReceipt("L1", 100, TODAY, "hundi"), "channel"),
    ],
)
def test_what_is_refused_says_why_and_leaves_nothing(
    book: Book, command: RecordReceipt, sentence: str
) -> None:
    book.open_loan("L1")
    with pytest.raises(Refused, match=sentence):
        receive(book, command)
    assert book.count(money_in) == 0


def position(book: Book, ref_id: int = 1) -> tuple[int, int]:
    with reading(book.engine) as connection:
        row = connection.execute(
            select(loan_position).where(loan_position.c.loan_id == ref_id)
        ).one()
    return row.outstanding, row.applied


def balance(book: Book, account: str, *, fund: str | None = None) -> int:
    """Debit balance of an account, in paisa."""
    with reading(book.engine) as connection:
        lines = connection.execute(select(journal_line)).all()
    wanted = [line for line in lines if fund in (None, line.fund_code)]
    debits: int = sum(line.amount for line in wanted if line.debit == account)
    credits: int = sum(line.amount for line in wanted if line.credit == account)
    return debits - credits


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (RecordReceipt("L1", 100, TODAY, "cash", account="import"), "kept for imported books"),
        (RecordReceipt("L1", 100, TODAY, "cash", payer="uncle"), "no payer uncle"),
        (RecordReceipt("L1", 100, TODAY, "cash", branch="QTA-99"), "no branch QTA-99"),
        (RecordReceipt("L1", 2**63, TODAY, "cash"), "too large"),
    ],
)
def test_what_only_the_database_would_notice_is_refused_as_a_sentence(
    book: Book, command: RecordReceipt, sentence: str
) -> None:
    book.open_loan("L1")
    with pytest.raises(Refused, match=sentence):
        receive(book, command)


def test_a_loan_ends_with_a_reason_and_a_fund_that_is_there(book: Book) -> None:
    book.open_loan("L1")
    for command, sentence in (
        (EndLoan("L1", TODAY, " "), "reason"),
        (EndLoan("L1", TODAY, "death", fund="gold"), "no fund gold"),
    ):
        with (
            pytest.raises(Refused, match=sentence),
            writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx,
        ):
            waive(tx, command, actor=HEAD_OFFICE, today=TODAY)


def test_a_loan_is_paid_out_from_the_day_it_was_agreed(book: Book) -> None:
    book.open_loan("L1", pay_out=False)
    for day, channel, sentence in (
        (date(2024, 1, 1), "cash", "2025-01-08, when it was agreed"),
        (date(2026, 4, 1), "cash", "up to today"),
        (TODAY, "hundi", "no channel hundi"),
    ):
        with (
            pytest.raises(Refused, match=sentence),
            writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx,
        ):
            disburse(tx, Disburse("L1", day, channel), actor=MANAGER, today=TODAY)
