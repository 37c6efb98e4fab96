"""Files of SMEDA: good rows go in, all bad ones are listed at once, and again adds nothing."""

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from aim_loans.borrowers.models import referral
from aim_loans.db.engine import reading
from aim_loans.errors import NotAllowed, Refused
from aim_loans.files.store import Store
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.intake.files import FilesRefused
from aim_loans.mou import partner_rejects
from aim_loans.mou.events import answers_to
from aim_loans.mou.mistakes import take_back_training
from aim_loans.mou.models import partner_answer, training, training_attendance
from aim_loans.mou.partner_files import (
    REFERRALS,
    TRAININGS,
    Participant,
    SentRowReader,
    participants_text,
)
from aim_loans.mou.partner_import import Upload
from aim_loans.mou.partner_models import partner_training, partner_upload, sent_referral
from aim_loans.mou.partner_reading import MOST_BYTES, read_sent
from aim_loans.mou.referral_list import own_referrals
from aim_loans.mou.sent import not_come
from aim_loans.mou.sent_endings import closable, take_back_sent
from aim_loans.mou.trainings import training_by_code
from tests.book import HEAD_OFFICE, SHELL, TODAY, Book
from tests.branch import MANAGER, OFFICER, Branch
from tests.joint import PARTNER, REFERRALS_HEADER, ZONE, JointWork

TRAINING = "T-1,Keeping accounts,Books,LHR-01,Town hall,Lahore,2026-02-01,2026-02-03,20,{came}"
REFERRAL = "S-1,REG-1,Lahore,2026-02-01,A dairy"
STRANGER = Actor("stranger", (Grant(Role.LOAN_OFFICER, frozenset({"KHI-01"})),))


def borrower(book: Book) -> int:
    """Register somebody who shares the events with SMEDA."""
    person_id = Branch(book).person("Zarqa Malik")
    JointWork(book).consent(person_id)
    return person_id


def test_trainings_go_in_once_with_those_who_came(book: Book) -> None:
    work, person_id = JointWork(book), borrower(book)
    work.refer(person_id, smeda_code="S-1")
    line = TRAINING.format(came="s-1 = 2")
    first, again = work.send_trainings(line), work.send_trainings(line)
    assert (first.added, first.already_there, first.refused) == (1, 0, 0)
    assert (again.added, again.already_there, again.refused) == (0, 1, 0)
    with reading(book.engine) as connection:
        found = training_by_code(connection, "T-1")
        assert found is not None
        assert (found.title, found.days, found.seats) == ("Keeping accounts", 3, 20)
        assert (found.invited, found.came, found.completed) == (1, 1, 0)
        assert answers_to(connection, "training", [found.id]) == {found.id: "confirmed"}
        told = connection.execute(select(partner_training)).one()
        assert (told.subject, told.district, told.participants) == ("Books", "Lahore", "S-1=2")
        assert connection.execute(select(training_attendance.c.days)).scalar_one() == 2
    other = work.send_trainings(TRAINING.format(came="S-1"))
    assert (other.refused, other.faults[0].error.values["columns"]) == (1, "participants")
    assert book.count(training) == 1


def test_referrals_go_in_once_and_their_code_is_free_once_taken_back(book: Book) -> None:
    work = JointWork(book)
    assert work.send_referrals(REFERRAL, REFERRAL).added == 1
    assert work.send_referrals(REFERRAL).already_there == 1
    changed = REFERRAL.replace("Lahore", "Okara")
    refused = work.send_referrals(changed)
    assert refused.refused == 1
    assert refused.faults[0].error.values == {"code": "S-1", "columns": "district"}
    for _ in range(2):
        work.take_back(take_back_sent, 1, PARTNER, today=TODAY, key="k1")
    assert work.send_referrals(changed).added == 1
    borrower(book)
    work.refer(1, smeda_code="S-1")
    with pytest.raises(Refused, match="has come"):
        work.take_back(take_back_sent, work.last(sent_referral.c.id), PARTNER, today=TODAY)
    # Who shares it no longer has not come, as far as SMEDA may learn.
    work.withdraw(1)
    work.take_back(take_back_sent, work.last(sent_referral.c.id), PARTNER, today=TODAY)
    assert book.count(referral) == 1


