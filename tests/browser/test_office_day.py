"""Head office, a cashier and an officer at what takes several people, in a browser."""

from playwright.sync_api import Browser, Locator

from aim_loans.identity.permissions import Role
from tests.branch import Branch
from tests.browser.hands import Hand, sit_down
from tests.web.desk import Screens


def two_of_head_office(chromium: Browser, site: str, screens: Screens) -> tuple[Hand, Hand]:
    """Let two people of head office sit down."""
    screens.hire("second", Role.HEAD_OFFICE, None)
    return sit_down(chromium, site, screens, "head"), sit_down(chromium, site, screens, "second")


def goes_to(hand: Hand, page: str) -> None:
    """Follow a link of the head of the page."""
    hand.follow(hand.page.get_by_role("navigation").get_by_role("link", name=page, exact=True))


def row_of(hand: Hand, text: str) -> Locator:
    """Find the row of a table that says this."""
    return hand.page.get_by_role("row").filter(has_text=text)


def test_a_month_is_closed_and_a_file_of_people_released_by_two(
    chromium: Browser, site: str, screens: Screens
) -> None:
    screens.book.open_loan("L1")
    head, second = two_of_head_office(chromium, site, screens)
    goes_to(head, "Months")
    head.click(head.page.get_by_role("link", name="Check the next month"))
    head.reads("Nothing stands against closing it")
    head.click(head.button("Close the month"))
    head.reads("Nothing was recorded since that changes this month.")
    goes_to(head, "Files")
    asked = row_of(head, "programme_report")
    asked.get_by_label("What it is needed for").fill("Letter of the fund's owner")
    head.click(asked.get_by_role("button", name="Ask for it"))
    head.reads("another person releases it")
    goes_to(second, "Files")
    second.reads("Letter of the fund's owner")
    second.click(second.button("Make and release it"))
    with second.page.expect_download() as taken:
        second.click(second.button("Download"))
    assert taken.value.suggested_filename.endswith("programme_report.feeder-v1.2026-02.csv")
    assert "provisional" not in (row_of(second, "programme_report").first.text_content() or "")


def test_a_waiver_waits_for_its_fund_until_a_gift_comes(
    chromium: Browser, site: str, screens: Screens
) -> None:
    loan = f"/loans/{screens.book.open_loan('L1')}"
    head, second = two_of_head_office(chromium, site, screens)
    cashier = sit_down(chromium, site, screens, "cashier")
    head.page.goto(loan)
    head.click(head.page.get_by_role("link", name="Waive or write off"))
    head.page.locator("[name=kind][value=waiver]").check()
    head.page.get_by_label("Reason").fill("Her husband died.")
    head.click(head.button("Ask to end the loan"))
    head.reads("Nothing is collected")
    goes_to(second, "To confirm")
    second.click(second.button("Confirm"))
    second.reads("The case stays waiting")
    goes_to(cashier, "Donation")
    cashier.type("50000")
    cashier.enter()
    cashier.reads("Donation (voluntary)")
    goes_to(second, "To confirm")
    second.click(second.button("Confirm"))
    second.reads("Waived")


def test_a_group_guarantees_and_the_cashier_takes_the_fee(
    chromium: Browser, site: str, screens: Screens
) -> None:
    branch = Branch(screens.book)
    people = [branch.person(name) for name in ("Bushra", "Amna", "Sana")]
    application = f"/applications/{branch.enter(people[0])}"
    officer, cashier = (sit_down(chromium, site, screens, each) for each in ("officer", "cashier"))
    goes_to(officer, "Groups")
    officer.page.get_by_label("Name of the group").fill("Sisters")
    officer.page.get_by_label("Meets at").fill("The school")
    officer.click(officer.button("Make the group"))
    for person_id in people:
        officer.page.get_by_label("CNIC of the new member").fill(branch.cnics[person_id])
        officer.enter()
    officer.page.goto(application)
    officer.click(officer.button("Let the group guarantee"))
    officer.reads("Member of the group")
    cashier.page.goto(application)
    cashier.click(cashier.page.get_by_text("Take the fee"))
    cashier.page.locator("[name=fee_channel][value=cash]").check()
    cashier.click(cashier.button("Write the receipt"))
    cashier.reads("LHR-01/F/2025/000001")
    cashier.reads("Rs 200")
