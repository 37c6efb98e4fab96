"""Identity: staff and branches come in, settings are copied once, acts are sealed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from aim_loans.config.reader import read_settings
from aim_loans.db.engine import cutting, reading, writing
from aim_loans.errors import Conflict, NotAllowed, NotFound, Refused
from aim_loans.identity.models import audit_entry, cut, staff_grant
from aim_loans.identity.operations import AddStaff, TakeCut, add_staff, take_cut
from aim_loans.identity.permissions import Role
from aim_loans.origination.models import dated_setting
from aim_loans.origination.operations import SetUp, set_up
from aim_loans.origination.queries import product_in_force, settings_in_force
from tests.book import AUDIT_KEY, CASHIER, SHELL, TODAY, Book

ZAINAB = AddStaff("zainab", "Zainab Bibi", Role.LOAN_OFFICER, TODAY, branch_code="LHR-01")


def add(book: Book, command: AddStaff, *, by: object = SHELL) -> None:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        add_staff(tx, command, actor=by)  # type: ignore[arg-type]  # any actor is tried


def test_staff_come_in_with_a_role_and_an_audit_entry(book: Book) -> None:
    add(book, ZAINAB)
    with reading(book.engine) as connection:
        grant = connection.execute(select(staff_grant)).one()
        sealed = connection.execute(
            select(audit_entry.c.chain).where(audit_entry.c.act_id == grant.act_id)
        ).scalar()
    assert (grant.username, grant.role, grant.branch_code) == ("zainab", "loan_officer", "LHR-01")
    assert sealed == "identity"


@pytest.mark.parametrize(
    ("command", "error", "sentence"),
    [
        (ZAINAB, Conflict, "taken"),
        (replace(ZAINAB, username=" "), Refused, "user name"),
        (replace(ZAINAB, username="b", area="Centre"), Refused, "not both"),
        (replace(ZAINAB, username="b", branch_code="X"), NotFound, "no branch X"),
    ],
)
def test_staff_are_refused_with_the_reason(
    book: Book, command: AddStaff, error: type[Refused], sentence: str
) -> None:
    add(book, ZAINAB)
    with pytest.raises(error, match=sentence):
        add(book, command)


def test_a_cashier_adds_no_staff(book: Book) -> None:
    with pytest.raises(NotAllowed):
        add(book, ZAINAB, by=CASHIER)


def test_settings_are_copied_once_and_the_database_holds_them(book: Book) -> None:
    with reading(book.engine) as connection:
        held = settings_in_force(connection)
    rows = book.count(dated_setting)
    settings = read_settings(None, {})
    assert held == settings.dated
    changed = replace(
        settings,
        dated=replace(
            settings.dated, fee=(replace(settings.dated.fee[0], amount=1), *settings.dated.fee[1:])
        ),
    )
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        assert set_up(tx, SetUp(changed), actor=SHELL) == 0
    with reading(book.engine) as connection:
        assert settings_in_force(connection).fee == settings.dated.fee
    assert book.count(dated_setting) == rows


def test_the_earliest_product_row_also_holds_before_it(book: Book) -> None:
    with reading(book.engine) as connection:
        rules = product_in_force(connection, "family_enterprise", date(2001, 1, 1))
    assert (rules.due_day, rules.round_to) == (10, 100_00)


def test_cuts_are_numbered_and_each_is_later_than_the_one_before(book: Book) -> None:
    for _ in range(2):
        with cutting(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
            take_cut(tx, TakeCut("paper"), actor=SHELL)
    with reading(book.engine) as connection:
        first, second = connection.execute(select(cut).order_by(cut.c.number)).all()
    assert (first.number, second.number) == (1, 2)
    assert first.taken_at < second.taken_at
    assert first.seal != second.seal


def test_a_clock_that_goes_back_never_writes_into_what_a_cut_has_seen(book: Book) -> None:
    with cutting(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        known_at = take_cut(tx, TakeCut("paper"), actor=SHELL)
    earlier = known_at - timedelta(hours=1)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=lambda: earlier) as tx:
        this = add_staff(tx, ZAINAB, actor=SHELL)
    assert this.recorded_at > known_at
