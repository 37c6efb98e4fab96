"""Staff and branches in the browser: added, given roles, ended, helped back in by another."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from aim_loans.db.engine import reading
from aim_loans.identity.models import act, branch, staff, staff_grant
from aim_loans.identity.permissions import Role
from aim_loans.identity.queries import grants_of
from bench.asked import MOST_STATEMENTS, counted
from tests.book import TODAY
from tests.web.desk import PASSWORD, Browser, Screens, closed_ways

NEW = {
    "full_name": "Zainab Bibi",
    "username": "zainab.bibi",
    "role": "loan_officer",
    "reach": "branch",
    "place": "LHR-01",
    "valid_from": TODAY.isoformat(),
}
BAD = ["", "0", "-1", "1e9", "<script>alert(1)</script>", "\u202eevil", "x" * 600]


def head_office(screens: Screens) -> Browser:
    browser = screens.browser("head")
    browser.get("/staff/new")
    return browser


def member_page(screens: Screens, username: str) -> str:
    with reading(screens.book.engine) as connection:
        number = connection.execute(
            select(staff.c.act_id).where(staff.c.username == username)
        ).scalar_one()
    return f"/staff/{number}"


def first_password(browser: Browser) -> str:
    found = re.search(r'class="code" dir="ltr">(\w+)<', browser.page)
    assert found is not None
    return found[1]


def count(screens: Screens, kind: str) -> int:
    return screens.book.count(act, act.c.kind == kind)


def sign_in(screens: Screens, username: str, password: str) -> Browser:
    browser = screens.browser()
    browser.send("/sign-in", username=username, password=password)
    return browser


def test_a_new_member_signs_in_with_the_password_shown_once(screens: Screens) -> None:
    head = head_office(screens)
    head.send("/staff/new", **NEW)
    password = first_password(head)
    head.get(member_page(screens, "zainab.bibi"))
    assert password not in head.page
    assert "Zainab Bibi" in head.page
    zainab = sign_in(screens, "zainab.bibi", password)
    assert "Choose your own before you go on" in zainab.page


def test_a_form_sent_twice_adds_one(screens: Screens) -> None:
    head = head_office(screens)
    form = head.page
    head.send("/staff/new", **NEW)
    head.page = form
    head.send("/staff/new", **NEW)
    assert count(screens, "add_staff") == 8
    assert "Zainab Bibi" in head.page
    assert 'class="code"' not in head.page


@pytest.mark.parametrize("name", ["username", "role", "reach", "place", "valid_from"])
def test_what_is_wrong_is_said_and_what_was_typed_stays(screens: Screens, name: str) -> None:
    head = head_office(screens)
    for bad in BAD:
        assert head.send("/staff/new", **{**NEW, name: bad}).status_code == 422, bad
        assert "This was not written" in head.page
        assert "Zainab Bibi" in head.page
        assert "<script>alert" not in head.page
    assert count(screens, "add_staff") == 7


def test_a_taken_name_and_an_unknown_place_are_refused(screens: Screens) -> None:
    head = head_office(screens)
    for change, sentence in (
        ({"username": "cashier"}, "is taken"),
        ({"place": "ABC-99"}, "There is no branch ABC-99"),
        ({"reach": "area", "place": "Nowhere"}, "There is no area Nowhere"),
        ({"role": "operator"}, "Choose one of the list"),
    ):
        assert head.send("/staff/new", **{**NEW, **change}).status_code == 422
        assert sentence in head.page
    assert screens.book.count(staff) == 7


def test_a_role_is_given_from_a_day_and_ends_on_a_day(screens: Screens) -> None:
    head = screens.browser("head")
    page = member_page(screens, "officer")
    head.get(page)
    role = {"role": "branch_manager", "reach": "branch", "place": "MUL-01"}
    head.send(f"{page}/roles", **role, valid_from=TODAY.isoformat())
    assert "MUL-01" in head.page
    assert head.send(f"{page}/roles", **role, valid_from=TODAY.isoformat()).status_code == 422
    assert "held there already" in head.page
    officer = screens.browser("officer")
    assert "To confirm" in officer.page
    ends = re.findall(rf'action="({page}/roles/\d+/end)"', head.page)
    assert len(ends) == 2
    early = (TODAY - timedelta(days=1)).isoformat()
    for bad in ("", "soon", early):
        assert head.send(ends[1], ends_on=bad).status_code == 422
    head.send(ends[1], ends_on=TODAY.isoformat())
    officer.get("/")
    assert "To confirm" not in officer.page
    assert head.send(ends[1], ends_on=TODAY.isoformat()).status_code == 422
    head.get(page)
    assert len(re.findall(rf'action="({page}/roles/\d+/end)"', head.page)) == 1


def test_a_role_that_ends_tomorrow_holds_today(screens: Screens) -> None:
    head = screens.browser("head")
    page = member_page(screens, "cashier")
    head.get(page)
    (end,) = re.findall(rf'action="({page}/roles/\d+/end)"', head.page)
    head.send(end, ends_on=(TODAY + timedelta(days=1)).isoformat())
    assert "To follow up" in screens.browser("cashier").page
    screens.book.clock.at += timedelta(days=1)
    cashier = screens.browser("cashier")
    assert "You hold no role today" in cashier.page


def test_nobody_changes_their_own_roles(screens: Screens) -> None:
    head = screens.browser("head")
    page = member_page(screens, "head")
    head.get(page)
    assert "another person changes them" in head.page
    assert "/end" not in head.page
    grants = count(screens, "give_role") + count(screens, "end_role")
    with reading(screens.book.engine) as connection:
        own = connection.execute(
            select(staff_grant.c.id).where(staff_grant.c.username == "head")
        ).scalar_one()
    for path in ("roles", f"roles/{own}/end", "password", "sign-out", "factor"):
        assert head.send_only(f"{page}/{path}", **NEW).status_code == 403, path
    other = member_page(screens, "cashier")
    answer = head.send_only(f"{other}/roles/{own}/end", ends_on=TODAY.isoformat())
    assert answer.status_code == 403
    assert count(screens, "give_role") + count(screens, "end_role") == grants


def test_a_new_first_password_ends_the_old_one_and_all_sessions(screens: Screens) -> None:
    head, cashier = screens.browser("head"), screens.browser("cashier")
    page = member_page(screens, "cashier")
    head.get(page)
    head.send(f"{page}/password")
    cashier.get("/")
    assert "Sign out" not in cashier.page
    assert "is wrong" in sign_in(screens, "cashier", PASSWORD).page
    entered = sign_in(screens, "cashier", first_password(head))
    assert "Choose your own before you go on" in entered.page


def test_head_office_signs_somebody_out_everywhere(screens: Screens) -> None:
    head, cashier = screens.browser("head"), screens.browser("cashier")
    page = member_page(screens, "cashier")
    head.get(page)
    head.send(f"{page}/sign-out")
    cashier.get("/")
    assert "Sign out" not in cashier.page
    assert count(screens, "sign_out_everywhere") == 1


def test_the_list_is_by_branch_and_in_pages(screens: Screens) -> None:
    head = screens.browser("head")
    head.get("/staff")
    listed = re.findall(r'href="/staff/\d+"><bdi dir="ltr">(\w+)</bdi>', head.page)
    assert listed == sorted(
        ["auditor", "cashier", "head", "manager", "officer", "partner", "stranger"]
    )
    head.get("/staff?branch=KHI-01")
    assert re.findall(r'href="/staff/\d+"><bdi dir="ltr">(\w+)</bdi>', head.page) == ["stranger"]
    for page in ("0", "-1", "x", "²", "99999999999"):
        assert "Cashier" in head.get(f"/staff?page={page}").get_data(as_text=True)
    assert "Nobody is found here" in head.get("/staff?page=2").get_data(as_text=True)


def test_an_auditor_reads_who_may_do_what_and_changes_nothing(screens: Screens) -> None:
    auditor, page = screens.browser("auditor"), member_page(screens, "stranger")
    for path in ("/staff", page, member_page(screens, "auditor")):
        assert auditor.get(path).status_code == 200
        assert closed_ways(screens, auditor, Role.AUDITOR) == set()
        assert "another person changes them" not in auditor.page
    auditor.get(page)
    assert "Loan officer" in auditor.page
    assert "KHI-01" in auditor.page
    changes = ("roles", "roles/1/end", "password", "sign-out", "factor")
    for path in ("/staff/new", *(f"{page}/{change}" for change in changes)):
        assert auditor.send_only(path, **NEW).status_code == 403, path


def test_only_head_office_and_auditors_see_staff(screens: Screens) -> None:
    page = member_page(screens, "stranger")
    for username in ("officer", "cashier", "manager", "partner"):
        browser = screens.browser(username)
        for path in ("/staff", "/staff/new", page, "/branches"):
            assert browser.get(path).status_code == 403
            assert "Stranger" not in browser.page
    assert screens.browser("head").get("/staff/999999").status_code == 404


def test_a_branch_is_opened_once(screens: Screens) -> None:
    head = screens.browser("head")
    head.get("/branches")
    assert "MUL-01" in head.page
    form, texts = head.page, {"branch": "QTA-01", "name": "Quetta", "area": "West"}
    for _ in range(2):
        head.page = form
        head.send("/branches", **texts, district="")
        assert "QTA-01" in head.page
    head.get("/branches")
    assert head.send("/branches", **texts).status_code == 422
    assert "exists already" in head.page
    for bad in BAD:
        assert head.send("/branches", branch=bad, name="x").status_code == 422, bad
    assert screens.book.count(branch) == 4


def test_an_area_role_reaches_the_branches_of_the_area(screens: Screens) -> None:
    head = head_office(screens)
    texts = {**NEW, "role": "area_manager", "reach": "area", "place": "Centre"}
    head.send("/staff/new", **texts)
    head.get(member_page(screens, "zainab.bibi"))
    assert '<th scope="row">Area manager</th><td><bdi>Centre</bdi>' in head.page
    with reading(screens.book.engine) as connection:
        (grant,) = grants_of(connection, "zainab.bibi", today=TODAY)
    assert grant.branches == frozenset({"LHR-01", "MUL-01", "KHI-01"})


def test_a_page_asks_the_database_little(screens: Screens) -> None:
    head = screens.browser("head")
    for path in ("/staff", member_page(screens, "cashier"), "/branches", "/settings", "/factor"):
        with counted(screens.book.engine) as statements:
            assert head.get(path).status_code == 200
        assert 0 < len(statements) <= MOST_STATEMENTS, (path, statements)
