"""The portfolio paper on the web: month, scope and language chosen, within the reader's reach."""

from datetime import date

import pytest

from aim_loans.db.engine import reading
from aim_loans.identity.operations import AddBranch
from aim_loans.identity.staff import open_branch
from aim_loans.portfolio.scopes import scopes_within
from aim_loans.portfolio.statement import Scope
from tests.book import SHELL, close_a_month
from tests.reports.reading import spoken
from tests.web.desk import Browser, Screens

# What is measured is the same on both databases, and is tried on both where it is measured.
ON_ONE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
PAPER = "/reports/portfolio.pdf?month=2026-02"


def first_page(browser: Browser, path: str) -> str:
    answer = browser.client.get(path)
    assert answer.status_code == 200, path
    assert answer.mimetype == "application/pdf"
    return "\n".join(spoken(answer.data)[0])


@ON_ONE
def test_head_office_draws_the_whole_and_a_manager_the_own_branch(screens: Screens) -> None:
    screens.book.open_loan("L1")
    head, manager = screens.browser("head"), screens.browser("manager")
    head.get("/book")
    assert "/reports/portfolio" in head.page
    head.get("/reports/portfolio")
    assert 'value="2026-02"' in head.page
    whole = first_page(head, f"{PAPER}&paper_language=en")
    assert "The whole institution" in whole
    assert "provisional" in whole
    assert "50,000" in whole
    manager.get("/reports/portfolio")
    assert 'value="LHR-01"' in manager.page
    own = first_page(manager, f"{PAPER}&branch=LHR-01&paper_language=ur")
    assert "LHR-01" in own
    assert "ماہانہ قرض رپورٹ" in own
    for path in (PAPER, f"{PAPER}&branch=KHI-01"):
        assert manager.client.get(path).status_code == 403
    assert screens.browser("partner").client.get(PAPER).status_code == 403


@ON_ONE
def test_a_closed_month_is_drawn_as_it_was_closed(screens: Screens) -> None:
    screens.book.open_loan("L1")
    close_a_month(screens.book)
    head = screens.browser("head")
    assert "final · edition 1" in first_page(head, f"{PAPER}&paper_language=en")
    name = head.client.get(f"{PAPER}&paper_language=en").headers["Content-Disposition"]
    assert name == 'inline; filename="portfolio-2026-02-en-final.pdf"'


@ON_ONE
def test_a_month_that_is_not_over_and_an_unknown_branch_are_refused(screens: Screens) -> None:
    head = screens.browser("head")
    for month, sentence in (("2026-03", "The month ends on"), ("March", "Write the month")):
        answer = head.get(f"/reports/portfolio.pdf?month={month}")
        assert answer.status_code == 422
        assert sentence in head.page
        assert f'value="{month}"' in head.page
    assert head.get(f"{PAPER}&branch=NO-01").status_code == 422
    assert "There is no branch NO-01." in head.page


def test_a_line_is_offered_to_whoever_reaches_all_its_branches(screens: Screens) -> None:
    with screens.writing() as tx:
        for code in ("SOU-01", "SOU-02"):
            open_branch(tx, AddBranch(code, code, area="South"), actor=SHELL)
    both = frozenset({"SOU-01", "SOU-02"})
    with reading(screens.book.engine) as connection:
        assert scopes_within(connection, both) == [Scope("area", "South")]
        assert scopes_within(connection, frozenset({"SOU-01"})) == []
        everywhere = scopes_within(connection, None)
    assert everywhere[0] == Scope()
    assert Scope("area", "South") in everywhere
    head = screens.browser("head")
    assert "area:South" in head.get("/reports/portfolio").get_data(as_text=True)
    screens.book.open_loan("L1", branch="SOU-02", on=date(2025, 2, 3))
    assert "South" in first_page(head, f"{PAPER}&scope=area:South&paper_language=en")
