"""What people do at the screens, in a real browser without scripts, counted in keys and clicks."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from aim_loans.cash.models import money_in
from aim_loans.identity.sign_in import MOST_FAILURES_OF_A_NAME, end_sessions
from tests.browser.hands import Hand, give_code, sign_in, sit_down
from tests.browser.site import NARROW, WIDE, a_window
from tests.web.desk import Screens

# Where on the page the keyboard stands (null: nowhere), and the ring around it.
FOCUSED = """() => {
  const at = document.activeElement, ring = getComputedStyle(at).outlineStyle;
  const place = [...document.querySelectorAll("*")].indexOf(at);
  return {place: at === document.body ? null : place, outline: ring};
}"""
# Where it must come by: whatever can be used; of a group of choices the chosen one.
STOPPING = """() => {
  const all = [...document.querySelectorAll("*")];
  const useful = "a[href], button, summary, select, textarea, input, [tabindex='0']";
  const passed = "[type=hidden], [type=radio]:not(:checked)";
  return all.flatMap((each, place) =>
    each.matches(useful) && !each.matches(passed) && each.checkVisibility() ? [place] : []);
}"""


def next_stop(page: Page) -> dict[str, Any] | None:
    """Press Tab; gives where the keyboard stands now, None when it has left the page."""
    page.keyboard.press("Tab")
    found: dict[str, Any] = page.evaluate(FOCUSED)
    return found if found["place"] is not None else None


def receipts(screens: Screens) -> int:
    return screens.book.count(money_in)


def test_a_walk_in_receipt_is_find_enter_enter(
    chromium: Browser, site: str, screens: Screens
) -> None:
    screens.book.open_loan("L1")
    screens.book.open_loan("L2")
    hand = sit_down(chromium, site, screens, "cashier")
    for ref in ("L1", "L2"):
        # The cursor stands in the search box, after a receipt as well: the next is one key away.
        hand.type(ref)
        hand.enter()
        hand.reads(f"Borrower of {ref}")
        hand.enter()
        hand.reads("Write the receipt")
        hand.enter()
        hand.reads(f"Borrower of {ref}")
        hand.reads("Rs 39,200")
        hand.reads("Balance now")
    assert hand.enters == 6
    assert receipts(screens) == 2


def test_a_mistake_is_reversed_by_three_clicks_and_a_reason(
    chromium: Browser, site: str, screens: Screens
) -> None:
    loan = f"/loans/{screens.book.open_loan('L1')}"
    cashier, officer, manager, auditor = (
        sit_down(chromium, site, screens, name)
        for name in ("cashier", "officer", "manager", "auditor")
    )
    cashier.page.goto(f"{loan}/receipt")
    cashier.enter()
    receipt = cashier.page.url

    officer.page.goto(receipt)
    officer.click(officer.page.get_by_text("Cancel this receipt"))
    officer.page.get_by_label("Reason").fill("Typed for the wrong woman.")
    officer.enter()
    officer.reads("Waits to be cancelled")

    manager.click(manager.page.get_by_role("link", name="To confirm"))
    manager.reads("Typed for the wrong woman.")
    manager.click(manager.button("Cancel the receipt"))
    manager.reads("cancelled")
    assert officer.clicks + manager.clicks == 3

    auditor.page.goto(loan)
    auditor.reads("Receipt · cancelled")
    expect(auditor.page.get_by_role("link", name="Take a payment")).to_have_count(0)


def test_a_double_click_posts_once(chromium: Browser, site: str, screens: Screens) -> None:
    loan = f"/loans/{screens.book.open_loan('L1')}"
    hand = sit_down(chromium, site, screens, "cashier")
    hand.page.goto(f"{loan}/receipt")
    hand.button("Write the receipt").dblclick()
    hand.reads("Balance now")
    assert receipts(screens) == 1


def test_wrong_passwords_lock_their_own_address_and_nobody_elses(
    chromium: Browser, site: str, screens: Screens
) -> None:
    attacker = Hand(a_window(chromium, site, address="10.0.0.66").new_page())
    attacker.page.goto("/sign-in")
    for _ in range(MOST_FAILURES_OF_A_NAME):
        sign_in(attacker.page, "cashier", "not it")
        attacker.reads("The user name or the password is wrong")
    sign_in(attacker.page, "cashier")
    attacker.reads("Too many wrong attempts")
    owner = sit_down(chromium, site, screens, "cashier", address="10.0.0.9")
    expect(owner.button("Sign out")).to_be_visible()


def test_the_language_is_one_click_and_stays_at_the_page(
    chromium: Browser, site: str, screens: Screens
) -> None:
    loan = f"/loans/{screens.book.open_loan('L1')}"
    hand = sit_down(chromium, site, screens, "officer")
    hand.page.goto(loan)
    hand.click(hand.button("اردو"))
    expect(hand.page.locator("html")).to_have_attribute("dir", "rtl")
    hand.reads("Borrower of L1")
    hand.page.goto("/")
    expect(hand.page.locator("html")).to_have_attribute("lang", "ur")
    hand.click(hand.button("English"))
    expect(hand.page.locator("html")).to_have_attribute("dir", "ltr")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_form_sent_with_a_fault_keeps_what_was_typed(
    chromium: Browser, site: str, screens: Screens, width: int
) -> None:
    loan = f"/loans/{screens.book.open_loan('L1')}"
    hand = sit_down(chromium, site, screens, "cashier", width=width)
    hand.page.goto(f"{loan}/receipt")
    hand.page.get_by_label("Amount in rupees").fill("0")
    hand.page.get_by_label("Number in the receipt book").fill("77")
    hand.page.get_by_label("Raast").check()
    hand.enter()
    hand.reads("This was not written.")
    expect(hand.page.get_by_label("Amount in rupees")).to_have_value("0")
    expect(hand.page.get_by_label("Amount in rupees")).to_have_attribute("aria-invalid", "true")
    expect(hand.page.get_by_label("Number in the receipt book")).to_have_value("77")
    expect(hand.page.get_by_label("Raast")).to_be_checked()
    # The summary leads to the field.
    hand.click(hand.page.locator(".faults a").first)
    expect(hand.page.get_by_label("Amount in rupees")).to_be_in_viewport()
    assert receipts(screens) == 0


def test_a_session_that_ended_in_a_form_loses_nothing(
    chromium: Browser, site: str, screens: Screens
) -> None:
    loan = f"/loans/{screens.book.open_loan('L1')}"
    hand = sit_down(chromium, site, screens, "cashier")
    hand.page.goto(f"{loan}/receipt")
    hand.page.get_by_label("Amount in rupees").fill("1234")
    hand.page.get_by_label("Number in the receipt book").fill("77")
    with screens.writing() as tx:
        end_sessions(tx, "cashier")
    hand.enter()
    hand.reads("what you typed is kept")
    expect(hand.page.get_by_label("User name")).to_have_value("cashier")
    sign_in(hand.page, "cashier")
    give_code(hand, screens)
    hand.reads("You are signed in again")
    hand.enter()
    hand.reads("Nothing was written yet")
    expect(hand.page.get_by_label("Amount in rupees")).to_have_value("1234")
    expect(hand.page.get_by_label("Number in the receipt book")).to_have_value("77")
    assert receipts(screens) == 0
    hand.enter()
    hand.reads("Rs 1,234")
    assert receipts(screens) == 1


def test_the_first_stop_of_the_keyboard_leads_past_the_header(chromium: Browser, site: str) -> None:
    page = a_window(chromium, site).new_page()
    page.goto("/sign-in")
    skip = page.locator("a.skip")
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("User name")).to_be_focused()


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(
    chromium: Browser, site: str, screens: Screens
) -> None:
    loan = f"/loans/{screens.book.open_loan('L1')}"
    hand = sit_down(chromium, site, screens, "cashier")
    for path in ("/", loan, f"{loan}/receipt", "/password"):
        hand.page.goto(path)
        hand.page.locator("a.skip").focus()
        stops = [hand.page.evaluate(FOCUSED)]
        while (stop := next_stop(hand.page)) and stop["place"] >= stops[-1]["place"]:
            stops.append(stop)
        # A date has several stops in itself, and draws the ring of the last by itself.
        reached = list(dict.fromkeys(stop["place"] for stop in stops))
        assert reached == hand.page.evaluate(STOPPING), path
        ringed = {stop["place"] for stop in stops if stop["outline"] != "none"}
        assert ringed == set(reached), path
