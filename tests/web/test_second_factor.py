"""The second factor: set up once, asked for at each sign-in, and nothing opens before it."""

import re
from datetime import timedelta

import pytest
from pyotp import TOTP
from sqlalchemy import select, text

from aim_loans.checks.tables import all_tables
from aim_loans.db.engine import reading
from aim_loans.identity.models import act
from aim_loans.identity.one_time_codes import nonce_of_session, totp_secret
from aim_loans.identity.permissions import Role
from aim_loans.identity.second_factor import ResetFactor, reset_factor
from aim_loans.identity.sign_in import MOST_FAILURES_OF_A_NAME, MOST_WRONG_CODES
from aim_loans.web.guard import BEFORE_FACTOR, PUBLIC
from tests.book import FACTOR_KEY, SHELL
from tests.web.desk import PASSWORD, Browser, Screens
from tests.web.test_door import WRONG, path_of

ASKED = "Give the code"
SET_UP = "Set up the second factor"
OPEN = "To follow up"
URDU_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def come_in(screens: Screens, username: str = "cashier", address: str = "127.0.0.1") -> Browser:
    """Sign in with the password alone."""
    browser = Browser(screens.app.test_client())
    browser.client.environ_base["REMOTE_ADDR"] = address
    browser.get("/sign-in")
    browser.send("/sign-in", username=username, password=PASSWORD)
    return browser


def later(screens: Screens, seconds: int = 31) -> None:
    screens.book.clock.at += timedelta(seconds=seconds)


def shown_secret(browser: Browser) -> str:
    """Give the secret that the page spells out in groups of four."""
    found = re.search(r'class="code" dir="ltr">([A-Z2-7 ]+)<', browser.page)
    assert found is not None
    groups = found[1].split()
    assert {len(group) for group in groups} == {4}
    return "".join(groups)


def code_now(screens: Screens, secret: str) -> str:
    return TOTP(secret).at(screens.book.clock())


def set_up(screens: Screens, username: str = "cashier") -> tuple[str, list[str]]:
    """Enrol as a person does; gives the secret and the recovery codes."""
    browser = come_in(screens, username)
    secret = shown_secret(browser)
    browser.send("/factor/enrol", code=code_now(screens, secret))
    codes = re.findall(r"<li>(\w{5}-\w{5})</li>", browser.page)
    later(screens)
    return secret, codes


def test_it_is_set_up_with_a_first_code_and_then_the_pages_open(screens: Screens) -> None:
    browser = come_in(screens)
    assert SET_UP in browser.page
    secret = shown_secret(browser)
    expected = totp_secret(
        FACTOR_KEY, "cashier", nonce_of_session(FACTOR_KEY, browser.session_token())
    )
    assert secret == expected
    assert browser.send("/factor/enrol", code="000000").status_code == 422
    assert "wrong or too old" in browser.page
    assert shown_secret(browser) == secret
    browser.send("/factor/enrol", code=code_now(screens, secret))
    assert len(set(re.findall(r"<li>(\w{5}-\w{5})</li>", browser.page))) == 10
    browser.get("/")
    assert OPEN in browser.page
    browser.get("/factor")
    assert "Recovery codes left: 10" in browser.page


def test_the_picture_is_our_own_and_gone_once_it_is_set_up(screens: Screens) -> None:
    browser = come_in(screens)
    assert 'src="/factor/qr.svg"' in browser.page
    answer = browser.client.get("/factor/qr.svg")
    assert answer.mimetype == "image/svg+xml"
    assert answer.data.startswith(b"<?xml")
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(rb"<script|<style|\sstyle=", answer.data)
    browser.send("/factor/enrol", code=code_now(screens, shown_secret(browser)))
    assert browser.client.get("/factor/qr.svg").status_code == 302
    browser.get("/factor")
    assert 'class="code"' not in browser.page


def test_the_code_is_asked_for_at_each_sign_in_and_leads_back(screens: Screens) -> None:
    secret, _ = set_up(screens)
    browser = come_in(screens)
    assert ASKED in browser.page
    browser.get("/confirmations?x=1")
    assert ASKED in browser.page
    answer = browser.send_only("/factor/code", code=code_now(screens, secret), next="/password")
    assert answer.headers["Location"] == "/password"
    browser.get("/")
    assert OPEN in browser.page


