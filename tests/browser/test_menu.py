"""The head of a page: all pages in one row; on a telephone a menu that the keyboard opens."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.hands import sit_down
from tests.browser.site import NARROW, WIDE
from tests.web.desk import Screens

# Two rows of 44 pixels with their space between and around; Urdu lines stand further apart.
TWO_ROWS = 116


@pytest.mark.parametrize("language", ["English", "اردو"])
def test_on_a_telephone_the_pages_stand_in_a_menu(
    chromium: Browser, site: str, screens: Screens, language: str
) -> None:
    hand = sit_down(chromium, site, screens, "officer")
    page = hand.page
    if language != "English":
        hand.button(language).click()
    links = page.get_by_role("navigation").get_by_role("link")
    expect(page.locator(".menu summary")).to_be_hidden()
    expect(links.first).to_be_visible()
    page.goto("/sheet")
    page.set_viewport_size({"width": NARROW, "height": 700})
    head = page.locator("header").bounding_box()
    assert head is not None
    assert head["height"] <= TWO_ROWS
    expect(links.first).to_be_hidden()
    page.locator(".menu summary").focus()
    page.keyboard.press("Enter")
    expect(links.first).to_be_visible()
    expect(page.locator("header [aria-current=page]")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(links.first).to_be_focused()
    page.set_viewport_size({"width": WIDE, "height": 700})
    expect(links.last).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("header")).to_be_hidden()


@pytest.mark.parametrize("language", ["English", "اردو"])
def test_the_pages_of_head_office_stand_in_one_row(
    chromium: Browser, site: str, screens: Screens, language: str
) -> None:
    head = sit_down(chromium, site, screens, "head")
    if language != "English":
        head.button(language).click()
    head.page.goto("/months/next")
    links = head.page.get_by_role("navigation").get_by_role("link").all()
    boxes = [link.bounding_box() for link in links]
    assert len(boxes) > 8
    assert len({box["y"] for box in boxes if box}) == 1
    # The page that this one lies below is marked, and no other.
    expect(head.page.locator("header [aria-current]")).to_have_attribute("href", "/months")