def told(book: Book) -> list[tuple[str, str]]:
    """Give SMEDA's referrals by code with how far each is, as SMEDA reads them."""
    with reading(book.engine) as connection:
        found = own_referrals(connection, today=TODAY, page=1)
    return [(each.smeda_code, each.state) for each in found]


def awaited(book: Book, branch: str = "LHR-01") -> list[str]:
    with reading(book.engine) as connection:
        return [each.smeda_code for each in not_come(connection, branches=frozenset({branch}))]


def test_whom_a_branch_awaits_no_longer_leaves_its_list_and_smeda_reads_it(book: Book) -> None:
    work = JointWork(book)
    work.stand_in("Lahore")
    work.send_referrals(REFERRAL)
    assert (awaited(book), told(book)) == (["S-1"], [("S-1", "sent")])
    for _ in range(2):
        work.close_sent()
    assert (awaited(book), told(book)) == ([], [("S-1", "not_come")])
    assert work.send_referrals(REFERRAL).already_there == 1
    with pytest.raises(Refused, match="taken back already"):
        work.take_back(take_back_sent, 1, PARTNER, today=TODAY)
    work.refer(borrower(book), smeda_code="S-1")
    assert (awaited(book), told(book)) == ([], [("S-1", "received")])


def test_only_a_branch_to_which_it_was_sent_or_head_office_closes_a_referral_with_a_reason(
    sqlite_book: Book,
) -> None:
    work = JointWork(sqlite_book)
    work.stand_in("Lahore")
    work.send_referrals(REFERRAL)
    with pytest.raises(Refused, match="Give the reason"):
        work.close_sent(reason=" ")
    for other in (STRANGER, PARTNER):
        with pytest.raises(NotAllowed):
            work.close_sent(other)
    work.refer(borrower(sqlite_book), smeda_code="S-1")
    with pytest.raises(Refused, match="has come"):
        work.close_sent()
    work.send_referrals("S-2,,Lahore,2026-02-02,")
    work.close_sent(HEAD_OFFICE)
    assert awaited(sqlite_book) == []


def test_head_office_alone_closes_a_referral_to_a_district_without_a_known_branch(
    sqlite_book: Book,
) -> None:
    """The district of no branch is written down: any of them may be the one that waits."""
    work = JointWork(sqlite_book)
    work.send_referrals(REFERRAL)
    for other in (STRANGER, OFFICER, PARTNER):
        with pytest.raises(NotAllowed):
            work.close_sent(other)
    with reading(sqlite_book.engine) as connection:
        waiting = not_come(connection, branches=None)
        assert [len(closable(connection, waiting, one)) for one in (OFFICER, HEAD_OFFICE)] == [0, 1]
    assert awaited(sqlite_book) == ["S-1"]
    work.close_sent(HEAD_OFFICE)
    assert awaited(sqlite_book) == []


def test_the_same_form_sent_twice_counts_once(sqlite_book: Book) -> None:
    work = JointWork(sqlite_book)
    first, second = (work.send_referrals(REFERRAL, key="k1") for _ in range(2))
    assert first.id == second.id
    assert sqlite_book.count(partner_upload) == sqlite_book.count(sent_referral) == 1


def test_what_aim_imports_for_smeda_waits_for_its_answer(sqlite_book: Book) -> None:
    work = JointWork(sqlite_book)
    assert work.send_trainings(TRAINING.format(came=""), actor=SHELL).added == 1
    assert sqlite_book.count(partner_answer) == 0
    for other in (OFFICER, MANAGER):
        with pytest.raises(NotAllowed):
            work.send_trainings(TRAINING.format(came=""), actor=other)


