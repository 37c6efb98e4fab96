"""The counter: find a loan, take a receipt, print it; what is wrong is said beside its field."""

from datetime import date

import pytest

from aim_loans.cash.models import money_in
from tests.book import TODAY
from tests.web.desk import Browser, Screens

CASH = {
    "amount": "2800",
    "received_on": TODAY.isoformat(),
    "channel": "cash",
    "payer": "borrower",
}


def receipts(screens: Screens) -> int:
    return screens.book.count(money_in)


def counter(screens: Screens) -> tuple[Browser, str]:
    """Open the form of a receipt for a new loan."""
    path = f"/loans/{screens.book.open_loan('L1')}/receipt"
    cashier = screens.browser("cashier")
    assert cashier.get(path).status_code == 200
    return cashier, path


def test_a_walk_in_receipt_is_find_and_two_enters(screens: Screens) -> None:
    screens.book.open_loan("L1")
    cashier = screens.browser("cashier")
    found = cashier.send("/find", wanted="L1")
    assert "Borrower of L1" in cashier.page
    form = cashier.get(found.request.path + "/receipt")
    # Fourteen instalments of Rs 2,800 have fallen due since February of last year.
    assert 'value="39200"' in cashier.page
    cashier.send(form.request.path, **CASH)
    assert "LHR-01/R/2025/000001" in cashier.page
    for said in ("Borrower of L1", "Rs 2,800", "Rs 47,200"):
        assert said in cashier.page


def test_the_same_form_sent_twice_counts_once(screens: Screens) -> None:
    cashier, path = counter(screens)
    first = cashier.send_only(path, **CASH)
    second = cashier.send_only(path, **CASH)
    assert first.headers["Location"] == second.headers["Location"]
    assert receipts(screens) == 1


@pytest.mark.parametrize(
    ("texts", "field", "sentence"),
    [
        ({"amount": ""}, "amount", "Fill this in"),
        ({"amount": "0"}, "amount", "more than 0"),
        ({"amount": "-5"}, "amount", ""),
        ({"amount": "1e9"}, "amount", ""),
        ({"amount": "<script>alert(1)</script>"}, "amount", ""),
        ({"amount": "\u202e5000"}, "amount", ""),
        ({"received_on": "2026-02-31"}, "received_on", "not a real date"),
        ({"received_on": "2027-01-01"}, "received_on", "future"),
        ({"received_on": "2024-12-31"}, "received_on", ""),
        ({"channel": "barter"}, "channel", "Choose one of the list"),
        ({"channel": "cheque"}, "reference", "reference"),
        ({"payer": "stranger"}, "payer", "Choose one of the list"),
        ({"book_number": "9" * 600}, "book_number", "too long"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    screens: Screens, texts: dict[str, str], field: str, sentence: str
) -> None:
    cashier, path = counter(screens)
    answer = cashier.send(path, **{**CASH, "reference": "", "book_number": "77", **texts})
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in cashier.page
    assert sentence in cashier.page
    assert "<script>alert" not in cashier.page
    kept = {**CASH, "book_number": "77", **texts}["book_number"]
    assert f'value="{kept}"' in cashier.page
    assert receipts(screens) == 0


def test_the_summary_of_what_is_wrong_names_each_field(screens: Screens) -> None:
    cashier, path = counter(screens)
    cashier.send(path, **{**CASH, "amount": "", "payer": ""})
    for name, label in (("amount", "Amount in rupees"), ("payer", "Who paid")):
        assert f'<a href="#{name}">{label}: Fill this in.</a>' in cashier.page
    assert cashier.page.count('role="alert"') == 1
    assert cashier.page.index('role="alert"') < cashier.page.index("<h1>")
    # What is asked for again is there once, as it is on a page without faults.
    assert cashier.page.count('id="amount"') == 1


def test_more_than_the_balance_is_asked_about_once_and_kept_for_the_borrower(
    screens: Screens,
) -> None:
    cashier, path = counter(screens)
    much = {**CASH, "amount": "50000.50"}
    answer = cashier.send(path, **much)
    assert answer.status_code == 422
    assert "Rs 0.50 more than the loan" in cashier.page
    assert receipts(screens) == 0
    first = cashier.send_only(path, **much, above="1")
    second = cashier.send_only(path, **much, above="1")
    assert first.headers["Location"] == second.headers["Location"]
    cashier.get(first.headers["Location"])
    assert "Borrower&#39;s credit" in cashier.page
    assert receipts(screens) == 1


def test_the_whole_balance_sent_twice_is_not_asked_about(screens: Screens) -> None:
    cashier, path = counter(screens)
    whole = {**CASH, "amount": "50000"}
    first = cashier.send_only(path, **whole)
    second = cashier.send_only(path, **whole)
    assert first.headers["Location"] == second.headers["Location"]
    assert receipts(screens) == 1


def test_a_form_of_ten_megabytes_is_refused_in_words(screens: Screens) -> None:
    cashier, path = counter(screens)
    answer = cashier.send(path, **{**CASH, "reference": "x" * 10_000_000})
    assert answer.status_code == 413
    assert "too large" in cashier.page


def test_an_old_day_asks_for_a_second_person(screens: Screens) -> None:
    cashier, path = counter(screens)
    cashier.send(path, **{**CASH, "received_on": date(2026, 3, 1).isoformat()})
    assert "let another person permit the date" in cashier.page


def test_a_cnic_finds_its_loan_and_never_stands_in_an_address(screens: Screens) -> None:
    screens.book.open_loan("L1")
    cashier = screens.browser("cashier")
    answer = cashier.send("/find", wanted="35201-1234567-1")
    assert "Nothing was found" in cashier.page
    assert "35201" not in answer.request.path


def test_an_empty_search_does_not_say_that_it_looked(screens: Screens) -> None:
    cashier = screens.browser("cashier")
    assert cashier.send("/find", wanted="").status_code == 422
    assert "This cannot be shown so" in cashier.page
    assert "Nothing was found" not in cashier.page


def test_the_pages_speak_urdu_from_right_to_left(screens: Screens) -> None:
    cashier, path = counter(screens)
    cashier.send("/language", language="ur", back=path)
    assert '<html lang="ur" dir="rtl">' in cashier.page
    cashier.send(path, **CASH)
    assert "\u0631\u0633\u06cc\u062f" in cashier.page
    assert '<bdi dir="ltr">Rs 2,800</bdi>' in cashier.page


def test_the_book_adds_up_and_its_day_lies_not_ahead(screens: Screens) -> None:
    for number in range(3):
        screens.book.open_loan(f"L{number}", branch=("LHR-01", "KHI-01")[number == 0])
    head, officer = screens.browser("head"), screens.browser("officer")
    head.get("/book?by=branch")
    assert "Rs 150,000" in head.page
    officer.get("/book")
    assert "Rs 100,000" in officer.page
    assert head.get("/book?as_of=2030-01-01").status_code == 422
    assert "lies in the future" in head.page
