"""Every page, full and empty, in both languages: for a narrow screen and a screen reader."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.site import NARROW, WIDE, served
from tests.browser.town import Town
from tests.browser.walk import LANGUAGES, walk

GRAVE = {"serious", "critical"}
# How far the document is wider than the window, in pixels.
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture
def site(town: Town) -> Iterator[str]:
    with served(town.screens.app) as address:
        yield address


def test_every_page_of_the_address_map_is_looked_at(town: Town) -> None:
    # A page named here has a thing in its address without an example in the town: add one.
    excused = set() if town.examples else {r.endpoint for r in town.rules() if r.arguments}
    assert town.unopened() - excused == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_serious(chromium: Browser, site: str, town: Town, language: str) -> None:
    axe, found = Axe(), []
    for scene, page in walk(chromium, site, town, language=language, width=WIDE):
        for fault in axe.run(page).response["violations"]:
            if fault["impact"] in GRAVE:
                where = [node["target"] for node in fault["nodes"]]
                found.append(f"{scene.name}: {fault['id']} at {where}: {fault['help']}")
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_wider_than_its_window(
    chromium: Browser, site: str, town: Town, language: str, width: int
) -> None:
    wide = [
        f"{scene.name}: {page.evaluate(TOO_WIDE)} px"
        for scene, page in walk(chromium, site, town, language=language, width=width)
        if page.evaluate(TOO_WIDE) > 0
    ]
    assert wide == []
