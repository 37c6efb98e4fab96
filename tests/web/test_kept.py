"""What was typed is not lost when the session ended meanwhile, nor by a fault of the software."""

import html
import re
from datetime import timedelta

import pytest

from aim_loans.cash.models import money_in
from aim_loans.identity.models import act
from aim_loans.identity.sign_in import (
    ABSOLUTE,
    IDLE,
    SetPassword,
    give_factor,
    set_password,
)
from aim_loans.web import receipts as receipts_pages
from tests.book import SHELL, TODAY
from tests.web.desk import PASSWORD, Browser, Screens

TYPED = {
    "amount": "1234",
    "received_on": TODAY.isoformat(),
    "channel": "cash",
    "payer": "family",
    "reference": "",
    "account": "",
    "book_number": 'پرچی "77" <b>',
}
WRONG = "not it"
OLD_TOKEN = {"csrf_token": "of another session"}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_ACTION = re.compile(r'action="([^"]+)"')
_BUTTON = re.compile(r'<button name="([^"]+)"')
_FORM = re.compile(r'<main id="main">.*?action="([^"]+)"', re.DOTALL)


def counted(screens: Screens, kind: str) -> int:
    return screens.book.count(act, act.c.kind == kind)


def receipts(screens: Screens) -> int:
    return screens.book.count(money_in)


def held(browser: Browser) -> dict[str, str]:
    """Give the hidden fields of the page's own form."""
    form = browser.page.partition("<main")[2]
    return {name: html.unescape(text) for name, text in _HIDDEN.findall(form)}


def send_on(browser: Browser, **texts: str) -> int:
    """Send the form of the page, with what it holds; gives the status of the answer."""
    found = _FORM.search(browser.page)
    assert found, browser.page
    return browser.send(found[1], **(held(browser) | texts)).status_code


def pass_time(screens: Screens, how_long: timedelta) -> None:
    screens.book.clock.at += how_long + timedelta(seconds=1)


def interrupted(screens: Screens) -> tuple[Browser, str]:
    """Send a form after the session has ended; the browser shows the answer."""
    path = f"/loans/{screens.book.open_loan('L1')}/receipt"
    cashier = screens.browser("cashier")
    cashier.get(path)
    pass_time(screens, IDLE)
    assert cashier.send(path, **TYPED).status_code == 401
    return cashier, path


def sign_in_again(
    screens: Screens, browser: Browser, username: str = "cashier", **more: str
) -> int:
    """Sign in through the page that carries the form, past the second factor."""
    assert send_on(browser, username=username, password=PASSWORD, **more) == 200
    with screens.writing() as tx:
        give_factor(tx, browser.session_token())
    return browser.send("/factor/code", **held(browser)).status_code


def test_the_same_person_comes_back_to_the_form_and_sends_it_once_more(screens: Screens) -> None:
    cashier, _ = interrupted(screens)
    assert "what you typed is kept" in cashier.page
    assert sign_in_again(screens, cashier) == 200
    assert "You are signed in again" in cashier.page
    assert send_on(cashier) == 422
    assert "Nothing was written yet" in cashier.page
    for text in ('value="1234"', 'value="پرچی &#34;77&#34; &lt;b&gt;"', 'value="family" checked'):
        assert text in cashier.page
    assert receipts(screens) == 0
    assert send_on(cashier, **TYPED) == 200
    assert "Rs 1,234" in cashier.page
    assert receipts(screens) == 1


def test_a_wrong_password_in_between_loses_nothing(screens: Screens) -> None:
    cashier, _ = interrupted(screens)
    assert send_on(cashier, username="cashier", password=WRONG) == 422
    assert sign_in_again(screens, cashier) == 200
    assert held(cashier)["amount"] == "1234"


def test_another_person_gets_nothing_of_it(screens: Screens) -> None:
    browser, _ = interrupted(screens)
    sign_in_again(screens, browser, "manager")
    assert "1234" not in browser.page
    assert "Sign out" in browser.page


def test_what_was_sent_and_counted_before_counts_no_second_time(screens: Screens) -> None:
    path = f"/loans/{screens.book.open_loan('L1')}/receipt"
    cashier = screens.browser("cashier")
    cashier.get(path)
    cashier.send_only(path, **TYPED)
    pass_time(screens, IDLE)
    cashier.send(path, **TYPED)
    sign_in_again(screens, cashier)
    send_on(cashier)
    assert send_on(cashier, **TYPED) == 200
    assert receipts(screens) == 1


@pytest.mark.parametrize("change", ["", "a.b.c", "x{sealed}", "{sealed}x"])
def test_a_form_that_was_not_sealed_here_is_not_taken(screens: Screens, change: str) -> None:
    cashier, _ = interrupted(screens)
    sealed = change.format(sealed=held(cashier)["kept"])
    sign_in_again(screens, cashier, kept=sealed)
    assert "Sign out" in cashier.page


def test_no_password_and_no_token_lies_in_the_page(screens: Screens) -> None:
    cashier, path = interrupted(screens)
    cashier.send(path, **TYPED, password=WRONG, code="123456")
    sign_in_again(screens, cashier)
    assert set(held(cashier)) == {*TYPED, "key", "csrf_token", "aim-look"}
    pass_time(screens, IDLE)
    cashier.send("/password", old=PASSWORD, password=WRONG, again=WRONG)
    assert "kept" not in held(cashier)


def test_a_form_too_large_to_carry_is_let_go(screens: Screens) -> None:
    cashier, path = interrupted(screens)
    cashier.send(path, **TYPED, note="x" * 200_000)
    assert "kept" not in held(cashier)
    assert "Sign in" in cashier.page


