"""The book on the screen: each figure opens the loans that add up to it, filters narrow it."""

import re
from datetime import date
from html import unescape
from urllib.parse import urlencode

import pytest
from flask import url_for

from aim_loans.repayment.endings import EndLoan, write_off
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from tests.book import CASHIER, HEAD_OFFICE, TODAY
from tests.web.desk import Browser, Screens

FEBRUARY = date(2026, 2, 10)
LINK = re.compile(r'<a href="([^"]*/loans\?[^"]*)">(?:<bdi dir="ltr">)?(?:Rs )?([\d,.]+)<')
FOOTING = re.compile(r"<h1>[^<]*<bdi dir=\"ltr\">(?:Rs )?([\d,.]+)</bdi></h1>")
ROW = re.compile(r'<tr><th scope="row"><a href="/loans/\d+">.*?</tr>')
AMOUNT = re.compile(r'<td class="n"[^>]*><bdi dir="ltr">([\d,.]+)</bdi></td>')
ODD = (
    "<script>alert(1)</script>",
    "\u202e" * 600,
    "a\0b",
    "-1",
    "1e9",
    "' OR 1=1 --",
    "",
)


def fill(screens: Screens) -> None:
    """Lend in several sectors and branches; of some, money came, one is paid off, one lost."""
    lent = [
        ("L1", "trade", "LHR-01", date(2025, 1, 8), "female"),
        ("L2", "livestock", "LHR-01", date(2026, 1, 8), "male"),
        ("L3", "trade", "KHI-01", date(2025, 12, 20), "female"),
        ("L4", "housing", "MUL-01", date(2026, 3, 2), "transgender"),
        ("L5", "agriculture", "LHR-01", date(2025, 9, 8), "female"),
        ("L6", "trade", "LHR-01", date(2025, 2, 8), "male"),
    ]
    for ref, sector, branch, on, gender in lent:
        screens.book.open_loan(ref, sector=sector, branch=branch, on=on, gender=gender)
    for ref, amount, on in (
        ("L1", 33_600_00, FEBRUARY),
        ("L3", 5_600_00, date(2026, 3, 10)),
        ("L5", 50_000_00, date(2026, 3, 15)),
    ):
        command = RecordReceipt(ref, amount, on, "cash")
        with screens.writing() as tx:
            record_receipt(tx, command, actor=CASHIER, today=on, backdating_days=2)
    with screens.writing() as tx:
        write_off(tx, EndLoan("L6", TODAY, "lost"), actor=HEAD_OFFICE, today=TODAY)


def address(screens: Screens, endpoint: str = "book.show", **asked: str) -> str:
    """Give the address of a page, wherever it stands."""
    with screens.app.test_request_context():
        return f"{url_for(endpoint)}?{urlencode(asked)}"


def links(browser: Browser) -> dict[str, str]:
    """Give each figure of the page by the address of its loans."""
    return {unescape(path): text for path, text in LINK.findall(browser.page)}


@pytest.mark.parametrize("as_of", [TODAY, FEBRUARY], ids=["today", "a past day"])
@pytest.mark.parametrize("by", ["sector", "branch"])
def test_every_figure_of_every_table_is_the_sum_of_its_loans(
    screens: Screens, by: str, as_of: date
) -> None:
    fill(screens)
    head = screens.browser("head")
    assert head.get(address(screens, by=by, as_of=as_of.isoformat())).status_code == 200
    figures = links(head)
    kinds = {re.findall(r"figure=(\w+)", path)[0] for path in figures}
    assert {"active_loans", "glp", "arrears", "par0", "par30", "bucket_current"} <= kinds
    for path, text in figures.items():
        assert head.get(path).status_code == 200
        assert FOOTING.findall(head.page) == [text], path
        rows = [AMOUNT.findall(row) for row in ROW.findall(head.page)]
        amounts = [cells["figure=arrears" in path].replace(",", "") for cells in rows]
        listed = len(rows) if "active_loans" in path else sum(map(int, amounts))
        assert f"{listed:,}" == text, path


def test_what_stands_above_and_beside_opens_its_loans(screens: Screens) -> None:
    fill(screens)
    head = screens.browser("head")
    head.get(address(screens, by="branch"))
    tiles = re.findall(r'<dd><a href="([^"]+)">', head.page)
    wanted = ("figure=glp", "figure=active_loans", "figure=par30", "gender=female")
    for path, said in zip(map(unescape, tiles), wanted, strict=True):
        assert said in path
        assert head.get(path).status_code == 200
    head.get(address(screens, by="branch"))
    assert "60,800" in {text for path, text in links(head).items() if "sector=trade" in path}


def test_what_was_paid_off_or_written_off_is_in_no_list(screens: Screens) -> None:
    fill(screens)
    head = screens.browser("head")
    head.get(address(screens, "book.loans", figure="glp"))
    assert all(f"Borrower of {ref}<" in head.page for ref in ("L1", "L2", "L3", "L4"))
    assert not any(f"Borrower of {ref}<" in head.page for ref in ("L5", "L6"))
    head.get(address(screens, "book.loans", figure="glp", as_of=FEBRUARY.isoformat()))
    assert all(f"Borrower of {ref}<" in head.page for ref in ("L1", "L2", "L3", "L5", "L6"))
    assert "Borrower of L4<" not in head.page


def test_filters_narrow_the_book_and_each_can_be_cleared(screens: Screens) -> None:
    fill(screens)
    head = screens.browser("head")
    head.get(address(screens, sector="trade", branch="LHR-01"))
    assert "Rs 16,400" in head.page
    assert 'name="sector" value="trade"' in head.page
    clear = re.findall(r'<span class="chip">.*?href="([^"]+)"', head.page)
    head.get(unescape(clear[1]))
    assert "Rs 60,800" in head.page
    assert "branch=" not in clear[1]