def test_a_training_taken_back_can_be_sent_anew(sqlite_book: Book) -> None:
    work, line = JointWork(sqlite_book), TRAINING.format(came="")
    work.send_trainings(line)
    work.take_back(take_back_training, 1, MANAGER)
    assert work.send_trainings(line.replace("Books", "Taxes")).added == 1


def test_who_came_is_named_by_codes_of_people_who_share_it(sqlite_book: Book) -> None:
    work, branch = JointWork(sqlite_book), Branch(sqlite_book)
    sharing, other = branch.person("Zarqa"), branch.person("Amna")
    work.consent(sharing)
    work.refer(sharing, smeda_code="S-1")
    work.refer(other, smeda_code="S-2")
    work.send_referrals("S-3,,Lahore,2026-02-01,")
    refused = work.send_trainings(TRAINING.format(came="S-1;S-2;S-3;S-4"))
    assert refused.faults[0].error.values["codes"] == "S-2, S-3, S-4"
    assert sqlite_book.count(training) == 0


def test_all_bad_rows_are_listed_at_once_and_the_good_ones_go_in(
    sqlite_book: Book, tmp_path: Path
) -> None:
    store = Store(tmp_path, b"k" * 32)
    upload = JointWork(sqlite_book).send_referrals(
        REFERRAL,
        ",,Nowhere,2026-02-30,",
        "S-2,35201-1234567-1,Lahore,2026-02-01,call 0300-1234567",
        "S-3,,Lahore,2099-01-01,",
        "S-4,,Lahore",
        REFERRAL.replace("REG-1", "REG-2"),
        'S-5,,Lahore,2026-02-01,"a quote "inside"',
        "S-6,بی,okara district,2026-02-01,دودھ کا کاروبار",
        store=store,
    )
    assert (upload.found, upload.added, upload.refused) == (8, 2, 6)
    assert [(fault.line, fault.column) for fault in upload.faults] == [
        *((3, "code"), (3, "district"), (3, "date")),
        *((4, "reference"), (4, "purpose")),
        *((5, "date"), (6, ""), (7, "code"), (8, "")),
    ]
    assert sqlite_book.count(sent_referral) == 2
    rejected = rejected_rows(store, upload)
    assert [",".join(row[1:]) for row in rejected] == [
        f"line,{REFERRALS_HEADER}",
        "3,,,Nowhere,2026-02-30,",
        "4,S-2,,Lahore,2026-02-01,",
        "5,S-3,,Lahore,2099-01-01,",
        "6,,,,,",
        "7,S-1,REG-2,Lahore,2026-02-01,A dairy",
        "8,,,,,",
    ]
    assert [row[0].split(":")[0] for row in rejected[1:3]] == ["code", "reference"]


def rejected_rows(store: Store, upload: Upload) -> list[list[str]]:
    """Give the file of refused rows as a spreadsheet would read it."""
    return list(csv.reader(store.get(upload.rejects or "").decode("utf-8-sig").splitlines()))


