"""The first page of each role: what is to be done today."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from aim_loans.db.bulk import next_ids
from aim_loans.identity.models import staff_grant
from aim_loans.identity.operations import IDENTITY_CHAIN, AddStaff, begin_act, seal_act
from aim_loans.identity.permissions import Role
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from aim_loans.repayment.visits import RecordVisit, record_visit
from tests.book import CASHIER, MANAGER, SHELL, TODAY
from tests.web.desk import Browser, Screens

DAY = timedelta(days=1)
FIRST_PAGE = {
    "officer": "To follow up",
    "cashier": "Waits to be confirmed",
    "manager": "Waits to be confirmed",
    "stranger": "Nobody is late today",
    "head": "The book on",
    "auditor": "The book on",
    "partner": "figures of closed periods",
}
VISIT = {"visited_on": TODAY.isoformat(), "outcome": "not_home"}


def grant(screens: Screens, username: str, role: Role, branch: str) -> None:
    """Give a further role to somebody."""
    command = AddStaff(username, username, role, TODAY, branch_code=branch)
    with screens.writing() as tx:
        this = begin_act(
            tx, kind="grant", command=command, actor=SHELL, subject="staff", chain=IDENTITY_CHAIN
        )
        values: dict[str, object] = {"username": username, "role": role.value}
        values |= {"branch_code": branch, "valid_from": TODAY, "act_id": this.id}
        new_id = next_ids(tx.connection, staff_grant, 1)[0]
        tx.connection.execute(insert(staff_grant).values(id=new_id, **values))
        seal_act(tx, this, (staff_grant,))


def visit(screens: Screens, command: RecordVisit) -> None:
    with screens.writing() as tx:
        record_visit(tx, command, actor=MANAGER, today=TODAY)


def tile(browser: Browser, title: str) -> tuple[str, str]:
    """Give the figure of a tile and what stands below it."""
    found = re.search(rf"<dt>{title}</dt><dd>(.*?)</dd><dd[^>]*>(.*?)</dd>", browser.page)
    assert found, title
    figure, below = (re.sub(r"<[^>]+>", "", part) for part in found.groups())
    return figure, below


@pytest.mark.parametrize("username", FIRST_PAGE)
def test_every_role_has_a_first_page(screens: Screens, username: str) -> None:
    screens.book.open_loan("L1", officer="officer")
    browser = screens.browser(username)
    assert browser.get("/").status_code == 200
    assert FIRST_PAGE[username] in browser.page


def test_several_roles_open_the_widest_home(screens: Screens) -> None:
    screens.hire("both", Role.LOAN_OFFICER, "LHR-01")
    both = screens.browser("both")
    assert "Waits to be confirmed" not in both.page
    grant(screens, "both", Role.CASHIER, "LHR-01")
    both.get("/")
    assert "Waits to be confirmed" in both.page
    grant(screens, "both", Role.AREA_MANAGER, "LHR-01")
    assert both.get("/").request.path == "/book"


def test_an_officer_sees_how_the_month_goes(screens: Screens) -> None:
    late = screens.book.open_loan("L1", officer="officer", on=date(2025, 12, 8))
    screens.book.open_loan("L2", officer="officer", on=date(2026, 2, 8))
    screens.book.open_loan("L3", on=date(2026, 2, 8))
    with screens.writing() as tx:
        for ref, amount in (("L1", 1_000_00), ("L2", 5_000_00)):
            command = RecordReceipt(ref, amount, TODAY, "cash")
            record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=2)
    officer = screens.browser("officer")
    officer.get("/")
    # L1 owes three instalments of Rs 2,800, L2 one; of L2's Rs 5,000 the rest was paid ahead.
    figure, below = tile(officer, "To collect by 10 Mar 2026")
    assert (figure, below) == ("Rs 11,200", "collected Rs 3,800 · 33.9 %")
    assert tile(officer, "To collect this month")[0] == "Rs 11,200"
    assert tile(officer, "Late now") == ("Rs 7,400", "loans: 1")
    assert f'href="/loans/{late}"' in officer.page
    assert "Borrower of L2" not in officer.page
    manager = screens.browser("manager")
    manager.get("/")
    assert tile(manager, "Late now") == ("Rs 10,200", "loans: 2")
    assert "<bdi>Officer</bdi>" in manager.page
    assert "not entered" in manager.page


def test_the_longest_late_come_first_with_their_last_word(screens: Screens) -> None:
    newer = screens.book.open_loan("L1", officer="officer", on=date(2025, 12, 8))
    older = screens.book.open_loan("L2", officer="officer", on=date(2025, 6, 8))
    by, asked = TODAY - DAY, TODAY - 3 * DAY
    visit(screens, RecordVisit(older, asked, "promised", "family", by, 2_800_00))
    visit(screens, RecordVisit(newer, TODAY, "moved"))
    officer = screens.browser("officer")
    officer.get("/")
    page = officer.page
    assert page.index("Borrower of L2") < page.index("Borrower of L1")
    row = page[page.index("Borrower of L2") : page.index("Borrower of L1")]
    for said in ("264 days late", "Promised to pay", "Rs 2,800", "30 Mar 2026", ">broken<"):
        assert said in re.sub(r'<span aria-hidden="true">✗ </span>', "", row)
    assert "Moved away" in page


def test_a_visit_is_written_down_and_stands_on_the_loan(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1", officer="officer")
    officer = screens.browser("officer")
    officer.get(f"/loans/{loan_id}/visit")
    texts = {**VISIT, "outcome": "promised", "promised_on": "2026-04-05", "note": "after\u202eEid"}
    for _ in range(2):
        officer.send_only(f"/loans/{loan_id}/visit", **texts, promised_amount="2800")
    officer.get(f"/loans/{loan_id}")
    assert officer.page.count("Promised to pay") == 1
    for said in ("Rs 2,800", "5 Apr 2026", ">open<", "after\u202eEid</bdi>"):
        assert said in officer.page


@pytest.mark.parametrize(
    ("texts", "field", "sentence"),
    [
        ({"visited_on": ""}, "visited_on", "Fill this in"),
        ({"visited_on": "2026-04-01"}, "visited_on", "future"),
        ({"visited_on": "2024-01-01"}, "visited_on", "comes after it"),
        ({"outcome": ""}, "outcome", "Fill this in"),
        ({"outcome": "hidden"}, "outcome", "Choose one"),
        ({"met_whom": "nobody"}, "met_whom", "Choose one"),
        ({"outcome": "promised"}, "promised_on", "day by which"),
        ({"promised_on": "2026-04-05"}, "promised_on", "Only a promise"),
        ({"promised_amount": "0"}, "promised_amount", "more than 0"),
        ({"promised_amount": "1e9"}, "promised_amount", "exponent"),
        ({"note": "x" * 600}, "note", "too long"),
    ],
)
def test_what_is_wrong_with_a_visit_is_said_at_its_field(
    screens: Screens, texts: dict[str, str], field: str, sentence: str
) -> None:
    path = f"/loans/{screens.book.open_loan('L1')}/visit"
    officer = screens.browser("officer")
    officer.get(path)
    empty = dict.fromkeys(("met_whom", "promised_on", "promised_amount"), "")
    typed = {**VISIT, **empty, "note": "<script>", **texts}
    assert officer.send(path, **typed).status_code == 422
    assert f'id="{field}-fault"' in officer.page
    assert sentence in officer.page
    kept = typed["note"].replace("<", "&lt;").replace(">", "&gt;")
    assert f'value="{kept}"' in officer.page


def test_another_branch_and_the_cashier_record_no_visit(screens: Screens) -> None:
    path = f"/loans/{screens.book.open_loan('L1')}/visit"
    for username in ("stranger", "cashier", "auditor"):
        browser = screens.browser(username)
        assert browser.get(path).status_code == 403
        assert browser.send(path, **VISIT).status_code == 403
        assert "Borrower of L1" not in browser.page


def test_the_new_pages_speak_urdu(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1", officer="officer")
    officer = screens.browser("officer")
    officer.send("/language", language="ur", back="/")
    for path, said in (
        ("/", "پیروی کے لیے"),
        ("/sheet", "وصولی شیٹ"),
        (f"/loans/{loan_id}/visit", "ملاقات درج کیجیے"),
    ):
        officer.get(path)
        assert said in officer.page
