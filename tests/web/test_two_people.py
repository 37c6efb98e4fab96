"""A receipt is cancelled by two people: one asks with a reason, another confirms or declines."""

import re

from tests.book import TODAY
from tests.web.desk import Browser, Screens

CASH = {
    "amount": "2800",
    "received_on": TODAY.isoformat(),
    "channel": "cash",
    "payer": "borrower",
}
WHY = "typed for the wrong woman"


def a_receipt(screens: Screens) -> tuple[Browser, str]:
    """Take a receipt; the cashier's browser shows it."""
    loan = f"/loans/{screens.book.open_loan('L1')}"
    cashier = screens.browser("cashier")
    cashier.get(f"{loan}/receipt")
    return cashier, cashier.send(f"{loan}/receipt", **CASH).request.path


def waiting(browser: Browser) -> list[str]:
    """Give the ways to answer what waits."""
    browser.get("/confirmations")
    return re.findall(r'action="(/confirmations/\d+)"', browser.page)


def test_one_asks_and_another_confirms(screens: Screens) -> None:
    cashier, receipt = a_receipt(screens)
    cashier.send(f"{receipt}/cancel", reason=WHY)
    assert "Waits to be cancelled" in cashier.page
    assert ">cancelled<" not in cashier.page
    manager = screens.browser("manager")
    (answer,) = waiting(manager)
    assert WHY in manager.page
    manager.send(answer, answer="confirm")
    assert ">cancelled<" in manager.page
    manager.get(receipt)
    assert "Borrower of L1" in manager.page
    assert waiting(manager) == []
    manager.get("/loans/1")
    assert "Rs 50,000" in manager.page
    assert "<td>Receipt · cancelled</td>" in manager.page
    assert "taken back" not in manager.page


def test_a_cancelled_receipt_names_both_people_their_moments_and_the_reason(
    screens: Screens,
) -> None:
    cashier, receipt = a_receipt(screens)
    assert "Next on the sheet" in cashier.page
    cashier.send(f"{receipt}/cancel", reason="not hers at all")
    manager = screens.browser("manager")
    (first,) = waiting(manager)
    manager.send(first, answer="decline", reason="It was hers")
    cashier.get(receipt)
    cashier.send(f"{receipt}/cancel", reason=WHY)
    (answer,) = waiting(manager)
    manager.send(answer, answer="confirm")
    moment = r"\d+ \w+ 2026 \d\d:\d\d"
    told = (
        f"cashier asked on {moment} to cancel this receipt, and manager confirmed it on {moment}. "
        f"The reason: {WHY}"
    )
    for reader in (cashier, screens.browser("auditor")):
        assert re.search(told, reader.get(receipt).get_data(as_text=True))
        assert "Next on the sheet" not in reader.page
        assert reader.get("/loans/1").get_data(as_text=True).count(f'href="{receipt}"') == 2


def test_a_declined_request_leaves_the_receipt_and_can_be_asked_again(screens: Screens) -> None:
    cashier, receipt = a_receipt(screens)
    cashier.send(f"{receipt}/cancel", reason=WHY)
    manager = screens.browser("manager")
    (answer,) = waiting(manager)
    assert manager.send(answer, answer="decline", reason="").status_code == 422
    manager.send(answer, answer="decline", reason="It was hers")
    assert waiting(manager) == []
    cashier.get(receipt)
    assert "Waits to be cancelled" not in cashier.page
    cashier.send(f"{receipt}/cancel", reason=WHY)
    assert len(waiting(manager)) == 1


def test_of_several_requests_the_refused_answer_is_named_and_keeps_its_words(
    screens: Screens,
) -> None:
    cashier, receipt = a_receipt(screens)
    cashier.send(f"{receipt}/cancel", reason=WHY)
    cashier.get("/loans/1/receipt")
    other = cashier.send("/loans/1/receipt", **CASH | {"reference": "2"}).request.path
    cashier.send(f"{other}/cancel", reason=WHY)
    manager = screens.browser("manager")
    first, second = sorted(waiting(manager))
    manager.send(second, answer="decline", reason="", at="2")
    assert 'href="#reason-2"' in manager.page
    assert manager.page.count('id="reason-fault"') == 1
    look = {"reason": "It was hers.", "at": "1", "aim-look": "1"}
    manager.send(first, answer="decline", **look)
    found = re.findall(r'id="reason-(\d)" name="reason"[^>]*value="([^"]*)"', manager.page)
    assert dict(found) == {"1": "It was hers.", "2": ""}


def test_nobody_confirms_what_they_asked_for(screens: Screens) -> None:
    _, receipt = a_receipt(screens)
    manager = screens.browser("manager")
    manager.get(receipt)
    manager.send(f"{receipt}/cancel", reason=WHY)
    assert waiting(manager) == []
    assert "another person confirms it" in manager.page
    for texts in ({"answer": "confirm"}, {"answer": "decline", "reason": "no"}):
        assert manager.send("/confirmations/1", **texts).status_code == 403
        manager.get("/confirmations")


def test_a_request_is_asked_with_a_reason_once_and_answered_once(screens: Screens) -> None:
    cashier, receipt = a_receipt(screens)
    assert cashier.send(f"{receipt}/cancel", reason=" ").status_code == 422
    assert "Fill this in" in cashier.page
    cashier.send(f"{receipt}/cancel", reason=WHY)
    other = screens.browser("manager")
    other.get(receipt)
    assert other.send(f"{receipt}/cancel", reason="mine too").status_code == 422
    assert "asked already" in other.page
    (answer,) = waiting(other)
    late = screens.browser("head")
    late.get("/confirmations")
    other.send(answer, answer="confirm")
    assert late.send(answer, answer="confirm").status_code == 422
    assert "dealt with this request already" in late.page
    assert late.send("/confirmations/99", answer="confirm").status_code == 422


def test_another_branch_neither_asks_nor_sees_what_waits(screens: Screens) -> None:
    cashier, receipt = a_receipt(screens)
    cashier.send(f"{receipt}/cancel", reason=WHY)
    stranger = screens.browser("stranger")
    assert stranger.send(f"{receipt}/cancel", reason=WHY).status_code == 403
    assert stranger.get(receipt).status_code == 403
    assert WHY not in stranger.page
