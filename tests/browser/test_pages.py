"""Every page, full and empty, in both languages: for a narrow screen and a screen reader."""

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page

from bench.asked import MOST_STATEMENTS, counted
from tests.browser.site import HEIGHT, NARROW, WIDE, an_inspectors_window, served
from tests.browser.town import Scene, Town
from tests.browser.walk import LANGUAGES, walk
from tests.conftest import ROOT

# The rules that axe itself grades as light are left out, and so is the list of what holds, node
# by node: it would take longer.
AXE = """async spared => {
  const light = rule => ["minor", "moderate"].includes(rule.impact) || spared.includes(rule.id);
  const off = axe._audit.rules.filter(light).map(rule => [rule.id, { enabled: false }]);
  const options = { resultTypes: ["violations"], rules: Object.fromEntries(off) };
  const { violations } = await axe.run(options);
  return violations.map(fault =>
    `${fault.id} at ${fault.nodes.map(node => node.target.join(" "))}: ${fault.help}`);
}"""
# To look at the contrasts takes longer than all else. They are the same in every language: see
# `test_a_language_changes_letters_and_no_colours`.
SPARED = {"en": (), "ur": ("color-contrast",)}
# What the style sheet says for one language alone: the rule's selector, and what it declares.
OF_A_LANGUAGE = re.compile(r"^[^{}]*\blang\b[^{}]*\{([^}]*)\}", re.MULTILINE)
# How far the document is wider than the window, in pixels.
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"


@dataclass
class Findings:
    """What a walk past all pages of a town found, each with its page's name."""

    language: str
    looked_at: int = 0
    by_axe: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)

    def look(self, name: str, page: Page) -> None:
        """Look at one page, wide and then narrow."""
        self.looked_at += 1
        self.by_axe += [f"{name}: {fault}" for fault in page.evaluate(AXE, SPARED[self.language])]
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if (pixels := page.evaluate(TOO_WIDE)) > 0:
                self.too_wide.append(f"{name}: {pixels} px more than {width}")


def statements_of(town: Town, scene: Scene) -> int:
    """Count what a page asks of the database."""
    browser = town.browsers[scene.username]
    # The first look may note as well that the session was used.
    browser.client.get(scene.path)
    with counted(town.screens.book.engine) as asked:
        browser.client.get(scene.path)
    return len(asked)


@pytest.fixture(scope="module", params=LANGUAGES)
def findings(request: pytest.FixtureRequest, one_chromium: Browser, town: Town) -> Findings:
    """Walk once a book and a language."""
    found = Findings(request.param)
    with served(town.screens.app) as site:
        for scene, page in walk(one_chromium, site, town, language=request.param, width=WIDE):
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


def test_axe_names_what_is_planted(chromium: Browser) -> None:
    page = an_inspectors_window(chromium, "about:blank").new_page()
    page.goto("data:text/html,<p style='color: silver'>pale</p><img src='x'>")
    found = Findings("en")
    found.look("planted", page)
    named = {fault.split()[1] for fault in found.by_axe}
    assert named == {"color-contrast", "document-title", "html-has-lang", "image-alt"}


def test_axe_finds_nothing_serious(findings: Findings, town: Town) -> None:
    assert findings.looked_at == len(town.scenes)
    assert not findings.by_axe, "\n" + "\n".join(findings.by_axe)


def test_a_language_changes_letters_and_no_colours() -> None:
    sheet = (ROOT / "aim_loans/web/static/aim.css").read_text("utf-8")
    declared = ";".join(OF_A_LANGUAGE.findall(sheet))
    names = {each.partition(":")[0].strip() for each in declared.split(";")} - {""}
    assert {name for name in names if not name.startswith("padding-")} == {
        "font-family",
        "line-height",
    }


def test_no_page_is_wider_than_its_window(findings: Findings) -> None:
    assert not findings.too_wide, "\n" + "\n".join(findings.too_wide)