def test_a_code_counts_once(screens: Screens) -> None:
    secret, _ = set_up(screens)
    code = code_now(screens, secret)
    first, second = come_in(screens), come_in(screens)
    first.send("/factor/code", code=code)
    assert OPEN in first.page
    assert second.send("/factor/code", code=code).status_code == 422
    assert "used already" in second.page
    # A code of the step before is older than the one that was used.
    earlier = TOTP(secret).at(screens.book.clock() - timedelta(seconds=30))
    assert second.send("/factor/code", code=earlier).status_code == 422
    later(screens)
    second.send("/factor/code", code=code_now(screens, secret))
    assert OPEN in second.page


def test_the_code_that_set_it_up_does_not_let_in_again(screens: Screens) -> None:
    browser = come_in(screens)
    code = code_now(screens, shown_secret(browser))
    browser.send("/factor/enrol", code=code)
    again = come_in(screens)
    assert again.send("/factor/code", code=code).status_code == 422
    assert "used already" in again.page


def test_a_form_sent_twice_neither_fails_nor_sets_up_twice(screens: Screens) -> None:
    browser = come_in(screens)
    code = code_now(screens, shown_secret(browser))
    browser.send("/factor/enrol", code=code)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.page)
    assert token is not None
    answer = browser.send("/factor/enrol", code=code)
    assert answer.request.path == "/factor"
    assert "Recovery codes left: 10" in browser.page
    with reading(screens.book.engine) as connection:
        kinds = connection.execute(select(act.c.kind).where(act.c.kind == "enrol_factor")).all()
    assert len(kinds) == 1


def test_a_recovery_code_lets_in_once(screens: Screens) -> None:
    _, codes = set_up(screens)
    browser = come_in(screens)
    browser.send("/factor/code", code=f" {codes[3].upper()} ")
    assert OPEN in browser.page
    browser.get("/factor")
    assert "Recovery codes left: 9" in browser.page
    again = come_in(screens)
    assert again.send("/factor/code", code=codes[3]).status_code == 422
    again.send("/factor/code", code=codes[4].replace("-", ""))
    assert OPEN in again.page


def test_new_recovery_codes_end_the_old_ones(screens: Screens) -> None:
    secret, old = set_up(screens)
    browser = come_in(screens)
    browser.send("/factor/code", code=code_now(screens, secret))
    browser.get("/factor")
    assert browser.send("/factor/recovery-codes", code="000000").status_code == 422
    assert browser.send("/factor/recovery-codes", code=old[0]).status_code == 422
    later(screens)
    browser.send("/factor/recovery-codes", code=code_now(screens, secret))
    new = re.findall(r"<li>(\w{5}-\w{5})</li>", browser.page)
    assert len(set(new) - set(old)) == 10
    another = come_in(screens)
    assert another.send("/factor/code", code=old[1]).status_code == 422
    another.send("/factor/code", code=new[1])
    assert OPEN in another.page


@pytest.mark.parametrize("enrolled", [False, True])
def test_nothing_opens_before_it(screens: Screens, *, enrolled: bool) -> None:
    screens.book.open_loan("L1")
    if enrolled:
        set_up(screens)
    browser = come_in(screens)
    closed = 0
    for rule in screens.app.url_map.iter_rules():
        if rule.endpoint in PUBLIC | BEFORE_FACTOR:
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            send = browser.client.get if method == "GET" else browser.send_only
            answer = send(path_of(rule))
            assert answer.status_code == 302, (method, rule.rule)
            assert answer.headers["Location"].startswith("/factor"), (method, rule.rule)
            closed += 1
    assert closed >= 9
    browser.get("/factor")
    assert "Find a loan" not in browser.page
    assert "To confirm" not in browser.page


def test_who_approves_nothing_is_not_asked(screens: Screens) -> None:
    assert "The book on" in come_in(screens, "auditor").page
    for username in ("officer", "stranger", "cashier", "manager", "head"):
        assert SET_UP in come_in(screens, username).page


def test_who_takes_one_freely_is_asked_from_then_on(screens: Screens) -> None:
    browser = come_in(screens, "auditor")
    browser.get("/factor")
    browser.send("/factor/enrol", code=code_now(screens, shown_secret(browser)))
    assert ASKED in come_in(screens, "auditor").page


