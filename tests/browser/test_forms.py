"""Every form of every page, fed with what no form should be fed with: it never breaks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from tests.browser.conftest import hashed_once
from tests.browser.town import Town, full_town
from tests.web.desk import Browser

BAD = {
    "empty": "",
    "zero": "0",
    "negative": "-1",
    "a number of a machine": "1e9",
    "more than a column holds": "9" * 30,
    "long": "x" * 600,
    "script": "<script>alert(1)</script>",
    "right to left": "\u202e21",
    "no day": "2026-02-30",
    "NUL": "\0",
}
# Of the door itself: they end the session that the walk needs, or have tests of their own.
DOOR = {
    *("sign_in.send", "sign_in.leave", "language.choose", "password.send"),
    *(f"second_factor.{name}" for name in ("send_first_code", "send_code", "send_for_codes")),
}
_LINK, _PLACE = re.compile(r'href="#([^"]+)"'), re.compile(r'\bid="([^"]+)"')
_NAME = re.compile(r'\bname="([^"]+)"')
WELL_ANSWERED = {200, 302, 303, 400, 403, 404, 409, 422}


@dataclass
class Sent:
    """A form of a page: where it is sent, its fields as they stood, and those that are typed."""

    action: str
    texts: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """Finds the forms of a page that change something."""

    def __init__(self, path: str) -> None:
        """Look at the page of a path."""
        super().__init__()
        self.path = path
        self.found: list[Sent] = []
        self.inside = False
        self.chosen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a form, a field or a button."""
        given = {name: text or "" for name, text in attrs}
        if tag == "form":
            self.inside = given.get("method") == "post"
            if self.inside:
                self.found.append(Sent(given.get("action") or self.path))
        elif tag == "option" and self.inside and self.chosen:
            texts = self.found[-1].texts
            if "selected" in given or not texts.get(self.chosen):
                texts[self.chosen] = given.get("value", "")
        elif self.inside and given.get("name"):
            self._take(tag, given)

    def _take(self, tag: str, given: dict[str, str]) -> None:
        form, name, kind = self.found[-1], given["name"], given.get("type", "")
        self.chosen = name if tag == "select" else ""
        if kind in ("radio", "button", "") and tag != "select" and name in form.texts:
            return
        form.texts[name] = given.get("value", "")
        if kind != "hidden" and tag != "button":
            form.typed.append(name)

    def handle_endtag(self, tag: str) -> None:
        """Leave a form."""
        if tag == "form":
            self.inside = False


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Browser, Sent]]]:
    """Give each form of a town once, with the browser of somebody who may send it."""
    with hashed_once():
        town = full_town(tmp_path_factory.mktemp("fed"))
    shown = list(_forms(town))
    yield [*shown, *_unshown(town, shown)]
    town.screens.book.engine.dispose()


def _forms(town: Town) -> Iterator[tuple[Browser, Sent]]:
    seen: set[str] = set()
    for scene in (each for each in town.scenes if not each.typed and each.username):
        browser = town.browsers[scene.username]
        reader = Forms(scene.path)
        reader.feed(browser.client.get(scene.path).get_data(as_text=True))
        for form in reader.found:
            endpoint = _endpoint(town, form)
            if endpoint not in seen and endpoint not in DOOR:
                seen.add(endpoint)
                yield browser, form


def _unshown(town: Town, shown: list[tuple[Browser, Sent]]) -> Iterator[tuple[Browser, Sent]]:
    """Give what else can be sent, though no page of this town offers it: with any field at all."""
    adapter = town.screens.app.url_map.bind("localhost")
    fed = {_endpoint(town, form) for _, form in shown}
    names = sorted({name for _, form in shown for name in form.typed})
    people = [town.browsers[username] for username in ("manager", "partner", "head")]
    for rule in town.screens.app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.endpoint in fed or rule.endpoint in DOOR:
            continue
        path = adapter.build(
            rule.endpoint, {name: town.examples.get(name, 1) for name in rule.arguments}
        )
        # Whoever is let in sends it; what head office asked for itself refuses head office.
        for browser in people:
            texts = browser.filled({})
            if browser.client.post(path, data=texts).status_code != 403 or browser is people[-1]:
                yield browser, Sent(path, texts, names)
                break


def _endpoint(town: Town, form: Sent) -> str:
    adapter = town.screens.app.url_map.bind("localhost")
    return str(adapter.match(form.action.partition("?")[0], method="POST")[0])


def lost_links(page: str) -> set[str]:
    """Give the links to fields of a page that lead to none of them, or to several.

    A form that may be sent no longer is not on the page; what was wrong with it leads nowhere.
    """
    body = page.partition("<main")[2]
    places, names = _PLACE.findall(body), set(_NAME.findall(body))
    return {
        link
        for link in _LINK.findall(body)
        if (link in names or f'name="at" value="{link.partition("-")[2]}"' in body)
        and places.count(link) != 1
    }


@pytest.mark.parametrize("bad", BAD)
def test_a_form_fed_with_nonsense_is_refused_in_words_that_lead_to_its_fields(
    forms: list[tuple[Browser, Sent]], bad: str
) -> None:
    assert len(forms) > 30
    broken: dict[tuple[str, ...], object] = {}
    case = list(BAD).index(bad)
    for browser, form in forms:
        # All fields at once, and each field alone with one of the cases.
        alone = [[name] for number, name in enumerate(form.typed) if number % len(BAD) == case]
        for wrong in (form.typed, *alone):
            sent = form.texts | dict.fromkeys(wrong, BAD[bad])
            answer = browser.client.post(form.action, data=sent)
            page = answer.get_data(as_text=True)
            if answer.status_code not in WELL_ANSWERED or "<script>" in page:
                broken[form.action, *wrong] = answer.status_code
            elif lost := lost_links(page):
                broken[form.action, *wrong] = lost
    assert broken == {}


def test_a_form_of_another_kind_or_too_large_is_refused(forms: list[tuple[Browser, Sent]]) -> None:
    for browser, form in forms:
        client = browser.client
        assert client.post(form.action, json=form.texts).status_code == 400, form.action
        large = client.post(form.action, data=form.texts | {"reason": "x" * 10_000_000})
        assert large.status_code == 413, form.action
