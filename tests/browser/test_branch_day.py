"""A branch at work in a real browser without scripts: from a new borrower to a broken promise."""

from datetime import timedelta

from playwright.sync_api import Browser

from aim_loans.cash.models import money_in
from aim_loans.identity.permissions import Role
from tests.book import TODAY
from tests.branch import Branch
from tests.browser.hands import Hand, sit_down
from tests.web.desk import Screens

ROWS = 30
HOUSEHOLD = {
    "People in the household": "5",
    "Of them earning": "2",
    "Income of the household": "45000",
    "Expenses of the household": "30000",
    "Paid on other debts": "0",
    "Conduct and what neighbours say": "She is known and trusted.",
}
BUSINESS = {
    "Place of the business": "At home",
    "Assets": "60000",
    "Running capital": "15000",
    "Sales": "30000",
    "Running costs": "18000",
    "People employed before": "1",
    "What the loan buys": "Two sewing machines",
    "Remarks": "A steady trade.",
}


def receipts(screens: Screens) -> int:
    return screens.book.count(money_in)


def fill(hand: Hand, fields: dict[str, str]) -> None:
    for label, text in fields.items():
        hand.page.get_by_label(label, exact=True).fill(text)


def register(officer: Hand) -> None:
    """Register a borrower on one page; the borrower's page opens."""
    officer.click(officer.page.get_by_role("link", name="New borrower"))
    page = officer.page
    page.locator("[name=name]").fill("Bushra Perveen")
    page.locator("[name=cnic]").fill("35202-7654321-2")
    page.locator("[name=gender][value=female]").check()
    page.locator("[name=birth_date]").fill("1990-05-01")
    page.locator("[name=mobile]").fill("0300-1234567")
    page.locator("[name=district]").fill("Lahore")
    page.get_by_label("Father").first.fill("Muhammad Rashid")
    officer.enter_from(page.locator("[name=mobile]"))
    officer.reads("Bushra Perveen")


def test_a_borrower_comes_in_and_is_lent_to_by_four_people(
    chromium: Browser, site: str, screens: Screens
) -> None:
    screens.hire("area", Role.AREA_MANAGER, "LHR-01")
    branch = Branch(screens.book)
    for name in ("Rashid", "Aslam"):
        branch.person(name)
    officer, manager, area, cashier = (
        sit_down(chromium, site, screens, name)
        for name in ("officer", "manager", "area", "cashier")
    )
    register(officer)
    # The second page: the application.
    officer.click(officer.page.get_by_role("link", name="New loan"))
    fill(officer, {"Amount in rupees": "50000", "Months to repay in": "18"})
    officer.page.locator("[name=sector]").select_option("trade/tailoring")
    officer.page.locator("[name=purpose]").fill("Two sewing machines")
    officer.click(officer.button("Submit the application"))
    officer.reads("Submitted")
    application = officer.page.url
    for number, found in enumerate((HOUSEHOLD, BUSINESS)):
        officer.page.get_by_role("link", name="Record a visit").nth(number).click()
        fill(officer, found)
        officer.click(officer.button("Record the visit"))
    for cnic in branch.cnics.values():
        officer.page.get_by_text("Add a guarantor").click()
        fill(officer, {"CNIC of the guarantor": cnic, "Relation to the borrower": "neighbour"})
        officer.click(officer.button("Add the guarantor"))
    for kind in ("bureau", "screening"):
        officer.page.get_by_text("Record an answer").click()
        officer.page.locator(f"[name=kind][value={kind}]").check()
        officer.page.locator("[name=result][value=clear]").check()
        officer.click(officer.button("Record the answer"))
    for voter in (manager, area):
        voter.page.goto("/applications")
        before = voter.clicks
        voter.click(voter.page.get_by_role("link", name="LHR-01-A"))
        voter.click(voter.button("Approve"))
        assert voter.clicks - before == 2
    officer.page.goto(application)
    officer.page.locator("[name=manner][value=thumbprint]").check()
    officer.click(officer.button("Record the acknowledgement"))
    cashier.page.goto(application)
    cashier.page.locator("[name=payout_channel][value=cash]").check()
    cashier.click(cashier.page.get_by_role("button", name="Pay out"))
    cashier.reads("LHR-01-L")
    for _ in range(2):
        cashier.page.get_by_role("link", name="Take a payment").click()
        cashier.click(cashier.button("Write the receipt"))
        cashier.page.get_by_role("link", name="LHR-01-L").first.click()
    cashier.reads("Rs 44,400")
    assert receipts(screens) == 2


def test_a_sheet_of_thirty_rows_is_one_key_a_row(
    chromium: Browser, site: str, screens: Screens
) -> None:
    for number in range(ROWS):
        screens.book.open_loan(f"L{number:02d}", on=TODAY - timedelta(days=60), officer="officer")
    officer = sit_down(chromium, site, screens, "officer")
    officer.click(officer.page.get_by_role("link", name="Collection sheet").first)
    officer.reads(f"{ROWS} loans")
    keys = officer.page.keyboard
    for _ in range(ROWS):
        keys.press("Space")
        keys.press("Tab")
        keys.press("Tab")
    total = officer.page.locator("[name^=due-]").evaluate_all(
        "all => all.reduce((sum, each) => sum + Number(each.value), 0)"
    )
    officer.page.get_by_label("Counted cash in rupees").fill(str(total))
    officer.enter()
    officer.reads(f"{total:,}")
    assert receipts(screens) == ROWS


def test_a_promise_that_is_broken_is_said_so(
    chromium: Browser, site: str, screens: Screens
) -> None:
    loan = screens.book.open_loan("L1", officer="officer")
    officer = sit_down(chromium, site, screens, "officer")
    officer.page.goto(f"/loans/{loan}/visit")
    officer.page.locator("[name=outcome][value=promised]").check()
    officer.page.locator("[name=promised_on]").fill((TODAY + timedelta(days=3)).isoformat())
    officer.page.locator("[name=promised_amount]").fill("2800")
    officer.enter_from(officer.page.locator("[name=promised_amount]"))
    officer.reads("open")
    screens.book.clock.at += timedelta(days=4)
    later = sit_down(chromium, site, screens, "manager")
    later.reads("broken")
