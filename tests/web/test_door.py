"""The door: who comes in, what each page asks for, what strangers learn."""

import re
from datetime import timedelta

import pytest
from werkzeug.routing import Rule

from aim_loans.identity.models import act, sign_in_failure
from aim_loans.identity.permissions import PERMISSIONS, Role, Scope
from aim_loans.identity.sign_in import IDLE, MOST_FAILURES_OF_A_NAME
from aim_loans.web.guard import PUBLIC, need_of
from tests.web.desk import PASSWORD, Screens, closed_ways

WRONG = "not it"


def path_of(rule: Rule) -> str:
    """Write the path of a page, with the first row for each that it names."""
    built = rule.build(dict.fromkeys(rule.arguments, 1))
    assert built is not None
    return built[1]


def acts(screens: Screens, kind: str) -> int:
    return screens.book.count(act, act.c.kind == kind)


def test_every_page_names_a_deed_or_is_one_of_the_public_ones(screens: Screens) -> None:
    bare = {e for e in screens.app.view_functions if need_of(screens.app, e) is None}
    assert bare == PUBLIC


def test_no_page_but_the_public_ones_answers_a_stranger(screens: Screens) -> None:
    stranger = screens.browser()
    closed = 0
    for rule in screens.app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            send = stranger.client.get if method == "GET" else stranger.send_only
            answer = send(path_of(rule))
            assert answer.status_code == 302, (method, rule.rule)
            assert "/sign-in" in answer.headers["Location"]
            closed += 1
    assert closed > 100


# The operator is whoever sits at the shell, and comes through no door.
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_a_role_opens_the_pages_of_its_deeds_and_is_led_to_no_other(
    screens: Screens, role: Role
) -> None:
    everywhere = Scope.EVERYWHERE in PERMISSIONS[role].values()
    screens.hire("somebody", role, None if everywhere else "LHR-01")
    browser, refused = screens.browser("somebody"), 0
    before = acts(screens, "refused")
    for rule in screens.app.url_map.iter_rules():
        need = need_of(screens.app, rule.endpoint)
        if need is None or not need.deeds:
            continue
        allowed = any(deed in PERMISSIONS[role] for deed in need.deeds)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            answer = (browser.client.get if method == "GET" else browser.send_only)(path_of(rule))
            assert (answer.status_code == 403) is not allowed, (method, rule.rule)
            refused += not allowed
            if method == "GET" and answer.mimetype == "text/html":
                browser.page = answer.text
                assert closed_ways(screens, browser, role) == set(), rule.rule
    assert acts(screens, "refused") - before == refused


def test_another_branch_reads_nothing_of_a_loan(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    stranger = screens.browser("stranger")
    for path in ("", "/receipt", "/visit"):
        answer = stranger.get(f"/loans/{loan_id}{path}")
        assert answer.status_code == 403
        assert "Borrower of L1" not in stranger.page
    stranger.get("/book")
    assert "No loan was running" in stranger.page
    stranger.send("/find", wanted="L1")
    assert "Nothing was found" in stranger.page


def test_nothing_is_changed_without_the_token_of_a_form(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    cashier = screens.browser("cashier")
    cashier.page = ""
    answer = cashier.send_only(f"/loans/{loan_id}/receipt", amount="100")
    assert answer.status_code == 400
    assert acts(screens, "record_receipt") == 0


def test_every_page_comes_with_the_strict_headers(screens: Screens) -> None:
    browser = screens.browser("cashier")
    for path in ("/", "/sign-in", "/nowhere", "/health", "/static/aim.css"):
        with browser.client.get(path) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_no_page_holds_script_or_style_of_its_own(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    browser = screens.browser("manager")
    of_loan = [f"/loans/{loan_id}{page}" for page in ("", "/receipt", "/visit")]
    for path in ("/", "/book", "/sheet", "/password", *of_loan):
        assert browser.get(path).status_code == 200
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=", browser.page), path


def test_a_wrong_password_says_no_more_than_that(screens: Screens) -> None:
    browser = screens.browser()
    known = browser.send("/sign-in", username="cashier", password=WRONG)
    said = browser.page
    unknown = browser.send("/sign-in", username="nobody", password=WRONG)
    assert (known.status_code, unknown.status_code) == (422, 422)
    assert "The user name or the password is wrong" in said
    assert "The user name or the password is wrong" in browser.page


def test_too_many_failures_wait_but_lock_nobody_else_out(screens: Screens) -> None:
    attacker = screens.browser()
    for _ in range(MOST_FAILURES_OF_A_NAME):
        attacker.send("/sign-in", username="cashier", password=WRONG)
    attacker.send("/sign-in", username="cashier", password=PASSWORD)
    assert "Too many wrong attempts" in attacker.page
    owner = screens.browser()
    owner.client.environ_base["REMOTE_ADDR"] = "10.0.0.9"
    owner.send("/sign-in", username="cashier", password=PASSWORD)
    assert "Sign out" in owner.page
    assert screens.book.count(sign_in_failure) == MOST_FAILURES_OF_A_NAME


def test_a_first_password_is_changed_before_anything_else(screens: Screens) -> None:
    screens.hire("new", Role.CASHIER, "LHR-01", temporary=True)
    browser = screens.browser("new")
    browser.get("/")
    assert "Choose your own before you go on" in browser.page
    new = "four lamps and a well"
    refusals = {
        "not your password": {"old": "wrong", "password": new, "again": new},
        "differ": {"old": PASSWORD, "password": new, "again": "other"},
        "is the old one": {"old": PASSWORD, "password": PASSWORD, "again": PASSWORD},
        "10 to 200": {"old": PASSWORD, "password": "short", "again": "short"},
        "holds the user name": {"old": PASSWORD, "password": "a new lamp", "again": "a new lamp"},
    }
    for sentence, texts in refusals.items():
        assert browser.send("/password", **texts).status_code == 422
        assert sentence in browser.page
    browser.send("/password", old=PASSWORD, password=new, again=new)
    assert "To follow up" in browser.page


def test_signing_out_everywhere_ends_every_session(screens: Screens) -> None:
    here, there = screens.browser("cashier"), screens.browser("cashier")
    here.send("/sign-out", everywhere="1")
    there.get("/")
    assert "Sign out" not in there.page


def test_a_session_ends_by_itself(screens: Screens) -> None:
    browser = screens.browser("cashier")
    assert "Sign out" in browser.page
    screens.book.clock.at += IDLE + timedelta(seconds=1)
    browser.get("/")
    assert "Sign out" not in browser.page


def test_a_way_back_never_leads_to_another_site(screens: Screens) -> None:
    browser = screens.browser()
    for elsewhere in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/e.example",
    ):
        answer = browser.send_only(
            "/sign-in", username="cashier", password=PASSWORD, next=elsewhere
        )
        assert answer.headers["Location"] == "/"
        browser = screens.browser()


def test_a_number_that_no_row_can_have_is_no_page(screens: Screens) -> None:
    auditor = screens.browser("auditor")
    for path in ("/loans/0", f"/loans/{2**63}", f"/receipts/{10**40}"):
        assert auditor.get(path).status_code == 404
        assert "There is no such page" in auditor.page
    assert auditor.get(f"/loans/{2**63 - 1}").status_code == 404


def test_a_nul_in_a_name_is_only_a_wrong_name(screens: Screens) -> None:
    browser = screens.browser()
    browser.send("/sign-in", username="cash\0ier", password=WRONG)
    assert "The user name or the password is wrong" in browser.page


def test_health_answers_without_a_name(screens: Screens) -> None:
    assert screens.app.test_client().get("/health").get_json() == {"status": "ok"}
