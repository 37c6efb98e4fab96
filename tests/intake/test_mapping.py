"""Mappings: what they turn a foreign file into, and every fault in one told at once."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from aim_loans.borrowers.models import person
from aim_loans.cash.models import money_in
from aim_loans.db.engine import reading
from aim_loans.intake.files import FilesRefused
from aim_loans.intake.layout import LAYOUTS, LOANS, RECEIPTS, FileKind
from aim_loans.intake.mapping import Picker
from aim_loans.intake.mapping_reader import read_mapping
from aim_loans.intake.operations import BookSources
from aim_loans.intake.reading import BookSources as SameSources
from aim_loans.loans.models import loan_position
from tests.intake.books import Desk

KARACHI = ZoneInfo("Asia/Karachi")


def mapping_file(folder: Path, text: str) -> Path:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def picked(folder: Path, text: str, row: dict[str, str], kind: FileKind = LOANS) -> dict[str, str]:
    """Give the columns that a mapping fills for a row, and its gaps under "gap: column"."""
    mapping = read_mapping(mapping_file(folder, text))
    picker = Picker(LAYOUTS[kind], list(row), mapping, KARACHI)
    values, gaps, faults = picker.pick(list(row.values()))
    found = dict(zip(LAYOUTS[kind].columns, values, strict=True))
    found |= {f"gap: {gap.field}": gap.reason for gap in gaps}
    found |= {f"fault: {fault.field}": str(fault) for fault in faults}
    return {name: value for name, value in found.items() if value}


def test_a_column_is_renamed_and_one_of_its_own_name_passes(tmp_path: Path) -> None:
    text = '[loans]\nloan_ref = "no"\nborrower_ref = "no"\n'
    assert picked(tmp_path, text, {"no": "7", "branch": "LHR-01", "other": "x"}) == {
        "loan_ref": "7",
        "borrower_ref": "7",
        "branch": "LHR-01",
    }


def test_constants_defaults_and_fallbacks(tmp_path: Path) -> None:
    text = """
    [loans]
    branch = { constant = "KHI-01" }
    sector = { from = "trade", default = "other" }
    purpose = { from = ["use", "remark", "note"] }
    product = { constant = "" }
    """
    row = {"trade": " ", "use": "", "remark": " a shop ", "note": "x", "product": "theirs"}
    assert picked(tmp_path, text, row) == {
        "branch": "KHI-01",
        "sector": "other",
        "purpose": "a shop",
    }


def test_values_are_looked_up_and_others_pass(tmp_path: Path) -> None:
    text = """
    [loans.frequency]
    from = "interval"
    values = { irregular = "monthly", bullet = "single", "" = "weekly" }
    """
    for given, taken in {"bullet": "single", "": "weekly", "yearly": "yearly"}.items():
        assert picked(tmp_path, text, {"interval": given})["frequency"] == taken


RULES = """
[loans.sector]
from = "class"

[[loans.sector.rules]]
when = { class = ["Food", "Retail"] }
value = "trade"

[[loans.sector.rules]]
when = { class = "Farm", kind = ["Cow", "Goat"] }
value = "livestock"

[[loans.sector.rules]]
when = { class = "Farm", kind = "" }
value = "other"
gap = "cows or crops"

[[loans.sector.rules]]
when = { class = "Farm" }
value = "agriculture"
"""


@pytest.mark.parametrize(
    ("class_", "kind", "sector", "gap"),
    [
        ("Retail", "Cow", "trade", ""),
        ("Farm", "Goat", "livestock", ""),
        ("Farm", " ", "other", "cows or crops"),
        ("Farm", "Wheat", "agriculture", ""),
        ("Mine", "Coal", "Mine", ""),
    ],
)
def test_rules_look_at_one_or_two_columns_the_two_first(
    class_: str, kind: str, sector: str, gap: str, tmp_path: Path
) -> None:
    found = picked(tmp_path, RULES, {"class": class_, "kind": kind})
    assert found["sector"] == sector
    assert found.get("gap: sector", "") == gap


def test_a_list_counts_by_its_first_entry_and_the_rest_is_a_gap(tmp_path: Path) -> None:
    text = """
    [loans.gender]
    from = "who"
    first_of = ","
    values = { f = "female" }
    """
    assert picked(tmp_path, text, {"who": "f, m"}) == {
        "gender": "female",
        "gap: gender": "The source names more than one; the first one was taken.",
    }
    assert picked(tmp_path, text, {"who": "f"}) == {"gender": "female"}


DATES = """
date_formats = ["%Y-%m-%d %H:%M:%S%z", "%d/%m/%Y %H:%M", "%d/%m/%Y"]
time_zone = "UTC"
"""


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("2025-02-09 18:59:59+00:00", "2025-02-09"),
        ("2025-02-09 19:00:00+00:00", "2025-02-10"),
        ("2025-02-10 00:30:00+05:00", "2025-02-10"),
        ("09/02/2025 23:30", "2025-02-10"),
        ("09/02/2025", "2025-02-09"),
    ],
)
def test_stamps_become_the_day_in_karachi(given: str, taken: str, tmp_path: Path) -> None:
    found = picked(tmp_path, DATES, {"disbursed_on": given, "loan_ref": "09/02/2025"})
    assert found == {"disbursed_on": taken, "loan_ref": "09/02/2025"}


def test_a_date_in_none_of_the_formats_is_a_fault(tmp_path: Path) -> None:
    found = picked(tmp_path, DATES, {"disbursed_on": "2025-02-09"})
    assert "has none of the mapping's date formats" in found["fault: disbursed_on"]


def test_moments_keep_their_offset(tmp_path: Path) -> None:
    row = {"recorded_at": "09/02/2025 23:30", "received_on": "09/02/2025"}
    found = picked(tmp_path, DATES, row, RECEIPTS)
    assert found["recorded_at"] == "2025-02-09T23:30:00+00:00"


@pytest.mark.parametrize(
    ("rate", "given", "taken"),
    [
        ("105", "2225", "233625"),
        ("104.75", "10.50", "1099.88"),
        ("0.000001", "0.5", "0"),
        ("280.123456", "1", "280.12"),
        ("105", "2,225", "2,225"),
        ("105", "", ""),
    ],
)
def test_amounts_are_converted_exactly_half_up(
    rate: str, given: str, taken: str, tmp_path: Path
) -> None:
    text = f'[currency]\ncode = "USD"\nrate = "{rate}"\nsource = "a bank"\n'
    found = picked(tmp_path, text, {"principal": given})
    assert found.get("principal", "") == taken


FAULTY = """
name = ""
colour = "green"
time_zone = "Mars/Olympus"
date_formats = ["%Q", "%d/%m", "%d/%m/%Y"]

