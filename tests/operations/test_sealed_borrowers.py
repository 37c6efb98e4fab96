"""Borrowers and their enterprises are sealed as registered; what changed since is held to acts."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from aim_loans.borrowers.details import EnterpriseDetails, PersonDetails
from aim_loans.borrowers.operations import (
    AddEnterprise,
    ChangePerson,
    RegisterPerson,
    add_enterprise,
    change_person,
    register_person,
)
from aim_loans.borrowers.queries import last_change
from aim_loans.checks.run import verify_audit
from aim_loans.db.engine import is_postgresql, reading, writing
from aim_loans.identity import digests
from tests.book import AUDIT_KEY, MANAGER, TODAY, Book

NASREEN = PersonDetails(
    name="Nasreen Bibi",
    gender="female",
    cnic="3520112345672",
    birth_date=date(1990, 5, 4),
    address='Street 3, "Old" \\ City\nnear the well / چوک',
    district="Lahore",
)
TAILOR = EnterpriseDetails(name="Tailor", sector="trade")
SECTORS = ("trade", "livestock")
SET_UP = "(SELECT min(id) FROM act)"
ANOTHER_ENTERPRISE = "INSERT INTO enterprise (owner_id, name, sector, act_id)"


class Desk:
    """An officer of the book, and somebody who reaches into its database."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def register(self) -> tuple[int, int]:
        """Register Nasreen with an enterprise; gives her id and that of the act."""
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            command = RegisterPerson("LHR-01", NASREEN, TAILOR)
            new = register_person(tx, command, actor=MANAGER, today=TODAY, sectors=SECTORS)
        return new, self.newest_act()

    def change(self, person_id: int, **new: Any) -> int:
        """Change her details; gives the id of the act."""
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            seen = last_change(tx.connection, person_id)
            command = ChangePerson(person_id, replace(NASREEN, **new), "LHR-01", seen)
            change_person(tx, command, actor=MANAGER, today=TODAY)
        return self.newest_act()

    def add_enterprise(self, person_id: int) -> int:
        """Add a second enterprise; gives the id of the act."""
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            command = AddEnterprise(person_id, replace(TAILOR, sector="livestock"), "LHR-01")
            add_enterprise(tx, command, actor=MANAGER, today=TODAY, sectors=SECTORS)
        return self.newest_act()

    def newest_act(self) -> int:
        with reading(self.book.engine) as connection:
            newest: int = connection.exec_driver_sql("SELECT max(id) FROM act").scalar_one()
        return newest

    def faults(self) -> list[str]:
        with reading(self.book.engine) as connection:
            return verify_audit(connection, audit_key=AUDIT_KEY).faults

    def reach_in(self, statement: str) -> None:
        """Change the database behind the software, foreign keys or not."""
        with self.book.engine.connect() as connection:
            if is_postgresql(connection):
                connection.exec_driver_sql("SET session_replication_role = replica")
            else:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            assert connection.exec_driver_sql(statement).rowcount == 1
            connection.commit()
            connection.invalidate()


@pytest.fixture
def desk(book: Book) -> Desk:
    return Desk(book)


