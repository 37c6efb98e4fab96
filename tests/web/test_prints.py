"""Papers as PDF at the screens: the page's own figures, and a code that any branch can check."""

import re
from datetime import date

from aim_loans.repayment.operations import (
    CancelReceipt,
    RecordReceipt,
    cancel_receipt,
    record_receipt,
)
from tests.book import CASHIER, MANAGER, TODAY
from tests.branch import Branch
from tests.reports.reading import extracted, spoken
from tests.web.desk import Browser, Screens

CODE = re.compile(r"Code ([A-Z0-9-]+):")
AMOUNT = re.compile(r"(?:Rs )?\d{1,3}(?:,\d{3})+")


def receive(screens: Screens, amount: int, on: date = TODAY) -> int:
    with screens.writing() as tx:
        command = RecordReceipt("L1", amount, on, "cash")
        recorded = record_receipt(tx, command, actor=CASHIER, today=on, backdating_days=2)
    return recorded.receipt.id


def pdf(browser: Browser, path: str) -> bytes:
    answer = browser.client.get(path)
    assert answer.status_code == 200, path
    assert answer.mimetype == "application/pdf"
    return bytes(answer.data)


def code_of(paper: bytes) -> str:
    found = CODE.search(extracted(paper))
    assert found is not None
    return found[1]


def test_the_papers_of_a_loan_hold_its_figures_and_a_code_that_stays_good(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    receive(screens, 2_800_00, date(2025, 2, 10))
    browser = screens.browser("officer")
    browser.get(f"/loans/{loan_id}/statement")
    page = browser.page
    for language in ("en", "ur", "both"):
        path = f"/loans/{loan_id}/statement.pdf?language={language}"
        lines = {line for each in spoken(pdf(browser, path)) for line in each}
        shown = set(AMOUNT.findall(page))
        assert shown
        # The sums under the schedule stand on paper alone.
        assert shown <= set(AMOUNT.findall(" ".join(lines)))
        assert "LHR-01/R/2024/000001" in lines
    answer = browser.client.get(f"/loans/{loan_id}/schedule.pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="schedule-L1.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "10 Jul 2026" in extracted(answer.data)
    assert browser.get(f"/loans/{loan_id}/nothing.pdf").status_code == 404
    assert browser.get(f"/loans/{loan_id}/statement.pdf?language=fr").status_code == 422
    assert browser.get(f"/loans/{loan_id}/clearance.pdf").status_code == 422
    assert "not closed" in browser.page
    check_that_a_code_stays_good_after_a_later_receipt(screens, browser, loan_id)
    receive(screens, 44_400_00)
    assert "Nothing is owed" in extracted(pdf(browser, f"/loans/{loan_id}/clearance.pdf"))


def check_that_a_code_stays_good_after_a_later_receipt(
    screens: Screens, browser: Browser, loan_id: int
) -> None:
    code = code_of(pdf(browser, f"/loans/{loan_id}/statement.pdf?language=en"))
    receive(screens, 2_800_00)
    browser.get("/")
    browser.send("/find", wanted=code.lower().replace("-", " "))
    assert "This paper is ours" in browser.page
    assert "Rs 47,200" in browser.page
    wrong = code[:-1] + ("7" if code[-1] != "7" else "8")
    assert browser.send("/find", wanted=wrong).status_code == 404
    assert "No paper of ours" in browser.page
    for unknown in ("nothing", "R2-00000000", "K2-1-00000000", "SZZZZZZZZZ-ZZZZZZZZZ-00000000"):
        assert browser.get(f"/paper-codes/{unknown}").status_code == 404
    stranger = screens.browser("stranger")
    assert stranger.get(f"/paper-codes/{code}").status_code == 403
    for paper in ("statement", "schedule", "clearance"):
        assert stranger.get(f"/loans/{loan_id}/{paper}.pdf").status_code == 403


def test_a_receipt_on_paper_says_when_it_is_cancelled_and_so_does_its_code(
    screens: Screens,
) -> None:
    loan_id = screens.book.open_loan("L1")
    receipt_id = receive(screens, 2_800_00)
    browser, path = screens.browser("officer"), f"/receipts/{receipt_id}/receipt.pdf?language=en"
    before = pdf(browser, path)
    assert "cancelled" not in extracted(before)
    with screens.writing() as tx:
        cancel = CancelReceipt(receipt_id, "wrong loan")
        cancel_receipt(tx, cancel, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)
    assert "cancelled" in extracted(pdf(browser, f"{path}&sheet=80mm"))
    browser.get(f"/paper-codes/{code_of(before)}")
    assert "This paper is ours" in browser.page
    assert "cancelled" in browser.page
    statement = extracted(pdf(browser, f"/loans/{loan_id}/statement.pdf?language=en"))
    assert "Receipt · cancelled" in statement
    assert "taken back" not in statement
    stranger = screens.browser("stranger")
    assert stranger.get(path).status_code == 403


def test_the_papers_of_an_application_hold_the_figures_of_its_page(screens: Screens) -> None:
    branch = Branch(screens.book)
    asked = branch.approved()
    browser = screens.browser("officer")
    browser.get(f"/applications/{asked}/papers?planned_on=2026-05-04")
    shown = set(AMOUNT.findall(browser.page))
    path = f"/applications/{asked}/key_facts.pdf?planned_on=2026-05-04&language=en"
    key_facts = pdf(browser, path)
    assert shown == set(AMOUNT.findall(extracted(key_facts)))
    browser.get(f"/paper-codes/{code_of(key_facts)}")
    assert "4 May 2026" in browser.page
    assert "Rs 50,000" in browser.page
    undertakings = spoken(pdf(browser, f"/applications/{asked}/undertaking.pdf?language=ur"))
    assert len(undertakings) == 2
    assert pdf(browser, path) == key_facts
    stranger = screens.browser("stranger")
    for paper in ("key_facts", "agreement", "undertaking"):
        assert stranger.get(f"/applications/{asked}/{paper}.pdf").status_code == 403