def test_smeda_gets_back_its_own_columns_alone_harmless_and_not_without_end(
    sqlite_book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partner_rejects, "MOST_REJECTED", 2)
    store, work = Store(tmp_path, b"k" * 32), JointWork(sqlite_book)
    formula, long = '"=1+1"', "x" * (partner_rejects.LONGEST_CELL + 1)
    sent = (
        f"name,{REFERRALS_HEADER}",
        f"Zarqa,S-1,{formula},Nowhere,2026-02-01,",
        f"Amna,S-2,,Nowhere,3520111111111,{long}",
        "Nadia,S-3,,Nowhere,2026-02-01,",
    )
    upload = work.send("referrals", "\n".join((*sent, "")), store=store)
    header, first, second = rejected_rows(store, upload)
    assert header == ["reason", "line", *REFERRALS_HEADER.split(",")]
    assert first[1:] == ["2", "S-1", "'=1+1", "Nowhere", "2026-02-01", ""]
    assert second[1:] == ["3", "S-2", "", "Nowhere", "", ""]
    assert "3520111111111" not in second[0]
    assert upload.refused == 3
    mended = store.get(upload.rejects or "").replace(b"Nowhere", b"Lahore")
    again = work.send("referrals", mended, store=store)
    assert (again.added, again.refused) == (1, 1)
    with reading(sqlite_book.engine) as connection:
        assert connection.execute(select(sent_referral.c.reference)).scalar_one() == "=1+1"


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("to", "2026-01-31"),
        ("to", "2026-06-01"),
        ("seats", "0"),
        ("seats", "2000"),
        ("participants", "S-1;S-1"),
        ("branch", "3520111111111"),
        ("from", "0300 1234567"),
        ("participants", "S-1=4"),
        ("participants", "S-1=x"),
        ("place", "Ring 0300 1234567"),
        ("title", "35201-1234567-1"),
        ("title", ""),
        ("code", "S;1"),
        ("district", "Atlantis"),
        ("from", "1.2.2026"),
    ],
)
def test_a_bad_training_is_refused_at_its_column(column: str, text: str) -> None:
    reader = SentRowReader(TRAININGS, TODAY)
    names = ("code", "title", "subject", "branch", "place", "district", "from", "to", "seats")
    good = dict(
        zip((*names, "participants"), TRAINING.format(came="S-1=2").split(","), strict=True)
    )
    assert reader.read(list(good.values()))[1] == []
    row, faults = reader.read(list((good | {column: text}).values()))
    assert row is None
    assert [fault.field for fault in faults] == [column]


def test_nobody_has_come_to_a_training_that_is_not_over() -> None:
    reader = SentRowReader(TRAININGS, date(2026, 2, 2))
    row, _ = reader.read(TRAINING.format(came="").split(","))
    assert row is not None
    _, faults = reader.read(TRAINING.format(came="S-1").split(","))
    assert [fault.field for fault in faults] == ["participants"]


@settings(max_examples=25)
@given(
    st.dictionaries(
        st.text("AZ09-", min_size=1, max_size=8), st.none() | st.integers(1, 3), max_size=6
    )
)
def test_participants_are_written_as_they_are_read(came: dict[str, int | None]) -> None:
    wanted = tuple(sorted(Participant(code, days) for code, days in came.items()))
    line = TRAINING.format(came=participants_text(wanted)).split(",")
    row, faults = SentRowReader(TRAININGS, TODAY).read(line)
    assert faults == []
    assert row is not None
    assert row[-1] == wanted


@pytest.mark.parametrize(
    ("content", "added"),
    [
        (f"\ufeff{REFERRALS_HEADER}\r\n{REFERRAL}\r\n", 1),
        (f"{REFERRALS_HEADER}\n{REFERRAL}", 1),
        (f"{REFERRALS_HEADER}\n", 0),
        ("date,code,district,more\n2026-02-01,S-1,Lahore,x\n", 1),
    ],
    ids=["bom and crlf", "no last line end", "no rows", "other order"],
)
def test_files_of_other_programs_are_read(sqlite_book: Book, content: str, added: int) -> None:
    upload = JointWork(sqlite_book).send(REFERRALS, content)
    assert (upload.added, upload.refused) == (added, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"code,district\nS-1,Lahore\n",
        b"code,code,district,date\n",
        b"PK\x03\x04\x9c\xff\xfe",
        (REFERRALS_HEADER + "\nS-1,\xe9,Lahore,2026-02-01,").encode("latin-1"),
        (REFERRALS_HEADER + '\nS-1,"never closed,Lahore,2026-02-01,\nS-2,\n').encode(),
        b"x" * (MOST_BYTES + 1),
    ],
    ids=["empty", "column", "twice", "a zip", "encoding", "quote", "size"],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "referrals.csv"
    path.write_bytes(content)
    with pytest.raises(FilesRefused):
        read_sent(REFERRALS, path, today=TODAY, zone=ZONE)
