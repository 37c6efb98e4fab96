"""What is there already: the same again adds nothing, anything else is refused, never skipped."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from aim_loans.borrowers.queries import cnic_owners
from aim_loans.db.bulk import COPY_FROM
from aim_loans.db.engine import reading
from aim_loans.errors import Conflict, NotAllowed
from aim_loans.intake.layout import LAYOUTS, LOANS, RECEIPTS
from aim_loans.intake.operations import BookSources, import_book
from aim_loans.origination.queries import settings_in_force
from aim_loans.texts import translator
from tests.book import AUDIT_KEY, CASHIER
from tests.intake.books import (
    SETTINGS,
    Desk,
    a_loan,
    a_receipt,
    an_instalment,
    another_loan,
    write_csv,
)
from tests.operations.test_borrowers import BUSHRA, register

CHANGED_LOANS = {
    "branch": "MUL-01",
    "borrower_ref": "B2",
    "borrower_name": "Bushra Bibi",
    "cnic": "",
    "gender": "male",
    "birth_date": "1985-04-04",
    "district": "Multan",
    "sector": "livestock",
    "activity": "dairy",
    "product": "crop",
    "programme": "women",
    "purpose": "a buffalo",
    "disbursed_on": "2025-01-09",
    "principal": "25001",
    "instalments": "13",
    "frequency": "weekly",
    "first_due_on": "2025-03-10",
    "instalment_amount": "2100",
    "opening_received": "0",
    "opening_as_of": "2025-02-01",
}
CHANGED_RECEIPTS = {
    "received_on": "2025-02-11",
    "amount": "2100.01",
    "channel": "bank",
    "recorded_at": "2025-02-11T10:00:00+05:00",
}


@pytest.mark.parametrize("column", CHANGED_LOANS)
def test_a_known_loan_with_another_value_is_refused_by_the_name_of_its_column(
    column: str, quick_desk: Desk
) -> None:
    quick_desk.send([a_loan()])
    before = quick_desk.row_counts()
    done = quick_desk.send([a_loan(**{column: CHANGED_LOANS[column]})])
    assert done.exit_code == 1
    assert done.counts == {"loans": (0, 0, 1)}
    (fault,) = done.faults
    assert f"in the book with other values: {column}." in fault.reason
    assert quick_desk.row_counts() == before


@pytest.mark.parametrize("column", CHANGED_RECEIPTS)
def test_a_known_receipt_with_another_value_is_refused_by_the_name_of_its_column(
    column: str, quick_desk: Desk
) -> None:
    quick_desk.send([a_loan()], receipts=[a_receipt()])
    before = quick_desk.row_counts()
    changed = a_receipt(**{column: CHANGED_RECEIPTS[column]})
    done = quick_desk.send([a_loan()], receipts=[changed])
    assert done.counts == {"loans": (0, 1, 0), "receipts": (0, 0, 1)}
    (fault,) = done.faults
    assert f"in the book with other values: {column}." in fault.reason
    assert quick_desk.row_counts() == before


def test_a_receipt_cannot_move_to_another_loan(quick_desk: Desk) -> None:
    loans = [a_loan(), another_loan("L2")]
    quick_desk.send(loans, receipts=[a_receipt()])
    done = quick_desk.send(loans, receipts=[a_receipt(loan_ref="L2")])
    assert done.counts == {"loans": (0, 2, 0), "receipts": (0, 0, 1)}
    assert "other values: loan_ref." in done.faults[0].reason


@pytest.mark.parametrize("recorded_at", ["", "2025-02-11", "2025-02-11T10:00:00.123456+05:00"])
def test_the_same_receipts_file_again_adds_nothing(recorded_at: str, desk: Desk) -> None:
    receipt = a_receipt(recorded_at=recorded_at)
    desk.send([a_loan()], receipts=[receipt])
    before = desk.row_counts()
    done = desk.send([a_loan()], receipts=[receipt])
    assert done.exit_code == 0
    assert done.counts == {"loans": (0, 1, 0), "receipts": (0, 1, 0)}
    assert desk.row_counts() == before


def test_values_written_otherwise_are_the_same(quick_desk: Desk) -> None:
    quick_desk.send([a_loan()], receipts=[a_receipt()])
    done = quick_desk.send(
        [a_loan(principal="25000.00", instalments="012", sector="Trade", branch=" LHR-01")],
        receipts=[a_receipt(amount="2100.0", channel="Cash")],
    )
    assert done.counts == {"loans": (0, 1, 0), "receipts": (0, 1, 0)}


def test_a_row_twice_in_a_file_counts_once_and_another_value_is_refused(quick_desk: Desk) -> None:
    done = quick_desk.send(
        [a_loan(), a_loan(), a_loan(principal="30000")],
        receipts=[a_receipt(), a_receipt(), a_receipt(amount="1")],
    )
    assert done.counts == {"loans": (1, 1, 1), "receipts": (1, 1, 1)}
    assert [fault.reason for fault in done.faults] == [
        "Loan L1 stands on line 2 with other values: principal. Keep one of the two.",
        "Receipt R1 stands on line 2 with other values: amount. Keep one of the two.",
    ]
    assert quick_desk.positions()["L1"]["applied"] == 2_100_00


def test_a_reference_twice_on_two_loans_is_refused_the_second_time(quick_desk: Desk) -> None:
    done = quick_desk.send(
        [a_loan(), another_loan("L2")], receipts=[a_receipt(loan_ref="L2"), a_receipt()]
    )
    assert done.counts["receipts"] == (1, 0, 1)
    assert done.faults[0].line == 3
    assert quick_desk.positions()["L2"]["applied"] == 2_100_00


def test_the_same_row_as_a_refused_one_is_refused_too(quick_desk: Desk) -> None:
    early = a_receipt(received_on="2024-12-31")
    loan = a_loan(first_due_on="2024-12-31")
    done = quick_desk.send([loan, loan, another_loan("L2")], receipts=[early, early])
    assert done.counts == {"loans": (1, 0, 2), "receipts": (0, 0, 2)}
    done = quick_desk.send([a_loan()], receipts=[early, early])
    assert done.counts == {"loans": (1, 0, 0), "receipts": (0, 0, 2)}


def test_a_known_schedule_is_compared_row_by_row(quick_desk: Desk) -> None:
    given = [
        an_instalment(number="1", due_on="2025-02-10", amount="10000"),
        an_instalment(number="2", due_on="2025-06-10", amount="15000"),
    ]
    done = quick_desk.send([a_loan()], schedules=[*given, given[0]])
    assert done.counts["schedules"] == (2, 1, 0)
    assert quick_desk.send([a_loan()], schedules=given).counts["schedules"] == (0, 2, 0)
    changed = [given[0], an_instalment(number="2", due_on="2025-06-11", amount="15000")]
    done = quick_desk.send([a_loan()], schedules=changed)
    assert done.counts == {"loans": (0, 1, 0), "schedules": (0, 1, 1)}
    assert "another schedule" in done.faults[0].reason


def test_receipts_come_later_in_a_file_of_their_own(desk: Desk) -> None:
    desk.send([a_loan()], receipts=[a_receipt()])
    more = [a_receipt(), a_receipt(receipt_ref="R2", received_on="2025-03-10")]
    done = desk.send([], receipts=more)
    assert done.counts["receipts"] == (1, 1, 0)
    assert desk.positions()["L1"]["applied"] == 4_200_00


def test_a_loan_that_was_not_imported_is_never_taken_for_one(quick_desk: Desk) -> None:
    quick_desk.send([another_loan("X")])
    quick_desk.book.open_loan("L1")
    done = quick_desk.send([a_loan()])
    assert "was not imported" in done.faults[0].reason


def test_codes_that_are_missing_refuse_the_row_or_are_made(desk: Desk) -> None:
    row = a_loan(product="dairy", programme="women-2025")
    refused = desk.send([row], create_missing=False)
    assert [(fault.column, fault.reason) for fault in refused.faults] == [
        (name, f"There is no {name} {code}. Check the code, or import with --create-missing.")
        for name, code in (
            ("branch", "LHR-01"),
            ("product", "dairy"),
            ("programme", "women-2025"),
        )
    ]
    done = desk.send([row])
    assert done.exit_code == 0
    assert done.notes == (
        "Made from the files: branch LHR-01.",
        "Made from the files: product dairy.",
        "Made from the files: programme women-2025.",
    )
    position = desk.positions()["L1"]
    assert (position["product_code"], position["programme_code"]) == ("dairy", "women-2025")
    # From now on they are there.
    assert desk.send([another_loan("L2", product="dairy")], create_missing=False).exit_code == 0


def test_a_product_made_by_an_import_has_the_default_rules_unverified(quick_desk: Desk) -> None:
    quick_desk.send([a_loan(product="dairy")])
    with reading(quick_desk.book.engine) as connection:
        (made,) = (each for each in settings_in_force(connection).products if each.code == "dairy")
    rules = {each.code: each for each in SETTINGS.dated.products}
    usual = rules[SETTINGS.lending.default_product]
    said = "made by an import, with the rules of the default product"
    assert made == replace(usual, code="dairy", name="dairy", verified=False, source=said)
    assert translator("ur").text(made.source) == "درآمد سے بنی، عام اسکیم کے قواعد کے ساتھ"


def test_nothing_is_made_for_a_row_that_is_refused(quick_desk: Desk) -> None:
    done = quick_desk.send([a_loan(first_due_on="2025-01-01")])
    assert done.exit_code == 1
    assert done.notes == ()
    assert quick_desk.row_counts()["branch"] == 0


def test_the_refused_rows_can_be_mended_and_sent_again(quick_desk: Desk) -> None:
    loans = write_csv(quick_desk.folder / "loans.csv", LOANS, [a_loan(), another_loan("L2")])
    rows = [
        {**a_receipt(), "remark": "first"},
        {**a_receipt(receipt_ref="=R2", amount="2,100"), "remark": 'says "late"\nand more'},
        {**a_receipt(receipt_ref="R3", amount="0", received_on="x"), "remark": ""},
    ]
    receipts = write_csv(quick_desk.folder / "receipts.csv", RECEIPTS, rows)
    sources = BookSources(loans=loans, receipts=receipts, create_missing=True)
    done = quick_desk.send_files(sources, rejects=quick_desk.folder)
    (path,) = done.rejects
    assert path.name == "receipts.rejects.csv"
    kept = read(path)
    assert list(kept[0]) == ["reason", *LAYOUTS[RECEIPTS].columns, "remark"]
    # A spreadsheet takes no text for a formula; sent again, it is read as it was meant.
    assert [row["receipt_ref"] for row in kept] == ["'=R2", "R3"]
    assert kept[0]["remark"] == 'says "late"\nand more'
    assert kept[1]["reason"].startswith("received_on: Write the date")
    assert "amount: The amount must be more than 0." in kept[1]["reason"]
    mended = [{**row, "amount": "2100", "received_on": "2025-03-10"} for row in kept]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(mended[0]))
        writer.writeheader()
        writer.writerows(mended)
    again = quick_desk.send_files(
        BookSources(loans=loans, receipts=path), rejects=quick_desk.folder
    )
    assert again.counts == {"loans": (0, 2, 0), "receipts": (2, 0, 0)}
    assert again.rejects == ()
    meant = write_csv(receipts, RECEIPTS, [a_receipt(receipt_ref="=R2", received_on="2025-03-10")])
    whole = quick_desk.send_files(BookSources(loans=loans, receipts=meant))
    assert whole.counts["receipts"] == (0, 1, 0)


def test_a_rejects_file_is_never_written_over(quick_desk: Desk) -> None:
    loans = write_csv(quick_desk.folder / "loans.csv", LOANS, [a_loan(sector="x")])
    sources = BookSources(loans=loans)
    names = [
        quick_desk.send_files(sources, rejects=quick_desk.folder).rejects[0].name for _ in range(3)
    ]
    assert names == ["loans.rejects.csv", "loans.rejects-2.csv", "loans.rejects-3.csv"]
    again = BookSources(loans=quick_desk.folder / names[0])
    done = quick_desk.send_files(again, rejects=quick_desk.folder)
    assert list(read(done.rejects[0])[0])[:2] == ["reason", "loan_ref"]


def test_a_line_that_is_no_row_is_among_the_rejects_as_it_stands(quick_desk: Desk) -> None:
    loans = write_csv(quick_desk.folder / "loans.csv", LOANS, [a_loan()])
    with loans.open("a", encoding="utf-8") as file:
        file.write('L2,"LHR')
    done = quick_desk.send_files(
        BookSources(loans=loans, create_missing=True), rejects=quick_desk.folder
    )
    assert done.counts == {"loans": (1, 0, 1)}
    assert 'L2,""LHR' in done.rejects[0].read_text(encoding="utf-8")


def test_only_who_may_import_imports(quick_desk: Desk) -> None:
    loans = write_csv(quick_desk.folder / "loans.csv", LOANS, [a_loan()])
    with pytest.raises(NotAllowed, match="may not do this"):
        import_book(
            quick_desk.book.engine,
            BookSources(loans=loans),
            settings=SETTINGS,
            actor=CASHIER,
            audit_key=AUDIT_KEY,
        )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_borrower_who_is_registered_while_the_import_decides_is_no_fault_of_the_database(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More rows than one statement takes: the fault of a COPY is told in words, too."""
    desk.send([a_loan()])
    loans = [another_loan(f"M{n}") for n in range(COPY_FROM)]
    asked = "aim_loans.borrowers.operations.cnic_owners"

    def overtaken(connection: Connection, cnics: Sequence[str]) -> dict[str, int]:
        found = cnic_owners(connection, cnics)
        monkeypatch.setattr(asked, cnic_owners)
        register(desk.book, replace(BUSHRA, cnic=loans[-1]["cnic"]))
        return found

    monkeypatch.setattr(asked, overtaken)
    with pytest.raises(Conflict, match=r"at this moment.*Send the same files again"):
        desk.send(loans)
    again = desk.send(loans)
    assert again.counts == {"loans": (COPY_FROM, 0, 0)}
    assert again.gaps["cnic"] == 1