def test_wrong_codes_wait_like_wrong_passwords(screens: Screens) -> None:
    secret, codes = set_up(screens)
    browser = come_in(screens)
    for _ in range(MOST_FAILURES_OF_A_NAME):
        assert browser.send("/factor/code", code="000000").status_code == 422
        assert "wrong or too old" in browser.page
    for right in (code_now(screens, secret), codes[0]):
        browser.send("/factor/code", code=right)
        assert "Too many wrong attempts" in browser.page
    elsewhere = come_in(screens, address="10.0.0.9")
    elsewhere.send("/factor/code", code=code_now(screens, secret))
    assert OPEN in elsewhere.page


def test_wrong_codes_from_many_addresses_wait_too(screens: Screens) -> None:
    secret, _ = set_up(screens)
    for place in range(MOST_WRONG_CODES):
        come_in(screens, address=f"10.0.1.{place}").send("/factor/code", code="000000")
    browser = come_in(screens, address="10.0.2.1")
    browser.send("/factor/code", code=code_now(screens, secret))
    assert "Too many wrong codes" in browser.page
    later(screens, seconds=16 * 60)
    browser.send("/factor/code", code=code_now(screens, secret))
    assert OPEN in browser.page


def test_wrong_passwords_do_not_keep_the_owner_from_the_codes(screens: Screens) -> None:
    secret, _ = set_up(screens)
    for place in range(MOST_WRONG_CODES + 1):
        stranger = screens.browser()
        stranger.client.environ_base["REMOTE_ADDR"] = f"10.0.3.{place}"
        stranger.send("/sign-in", username="cashier", password=WRONG)
    owner = come_in(screens)
    owner.send("/factor/code", code=code_now(screens, secret))
    assert OPEN in owner.page


def test_a_reset_ends_all_sessions_and_the_old_codes(screens: Screens) -> None:
    secret, codes = set_up(screens)
    inside = come_in(screens)
    inside.send("/factor/code", code=code_now(screens, secret))
    with screens.writing() as tx:
        reset_factor(tx, ResetFactor("cashier"), actor=SHELL)
    inside.get("/")
    assert "Sign out" not in inside.page
    browser = come_in(screens)
    assert SET_UP in browser.page
    for old in (codes[0], code_now(screens, secret)):
        assert browser.send("/factor/code", code=old).status_code == 422
        browser.get("/factor")
    assert shown_secret(browser) != secret
    later(screens)
    browser.send("/factor/enrol", code=code_now(screens, shown_secret(browser)))
    assert len(re.findall(r"<li>(\w{5}-\w{5})</li>", browser.page)) == 10


def test_a_first_password_comes_before_it_and_gives_no_way_around(screens: Screens) -> None:
    screens.hire("new", Role.CASHIER, "LHR-01", temporary=True)
    browser = come_in(screens, "new")
    assert "Choose your own before you go on" in browser.page
    browser.get("/factor")
    assert "Choose your own before you go on" in browser.page
    new = "four lamps and a well"
    browser.send("/password", old=PASSWORD, password=new, again=new)
    assert SET_UP in browser.page


def test_who_changes_the_password_is_not_asked_again(screens: Screens) -> None:
    secret, _ = set_up(screens)
    browser = come_in(screens)
    browser.send("/factor/code", code=code_now(screens, secret))
    browser.get("/password")
    new = "four lamps and a well"
    browser.send("/password", old=PASSWORD, password=new, again=new)
    assert OPEN in browser.page


@pytest.mark.parametrize(
    "typed", ["", " ", "0", "-1", "1e9", "<script>", "\u202e000000", "9" * 600, "کوڈ", "²²²²²²"]
)
def test_what_is_no_code_is_refused_in_words(screens: Screens, typed: str) -> None:
    set_up(screens)
    browser = come_in(screens)
    assert browser.send("/factor/code", code=typed).status_code == 422
    assert "This was not written" in browser.page
    assert "<script" not in browser.page


def test_urdu_digits_are_digits(screens: Screens) -> None:
    secret, _ = set_up(screens)
    browser = come_in(screens)
    code = code_now(screens, secret)
    browser.send("/factor/code", code=f"{code[:3]} {code[3:]}".translate(URDU_DIGITS))
    assert OPEN in browser.page


def test_the_database_holds_neither_the_secret_nor_a_code(screens: Screens) -> None:
    secret, codes = set_up(screens)
    with reading(screens.book.engine) as connection:
        held = " ".join(
            str(row)
            for table in all_tables().sorted_tables
            for row in connection.execute(text(f"SELECT * FROM {table.name}"))
        )
    assert "cashier" in held
    assert not [word for word in (secret, *codes) if word in held]
    assert not [code for code in codes if code.replace("-", "") in held]
