"""Every page, full and empty, in both languages: for a narrow screen and a screen reader."""

from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import (  # type: ignore[import-untyped]  # it ships none
    Axe,
)
from playwright.sync_api import Browser, Page

from tests.browser.site import HEIGHT, NARROW, WIDE, served
from tests.browser.town import Scene, Town
from tests.browser.walk import LANGUAGES, walk
from tests.web.test_weight import MOST_STATEMENTS, counted

GRAVE = {"serious", "critical"}
# What holds is not listed node by node: that would take a fifth of the time.
ONLY_FAULTS = {"resultTypes": ["violations"]}
# How far the document is wider than the window, in pixels.
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"


@dataclass
class Findings:
    """What a walk past all pages of a town found, each with its page's name."""

    looked_at: int = 0
    by_axe: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)

    def look(self, name: str, page: Page) -> None:
        """Look at one page, wide and then narrow."""
        self.looked_at += 1
        for fault in Axe().run(page, options=ONLY_FAULTS).response["violations"]:
            if fault["impact"] in GRAVE:
                where = [node["target"] for node in fault["nodes"]]
                self.by_axe.append(f"{name}: {fault['id']} at {where}: {fault['help']}")
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if (pixels := page.evaluate(TOO_WIDE)) > 0:
                self.too_wide.append(f"{name}: {pixels} px more than {width}")


def statements_of(town: Town, scene: Scene) -> int:
    """Count what a page asks of the database."""
    browser = town.browsers[scene.username]
    # The first look may note as well that the session was used.
    browser.client.get(scene.path)
    with counted(town.screens) as asked:
        browser.client.get(scene.path)
    return len(asked)


@pytest.fixture(scope="module", params=LANGUAGES)
def findings(request: pytest.FixtureRequest, chromium: Browser, town: Town) -> Findings:
    """Walk once a book and a language."""
    found = Findings()
    with served(town.screens.app) as site:
        for scene, page in walk(chromium, site, town, language=request.param, width=WIDE):
            found.look(scene.name, page)
    return found


def test_every_page_of_the_address_map_is_looked_at(town: Town) -> None:
    # A page named here has a thing in its address without an example in the town: add one.
    excused = set() if town.examples else {r.endpoint for r in town.rules() if r.arguments}
    assert town.unopened() - excused == set()


def test_no_page_asks_more_than_eight_statements(town: Town) -> None:
    asked = {scene.name: statements_of(town, scene) for scene in town.scenes if not scene.typed}
    assert len(asked) > 20
    assert {name: count for name, count in asked.items() if count > MOST_STATEMENTS} == {}


def test_axe_finds_nothing_serious(findings: Findings, town: Town) -> None:
    assert findings.looked_at == len(town.scenes)
    assert not findings.by_axe, "\n" + "\n".join(findings.by_axe)


def test_no_page_is_wider_than_its_window(findings: Findings) -> None:
    assert not findings.too_wide, "\n" + "\n".join(findings.too_wide)
