"""Attachments of a borrower: facts of who attached, opened and took off what."""

from pathlib import Path

import pytest

from aim_loans.borrowers.attachments import (
    MOST_OF_ONE,
    AttachFile,
    KeptFile,
    OpenAttachment,
    RemoveAttachment,
    attach_file,
    attachments_of,
    keep_file,
    open_attachment,
    opening,
    remove_attachment,
)
from aim_loans.borrowers.models import person_attachment
from aim_loans.checks.run import verify_files
from aim_loans.db.engine import reading, writing
from aim_loans.errors import Conflict, NotAllowed, NotFound, Refused
from aim_loans.files.media import MediaType
from aim_loans.files.store import Store
from tests.book import AUDIT_KEY, Book
from tests.branch import CASHIER, OFFICER, STRANGER, Branch
from tests.papers import picture

CARD = KeptFile("a" * 64, MediaType.JPEG, 120_000)


def run(book: Book, act, command, actor=OFFICER, **more):  # type: ignore[no-untyped-def]  # any act
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return act(tx, command, actor=actor, **more)


def attach(book: Book, person: int, file: KeptFile = CARD, **more: object) -> None:
    run(book, attach_file, AttachFile(person, "cnic_front", file, "LHR-01"), **more)


def standing(book: Book, person: int) -> list[tuple[int, str, str]]:
    with reading(book.engine) as connection:
        found = attachments_of(connection, person)
    return [(each.id, each.kind, each.added_by) for each in found]


def test_a_file_is_attached_opened_and_taken_off(book: Book) -> None:
    person = Branch(book).person("Bushra")
    attach(book, person)
    assert standing(book, person) == [(1, "cnic_front", "officer")]
    opened = run(book, open_attachment, OpenAttachment(1, "LHR-01"), CASHIER)
    with reading(book.engine) as connection:
        seen = opening(connection, opened)
    assert (seen.opened_by, seen.attachment.file) == ("cashier", CARD)
    run(book, remove_attachment, RemoveAttachment(1, "of another person", "LHR-01"))
    assert standing(book, person) == []
    with pytest.raises(Conflict, match="taken off already"):
        run(book, remove_attachment, RemoveAttachment(1, "again", "LHR-01"))
    with pytest.raises(NotFound):
        run(book, open_attachment, OpenAttachment(1, "LHR-01"))
    attach(book, person)
    assert len(standing(book, person)) == 1


def test_the_same_key_attaches_and_takes_off_once(book: Book) -> None:
    person = Branch(book).person("Bushra")
    for _ in range(2):
        attach(book, person, key="k")
    assert len(standing(book, person)) == 1
    for _ in range(2):
        run(book, remove_attachment, RemoveAttachment(1, "wrong", "LHR-01"), key="off")
    assert book.count(person_attachment) == 2


def test_what_is_attached_already_or_too_much_is_refused(book: Book) -> None:
    person = Branch(book).person("Bushra")
    attach(book, person)
    with pytest.raises(Refused, match="attached already"):
        attach(book, person)
    for number in range(MOST_OF_ONE - 1):
        attach(book, person, KeptFile(f"{number:064}", MediaType.PDF, 1))
    with pytest.raises(Refused, match="30 attachments already"):
        attach(book, person, KeptFile("b" * 64, MediaType.PDF, 1))
    with pytest.raises(Refused, match="Choose one of the list"):
        run(book, attach_file, AttachFile(person, "selfie", CARD, "LHR-01"))


def test_another_branch_and_a_cashier_change_nothing(book: Book) -> None:
    person = Branch(book).person("Bushra")
    attach(book, person)
    for actor in (STRANGER, CASHIER):
        with pytest.raises(NotAllowed):
            attach(book, person, actor=actor)
        with pytest.raises(NotAllowed):
            run(book, remove_attachment, RemoveAttachment(1, "no", "KHI-01"), actor)
    with pytest.raises(NotAllowed):
        run(book, open_attachment, OpenAttachment(1, "LHR-01"), STRANGER)
    assert len(standing(book, person)) == 1


def test_a_lost_file_is_found_even_of_an_attachment_that_was_taken_off(
    book: Book, tmp_path: Path
) -> None:
    store, person = Store(tmp_path, b"a key"), Branch(book).person("Bushra")
    attach(book, person, keep_file(store, picture(), most_bytes=10_000))
    run(book, remove_attachment, RemoveAttachment(1, "wrong", "LHR-01"))
    with reading(book.engine) as connection:
        assert verify_files(connection, store).faults == []
        for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
            path.unlink()
        (fault,) = verify_files(connection, store).faults
    assert fault.startswith("attachment 1: The file ")


def test_only_what_is_no_paper_is_kept_from_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path, b"a key")
    kept = keep_file(store, picture(), most_bytes=10_000)
    assert store.get(kept.name) == picture()
    assert (kept.media_type, kept.size) == (MediaType.PNG, len(picture()))
    with pytest.raises(Refused, match="no photograph"):
        keep_file(store, b"MZ", most_bytes=10_000)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
