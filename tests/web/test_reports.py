"""Reports in the browser: asked for, made by a worker, taken by whoever may read them."""

import pytest

from aim_loans.config.reader import read_settings
from aim_loans.web.report_work import Workshop, make_next
from tests.book import AUDIT_KEY
from tests.measured import measure_once
from tests.web.desk import Screens

MONTH = "2026-02"
PAPER = b"%PDF the paper of these tests"


def make_all(screens: Screens) -> int:
    """Let a worker make what waits; a paper differs from another by its title alone."""
    settings = read_settings(None, {})
    shop = Workshop(
        screens.book.engine,
        settings,
        AUDIT_KEY,
        screens.files,
        lambda statement, _: PAPER + statement.identity.scope.name.encode(),
        "0",
        screens.book.clock,
    )
    return len(list(iter(lambda: make_next(shop, worker="w"), None)))


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_reports_are_asked_for_made_and_taken(
    screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    screens.book.open_loan("L1")
    measure_once(screens.book, monkeypatch)
    head, manager = screens.browser("head"), screens.browser("manager")
    head.get("/reports")
    assert "No report was issued for this month yet." in head.page
    key = head.filled({"month": MONTH, "language": "en"})
    for _ in range(2):
        assert head.send_only("/reports", **key).status_code == 303
    head.get(f"/reports?month={MONTH}")
    assert 'max="5" value="0"' in head.page
    assert make_all(screens) == 5
    head.get(f"/reports?month={MONTH}")
    assert 'max="5" value="5"' in head.page
    assert head.page.count("/download") == 5
    # A branch sees its own paper, asks for none, and takes no other.
    manager.get(f"/reports?month={MONTH}")
    assert manager.page.count("/download") == 1
    assert "Make them" not in manager.page
    assert manager.send_only("/reports", month=MONTH, language="en").status_code == 403
    assert manager.send_only("/reports/1/download").status_code == 403
    begun = head.send_only("/reports/1/download")
    assert begun.status_code == 303
    paper = head.get(begun.headers["Location"])
    assert (paper.mimetype, paper.get_data()) == ("application/pdf", PAPER)
    assert "portfolio.2026-02.whole.en.pdf" in paper.headers["Content-Disposition"]
    # The address of a download is for whoever began it.
    assert manager.get(begun.headers["Location"]).status_code == 404
    assert screens.browser("partner").get("/reports").status_code == 403


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_is_wrong_is_said_on_the_same_page(screens: Screens) -> None:
    head = screens.browser("head")
    head.get("/reports")
    for month, language in (("2026-03", "en"), ("2026-13", "en"), (MONTH, "fr"), (MONTH, "")):
        assert head.send("/reports", month=month, language=language).status_code == 422
    assert head.get("/reports?month=soon").status_code == 422
    assert head.get("/reports/downloads/1").status_code == 404
    assert head.send_only("/reports/99/download").status_code == 404
