"""Somebody before the screen: what they click and type, and how they come in."""

from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Browser, Locator, Page, expect
from pyotp import TOTP

from tests.browser.site import HERE, WIDE, a_window
from tests.web.desk import PASSWORD, Screens

# A code of the authenticator holds so long, and counts once.
ONE_CODE = timedelta(seconds=30)


@dataclass
class Hand:
    """Somebody before the screen: counts clicks and Enters, not the letters of a text."""

    page: Page
    clicks: int = 0
    enters: int = 0
    secret: str = ""

    def click(self, what: Locator) -> None:
        """Click once."""
        what.click()
        self.clicks += 1

    def follow(self, link: Locator) -> None:
        """Click a link, and wait for the page that it opens."""
        with self.page.expect_navigation():
            self.click(link)

    def enter(self) -> None:
        """Press Enter, and wait for the page that it opens."""
        self.has_a_cursor()
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.enters += 1

    def enter_from(self, field: Locator) -> None:
        """Press Enter in a field."""
        field.focus()
        self.enter()

    def type(self, text: str) -> None:
        """Type a text where the cursor is."""
        self.has_a_cursor()
        self.page.keyboard.type(text)

    def has_a_cursor(self) -> None:
        """Wait until the keyboard stands somewhere: a page takes a moment to set its cursor."""
        expect(self.page.locator(":focus")).to_be_attached()

    def button(self, name: str) -> Locator:
        """Find a button by what it says."""
        return self.page.get_by_role("button", name=name, exact=True)

    def reads(self, text: str) -> None:
        """Hold that the page says this."""
        expect(self.page.locator("main")).to_contain_text(text)


def sit_down(
    chromium: Browser,
    site: str,
    screens: Screens,
    username: str,
    *,
    width: int = WIDE,
    address: str = HERE,
) -> Hand:
    """Open a window and sign in by the form, from the keyboard, with a second factor if asked."""
    page = a_window(chromium, site, width=width, address=address).new_page()
    page.goto("/")
    sign_in(page, username)
    hand = Hand(page)
    if page.locator(".code").count():
        hand.secret = (page.locator(".code").text_content() or "").replace(" ", "")
        give_code(hand, screens)
        page.get_by_role("link", name="I have kept them").click()
    # On a telephone it stands in the menu.
    leave = page.get_by_role("button", name="Sign out", exact=True, include_hidden=True)
    expect(leave).to_have_count(1)
    return hand


def give_code(hand: Hand, screens: Screens) -> None:
    """Type the code that the authenticator shows a moment later than the last one."""
    clock = screens.book.clock
    clock.at += ONE_CODE
    hand.page.get_by_label("Code", exact=True).fill(TOTP(hand.secret).at(clock.at))
    with hand.page.expect_navigation():
        hand.page.keyboard.press("Enter")


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():
        page.keyboard.press("Enter")
