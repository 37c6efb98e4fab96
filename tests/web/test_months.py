"""Months in the browser: checked, closed, restated, reopened by two people."""

import re

import pytest

from aim_loans.identity.permissions import Role
from tests.book import TODAY
from tests.web.desk import Browser, Screens

FINAL, PROVISIONAL = ">final<", "reopened: provisional"


@pytest.fixture
def closed(screens: Screens) -> tuple[Browser, Browser]:
    """Two people of head office, one of whom closed February."""
    screens.book.open_loan("L1")
    screens.hire("second", Role.HEAD_OFFICE, None)
    head = screens.browser("head")
    head.get("/months/next")
    assert "28 Feb 2026" in head.page
    assert "Nothing stands against closing it" in head.page
    head.send("/months/next", month="2026-02-28")
    return head, screens.browser("second")


def figures(browser: Browser) -> list[str]:
    """Give the figures of the page's table."""
    return re.findall(r'<td class="n"[^>]*>(.*?)</td>', browser.page)


def test_a_month_is_closed_and_shown_with_its_seal(
    screens: Screens, closed: tuple[Browser, Browser]
) -> None:
    head, _ = closed
    assert "Nothing was recorded since that changes this month." in head.page
    assert re.search(r"[0-9a-f]{16}<", head.page)
    head.get("/months")
    assert FINAL in head.page
    auditor = screens.browser("auditor")
    assert FINAL in auditor.get("/months").get_data(as_text=True)
    assert "Ask to reopen" not in auditor.get("/months/1").get_data(as_text=True)
    assert auditor.send_only("/months/next", month=TODAY.isoformat()).status_code == 403
    assert auditor.get("/months/99").status_code == 404


def test_a_month_out_of_turn_is_refused_on_the_same_page(closed: tuple[Browser, Browser]) -> None:
    head, _ = closed
    head.get("/months/next")
    assert "This month is not over" in head.page
    for month in ("2026-03-31", "2026-02-28", "2026-02-30", ""):
        assert head.send("/months/next", month=month).status_code == 422


def test_one_asks_to_reopen_and_another_confirms(closed: tuple[Browser, Browser]) -> None:
    head, second = closed
    head.get("/months/1")
    assert head.send("/months/1", reason=" ").status_code == 422
    head.send("/months/1", reason="A receipt was forgotten.")
    assert "another person confirms it" in head.page
    assert head.send("/months/requests/1", answer="confirm").status_code == 403
    second.get("/months")
    assert "A receipt was forgotten." in second.page
    assert second.send("/months/requests/1", answer="decline", reason="").status_code == 422
    second.send("/months/requests/1", answer="confirm")
    assert PROVISIONAL in second.page
    assert second.send("/months/requests/1", answer="confirm").status_code == 422
    head.get("/months/next")
    head.send("/months/next", month="2026-02-28")
    head.get("/months")
    assert FINAL in head.page


def test_branches_do_not_see_the_months(screens: Screens) -> None:
    for username in ("officer", "manager", "partner"):
        browser = screens.browser(username)
        for path in ("/months", "/months/next", "/months/1"):
            assert browser.get(path).status_code == 403
        assert browser.send_only("/months/next", month="2026-02-28").status_code == 403


def test_one_asks_to_post_the_allowance_and_another_posts_it(
    screens: Screens, closed: tuple[Browser, Browser]
) -> None:
    head, second = closed
    page = "/months/1/allowance"
    assert "Ask to post the movement" in head.get(page).get_data(as_text=True)
    proposed = figures(head)
    assert len(proposed) == 6
    assert head.send(page).request.path == page
    assert "another person confirms it" in head.page
    assert head.send(page).status_code == 422
    assert head.send(f"{page}/1", answer="confirm").status_code == 403
    second.get("/months")
    assert "waits to be confirmed" in second.page
    second.get(page)
    assert second.send(f"{page}/1", answer="decline", reason="").status_code == 422
    second.send(f"{page}/1", answer="confirm")
    moment = r"\d+ \w+ 2026 \d\d:\d\d"
    told = f"head asked on {moment} to post the movement, and second posted it on {moment}"
    assert re.search(told, second.page)
    assert figures(second) == proposed
    assert "waits to be confirmed" not in second.get("/months").get_data(as_text=True)
    assert second.get("/months/99/allowance").status_code == 404
    auditor = screens.browser("auditor")
    assert re.search(told, auditor.get(page).get_data(as_text=True))
    assert auditor.send_only(page).status_code == 403
    assert screens.browser("manager").get(page).status_code == 403