def test_a_group_opens_the_book_of_that_group_alone(screens: Screens) -> None:
    fill(screens)
    head = screens.browser("head")
    head.get(address(screens))
    (inside,) = re.findall(r'href="([^"]+)"><bdi>Livestock', head.page)
    head.get(unescape(inside))
    assert "By branch" in head.page
    assert "Rs 50,000" in head.page


def test_a_value_that_there_is_not_gives_an_empty_book(screens: Screens) -> None:
    fill(screens)
    head = screens.browser("head")
    for place, name in enumerate(("sector", "branch", "product", "gender", "officer", "district")):
        for value in (ODD[place], ODD[-1]):
            for endpoint in ("book.show", "book.loans"):
                assert head.get(address(screens, endpoint, **{name: value})).status_code == 200
                entered = value == "" and name in ("officer", "district")
                empty = "No loan was running" in head.page or "No loan adds to this" in head.page
                assert empty is not entered
                assert "<script>" not in head.page


def test_numbers_and_days_of_the_address_are_read_with_care(screens: Screens) -> None:
    fill(screens)
    head = screens.browser("head")
    for odd in (*ODD, "9" * 40):
        places = {"start": odd, "after": odd, "before": odd}
        assert head.get(address(screens, **places)).status_code == 200
        assert head.get(address(screens, "book.loans", **places)).status_code == 200
    for endpoint in ("book.show", "book.loans"):
        assert head.get(address(screens, endpoint, as_of="2030-01-01")).status_code == 422
        assert "lies in the future" in head.page
        assert head.get(address(screens, endpoint, as_of="2026-02-31")).status_code == 422
        assert head.get(address(screens, endpoint, as_of="0001-01-01")).status_code == 200
    assert head.get(address(screens, "book.loans", figure="profit")).status_code == 422
    assert "has no figure" in head.page


def test_another_branch_sees_only_its_own_behind_a_figure(screens: Screens) -> None:
    fill(screens)
    stranger = screens.browser("stranger")
    for asked in ({}, {"branch": "LHR-01"}, {"sector": "livestock"}):
        stranger.get(address(screens, "book.loans", figure="glp", **asked))
        assert "Borrower of L1<" not in stranger.page
        assert "Borrower of L2<" not in stranger.page
    stranger.get(address(screens, "book.loans", figure="glp"))
    assert "Borrower of L3<" in stranger.page


def test_the_headlines_say_what_changed_since_the_month_end(screens: Screens) -> None:
    fill(screens)
    head = screens.browser("head")
    head.get(address(screens))
    # At the end of February no money had come on L3 nor had L5 been paid off.
    assert "28 Feb 2026" in head.page
    assert re.search(r"−\s*<bdi dir=\"ltr\">Rs [\d,]+</bdi> less than on", head.page)
    head.get(address(screens, as_of="2025-01-20"))
    assert re.search(r"\+\s*<bdi dir=\"ltr\">Rs 50,000</bdi> more than on", head.page)
    assert "no loan on 31 Dec 2024 to compare with" in head.page


def test_the_sectors_stand_beside_the_national_ones(screens: Screens) -> None:
    fill(screens)
    head = screens.browser("head")
    head.get(address(screens))
    for said in (
        "Not itemised by the source",
        "30.7 %",
        "22.4 %",
        "as of 31 Mar 2025",
        "compare them with care",
        "Source not verified.",
        "<svg",
    ):
        assert said in head.page
    # Housing has no national line: it is never split off what the source leaves together.
    assert "not itemised<" in head.page
    head.get(address(screens, sector="trade"))
    assert "National share" not in head.page


def test_the_chart_holds_no_style_and_begins_at_the_right_in_urdu(screens: Screens) -> None:
    fill(screens)
    head = screens.browser("head")
    head.get(address(screens))
    assert '<rect class="bar trade" x="0"' in head.page
    assert '<text x="0"' in head.page
    head.send("/language", language="ur", back=address(screens))
    assert '<text x="360"' in head.page
    bar = r'<rect class="bar trade" x="(\d+)" y="\d+" width="(\d+)"'
    ((x, width),) = re.findall(bar, head.page)
    assert int(x) + int(width) == 360
    assert not re.search(r"<script|<style|\sstyle=", head.page)


def test_a_long_list_goes_over_pages(screens: Screens, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(screens)
    monkeypatch.setattr("aim_loans.web.book.LOANS_A_PAGE", 2)
    monkeypatch.setattr("aim_loans.web.book.GROUPS_A_PAGE", 2)
    head = screens.browser("head")
    head.get(address(screens, "book.loans", figure="glp"))
    assert "2 of 4 loans on this page" in head.page
    (following,) = re.findall(r'<a href="([^"]*after[^"]*)"', head.page)
    head.get(unescape(following))
    assert "2 of 4 loans on this page" in head.page
    assert re.findall(r'<a href="([^"]*after[^"]*)"', head.page) == []
    (previous,) = re.findall(r'<a href="([^"]*before[^"]*)"', head.page)
    head.get(unescape(previous))
    assert "2 of 4 loans on this page" in head.page
    head.get(address(screens))
    assert "1 to 2 of 3" in head.page
    (following,) = re.findall(r'<a href="([^"]*start=2[^"]*)"', head.page)
    head.get(unescape(following))
    assert "3 to 3 of 3" in head.page
