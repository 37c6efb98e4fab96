"""What a page weighs on the wire, and how many statements it asks of the database."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import url_for

from aim_loans.web.book import LOANS_A_PAGE
from bench.asked import MOST_STATEMENTS, counted
from tests.book import TODAY
from tests.web.desk import Browser, Screens

FIRST_VISIT = 150_000
FIRST_VISIT_IN_URDU = 220_000
LATER_PAGE = 60_000
_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)"')
_FACE = re.compile(r"@font-face\s*{([^}]*)}")
_FILE = re.compile(r"url\(\"?([^\")]+)\"?\)")
_FAMILY = re.compile(r'font-family: "([^"]+)"')


def fill(screens: Screens, loans: int) -> int:
    """Lend some loans at two branches, and take receipts of one; gives its id."""
    ids = [
        screens.book.open_loan(f"LHR-01/L/{number:06}", branch=("LHR-01", "KHI-01")[number % 2])
        for number in range(loans)
    ]
    return ids[0]


def addresses(screens: Screens, loan_id: int) -> list[str]:
    """Give the pages that are opened all day."""
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    with screens.app.test_request_context():
        return [
            url_for("book.show"),
            url_for("home.show"),
            url_for("applications.waiting"),
            url_for("book.show", as_of=yesterday, by="branch", sector="trade"),
            url_for("book.loans", figure="glp"),
            url_for("book.loans", figure="par30", as_of=yesterday, branch="LHR-01"),
            url_for("loans.show", loan_id=loan_id),
            url_for("loans.statement", loan_id=loan_id),
            url_for("receipts.ask", loan_id=loan_id),
            url_for("complaints.show"),
        ]


def test_no_page_asks_more_than_eight_statements(screens: Screens) -> None:
    loan_id = fill(screens, 12)
    manager = screens.browser("manager")
    for path in addresses(screens, loan_id):
        manager.get(path)
        with counted(screens.book.engine) as asked:
            assert manager.get(path).status_code == 200
        assert 0 < len(asked) <= MOST_STATEMENTS, (path, asked)


def test_a_search_asks_no_more_than_eight_statements(screens: Screens) -> None:
    fill(screens, 12)
    manager = screens.browser("manager")
    with counted(screens.book.engine) as asked:
        assert manager.send("/find", wanted="Borrower").status_code == 200
    assert 0 < len(asked) <= MOST_STATEMENTS, asked


def weight(browser: Browser, path: str) -> int:
    """Give the bytes of an answer on the wire."""
    with browser.client.get(path) as answer:
        assert answer.status_code == 200, path
        return len(answer.get_data())


def files_of(browser: Browser, families: set[str]) -> int:
    """Weigh the style sheet of the page last seen, and the fonts of these families."""
    (style,) = (unescape(path) for path in _STYLE.findall(browser.page))
    with browser.client.get(style) as answer:
        sheet = answer.get_data(as_text=True)
        total = len(answer.get_data())
    for face in _FACE.findall(sheet):
        if _FAMILY.findall(face)[0] in families:
            total += weight(browser, f"/static/{_FILE.findall(face)[0]}")
    return total


@pytest.mark.parametrize(
    ("language", "families", "most"),
    [
        ("en", {"Noto Sans"}, FIRST_VISIT),
        ("ur", {"Noto Sans", "Noto Naskh Arabic", "Noto Nastaliq Urdu"}, FIRST_VISIT_IN_URDU),
    ],
)
def test_a_visit_stays_within_its_weight(
    screens: Screens, language: str, families: set[str], most: int
) -> None:
    loan_id = fill(screens, 30)
    manager = screens.browser("manager")
    first, *later = addresses(screens, loan_id)
    manager.send("/language", language=language, back=first)
    assert f'<html lang="{language}"' in manager.page
    shown = weight(manager, first)
    assert shown + files_of(manager, families) <= most
    for path in (first, *later):
        assert weight(manager, path) <= LATER_PAGE, path


def test_a_full_list_stays_within_its_weight(screens: Screens) -> None:
    fill(screens, 12)
    head = screens.browser("head")
    with screens.app.test_request_context():
        full, empty = (url_for("book.loans", figure="glp", sector=s) for s in ("trade", "none"))
    head.send("/language", language="ur", back=full)
    assert head.page.count('<tr><th scope="row"><a href=') == 12
    frame = weight(head, empty)
    assert frame + (weight(head, full) - frame) * LOANS_A_PAGE // 12 <= LATER_PAGE


def test_a_file_of_the_pages_is_kept_by_the_browser_until_it_changes(screens: Screens) -> None:
    browser = screens.browser()
    (style,) = (unescape(path) for path in _STYLE.findall(browser.page))
    assert re.search(r"\?v=[0-9a-f]{12}$", style)
    with browser.client.get(style) as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "immutable" in answer.headers["Cache-Control"]
    with browser.client.get("/sign-in") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
