"""Dated rules by two people: asked for by one, confirmed or declined by another."""

from datetime import timedelta

import pytest

from aim_loans.config.dated import dated_row, read_dated_row
from aim_loans.config.rows import ConfigurationFault
from aim_loans.db.engine import reading, writing
from aim_loans.errors import NotAllowed, NotFound, Refused
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.origination.queries import settings_in_force
from aim_loans.origination.setting_requests import (
    ConfirmSetting,
    DeclineSetting,
    confirm_setting,
    decline_setting,
    open_setting_requests,
)
from tests.book import AUDIT_KEY, HEAD_OFFICE, MANAGER, SHELL, TODAY, Book, ask_for_a_fee

SECOND = Actor("second", (Grant(Role.HEAD_OFFICE),))
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def asked(book: Book) -> Book:
    """A fee of Rs 300 from tomorrow waits for a second person."""
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        asker = AddStaff(HEAD_OFFICE.name, "Head Office", Role.HEAD_OFFICE, TODAY)
        add_staff(tx, asker, actor=SHELL)
        ask_for_a_fee(tx, 300_00, TOMORROW)
    return book


def confirm(book: Book, actor: Actor, **other: object) -> None:
    today = other.get("today", TODAY)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        confirm_setting(tx, ConfirmSetting(1), actor=actor, today=today)  # type: ignore[arg-type]  # a day


def test_a_rule_holds_from_its_day_once_another_has_confirmed_it(asked: Book) -> None:
    with reading(asked.engine) as connection:
        (waiting,) = open_setting_requests(connection)
        assert settings_in_force(connection).fee_on(TOMORROW).amount == 200_00
    assert waiting.asked_by == HEAD_OFFICE.name
    confirm(asked, SECOND)
    with reading(asked.engine) as connection:
        tables = settings_in_force(connection)
        assert open_setting_requests(connection) == []
    fees = (tables.fee_on(TODAY).amount, tables.fee_on(TOMORROW).amount)
    assert fees == (200_00, 300_00)
    assert tables.fee_on(TOMORROW).verified


def test_nobody_confirms_their_own_nor_without_the_right(asked: Book) -> None:
    for actor in (HEAD_OFFICE, MANAGER):
        with pytest.raises(NotAllowed):
            confirm(asked, actor)
    with reading(asked.engine) as connection:
        assert len(open_setting_requests(connection)) == 1


def test_a_request_is_answered_once(asked: Book) -> None:
    confirm(asked, SECOND)
    with pytest.raises(Refused, match="dealt with"):
        confirm(asked, SECOND)
    with (
        pytest.raises(NotFound),
        writing(asked.engine, audit_key=AUDIT_KEY, clock=asked.clock) as tx,
    ):
        confirm_setting(tx, ConfirmSetting(9), actor=SECOND, today=TODAY)


def test_a_day_that_has_passed_is_not_confirmed_any_more(asked: Book) -> None:
    with pytest.raises(Refused, match="has passed"):
        confirm(asked, SECOND, today=TOMORROW + timedelta(days=1))


def test_a_declined_rule_never_holds_and_may_be_asked_for_again(asked: Book) -> None:
    with writing(asked.engine, audit_key=AUDIT_KEY, clock=asked.clock) as tx:
        decline_setting(tx, DeclineSetting(1, "not decided"), actor=SECOND)
    with reading(asked.engine) as connection:
        assert settings_in_force(connection).fee_on(TOMORROW).amount == 200_00
    with writing(asked.engine, audit_key=AUDIT_KEY, clock=asked.clock) as tx:
        ask_for_a_fee(tx, 400_00, TOMORROW)
    with reading(asked.engine) as connection:
        assert [each.id for each in open_setting_requests(connection)] == [3]


def test_a_rule_begins_today_at_the_earliest_and_alone_on_its_day(asked: Book) -> None:
    for day, sentence in ((TODAY - timedelta(days=1), "has passed"), (TOMORROW, "asked already")):
        with (
            pytest.raises(Refused, match=sentence),
            writing(asked.engine, audit_key=AUDIT_KEY, clock=asked.clock) as tx,
        ):
            ask_for_a_fee(tx, 300_00, day)
    confirm(asked, SECOND)
    with (
        pytest.raises(Refused, match="begins on"),
        writing(asked.engine, audit_key=AUDIT_KEY, clock=asked.clock) as tx,
    ):
        ask_for_a_fee(tx, 300_00, TOMORROW)


def test_a_rule_is_read_as_the_file_is_and_charges_nothing(book: Book) -> None:
    with reading(book.engine) as connection:
        product = settings_in_force(connection).products[0]
    row = dated_row("products", product)
    header = {"effective_from": TODAY, "source": "circular 7", "verified": False}
    content = {name: getattr(product, name) for name in product.__dataclass_fields__}
    content |= {"sectors": list(product.sectors)} | header
    assert read_dated_row("products", content).body == row.body
    for key in ("late_fee", "interest", "fee", "service_charge_percent"):
        with pytest.raises(ConfigurationFault, match="cannot carry"):
            read_dated_row("products", content | {key: 1})
    with pytest.raises(ConfigurationFault, match="never a share"):
        read_dated_row("fee", {"amount": 200_00, "amount_percent": 1} | header)
