"""The shape of a file: encodings, line ends, headers, cut-off lines; refused or read."""

import codecs
from pathlib import Path

import pytest

from aim_loans.intake.files import FilesRefused
from aim_loans.intake.layout import LAYOUTS, LOANS, RECEIPTS
from aim_loans.intake.operations import BookSources
from tests.intake.books import Desk, Done, a_loan, a_receipt, another_loan, write_csv

HEADER = ",".join(LAYOUTS[RECEIPTS].columns)
GOOD = "R1,L1,2025-02-10,2100,cash,"


def send_text(desk: Desk, content: str | bytes) -> Done:
    """Import one good loan with a receipts file of this content."""
    receipts = desk.folder / "receipts.csv"
    receipts.write_bytes(content if isinstance(content, bytes) else content.encode())
    loans = write_csv(desk.folder / "loans.csv", LOANS, [a_loan()])
    return desk.send_files(BookSources(loans=loans, receipts=receipts, create_missing=True))


FINE: dict[str, str | bytes] = {
    "LF": f"{HEADER}\n{GOOD}\n",
    "CRLF": f"{HEADER}\r\n{GOOD}\r\n",
    "CR": f"{HEADER}\r{GOOD}\r",
    "a BOM": codecs.BOM_UTF8 + f"{HEADER}\n{GOOD}\n".encode(),
    "a BOM and CRLF": codecs.BOM_UTF8 + f"{HEADER}\r\n{GOOD}\r\n".encode(),
    "blank lines": f"{HEADER}\n\n{GOOD}\n,,,,,\n\n",
    "columns in another order": "amount,loan_ref,receipt_ref,received_on\n2100,L1,R1,2025-02-10\n",
    "blanks around the names": f"{HEADER.replace(',', ' , ')}\n{GOOD}\n",
    "quotes": f'{HEADER}\n"R1","L1","2025-02-10","2100","cash",""\n',
}


@pytest.mark.parametrize("case", FINE)
def test_a_well_formed_file_is_read(case: str, quick_desk: Desk) -> None:
    done = send_text(quick_desk, FINE[case])
    assert done.exit_code == 0
    assert done.counts == {"loans": (1, 0, 0), "receipts": (1, 0, 0)}


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "has no header"),
    "an unnamed column": (f"{HEADER},\n{GOOD},\n", "Column 7 has no name"),
    "a column twice": (f"{HEADER},amount\n{GOOD},1\n", "a column twice: amount"),
    "a column missing": ("receipt_ref,loan_ref\nR1,L1\n", "no column received_on"),
    "semicolons": (f"{HEADER.replace(',', ';')}\n", "no column receipt_ref"),
    "Latin-1": (f"{HEADER}\n{GOOD}\nR\xe9,L1,,,,\n".encode("latin-1"), "look at line 3"),
    "Latin-1 far down": (
        f"{HEADER}\n".encode() + f"{GOOD}\n".encode() * 9_000 + b"\xff\n",
        "look at line 9002",
    ),
    "UTF-16": (f"{HEADER}\n{GOOD}\n".encode("utf-16"), "look at line 1"),
    "a quote that is never closed": (f'{HEADER}\n"R1,L1\n{GOOD}\n', "opens on line 2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_malformed_file_is_refused_whole_and_nothing_is_written(
    case: str, quick_desk: Desk
) -> None:
    content, sentence = REFUSED[case]
    before = quick_desk.row_counts()
    with pytest.raises(FilesRefused) as refused:
        send_text(quick_desk, content)
    assert sentence in str(refused.value)
    assert "receipts.csv" in str(refused.value)
    assert quick_desk.row_counts() == before


ROW_REFUSED = {
    "cut off in a row": (f"{HEADER}\n{GOOD}\nR2,L1,2025-0", "has 3 of 6 fields"),
    "cut off in a quote": (f'{HEADER}\n{GOOD}\nR2,"L1', "cut off"),
    "a comma too many": (f"{HEADER}\n{GOOD}\nR2,L1,2025-02-10,2,100,cash,\n", "has 7 fields"),
    "a stray quote": (f'{HEADER}\n{GOOD}\n"R2"x,L1,2025-02-10,2100,cash,\n', "quotes"),
}


@pytest.mark.parametrize("case", ROW_REFUSED)
def test_a_malformed_line_is_refused_alone(case: str, quick_desk: Desk) -> None:
    content, sentence = ROW_REFUSED[case]
    done = send_text(quick_desk, content)
    assert done.counts["receipts"] == (1, 0, 1)
    (fault,) = done.faults
    assert (fault.file, fault.line) == ("receipts.csv", 3)
    assert sentence in fault.reason


def test_no_rows_are_fine(quick_desk: Desk) -> None:
    done = quick_desk.send([])
    assert done.exit_code == 0
    assert done.counts == {"loans": (0, 0, 0)}


def test_a_file_that_stops_in_mid_line_is_noted(quick_desk: Desk) -> None:
    done = send_text(quick_desk, f"{HEADER}\n{GOOD}")
    assert done.exit_code == 0
    assert done.notes[0].startswith("receipts.csv does not end with a line end")


def test_columns_that_nothing_reads_are_noted(quick_desk: Desk) -> None:
    done = quick_desk.send([{**a_loan(), "phone": "0300", "village": "x"}])
    assert done.notes[0] == "loans.csv: the import does not read the columns phone, village."


def test_a_missing_file_is_refused_with_the_others(quick_desk: Desk) -> None:
    receipts = write_csv(quick_desk.folder / "receipts.csv", RECEIPTS, [a_receipt()])
    nowhere = Path("nowhere.csv")
    (quick_desk.folder / "schedules.csv").write_text("loan_ref\n", encoding="utf-8")
    with pytest.raises(FilesRefused) as refused:
        quick_desk.send_files(
            BookSources(
                loans=nowhere, receipts=receipts, schedules=quick_desk.folder / "schedules.csv"
            )
        )
    assert [fault.field for fault in refused.value.faults] == ["nowhere.csv"] + [
        "schedules.csv"
    ] * 3


def test_a_line_inside_quotes_counts_where_its_row_begins(quick_desk: Desk) -> None:
    rows = [another_loan("A", purpose="two\nlines"), another_loan("B", principal="0")]
    done = quick_desk.send(rows)
    assert [fault.line for fault in done.faults] == [4]
