"""Borrowers: registered once, changed with a trace, found within reach in either script."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from aim_loans.borrowers import models as borrowers
from aim_loans.borrowers.details import EnterpriseDetails, PersonDetails, cautions
from aim_loans.borrowers.models import person_change, person_name_key
from aim_loans.borrowers.operations import (
    AddEnterprise,
    ChangePerson,
    PersonDraft,
    RegisterPerson,
    add_enterprise,
    change_person,
    ensure_persons,
    register_person,
)
from aim_loans.borrowers.queries import changes_of, enterprises_of, last_change, person
from aim_loans.db.engine import reading, writing
from aim_loans.errors import Conflict, NotAllowed, NotFound, Refused
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, AddBranch, begin_act, seal_act
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.loans import finding
from aim_loans.loans.finding import find, likely_duplicates
from aim_loans.loans.lookup import borrower
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from tests.book import AUDIT_KEY, CASHIER, MANAGER, SHELL, TODAY, Book

SECTORS = ("trade", "livestock")
OFFICER = Actor("officer", (Grant(Role.LOAN_OFFICER, frozenset({"LHR-01"})),))
STRANGER = Actor("stranger", (Grant(Role.LOAN_OFFICER, frozenset({"KHI-01"})),))
BUSHRA = PersonDetails(
    name="بشریٰ پروین",
    gender="female",
    father_or_husband_name="Muhammad Aslam",
    cnic="35201-1234567-2",
    birth_date=date(1990, 5, 4),
    mobile="0300 1234567",
    district="lyallpur",
    urban_rural="rural",
)
LAHORE, KARACHI = frozenset({"LHR-01"}), frozenset({"KHI-01"})


def register(
    book: Book,
    details: PersonDetails = BUSHRA,
    *,
    actor: Actor = OFFICER,
    branch: str = "LHR-01",
    enterprise: EnterpriseDetails | None = None,
    key: str | None = None,
) -> int:
    command = RegisterPerson(branch, details, enterprise)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return register_person(tx, command, actor=actor, today=TODAY, sectors=SECTORS, key=key)


def change(
    book: Book, person_id: int, *, actor: Actor = OFFICER, seen: int = 0, **new: Any
) -> None:
    command = ChangePerson(person_id, replace(BUSHRA, **new), "LHR-01", seen)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        change_person(tx, command, actor=actor, today=TODAY)


def found(book: Book, wanted: str, branches: frozenset[str] | None = LAHORE) -> list[str]:
    with reading(book.engine) as connection:
        return [each.name for each in find(connection, wanted, branches=branches).borrowers]


def import_persons(book: Book, names: Sequence[str]) -> None:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        this = begin_act(
            tx,
            kind="import",
            command=AddBranch("x", names[0]),
            actor=SHELL,
            subject="persons",
            chain=HEAD_OFFICE_CHAIN,
        )
        drafts = [PersonDraft(f"{name}-{n}", name, "male") for n, name in enumerate(names)]
        ensure_persons(tx, this, drafts)
        seal_act(tx, this, (borrowers.person,))


# Registering


def test_a_person_is_kept_in_one_spelling(book: Book) -> None:
    person_id = register(book, replace(BUSHRA, name="  بشرى\u202e  پروين "))
    with reading(book.engine) as connection:
        known = person(connection, person_id)
    assert known.name == "بشری پروین"
    assert known.cnic == "3520112345672"
    assert known.mobile == "0300-1234567"
    assert (known.district, known.branch_code) == ("Faisalabad", "LHR-01")
    assert known.birth_date == date(1990, 5, 4)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "12345"}, "name"),
        ({"name": "\u202e"}, "name"),
        ({"cnic": None}, "cnic"),
        ({"cnic": "35201-123456-1"}, "cnic"),
        ({"cnic": "۳۵۲۰۱۱۲۳۴۵۶۷۱"}, "cnic"),
        ({"nominee_cnic": "123"}, "nominee_cnic"),
        ({"mobile": "042-35761234"}, "mobile"),
        ({"gender": "other"}, "gender"),
        ({"urban_rural": "space"}, "urban_rural"),
        ({"district": "Atlantis"}, "district"),
        ({"birth_date": TODAY + timedelta(days=1)}, "birth_date"),
        ({"cnic_issued_on": TODAY + timedelta(days=1)}, "cnic_issued_on"),
        ({"cnic_issued_on": TODAY, "cnic_expires_on": TODAY}, "cnic_expires_on"),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(
    book: Book, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        register(book, replace(BUSHRA, **wrong))
    assert refused.value.field == field


def test_an_officer_registers_at_the_own_branch_and_a_cashier_nowhere(book: Book) -> None:
    with pytest.raises(NotAllowed):
        register(book, actor=STRANGER)
    with pytest.raises(NotAllowed):
        register(book, actor=Actor("cashier", (Grant(Role.CASHIER, LAHORE),)))
    assert register(book)


def test_the_same_form_twice_is_one_person(book: Book) -> None:
    assert register(book, key="k") == register(book, key="k")


def test_a_cnic_belongs_to_one_person_whose_name_only_the_own_branch_learns(book: Book) -> None:
    register(book)
    again = replace(BUSHRA, name="Somebody Else")
    with pytest.raises(Conflict, match="بشریٰ پروین, branch LHR-01") as refused:
        register(book, again)
    assert refused.value.field == "cnic"
    with pytest.raises(Conflict, match="of another branch") as refused:
        register(book, again, actor=STRANGER, branch="KHI-01")
    assert "بشریٰ" not in str(refused.value)


def test_an_enterprise_comes_with_the_person_or_later(book: Book) -> None:
    tailor = EnterpriseDetails(name="Bushra Tailors", sector="trade", activity="tailoring")
    person_id = register(book, enterprise=tailor)
    goats = EnterpriseDetails(name="Goats", sector="livestock", district="lahore")
    command = AddEnterprise(person_id, goats, "LHR-01")
    for actor in (OFFICER, STRANGER):
        with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
            if actor is STRANGER:
                with pytest.raises(NotAllowed):
                    add_enterprise(tx, command, actor=actor, today=TODAY, sectors=SECTORS)
            else:
                add_enterprise(tx, command, actor=actor, today=TODAY, sectors=SECTORS)
    with reading(book.engine) as connection:
        owned = enterprises_of(connection, person_id)
    assert [(each.name, each.district) for each in owned] == [
        ("Bushra Tailors", None),
        ("Goats", "Lahore"),
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sector": "piracy"}, "sector"),
        ({"name": " "}, "name"),
        ({"district": "Atlantis"}, "district"),
        ({"started_on": TODAY + timedelta(days=1)}, "started_on"),
    ],
)
def test_a_wrong_enterprise_is_refused(book: Book, wrong: dict[str, Any], field: str) -> None:
    shop = replace(EnterpriseDetails(name="Shop", sector="trade"), **wrong)
    with pytest.raises(Refused) as refused:
        register(book, enterprise=shop)
    assert refused.value.field == field


# Changing


def test_a_change_keeps_what_was_there_before(book: Book) -> None:
    person_id = register(book)
    change(book, person_id, mobile="0321-7654321", address="12 Mall Road")
    with reading(book.engine) as connection:
        changes = changes_of(connection, person_id)
        assert person(connection, person_id).mobile == "0321-7654321"
    assert {(each.field, each.old_value, each.new_value) for each in changes} == {
        ("mobile", "0300-1234567", "0321-7654321"),
        ("address", None, "12 Mall Road"),
    }
    assert {each.actor for each in changes} == {"officer"}


def test_a_change_from_an_old_page_overwrites_nothing(book: Book) -> None:
    person_id = register(book)
    change(book, person_id, mobile="0321-7654321")
    with pytest.raises(Conflict, match="meanwhile"):
        change(book, person_id, address="12 Mall Road")
    with reading(book.engine) as connection:
        seen = last_change(connection, person_id)
    change(book, person_id, seen=seen, address="12 Mall Road", mobile="0321-7654321")
    with reading(book.engine) as connection:
        assert person(connection, person_id).address == "12 Mall Road"


def test_nothing_different_writes_no_change(book: Book) -> None:
    person_id = register(book)
    change(book, person_id)
    with reading(book.engine) as connection:
        assert changes_of(connection, person_id) == []


def test_a_changed_name_is_found_and_the_old_one_no_more(book: Book) -> None:
    person_id = register(book)
    change(book, person_id, name="Zainab Bibi")
    assert found(book, "zaynab") == ["Zainab Bibi"]
    assert found(book, "bushra") == []


def test_a_change_asks_for_the_branch_and_a_free_cnic(book: Book) -> None:
    person_id = register(book)
    register(book, replace(BUSHRA, name="Saima", cnic="3520112345680"))
    with pytest.raises(NotAllowed):
        change(book, person_id, actor=STRANGER, address="x")
    with pytest.raises(Conflict, match="Saima"):
        change(book, person_id, cnic="3520112345680")
    with pytest.raises(Refused, match="not taken away"):
        change(book, person_id, cnic=None)
    with pytest.raises(NotFound):
        change(book, 999, address="x")
    assert book.count(person_change) == 0


# What to look at twice


def test_cautions_stop_nothing() -> None:
    told = cautions(
        cnic="3520112345671",
        gender="female",
        expires_on=TODAY - timedelta(days=1),
        birth_date=date(2010, 4, 1),
        today=TODAY,
        ages=(18, 62),
    )
    assert [each.field for each in told] == ["cnic", "cnic_expires_on", "birth_date"]


@pytest.mark.parametrize(
    ("born", "told"),
    [
        (date(2008, 3, 31), False),
        (date(2008, 4, 1), True),
        (date(1963, 4, 1), False),
        (date(1963, 3, 31), True),
    ],
)
def test_the_age_counts_on_the_day(born: date, told: bool) -> None:
    found = cautions(
        cnic=None, gender="male", expires_on=None, birth_date=born, today=TODAY, ages=(18, 62)
    )
    assert bool(list(found)) is told


# Finding


@pytest.mark.parametrize(
    "wanted",
    [
        "bushra parveen",
        "Perveen Bushra",
        "BUSHRA",
        "بشرى",
        "bushra pr",
        "35201-1234567-2",
        "3520112345672",
        "۳۵۲۰۱۱۲۳۴۵۶۷۲",
        "+92 300 1234567",
    ],
)
def test_a_borrower_is_found_by_name_cnic_and_mobile(book: Book, wanted: str) -> None:
    register(book)
    assert found(book, wanted) == ["بشریٰ پروین"]
    assert found(book, wanted, None) == ["بشریٰ پروین"]
    assert found(book, wanted, KARACHI) == []
    assert found(book, wanted, frozenset()) == []


@pytest.mark.parametrize("wanted", ["bushra aslam", "nobody", "%", "' OR 1=1", "\u202e", "0" * 600])
def test_what_matches_not_every_word_is_not_found(book: Book, wanted: str) -> None:
    register(book)
    assert found(book, wanted) == []


def test_an_imported_borrower_belongs_to_the_branch_of_the_loan(book: Book) -> None:
    book.open_loan("L1")
    with reading(book.engine) as connection:
        assert borrower(connection, 1, today=TODAY).branches == {"LHR-01"}
        (hit,) = find(connection, "borrower l1", branches=LAHORE).borrowers
        assert not find(connection, "borrower l1", branches=KARACHI).borrowers
    assert (hit.branch_code, hit.running, hit.outstanding) == ("LHR-01", 1, 50_000_00)


def test_a_loan_number_and_a_receipt_number_lead_to_the_loan(book: Book) -> None:
    loan_id = book.open_loan("L1")
    command = RecordReceipt("L1", 100_00, TODAY, "cash")
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        taken = record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=2)
    with reading(book.engine) as connection:
        for number in ("L1", taken.receipt.number):
            assert find(connection, number, branches=LAHORE).loan_ids == [loan_id]
            assert not find(connection, number, branches=KARACHI).loan_ids


def test_many_of_one_name_are_bounded_and_said(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    import_persons(book, ["Muhammad Ali"] * 30 + ["Muhammad Zubair"])
    with reading(book.engine) as connection:
        all_of_them = find(connection, "محمد", branches=None)
        one = find(connection, "mohd zubair", branches=None)
    assert (len(all_of_them.borrowers), all_of_them.more) == (20, True)
    assert ([each.name for each in one.borrowers], one.more) == (["Muhammad Zubair"], False)
    monkeypatch.setattr(finding, "MOST_LOOKED_AT", 5)
    with reading(book.engine) as connection:
        assert find(connection, "muhammad ali", branches=None).more
        assert not find(connection, "muhammad zubair", branches=None).more


def test_an_import_writes_the_keys_of_its_persons(book: Book) -> None:
    import_persons(book, ["خدیجہ اسلم"])
    with reading(book.engine) as connection:
        keys = set(connection.execute(select(person_name_key.c.key)).scalars())
    assert keys == {"KDJ", "ASLM"}
    assert found(book, "Khadija", None) == ["خدیجہ اسلم"]


# Likely duplicates


@pytest.mark.parametrize(
    ("given", "alike"),
    [
        ({"cnic": "3520112345672", "mobile": None, "name": "Other"}, True),
        ({"cnic": None, "name": "Other"}, True),
        ({"cnic": None, "mobile": None, "name": "Bushra Perveen"}, True),
        ({"cnic": None, "mobile": None, "birth_date": None}, True),
        (
            {"cnic": None, "mobile": None, "birth_date": None, "father_or_husband_name": "Akram"},
            False,
        ),
        ({"cnic": None, "mobile": None, "name": "Saima Perveen"}, False),
    ],
)
def test_who_may_be_the_same_person(book: Book, given: dict[str, Any], alike: bool) -> None:
    register(book)
    details = replace(BUSHRA, **{"mobile": "0300-1234567", "cnic": "3520112345672", **given})
    with reading(book.engine) as connection:
        assert bool(likely_duplicates(connection, details, branches=LAHORE)) is alike
        assert likely_duplicates(connection, details, branches=KARACHI) == []


def test_the_husband_in_another_script_is_the_same(book: Book) -> None:
    register(book)
    details = PersonDetails(
        name="Bushra Parvin", gender="female", father_or_husband_name="محمد اسلم"
    )
    with reading(book.engine) as connection:
        (hit,) = likely_duplicates(connection, details, branches=LAHORE)
    assert hit.name == "بشریٰ پروین"


def test_nobody_is_registered_at_a_branch_that_is_not_there(book: Book) -> None:
    with pytest.raises(NotFound):
        register(book, actor=MANAGER, branch="NIL-99")
