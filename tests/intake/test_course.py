"""The course of an import: its progress is told, a full disk is a sentence, not a crash."""

import sqlite3

import pytest

from aim_loans.errors import Refused
from aim_loans.intake import chunks
from aim_loans.intake.layout import LOANS, RECEIPTS
from aim_loans.intake.operations import BookSources, import_book
from aim_loans.intake.staging import Staging
from tests.book import AUDIT_KEY, SHELL
from tests.intake.books import SETTINGS, Desk, a_receipt, another_loan, write_csv


def sources(desk: Desk) -> BookSources:
    """Write a book of more rows than one chunk holds; one of them is faulty."""
    loans = [another_loan(f"N{n:04d}", cnic="") for n in range(1_500)]
    receipts = [a_receipt(receipt_ref=f"R{n}", loan_ref=f"N{n:04d}") for n in range(1_000)]
    receipts[7] = a_receipt(receipt_ref="R7", amount="0")
    return BookSources(
        loans=write_csv(desk.folder / "loans.csv", LOANS, loans),
        receipts=write_csv(desk.folder / "receipts.csv", RECEIPTS, receipts),
        create_missing=True,
    )


def run(desk: Desk, told: list[tuple[int, int]]) -> None:
    import_book(
        desk.book.engine,
        sources(desk),
        settings=SETTINGS,
        actor=SHELL,
        audit_key=AUDIT_KEY,
        clock=desk.book.clock,
        progress=lambda done, to_do: told.append((done, to_do)),
    ).close()


def test_progress_is_told_after_each_chunk(
    quick_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "MOST_ROWS", 2_000)
    told: list[tuple[int, int]] = []
    run(quick_desk, told)
    assert [to_do for _, to_do in told] == [2_500, 2_500]
    assert told[0][0] <= 2_001
    assert told[-1][0] == 2_500


def test_a_full_disk_is_said_and_the_same_files_go_on_from_there(
    quick_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []

    def full(_staging: Staging) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Staging, "arrange", full)
        with pytest.raises(Refused, match="The disk is full"):
            run(quick_desk, told)
    assert told == []
    run(quick_desk, told)
    assert len(quick_desk.positions()) == 1_500
