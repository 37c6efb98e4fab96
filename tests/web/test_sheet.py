"""The collection sheet: ticked, counted, written whole or not at all, and once."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from aim_loans.cash.models import money_in
from aim_loans.db.engine import reading
from bench.asked import MOST_STATEMENTS, counted
from tests.book import TODAY
from tests.web.desk import Browser, Screens

# An instalment of Rs 2,800 falls due on 10 April.
LENT = date(2026, 3, 8)
DUE = 2_800
SHEET = "/sheet?due_by=2026-04-10"
_SHOWN = re.compile(r'name="due-(\d+)" value="([^"]*)"')


def receipts(screens: Screens) -> list[int]:
    """Give the amounts of all receipts, in paisa, in the order in which they were written."""
    with reading(screens.book.engine) as connection:
        return list(connection.execute(select(money_in.c.amount).order_by(money_in.c.id)).scalars())


def lend(screens: Screens, count: int, *, branch: str = "LHR-01") -> list[int]:
    return [
        screens.book.open_loan(f"{branch}-{n:03d}", on=LENT, branch=branch, officer="officer")
        for n in range(1, count + 1)
    ]


def sheet(screens: Screens, username: str = "officer") -> tuple[Browser, dict[str, str]]:
    """Open the sheet; gives its browser and the rows as the form sends them, nothing ticked."""
    browser = screens.browser(username)
    assert browser.get(SHEET).status_code == 200
    return browser, held(browser)


def held(browser: Browser) -> dict[str, str]:
    rows = {f"due-{loan_id}": due for loan_id, due in _SHOWN.findall(browser.page)}
    return {"received_on": TODAY.isoformat(), "due_by": "2026-04-10", **rows}


def ticked(loan_ids: list[int]) -> dict[str, str]:
    return {f"full-{loan_id}": "1" for loan_id in loan_ids}


def test_thirty_rows_are_ticked_counted_and_printed(screens: Screens) -> None:
    loans = lend(screens, 30)
    officer, rows = sheet(screens)
    assert "due by 10 Apr 2026" in officer.page
    assert "30 loans, Rs 84,000 due." in officer.page
    places = [officer.page.index(f"Borrower of LHR-01-{n:03d}") for n in range(1, 31)]
    assert places == sorted(places)
    answer = officer.send("/sheet", **rows, **ticked(loans), counted="84000")
    assert answer.status_code == 200
    assert "Receipts written: 30, Rs 84,000 in all" in officer.page
    for number, loan in ((1, "LHR-01-001"), (30, "LHR-01-030")):
        row = officer.page.index(f"LHR-01/R/2025/{number:06d}")
        assert officer.page.index(f"Borrower of {loan}") > row
    assert receipts(screens) == [DUE * 100] * 30
    officer.get(SHEET)
    assert "Nothing is due here" in officer.page


def test_a_tick_and_another_amount_stand_side_by_side(screens: Screens) -> None:
    first, second, _ = lend(screens, 3)
    officer, rows = sheet(screens)
    officer.send(
        "/sheet", **rows, **ticked([first]), **{f"amount-{second}": "1500"}, counted="4300"
    )
    assert receipts(screens) == [280_000, 150_000]
    officer.get(SHEET)
    assert [due for _, due in _SHOWN.findall(officer.page)] == ["1300", "2800"]


def test_nothing_is_written_unless_the_counted_cash_agrees(screens: Screens) -> None:
    first, second = lend(screens, 2)
    officer, rows = sheet(screens)
    typed = {**rows, **ticked([first]), f"amount-{second}": "1500", "counted": "4200"}
    assert officer.send("/sheet", **typed).status_code == 422
    for said in ("Rs 4,300", "Rs 4,200", "difference of Rs 100", 'id="counted-fault"'):
        assert said in officer.page
    assert (
        f'name="full-{first}" value="1" aria-label="Borrower of LHR-01-001 paid in full" checked'
        in (officer.page)
    )
    assert 'value="1500"' in officer.page
    assert 'value="4200"' in officer.page
    assert receipts(screens) == []
    officer.send("/sheet", **{**typed, "counted": "4300"})
    assert receipts(screens) == [280_000, 150_000]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0", "more than 0"),
        ("-5", "cannot be negative"),
        ("1e9", "without an exponent"),
        ("<script>alert(1)</script>", "not an amount"),
        ("\u202e500", "not an amount"),
        ("9" * 600, "too long"),
        ("2,800", "without commas"),
    ],
)
def test_one_bad_row_is_said_beside_it_and_no_row_goes_in(
    screens: Screens, typed: str, sentence: str
) -> None:
    good, bad = lend(screens, 2)
    officer, rows = sheet(screens)
    row = {f"amount-{bad}": typed}
    answer = officer.send("/sheet", **rows, **ticked([good]), **row, counted="2800")
    assert answer.status_code == 422
    fault = officer.page.index(f'id="amount-{bad}-fault"')
    assert fault > officer.page.index("Borrower of LHR-01-002")
    assert sentence in officer.page[fault:]
    assert "<script>alert" not in officer.page
    assert receipts(screens) == []


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({}, "Nothing is entered yet"),
        ({"counted": ""}, "Fill this in"),
        ({"counted": "many"}, "not an amount"),
        ({"received_on": "2026-04-01"}, "today, or up to"),
        ({"received_on": "2026-03-20"}, "today, or up to"),
        ({"received_on": "2026-02-30"}, "not a real date"),
        ({"due_by": "soon"}, "year-month-day"),
        ({"due-x": "5", "due-": "1", "full-x": "1"}, "Nothing is entered yet"),
    ],
)
def test_what_is_wrong_with_the_whole_sheet_is_said(
    screens: Screens, texts: dict[str, str], sentence: str
) -> None:
    lend(screens, 1)
    officer, rows = sheet(screens)
    assert officer.send("/sheet", **{**rows, "counted": "0", **texts}).status_code == 422
    assert sentence in officer.page
    assert receipts(screens) == []


def test_a_row_that_the_loan_refuses_holds_back_the_whole_sheet(screens: Screens) -> None:
    good, _ = lend(screens, 2)
    young = screens.book.open_loan("LHR-01-900", on=TODAY, officer="officer")
    officer, rows = sheet(screens)
    rows |= {f"due-{young}": "0", "received_on": (TODAY - timedelta(days=1)).isoformat()}
    row = {f"amount-{young}": "100"}
    answer = officer.send("/sheet", **rows, **ticked([good]), **row, counted="2900")
    assert answer.status_code == 422
    assert "cannot be received for it before" in officer.page
    assert f'id="amount-{young}-fault"' in officer.page
    assert receipts(screens) == []


def test_a_tick_and_a_different_amount_contradict_each_other(screens: Screens) -> None:
    (loan,) = lend(screens, 1)
    officer, rows = sheet(screens)
    row = {f"amount-{loan}": "100"}
    officer.send("/sheet", **rows, **ticked([loan]), **row, counted="100")
    assert "leave one of them out" in officer.page
    assert receipts(screens) == []


def test_the_same_sheet_sent_twice_is_written_once(screens: Screens) -> None:
    first, second = lend(screens, 2)
    officer, rows = sheet(screens)
    typed = {**rows, **ticked([first, second]), "counted": "5600"}
    answers = [officer.send_only("/sheet", **typed) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert receipts(screens) == [280_000, 280_000]


def test_a_row_added_to_a_sheet_sent_before_goes_in_alone(screens: Screens) -> None:
    first, second = lend(screens, 2)
    officer, rows = sheet(screens)
    officer.send_only("/sheet", **rows, **ticked([first]), counted="2800")
    officer.send_only("/sheet", **rows, **ticked([first, second]), counted="5600")
    assert receipts(screens) == [280_000, 280_000]
    changed = {f"amount-{first}": "100"}
    assert officer.send("/sheet", **rows, **changed, counted="100").status_code == 422
    assert "already used" in officer.page


def test_full_is_what_the_sheet_showed_or_nothing(screens: Screens) -> None:
    (loan,) = lend(screens, 1)
    officer, rows = sheet(screens)
    cashier = screens.browser("cashier")
    cashier.get(f"/loans/{loan}/receipt")
    paid = {"amount": "800", "channel": "cash", "payer": "borrower"}
    cashier.send(f"/loans/{loan}/receipt", received_on=TODAY.isoformat(), **paid)
    officer.send("/sheet", **rows, **ticked([loan]), counted="2800")
    assert "it is Rs 2,000 now" in officer.page
    assert receipts(screens) == [80_000]
    officer.send("/sheet", **held(officer), **ticked([loan]), counted="2000")
    assert receipts(screens) == [80_000, 200_000]


def test_another_branch_neither_sees_nor_fills_the_sheet(screens: Screens) -> None:
    (loan,) = lend(screens, 1)
    stranger = screens.browser("stranger")
    stranger.get(f"{SHEET}&officer=")
    assert "Borrower of" not in stranger.page
    row = {f"due-{loan}": "2800", f"full-{loan}": "1", "received_on": TODAY.isoformat()}
    answer = stranger.send("/sheet", **row, counted="2800")
    assert answer.status_code == 403
    assert "Borrower of" not in stranger.page
    officer, rows = sheet(screens)
    written = officer.send("/sheet", **rows, **ticked([loan]), counted="2800").request
    assert written.path == "/sheet/receipts"
    assert stranger.get(f"{written.path}?{written.query_string.decode()}").status_code == 403
    assert "Borrower of" not in stranger.page


def test_a_sheet_holds_a_hundred_rows_and_the_rest_is_a_page_further(screens: Screens) -> None:
    loans = lend(screens, 101)
    officer, rows = sheet(screens)
    assert "Here 1 to 100." in officer.page
    assert len(_SHOWN.findall(officer.page)) == 100
    assert "Borrower of LHR-01-101" not in officer.page
    too_many = {**rows, f"due-{loans[-1]}": "2800", **ticked(loans), "counted": "282800"}
    assert officer.send("/sheet", **too_many).status_code == 422
    assert "at most 100 lines" in officer.page
    assert receipts(screens) == []
    officer.get(f"{SHEET}&page=2")
    assert "Borrower of LHR-01-101" in officer.page
    officer.get(SHEET)
    officer.send("/sheet", **held(officer), **ticked(loans[:100]), counted="280000")
    assert receipts(screens) == [280_000] * 100


def test_the_sheet_is_narrowed_by_officer_and_place(screens: Screens) -> None:
    for ref, officer_of, district in (
        ("L1", "officer", "Lahore"),
        ("L2", "officer", "Kasur"),
        ("L3", None, "Kasur"),
    ):
        screens.book.open_loan(ref, on=LENT, officer=officer_of, district=district)
    manager = screens.browser("manager")

    def listed(query: str) -> list[str]:
        manager.get(f"{SHEET}&{query}")
        return re.findall(r"<bdi>Borrower of (L\d)</bdi>", manager.page)

    assert listed("") == ["L2", "L3", "L1"]
    assert listed("officer=officer") == ["L2", "L1"]
    assert listed("place=Kasur") == ["L2", "L3"]
    assert listed("officer=officer&place=Lahore") == ["L1"]
    assert listed("place=nowhere") == []
    assert listed("page=x&officer=%00") == ["L2", "L3", "L1"]


def test_a_sheet_opens_at_what_is_due_today(screens: Screens) -> None:
    lend(screens, 1)
    late = screens.book.open_loan("L1", on=date(2026, 1, 8), officer="officer")
    officer = screens.browser("officer")
    officer.get("/sheet")
    assert "due by 31 Mar 2026" in officer.page
    assert _SHOWN.findall(officer.page) == [(str(late), "5600")]


def test_after_a_receipt_the_next_of_the_sheet_is_one_key_away(screens: Screens) -> None:
    on = date(2025, 1, 8)
    first, second = (screens.book.open_loan(ref, on=on, officer="officer") for ref in ("L1", "L2"))
    officer = screens.browser("officer")
    officer.get(f"/loans/{first}/receipt")
    paid = {"amount": "2800", "channel": "cash", "payer": "borrower"}
    officer.send(f"/loans/{first}/receipt", received_on=TODAY.isoformat(), **paid)
    (link,) = re.findall(r'href="(/loans/\d+/next)"', officer.page)
    assert officer.get(link).request.path == f"/loans/{second}/receipt"
    assert officer.get(f"/loans/{second}/next").request.path == "/sheet"
    assert officer.get("/loans/99/next").request.path == "/sheet"


def test_a_sheet_costs_few_statements_however_long_it_is(screens: Screens) -> None:
    lend(screens, 12)
    officer, _ = sheet(screens)
    for path in (SHEET, "/"):
        with counted(screens.book.engine) as asked:
            officer.get(path)
        assert 0 < len(asked) <= MOST_STATEMENTS, (path, asked)
