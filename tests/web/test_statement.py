"""The statement of a loan: all facts with both days and receipts, a balance that runs, on paper."""

import re
from datetime import date

from sqlalchemy import insert, select

from aim_loans.loans.facts import Fact, balances
from aim_loans.loans.models import instalment, loan_fact, schedule_version
from aim_loans.loans.positions import refresh_positions
from aim_loans.repayment.operations import (
    CancelReceipt,
    MoveMoney,
    RecordReceipt,
    cancel_receipt,
    move_money,
    record_receipt,
)
from tests.book import CASHIER, MANAGER, TODAY
from tests.web.desk import Screens

BALANCE = re.compile(r'<td class="n"[^>]*><bdi dir="ltr">([\d,]+)</bdi></td></tr>')


def receive(screens: Screens, amount: int, on: date) -> int:
    with screens.writing() as tx:
        command = RecordReceipt("L1", amount, on, "cash")
        recorded = record_receipt(tx, command, actor=CASHIER, today=on, backdating_days=2)
    return recorded.receipt.id


def test_the_statement_tells_every_fact_and_the_balance_after_it(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    receive(screens, 2_800_00, date(2025, 2, 10))
    wrong = receive(screens, 9_000_00, date(2025, 3, 9))
    with screens.writing() as tx:
        cancel = CancelReceipt(wrong, "wrong loan")
        cancel_receipt(tx, cancel, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)
    receive(screens, 2_800_00, TODAY)
    browser = screens.browser("officer")
    assert browser.get(f"/loans/{loan_id}/statement").status_code == 200
    facts = browser.page.split("What happened")[1].split("</table>")[0]
    assert BALANCE.findall(facts) == ["50,000", "47,200", "38,200", "47,200", "44,400"]
    assert "Rs 44,400" in browser.page
    for said in (
        "Akhuwat Islamic Microfinance",
        "Borrower of L1",
        "Statement of loan L1",
        "LHR-01/R/2024/000001",
        "10 Feb 2025",
        "31 Mar 2026 11:",
        "Receipt · cancelled",
        "interest-free loan",
        "Balance on 31 Mar 2026",
    ):
        assert said in browser.page, said


def test_money_moved_to_its_right_loan_is_taken_back_from_the_other(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    screens.book.open_loan("L2")
    receipt = receive(screens, 2_800_00, date(2025, 2, 10))
    applied = select(loan_fact.c.id).where(loan_fact.c.money_in_id == receipt)
    with screens.writing() as tx:
        command = MoveMoney(tx.connection.execute(applied).scalar_one(), "L2", "wrong loan")
        move_money(tx, command, actor=MANAGER)
        cancel = CancelReceipt(receipt, "typed twice")
        cancel_receipt(tx, cancel, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)
    browser = screens.browser("officer")
    assert "Receipt · taken back" in browser.get(f"/loans/{loan_id}").get_data(as_text=True)
    assert "cancelled" not in browser.page
    assert "Receipt · cancelled" in browser.get(f"/loans/{loan_id + 1}").get_data(as_text=True)


def test_the_statement_speaks_urdu_too(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    browser = screens.browser("officer")
    path = f"/loans/{loan_id}/statement"
    browser.get(path)
    browser.send("/language", language="ur", back=path)
    assert '<html lang="ur" dir="rtl">' in browser.page
    assert "گوشوارہ" in browser.page
    assert "بلا سود" in browser.page
    assert '<bdi dir="ltr">Rs 50,000</bdi>' in browser.page


def test_a_loan_not_paid_out_has_a_statement_without_facts(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1", pay_out=False)
    browser = screens.browser("officer")
    browser.get(f"/loans/{loan_id}/statement")
    assert "Nothing yet: the loan is agreed and not paid out" in browser.page


def test_another_branch_reads_no_statement(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    stranger = screens.browser("stranger")
    assert stranger.get(f"/loans/{loan_id}/statement").status_code == 403
    assert "Borrower of L1" not in stranger.page


def test_the_first_schedule_stands_beside_a_later_one(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    browser = screens.browser("officer")
    browser.get(f"/loans/{loan_id}")
    assert "Schedule as agreed" not in browser.page
    agree_again(screens, loan_id)
    browser.get(f"/loans/{loan_id}")
    stands, agreed = browser.page.split("Schedule as agreed")
    assert "10 Dec 2027" in stands
    assert "10 Feb 2025" in agreed
    assert "10 Dec 2027" not in agreed.split("What happened")[0]


def agree_again(screens: Screens, loan_id: int) -> None:
    """Write a second version by hand: no operation makes one yet."""
    with screens.writing() as tx:
        act_id = tx.connection.execute(select(loan_fact.c.act_id)).scalars().first()
        version = {"loan_id": loan_id, "number": 2, "effective_on": TODAY, "instalment_count": 1}
        written = {"act_id": act_id, "recorded_at": tx.now}
        made = tx.connection.execute(insert(schedule_version).values(**version, **written))
        (version_id,) = made.inserted_primary_key or (0,)
        due = {"due_on": date(2027, 12, 10), "amount": 50_000_00, "due_total": 50_000_00}
        tx.connection.execute(insert(instalment).values(version_id=version_id, number=1, **due))
        refresh_positions(tx.connection, [loan_id])


def test_a_balance_never_falls_below_nothing() -> None:
    day = date(2025, 1, 8)
    story = [("disbursement", 100), ("receipt", 130), ("receipt", -130), ("waiver", 100)]
    assert balances(Fact(kind, amount, day) for kind, amount in story) == [100, 0, 100, 0]
    assert balances([]) == []