def test_signing_in_beside_the_form_keeps_it_too(screens: Screens) -> None:
    cashier, path = interrupted(screens)
    cashier.get("/sign-in")
    cashier.send("/sign-in", username="cashier", password=PASSWORD)
    with screens.writing() as tx:
        give_factor(tx, cashier.session_token())
    assert cashier.send(path, **TYPED, **OLD_TOKEN).status_code == 400
    assert "what you typed is kept" in cashier.page
    assert send_on(cashier) == 422
    assert 'value="1234"' in cashier.page
    assert receipts(screens) == 0


def test_a_form_that_lay_open_past_the_longest_session_is_kept(screens: Screens) -> None:
    cashier, path = interrupted(screens)
    pass_time(screens, ABSOLUTE)
    assert cashier.send(path, **TYPED, **OLD_TOKEN).status_code == 401
    assert sign_in_again(screens, cashier) == 200
    assert held(cashier)["amount"] == "1234"


def test_a_fault_of_the_software_leaves_what_was_typed(
    screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/loans/{screens.book.open_loan('L1')}/receipt"
    cashier = screens.browser("cashier")
    cashier.get(path)
    with monkeypatch.context() as broken:
        broken.setattr(receipts_pages, "record_receipt", None)
        assert cashier.send(path, **TYPED).status_code == 500
    assert send_on(cashier) == 422
    assert 'value="1234"' in cashier.page
    assert receipts(screens) == 0


def test_a_form_only_looked_at_writes_nothing_but_a_refusal(screens: Screens) -> None:
    _, path = interrupted(screens)
    manager = screens.browser("manager")
    manager.get(path)
    manager.send(path, **TYPED)
    manager.get("/receipts/1")
    manager.send("/receipts/1/cancel", reason="Typed twice.")
    head = screens.browser("head")
    head.get("/confirmations")
    look = {"aim-look": "1"}
    assert head.send("/confirmations/1", answer="confirm", **look).status_code == 422
    assert counted(screens, "cancel_receipt") == 0
    before = counted(screens, "refused")
    stranger = screens.browser("stranger")
    assert stranger.send(path, **TYPED, **look).status_code == 403
    assert counted(screens, "refused") == before + 1


def in_urdu(browser: Browser) -> int:
    """Ask for the other language with the button of the page's head; gives the status."""
    head = browser.page.partition("<main")[0]
    form = head.partition('<form class="quiet"')[2].partition("</form>")[0]
    fields = {name: html.unescape(text) for name, text in _HIDDEN.findall(form)}
    path, button = html.unescape(_ACTION.findall(form)[0]), _BUTTON.findall(form)[0]
    return browser.send(path, **(fields | {button: "ur"})).status_code


def test_another_language_keeps_what_was_typed_with_its_faults(screens: Screens) -> None:
    path = f"/loans/{screens.book.open_loan('L1')}/receipt"
    cashier = screens.browser("cashier")
    cashier.get(path)
    assert cashier.send(path, **TYPED | {"amount": "0"}).status_code == 422
    assert in_urdu(cashier) == 422
    for text in ('lang="ur"', 'value="پرچی &#34;77&#34; &lt;b&gt;"', 'id="amount-fault"'):
        assert text in cashier.page
    assert receipts(screens) == 0
    assert cashier.send(path, **TYPED).status_code == 200
    assert receipts(screens) == 1


def test_another_language_writes_nothing_even_of_a_form_without_faults(screens: Screens) -> None:
    path = f"/loans/{screens.book.open_loan('L1')}/receipt"
    cashier = screens.browser("cashier")
    cashier.get(path)
    look = {"aim-look": "1", "aim-language": "ur"}
    assert cashier.send(path, **TYPED, **look).status_code == 422
    assert 'value="1234"' in cashier.page
    assert receipts(screens) == 0


def test_another_language_keeps_a_search_and_a_form_at_the_door(screens: Screens) -> None:
    cashier, _ = interrupted(screens)
    assert send_on(cashier, username="cashier", password=WRONG) == 422
    failures = cashier.page.count("fault")
    assert in_urdu(cashier) == 200
    assert 'lang="ur"' in cashier.page
    assert cashier.page.count("fault") < failures
    assert sign_in_again(screens, cashier) == 200
    assert in_urdu(cashier) == 422
    assert 'value="1234"' in cashier.page
    cashier.send("/find", wanted="Nobody of this name")
    assert in_urdu(cashier) == 200


def test_another_language_keeps_the_way_back_of_a_page_that_is_read(screens: Screens) -> None:
    cashier = screens.browser("cashier")
    cashier.get("/sheet")
    assert in_urdu(cashier) == 200
    assert cashier.client.get("/sheet").status_code == 200
    assert 'lang="ur"' in cashier.page


def test_a_form_is_kept_through_the_change_of_a_temporary_password(screens: Screens) -> None:
    cashier, _ = interrupted(screens)
    with screens.writing() as tx:
        set_password(tx, SetPassword("cashier", temporary=True), PASSWORD, actor=SHELL)
    assert send_on(cashier, username="cashier", password=PASSWORD) == 200
    assert "Choose your own before you go on" in cashier.page
    with screens.writing() as tx:
        give_factor(tx, cashier.session_token())
    new = "four lamps and a well"
    assert send_on(cashier, old=PASSWORD, password=new, again="other") == 422
    assert in_urdu(cashier) == 200
    assert send_on(cashier, old=PASSWORD, password=new, again=new) == 200
    assert held(cashier)["amount"] == "1234"
    assert send_on(cashier) == 422
    assert 'value="1234"' in cashier.page
    assert receipts(screens) == 0