[currency]
code = "USD"
rate = "1,05"

[loans]
branch = { constant = "A", from = "b" }
product = {}
sector = 7
borower_ref = "no"
gender = { from = [], colour = 1 }

[loans.frequency]
from = ["a", "b"]
values = { x = 1 }
rules = [{ when = {}, value = "" }, { when = { a = "1", b = "2", c = "3" } }, { value = "y" }]
"""


def test_every_fault_of_a_mapping_is_told_at_once_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(FilesRefused) as refused:
        read_mapping(mapping_file(tmp_path, FAULTY))
    keys = [fault.field.removeprefix("map.toml, ") for fault in refused.value.faults]
    assert set(keys) == {
        "name",
        "colour",
        "time_zone",
        "date_formats",
        "currency.rate",
        "currency.source",
        "loans.branch",
        "loans.product",
        "loans.sector",
        "loans.borower_ref",
        "loans.gender.from",
        "loans.gender.colour",
        "loans.frequency.values",
        "loans.frequency.values.x",
        "loans.frequency.rules[1].when",
        "loans.frequency.rules[2].when",
        "loans.frequency.rules[2].value",
        "loans.frequency.rules[3].when",
    }
    assert "Did you mean borrower_ref?" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[loans\n", "not TOML"),
        (b"name = '\xff'\n", "not UTF-8"),
        (None, "cannot be opened"),
    ],
)
def test_a_file_that_is_no_mapping(content: bytes | None, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FilesRefused, match=sentence):
        read_mapping(path)


def test_columns_that_the_file_lacks_are_told_with_the_key(quick_desk: Desk) -> None:
    loans = quick_desk.folder / "loans.csv"
    loans.write_text("loan_ref,branch\n", encoding="utf-8")
    text = '[loans]\nsector = { from = "class", rules = [{ when = { kind = "x" }, value = "" }] }\n'
    mapping = mapping_file(quick_desk.folder, text)
    with pytest.raises(FilesRefused) as refused:
        quick_desk.send_files(BookSources(loans=loans, mapping=mapping))
    told = str(refused.value)
    assert "loans.csv: The mapping of loans.sector reads the column class" in told
    assert "loans.csv: The mapping of loans.sector reads the column kind" in told
    assert "The file has no column principal" in told
    assert "no column sector" not in told


FOREIGN_LOANS = """Loan No;x,Client,When,USD,Months
A-1,Ali,31/12/2024,100,10
"""
FOREIGN_RECEIPTS = """No,Loan,When,USD
9,A-1,01/02/2025 20:00,10.10
"""
FOREIGN = """
name = "another lender"
date_formats = ["%d/%m/%Y %H:%M", "%d/%m/%Y"]
time_zone = "UTC"

[currency]
code = "USD"
rate = "278.5"
source = "a bank's rate"

[loans]
loan_ref = "Loan No;x"
borrower_ref = "Client"
borrower_name = "Client"
branch = { constant = "LHR-01" }
sector = { constant = "trade" }
frequency = { constant = "monthly" }
disbursed_on = "When"
principal = "USD"
instalments = "Months"

[receipts]
receipt_ref = "No"
loan_ref = "Loan"
received_on = "When"
recorded_at = "When"
amount = "USD"
"""


def test_a_foreign_book_goes_in_through_its_mapping(desk: Desk) -> None:
    loans, receipts = desk.folder / "loans.csv", desk.folder / "receipts.csv"
    loans.write_text(FOREIGN_LOANS, encoding="utf-8")
    receipts.write_text(FOREIGN_RECEIPTS, encoding="utf-8")
    sources = BookSources(
        loans=loans,
        receipts=receipts,
        mapping=mapping_file(desk.folder, FOREIGN),
        create_missing=True,
    )
    done = desk.send_files(sources)
    assert done.exit_code == 0
    assert done.notes[:2] == (
        "loans.csv: 100 USD in all, taken at 278.5 rupees for one (a bank's rate).",
        "receipts.csv: 10.10 USD in all, taken at 278.5 rupees for one (a bank's rate).",
    )
    with reading(desk.book.engine) as connection:
        position = connection.execute(select(loan_position)).one()
        money = connection.execute(select(money_in)).one()
        assert connection.execute(select(person.c.name)).scalar_one() == "Ali"
    assert (position.disbursed, position.applied) == (27_850_00, 2_812_85)
    assert position.disbursed_on == date(2024, 12, 31)
    assert money.received_on == date(2025, 2, 2)
    assert money.source_recorded_at == datetime(2025, 2, 1, 20, tzinfo=UTC)
    assert SameSources is BookSources
    assert desk.send_files(sources).counts == {"loans": (0, 1, 0), "receipts": (0, 1, 0)}
