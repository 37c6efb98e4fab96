"""A walk past every page of a town, in one language and at one width."""

from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, Page

from aim_loans.identity.sign_in import end_sessions
from tests.browser.site import HEIGHT, an_inspectors_window
from tests.browser.town import Scene, Town
from tests.web.desk import COOKIE

LANGUAGES = ("en", "ur")


def walk(
    browser: Browser, site: str, town: Town, *, language: str, width: int
) -> Iterator[tuple[Scene, Page]]:
    """Open each page as the one who would; gives it while it is open."""
    for username in dict.fromkeys(scene.username for scene in town.scenes):
        window = an_inspectors_window(browser, site, width=width)
        _enter(window, site, town, username, language)
        page = window.new_page()
        for scene in town.scenes:
            if scene.username == username:
                page.set_viewport_size({"width": width, "height": HEIGHT})
                _open(page, scene, town)
                yield scene, page
        window.close()


def _enter(
    window: BrowserContext, site: str, town: Town, username: str | None, language: str
) -> None:
    """Sign in beside the browser, so that a walk does not wait at the door each time."""
    person = town.screens.browser(username)
    person.send("/language", language=language, back="/sign-in")
    cookie = person.client.get_cookie(COOKIE)
    assert cookie is not None
    window.add_cookies([{"name": COOKIE, "value": cookie.value, "url": site}])


def _open(page: Page, scene: Scene, town: Town) -> None:
    """Go to a page; type there and send its form, when the scene says so."""
    page.goto(scene.path)
    for name, text in scene.typed.items():
        page.locator(f'[name="{name}"]').fill(text)
    if scene.session_ends and scene.username:
        with town.screens.writing() as tx:
            end_sessions(tx, scene.username)
    if scene.typed:
        with page.expect_navigation():
            page.keyboard.press("Enter")
