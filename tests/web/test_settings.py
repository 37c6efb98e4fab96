"""Settings in the browser: shown with their source, changed from a day on by two people."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from aim_loans.db.engine import reading
from aim_loans.identity.permissions import Role
from aim_loans.origination.models import product as product_table
from aim_loans.origination.queries import settings_in_force
from aim_loans.web.setting_fields import Field, shown
from aim_loans.web.words import named
from tests.book import TODAY
from tests.web.desk import Browser, Screens

TOMORROW = TODAY + timedelta(days=1)
HEADER = {
    "effective_from": TOMORROW.isoformat(),
    "source": "decision of the board",
    "verified": "yes",
}
FEE = "/settings/fee/institution"
PRODUCT = "/settings/products/family_enterprise"


@pytest.fixture
def two(screens: Screens) -> tuple[Browser, Browser]:
    """Two people of head office."""
    screens.hire("second", Role.HEAD_OFFICE, None)
    return screens.browser("head"), screens.browser("second")


def filled(browser: Browser, path: str) -> dict[str, str]:
    """Open a form and give what it is filled with, as a browser would send it."""
    browser.get(path)
    texts = {}
    for tag in re.findall(r"<input[^>]*>", browser.page.partition("<main")[2]):
        values = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        chosen = values.get("type") not in ("radio", "checkbox") or " checked" in tag
        if chosen and values["name"] not in ("csrf_token", "key"):
            texts[values["name"]] = values.get("value", "")
    for name, options in re.findall(
        r'<select id="([^"]+)".*?>(.*?)</select>', browser.page, re.DOTALL
    ):
        texts[name] = re.findall(r'value="(\w+)" selected', options)[0]
    return texts


def fee_tomorrow(screens: Screens) -> int:
    with reading(screens.book.engine) as connection:
        return settings_in_force(connection).fee_on(TOMORROW).amount


def waiting(browser: Browser) -> list[str]:
    browser.get("/settings")
    return re.findall(r'action="(/settings/requests/\d+)"', browser.page)


def test_rules_and_holidays_are_shown_with_their_source(screens: Screens) -> None:
    officer = screens.browser("officer")
    officer.get("/settings")
    for said in (
        "Family enterprise loan",
        "not yet compared with the text",
        "source not verified",
        "Quaid-e-Azam Day",
        "Rs 500,000",
        "Substandard",
        "Every three months",
    ):
        assert said in officer.page
    assert "Ask for a change" not in officer.page
    assert screens.browser("partner").get("/settings").status_code == 403


def test_one_asks_and_another_confirms(screens: Screens, two: tuple[Browser, Browser]) -> None:
    head, second = two
    texts = filled(head, FEE)
    assert texts["amount"] == "200"
    head.send(FEE, **{**texts, **HEADER, "amount": "300"})
    (answer,) = waiting(head)
    assert "another person confirms it" in head.page
    assert head.send(answer, answer="confirm").status_code == 403
    assert fee_tomorrow(screens) == 200_00
    assert waiting(second) == [answer]
    assert "Rs 200" in second.page
    assert "Rs 300" in second.page
    second.send(answer, answer="confirm")
    assert waiting(second) == []
    assert fee_tomorrow(screens) == 300_00
    moment = r"\d+ \w+ 2026 \d\d:\d\d"
    told = f"head asked for this on {moment}, and second confirmed it on {moment}."
    assert "source verified" in second.page
    assert "not confirmed" not in second.page
    for reader in (head, screens.browser("auditor")):
        assert len(re.findall(told, reader.get("/settings").get_data(as_text=True))) == 1
    assert second.send(answer, answer="confirm").status_code == 422


def test_a_request_is_declined_with_a_reason(
    screens: Screens, two: tuple[Browser, Browser]
) -> None:
    head, second = two
    head.send(FEE, **{**filled(head, FEE), **HEADER, "amount": "300"})
    (answer,) = waiting(second)
    assert second.send(answer, answer="decline", reason=" ").status_code == 422
    second.send(answer, answer="decline", reason="not decided yet")
    assert waiting(second) == []
    assert fee_tomorrow(screens) == 200_00


def test_a_request_sent_twice_counts_once(two: tuple[Browser, Browser]) -> None:
    head, _ = two
    texts = {**filled(head, FEE), **HEADER, "amount": "300"}
    form = head.page
    for _ in range(2):
        head.page = form
        head.send(FEE, **texts)
        assert head.page.count("/settings/requests/") == 1


@pytest.mark.parametrize(
    "path",
    [PRODUCT, "/settings/ladder/institution", "/settings/limits/institution", FEE],
)
def test_a_form_holds_the_rule_in_force_and_is_taken_as_it_stands(
    screens: Screens, two: tuple[Browser, Browser], path: str
) -> None:
    head, second = two
    with reading(screens.book.engine) as connection:
        before = settings_in_force(connection)
    head.send(path, **{**filled(head, path), **HEADER})
    (answer,) = waiting(second)
    assert "as until now" in second.page
    second.send(answer, answer="confirm")
    with reading(screens.book.engine) as connection:
        after = settings_in_force(connection)
    same = ("products", "ladder", "limits", "fee")
    added = [set(getattr(after, name)) - set(getattr(before, name)) for name in same]
    (new,) = set().union(*added)
    assert (new.effective_from, new.source, new.verified) == (
        TOMORROW,
        "decision of the board",
        True,
    )


@pytest.mark.parametrize(
    ("path", "change", "sentence"),
    [
        (FEE, {"amount": "-1"}, "This was not written"),
        (FEE, {"amount": "1 %"}, "This was not written"),
        (FEE, {"amount": "1e9"}, "This was not written"),
        (FEE, {"amount": ""}, "Fill this in"),
        (FEE, {"effective_from": "2026-03-30"}, "has passed"),
        (FEE, {"effective_from": "31.3.2026"}, "This was not written"),
        (FEE, {"source": " "}, "Fill this in"),
        (FEE, {"source": "x" * 600}, "too long"),
        (FEE, {"verified": "perhaps"}, "Choose one of the list"),
        (PRODUCT, {"name": "<script>alert(1)</script>", "due_day": "0"}, "out of range"),
        (PRODUCT, {"round_to": "0"}, "0.01 to 1000 rupees"),
        (PRODUCT, {"min_principal": "600000"}, "not over the largest"),
        (PRODUCT, {"frequency": "daily"}, "Choose one of the list"),
        (PRODUCT, {"grace_months": "1.5"}, "whole number"),
        (PRODUCT, {"max_months": "\u202e36"}, "whole number"),
        ("/settings/ladder/institution", {"classes[2].from_days": "0"}, "start later"),
        ("/settings/ladder/institution", {"classes[5].provision_bps": "10001"}, "out of range"),
        ("/settings/limits/institution", {"committee[3].up_to": "5"}, "only the last step"),
        ("/settings/limits/institution", {"max_principal_by_cycle[2]": "1"}, "never falling"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    screens: Screens, path: str, change: dict[str, str], sentence: str
) -> None:
    head = screens.browser("head")
    texts = {**filled(head, path), **HEADER, **change}
    assert head.send(path, **texts).status_code == 422
    assert sentence in head.page
    assert "<script>alert" not in head.page
    assert waiting(head) == []


def test_no_charge_can_be_typed_into_a_product(two: tuple[Browser, Browser]) -> None:
    head, _ = two
    texts = {**filled(head, PRODUCT), **HEADER, "late_fee": "50", "interest_rate": "12"}
    head.send(PRODUCT, **texts)
    assert len(waiting(head)) == 1
    assert "late_fee" not in head.page
    assert "as until now" in head.page


def test_sectors_are_chosen_and_shown_to_the_second_person(
    screens: Screens, two: tuple[Browser, Browser]
) -> None:
    head, second = two
    texts = {**filled(head, PRODUCT), **HEADER, "sectors.trade": "trade", "sectors.health": "x"}
    head.send(PRODUCT, **texts)
    (answer,) = waiting(second)
    assert "Trade, Health" in second.page
    second.send(answer, answer="confirm")
    with reading(screens.book.engine) as connection:
        product = settings_in_force(connection).product_on("family_enterprise", TOMORROW)
    assert product.sectors == ("trade", "health")


def test_only_head_office_asks_and_only_for_what_is_there(screens: Screens) -> None:
    assert screens.browser("manager").get(FEE).status_code == 403
    head = screens.browser("head")
    for path in ("/settings/benchmark/x", "/settings/products/x", "/settings/x/y"):
        assert head.get(path).status_code == 404


def test_a_new_product_and_a_benchmark_are_asked_for_and_confirmed(
    screens: Screens, two: tuple[Browser, Browser]
) -> None:
    head, second = two
    path = "/settings/new-product"
    product = filled(head, path) | {**HEADER, "name": "School fees", "code": "crop"}
    assert head.send(path, **product).status_code == 422
    assert "already" in head.page
    assert head.send(path, **(product | {"code": "school_fees"})).status_code == 200
    assert "school_fees" in head.page
    path = "/settings/benchmark/institution"
    bench = filled(head, path) | {**HEADER, "as_of": "2025-12-31", "stated_on": ""}
    bench |= {"total": "700000000000", "not_itemised": "254000000000"}
    assert head.send(path, **bench).status_code == 200
    for number in (1, 2):
        second.get("/settings")
        answer = second.send(f"/settings/requests/{number}", answer="confirm")
        assert answer.status_code == 200
    with reading(screens.book.engine) as connection:
        tables = settings_in_force(connection)
        offered = connection.execute(select(product_table.c.name)).scalars().all()
    assert tables.product_on("school_fees", TOMORROW).name == "School fees"
    assert tables.benchmark_on(TOMORROW).total == 700_000_000_000_00
    assert len(tables.benchmark_on(TOMORROW).lines) == 3
    assert "School fees" in offered
    with screens.app.test_request_context():
        assert named("product", "school_fees") == "<bdi>School fees</bdi>"


def test_a_share_below_zero_keeps_its_size() -> None:
    growth = Field("growth_bps", "Growth (basis points)", "share", -250)
    assert "-250 (-2.50 %)" in shown(growth)