@contextmanager
def sealing_facts_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Seal acts as all were before persons and enterprises were sealed."""

    def of_old(lines: list[str]) -> str:
        facts = (line for line in lines if line.split()[0] not in ("person", "enterprise"))
        return hashlib.sha256("\n".join(sorted(facts)).encode()).hexdigest()

    with monkeypatch.context() as patched:
        patched.setattr(digests, "content_digest", of_old)
        yield


TAMPERING = (
    "UPDATE person SET cnic = '3520176543212' WHERE name = 'Nasreen Bibi'",
    "UPDATE person SET name = 'Somebody Else' WHERE name = 'Nasreen Bibi'",
    "UPDATE person SET gender = 'male' WHERE name = 'Nasreen Bibi'",
    "UPDATE person SET birth_date = '1990-05-05' WHERE name = 'Nasreen Bibi'",
    "UPDATE enterprise SET sector = 'livestock'",
    "DELETE FROM person WHERE name = 'Nasreen Bibi'",
    "DELETE FROM enterprise",
    "INSERT INTO person (name, gender, act_id) SELECT name, gender, act_id FROM person",
    f"{ANOTHER_ENTERPRISE} SELECT owner_id, name, 'livestock', act_id FROM enterprise",
)


@pytest.mark.parametrize("statement", TAMPERING)
def test_tampering_with_who_was_registered_is_found(desk: Desk, statement: str) -> None:
    _, registered = desk.register()
    assert desk.faults() == []
    desk.reach_in(statement)
    assert desk.faults() == [
        f"act {registered}: the rows it wrote were changed, added to or removed"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO person (name, gender, act_id) VALUES ('Nobody', 'male', {SET_UP})",
        f"{ANOTHER_ENTERPRISE} SELECT owner_id, name, sector, {SET_UP} FROM enterprise",
    ],
)
def test_a_row_added_to_an_act_that_wrote_none_is_found(desk: Desk, statement: str) -> None:
    desk.register()
    desk.reach_in(statement)
    (told,) = desk.faults()
    assert "added to" in told


def test_a_further_enterprise_is_sealed_by_its_own_act(desk: Desk) -> None:
    person_id, _ = desk.register()
    added = desk.add_enterprise(person_id)
    assert desk.faults() == []
    desk.reach_in("UPDATE enterprise SET sector = 'trade' WHERE sector = 'livestock'")
    (told,) = desk.faults()
    assert told.startswith(f"act {added}: ")


def change_twice(desk: Desk) -> tuple[int, int]:
    """Change texts and days, to something, to nothing and back; gives person and last act."""
    person_id, _ = desk.register()
    first = {"cnic": "3520176543212", "birth_date": date(1991, 6, 5), "district": None}
    desk.change(person_id, **first, address='"quoted" \\ / \t چوک', mother_name="Zainab")
    last = desk.change(person_id, cnic="3520111111111", birth_date=None, mother_name="Zainab B.")
    return person_id, last


def test_a_borrower_changed_by_acts_alone_verifies(desk: Desk) -> None:
    person_id, _ = change_twice(desk)
    assert desk.faults() == []
    desk.change(person_id)
    assert desk.faults() == []


@pytest.mark.parametrize("cnic", [NASREEN.cnic, "3520176543212", "3520199999999"])
def test_a_changed_cnic_is_held_to_its_last_change(desk: Desk, cnic: str) -> None:
    """Neither an earlier value nor any other one passes for the last."""
    person_id, last = change_twice(desk)
    desk.reach_in(f"UPDATE person SET cnic = '{cnic}' WHERE id = {person_id}")
    assert desk.faults() == [
        f"act {last}: cnic of borrower {person_id} is not what acts have made of it"
    ]


def test_tampering_before_a_change_is_told_after_it(desk: Desk) -> None:
    person_id, registered = desk.register()
    desk.change(person_id, district="Multan")
    desk.reach_in("UPDATE person SET district = 'Quetta', gender = 'male'")
    later = desk.change(person_id, district="Larkana", gender="female")
    assert desk.faults() == [
        f"act {registered}: the rows it wrote were changed, added to or removed",
        f"act {later}: district of borrower {person_id} is not what acts have made of it",
    ]


def test_what_was_sealed_of_old_goes_on_verifying(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sealing_facts_alone(monkeypatch):
        person_id, _ = desk.register()
    assert desk.faults() == []
    last = desk.change(person_id, cnic="3520176543212")
    desk.add_enterprise(person_id)
    assert desk.faults() == []
    desk.reach_in("UPDATE person SET name = 'Nobody knows better'")
    assert desk.faults() == []
    desk.reach_in("UPDATE person SET cnic = '3520199999999'")
    (told,) = desk.faults()
    assert told.startswith(f"act {last}: cnic")
