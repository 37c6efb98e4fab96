"""At the counter, money received too long ago is asked for with a reason; another permits it."""

import re
from datetime import timedelta

import pytest

from aim_loans.cash.models import money_in
from tests.book import TODAY
from tests.web.desk import Browser, Screens

WHY = "The slip lay in the drawer."
LONG_AGO = {
    "amount": "2800",
    "received_on": (TODAY - timedelta(days=3)).isoformat(),
    "channel": "raast",
    "reference": "R-77",
    "account": "HBL",
    "payer": "family",
    "book_number": "B-9",
}


def receipts(screens: Screens) -> int:
    return screens.book.count(money_in)


def asked(screens: Screens, username: str = "cashier", **more: str) -> tuple[Browser, str]:
    """Ask for a receipt of a day long past; the browser shows the request."""
    form = f"/loans/{screens.book.open_loan('L1')}/receipt"
    browser = screens.browser(username)
    browser.get(form)
    answer = browser.send(form, reason=WHY, **(LONG_AGO | more))
    return browser, answer.request.path


def waiting(browser: Browser) -> list[str]:
    browser.get("/confirmations")
    return re.findall(r'action="(/confirmations/backdating/\d+)"', browser.page)


def test_the_form_asks_why_and_another_permits(screens: Screens) -> None:
    loan = f"/loans/{screens.book.open_loan('L1')}"
    cashier = screens.browser("cashier")
    cashier.get(f"{loan}/receipt")
    assert 'name="reason"' not in cashier.page
    assert cashier.send(f"{loan}/receipt", **LONG_AGO).status_code == 422
    assert "more than 2 days ago. Give the reason" in cashier.page
    assert 'name="reason"' in cashier.page
    assert 'value="R-77"' in cashier.page
    first = cashier.send_only(f"{loan}/receipt", reason=WHY, **LONG_AGO)
    again = cashier.send(f"{loan}/receipt", reason=WHY, **LONG_AGO)
    assert (first.status_code, first.headers["Location"]) == (303, again.request.path)
    assert "Another person must permit it" in cashier.page
    assert receipts(screens) == 0
    cashier.get(loan)
    assert f'href="{again.request.path}"' in cashier.page
    manager = screens.browser("manager")
    assert "Waits to be confirmed</dt><dd><a" in manager.page
    (answer,) = waiting(manager)
    for said in ("Borrower of L1", "Rs 2,800", "R-77", "HBL", "B-9", "Family", WHY, "cashier"):
        assert said in manager.page, said
    manager.send(answer, answer="confirm")
    assert "LHR-01/R/2025/000001" in manager.page
    assert "cashier asked for this receipt of an earlier day, and manager permitted it" in (
        manager.page
    )
    assert waiting(manager) == []
    assert manager.send(answer, answer="confirm").status_code == 422
    assert "dealt with this request already" in manager.page
    assert receipts(screens) == 1
    cashier.get(again.request.path)
    assert "manager permitted it." in cashier.page


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_request_is_declined_or_taken_back_with_a_reason(screens: Screens) -> None:
    cashier, page = asked(screens)
    assert cashier.send(f"{page}/take-back", reason="", at="own").status_code == 422
    assert "Fill this in" in cashier.page
    cashier.send(f"{page}/take-back", reason="Typed for the wrong woman", at="own")
    assert "cashier took it back: Typed for the wrong woman" in cashier.page
    cashier.get("/loans/1/receipt")
    second = cashier.send("/loans/1/receipt", reason=WHY, **LONG_AGO).request.path
    manager = screens.browser("manager")
    (answer,) = waiting(manager)
    assert manager.send(answer, answer="decline", reason="").status_code == 422
    manager.send(answer, answer="decline", reason="She paid elsewhere")
    cashier.get(second)
    assert "manager declined it: She paid elsewhere" in cashier.page
    assert (receipts(screens), waiting(manager)) == (0, [])


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_is_refused_when_permitted_is_said_at_the_request_which_stays(
    screens: Screens,
) -> None:
    cashier, _ = asked(screens)
    cashier.get("/loans/1/receipt")
    today = {"received_on": TODAY.isoformat()}
    assert cashier.send("/loans/1/receipt", **(LONG_AGO | today)).status_code == 200
    manager = screens.browser("manager")
    (answer,) = waiting(manager)
    refused = manager.send(answer, answer="confirm", at="backdating-1")
    assert refused.status_code == 422
    assert manager.page.count("R-77 (raast) is already in the book") == 2
    assert waiting(manager) == [answer]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_nobody_permits_their_own_and_another_branch_sees_nothing(screens: Screens) -> None:
    manager, page = asked(screens, "manager")
    (answer,) = waiting(manager)
    assert "You asked for this: another person confirms it." in manager.page
    assert manager.send(answer, answer="confirm").status_code == 403
    stranger = screens.browser("stranger")
    assert stranger.get(page).status_code == 403
    assert WHY not in stranger.page
    assert stranger.send(f"{page}/take-back", reason="no").status_code == 403
    cashier = screens.browser("cashier")
    assert cashier.send(answer, answer="confirm").status_code == 403
    assert receipts(screens) == 0
    head = screens.browser("head")
    assert waiting(head) == [answer]
    head.send(answer, answer="confirm")
    assert receipts(screens) == 1
    assert head.get("/backdating/99").status_code == 404


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_receipt_to_cancel_says_whose_it_is(screens: Screens) -> None:
    loan = f"/loans/{screens.book.open_loan('L1')}"
    cashier = screens.browser("cashier")
    cashier.get(f"{loan}/receipt")
    today = {"received_on": TODAY.isoformat()}
    receipt = cashier.send(f"{loan}/receipt", **(LONG_AGO | today)).request.path
    cashier.send(f"{receipt}/cancel", reason=WHY)
    manager = screens.browser("manager")
    manager.get("/confirmations")
    assert "Borrower of L1" in manager.page
    assert f'href="{loan}"' in manager.page
