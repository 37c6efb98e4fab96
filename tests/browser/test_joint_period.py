"""A period of the joint work in a browser: from an invitation to the pack that both signed."""

from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser

from reports.feeder.checking import check_folder
from tests.browser.hands import Hand, sit_down
from tests.browser.test_office_day import goes_to, row_of, two_of_head_office
from tests.web.desk import Screens

# The half-year is over, and no month was ever closed: the first to be closed is its last one.
NOW = datetime(2026, 7, 2, 6, tzinfo=UTC)
PERIOD, CODE = "2026-H1", "SMEDA-26-0042"
LINES = 25


def test_head_office_invites_and_both_parties_sign_the_period(
    chromium: Browser, site: str, screens: Screens, tmp_path: Path
) -> None:
    for number in range(LINES + 1):
        screens.book.open_loan(f"L{number}", sector="trade" if number else "livestock")
    screens.book.clock.at = NOW
    head, second = two_of_head_office(chromium, site, screens)
    officer, partner = (sit_down(chromium, site, screens, name) for name in ("officer", "partner"))
    plans_and_invites(head)
    enters_attendance(officer)
    closes_the_last_month(head)
    goes_to(partner, "SMEDA's events")
    partner.follow(row_of(partner, CODE).get_by_role("button", name="Confirm"))
    partner.reads("confirmed by SMEDA")
    for party in (head, partner):
        opens_the_period(party)
        party.follow(party.button("Confirm our part"))
    opens_the_period(head)
    head.follow(head.button("Prepare the report"))
    head.follow(head.page.get_by_role("link", name="Open it"))
    head.reads("You prepared this: another person releases it.")
    opens_the_report(second)
    second.follow(second.button("Release it to the partner"))
    for hand, name in ((head, "AIM"), (partner, "SMEDA")):
        opens_the_report(hand)
        hand.follow(hand.button(f"Sign for {name}"))
    partner.reads("Signed by both parties")
    takes_the_pack(partner, tmp_path)
    checked = dict(check_folder(tmp_path))
    assert len(checked) == 3
    assert not any(checked.values())


def plans_and_invites(head: Hand) -> None:
    """Plan a training of June and invite those of trade, 25 borrowers."""
    goes_to(head, "Trainings")
    head.follow(head.page.get_by_role("link", name="Plan a training"))
    for label, text in (
        ("Title", "Keeping accounts"),
        ("Place", "Town hall"),
        ("Begins on", "2026-06-15"),
        ("Days", "2"),
        ("Seats", "30"),
        ("SMEDA's code", CODE),
    ):
        head.page.get_by_label(label).fill(text)
    head.page.get_by_label("Branch").select_option("LHR-01")
    head.follow(head.button("Plan the training"))
    head.page.get_by_label("Sector").select_option("trade")
    head.follow(head.button("Count who fits"))
    head.reads(f"Borrowers with a running loan who fit and are not invited yet: {LINES}.")
    head.follow(head.button("Invite them"))
    assert head.page.get_by_text("Borrower of L").count() == LINES


def enters_attendance(officer: Hand) -> None:
    """Enter from the keyboard who came: days, a space for completed, the satisfaction."""
    goes_to(officer, "Trainings")
    officer.follow(officer.page.get_by_role("link", name="Keeping accounts"))
    officer.follow(officer.page.get_by_role("link", name="Attendance sheet"))
    officer.has_a_cursor()
    for _ in range(LINES):
        for key in ("2", "Tab", "Space", "Tab", "4", "Tab"):
            officer.page.keyboard.press(key)
    officer.follow(officer.button("Write the attendance down"))
    came = officer.page.locator("dt", has_text="Completed").locator("xpath=following-sibling::dd")
    assert came.text_content() == str(LINES)


def closes_the_last_month(head: Hand) -> None:
    """Close the month that ends the period."""
    goes_to(head, "Months")
    head.follow(head.page.get_by_role("link", name="Check the next month"))
    head.reads("The month that ends on 30 Jun 2026")
    head.follow(head.button("Close the month"))
    head.reads("final")


def opens_the_period(hand: Hand) -> None:
    """Go to the joint reports, and ask for the period."""
    goes_to(hand, "Joint reports")
    hand.page.get_by_label("Period").fill(PERIOD)
    hand.follow(hand.button("Show"))


def opens_the_report(hand: Hand) -> None:
    """Go to the joint reports, and open the one of the period."""
    goes_to(hand, "Joint reports")
    hand.follow(hand.page.get_by_role("link", name=PERIOD))


def takes_the_pack(partner: Hand, folder: Path) -> None:
    """Download every file of the report."""
    for link in partner.page.get_by_role("listitem").get_by_role("link").all():
        with partner.page.expect_download() as taken:
            partner.click(link)
        taken.value.save_as(folder / taken.value.suggested_filename)
