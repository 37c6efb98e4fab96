"""Second factors below the door: who needs one, what a code is, what two requests at once get."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pyotp import TOTP
from sqlalchemy import select

from aim_loans.db.engine import reading, writing
from aim_loans.errors import NotAllowed, NotFound, Refused
from aim_loans.identity.models import act, recovery_code_use
from aim_loans.identity.one_time_codes import (
    matching_step,
    new_recovery_codes,
    nonce_of_session,
    plain_code,
    recovery_digest,
    totp_secret,
)
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Actor, Grant, Role, needs_second_factor
from aim_loans.identity.second_factor import (
    ResetFactor,
    codes_left,
    enrol,
    give_code,
    reset_factor,
)
from aim_loans.identity.sign_in import StartSession, signed_in, start_session
from tests.book import AUDIT_KEY, CASHIER, HEAD_OFFICE, SHELL, TODAY, Book
from tests.book import FACTOR_KEY as KEY

AMINA = Actor("amina", (Grant(Role.CASHIER),))
NOW = datetime(2026, 3, 31, 6, 0, tzinfo=UTC)


def new_session(book: Book) -> str:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return start_session(tx, StartSession("amina"))


def enrolled(book: Book) -> tuple[str, tuple[str, ...]]:
    """Add Amina and let her enrol; gives her secret and recovery codes."""
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        add_staff(tx, AddStaff("amina", "Amina", Role.CASHIER, TODAY), actor=SHELL)
    token = new_session(book)
    secret = totp_secret(KEY, "amina", nonce_of_session(KEY, token))
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        code = TOTP(secret).at(tx.now)
        codes = enrol(tx, code, token=token, actor=AMINA, factor_key=KEY)
    book.clock.at += timedelta(seconds=31)
    return secret, codes


def give(book: Book, typed: str, token: str) -> None:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        give_code(tx, typed, token=token, actor=AMINA, factor_key=KEY)


def given(book: Book, token: str) -> bool:
    with reading(book.engine) as connection:
        found = signed_in(connection, token, now=book.clock(), today=TODAY)
    return found is not None and not found.must_give_factor


@pytest.mark.parametrize("role", Role)
def test_whoever_may_approve_or_release_needs_one(role: Role) -> None:
    needed = needs_second_factor(Actor("somebody", (Grant(role),)))
    assert needed is (role is not Role.AUDITOR)


def test_one_role_of_many_is_enough_and_none_needs_nothing() -> None:
    officer, manager = Grant(Role.LOAN_OFFICER), Grant(Role.BRANCH_MANAGER, frozenset({"LHR-01"}))
    assert needs_second_factor(Actor("somebody", (officer, manager)))
    assert not needs_second_factor(Actor("somebody", ()))


def test_a_secret_follows_from_key_name_and_nonce_alone() -> None:
    secret = totp_secret(KEY, "amina", "n1")
    assert secret == totp_secret(KEY, "amina", "n1")
    others = {
        totp_secret(b"another key", "amina", "n1"),
        totp_secret(KEY, "zainab", "n1"),
        totp_secret(KEY, "amina", "n2"),
        secret,
    }
    assert len(others) == 4
    assert {len(each) for each in others} == {32}


@pytest.mark.parametrize(("seconds", "fits"), [(-60, False), (-30, True), (0, True), (30, True)])
def test_a_clock_may_differ_by_one_step(seconds: int, *, fits: bool) -> None:
    secret = totp_secret(KEY, "amina", "n1")
    code = TOTP(secret).at(NOW + timedelta(seconds=seconds))
    assert (matching_step(secret, code, NOW) is not None) is fits


def test_recovery_codes_differ_and_are_read_without_their_dash() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    first = codes[0]
    assert recovery_digest(KEY, "amina", first) == recovery_digest(
        KEY, "amina", first.upper().replace("-", " ")
    )
    assert recovery_digest(KEY, "amina", first) != recovery_digest(KEY, "zainab", first)
    assert plain_code(" 12-3 ۴۵۶") == "123456"


def test_a_code_opens_the_session_it_was_given_in(book: Book) -> None:
    secret, _ = enrolled(book)
    token, other = new_session(book), new_session(book)
    give(book, TOTP(secret).at(book.clock()), token)
    assert (given(book, token), given(book, other)) == (True, False)
    with reading(book.engine) as connection:
        kinds = connection.execute(select(act.c.kind).where(act.c.subject == "staff amina"))
        counted = list(kinds.scalars())
    assert counted.count("give_factor") == 1
    assert counted.count("enrol_factor") == 1


@pytest.mark.parametrize("way", ["code", "recovery code"])
def test_two_requests_at_once_cannot_both_use_a_code(book: Book, way: str) -> None:
    secret, codes = enrolled(book)
    typed = TOTP(secret).at(book.clock()) if way == "code" else codes[0]
    tokens = [new_session(book) for _ in range(4)]

    def attempt(token: str) -> bool:
        try:
            give(book, typed, token)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(4) as together:
        outcomes = list(together.map(attempt, tokens))
    assert outcomes.count(True) == 1
    assert [given(book, token) for token in tokens] == outcomes
    with reading(book.engine) as connection:
        assert codes_left(connection, "amina") == 10 - (way != "code")
    assert book.count(recovery_code_use) == (way != "code")


def test_there_is_one_factor_at_a_time(book: Book) -> None:
    enrolled(book)
    token = new_session(book)
    secret = totp_secret(KEY, "amina", nonce_of_session(KEY, token))
    with (
        pytest.raises(Refused, match="already"),
        writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx,
    ):
        enrol(tx, TOTP(secret).at(tx.now), token=token, actor=AMINA, factor_key=KEY)
    assert not given(book, token)


def test_a_reset_is_head_office_s_and_nobody_s_own(book: Book) -> None:
    enrolled(book)
    for actor, username, error in (
        (CASHIER, "amina", NotAllowed),
        (HEAD_OFFICE, "head office", NotAllowed),
        (HEAD_OFFICE, "nobody", NotFound),
    ):
        with (
            pytest.raises(error),
            writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx,
        ):
            reset_factor(tx, ResetFactor(username), actor=actor)
    token = new_session(book)
    repeated = []
    for _ in range(2):
        with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
            done = reset_factor(tx, ResetFactor("amina"), actor=HEAD_OFFICE, key="k1")
        repeated.append(done.repeated)
    assert repeated == [False, True]
    assert not given(book, token)
    with pytest.raises(Refused, match="no second factor yet"):
        give(book, "000000", new_session(book))
