"""Files are written as declared, and whoever else reads them reads the same."""

import csv
import errno
import json
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

import frictionless
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from aim_loans.cells import Row
from aim_loans.db.engine import open_engine
from aim_loans.errors import Conflict, Refused
from reports.feeder.catalogue import FILES
from reports.feeder.checking import check_folder
from reports.feeder.columns import FeederFile, FileColumn
from reports.feeder.documentation import page
from reports.feeder.manifest import ENDING, SCHEMA_ENDING, Issue, manifest_text, schema_text, stem
from reports.feeder.writing import Contents, Draft, Totals, publish_text, write_csv
from tests.conftest import need
from tests.feeder_files import ALL_FILES, DAY, cell, issue, rows
from tests.postgres import drop_postgres_database, fresh_postgres_database

ROOT = Path(__file__).resolve().parents[2]


def put(folder: Path, declared: FeederFile, one: Issue, given: list[Row]) -> Contents:
    """Issue a file as the doors do."""
    name = folder / stem(declared.name, DAY, one.edition)
    with Draft(folder, declared) as draft:
        contents = draft.write(given, bom=one.bom)
        draft.publish(name.with_name(f"{name.name}.csv"))
    publish_text(name.with_name(name.name + SCHEMA_ENDING), schema_text(declared))
    publish_text(name.with_name(name.name + ENDING), manifest_text(declared, one, contents))
    return contents


def faults(folder: Path) -> list[str]:
    return [fault.message for one in check_folder(folder) for fault in one.faults]


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file with nine rows; nothing is changed in it."""
    folder = tmp_path_factory.mktemp("files")
    for declared in ALL_FILES:
        put(folder, declared, issue(bom=declared.level == "A"), rows(declared))
    return folder


@pytest.mark.parametrize("declared", ALL_FILES, ids=lambda file: file.name)
def test_another_reader_finds_every_file_valid(declared: FeederFile, issued: Path) -> None:
    name = stem(declared.name, DAY, 1)
    resource = frictionless.Resource(
        path=f"{name}.csv",
        basepath=str(issued),
        schema=frictionless.Schema.from_descriptor(
            json.loads((issued / f"{name}{SCHEMA_ENDING}").read_text("utf-8"))
        ),
        encoding="utf-8-sig" if declared.level == "A" else "utf-8",
    )
    report = resource.validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])
    assert report.tasks[0].stats["rows"] == 9


@pytest.mark.parametrize("declared", ALL_FILES, ids=lambda file: file.name)
def test_pandas_reads_what_was_written(declared: FeederFile, issued: Path) -> None:
    path = issued / f"{stem(declared.name, DAY, 1)}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    assert list(frame.columns) == declared.header
    for number, read in enumerate(frame.to_dict("records"), 1):
        for column in declared.columns:
            assert read[column.name] == plain_text(cell(column, number), column.kind)


def test_the_csv_module_and_a_database_read_what_was_written(issued: Path) -> None:
    need("PostgreSQL")
    url = fresh_postgres_database()
    engine = open_engine(url)
    for declared in ALL_FILES:
        path = issued / f"{stem(declared.name, DAY, 1)}.csv"
        wanted = [
            [plain_text(cell(column, number), column.kind) for column in declared.columns]
            for number in range(1, 10)
        ]
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *read = csv.reader(file, strict=True)
        assert (header, read) == (declared.header, wanted)
        assert by_postgresql(engine, declared, path) == wanted, declared.name
    engine.dispose()
    drop_postgres_database(url)


def by_postgresql(engine: Engine, declared: FeederFile, path: Path) -> list[list[str]]:
    """Read a file by COPY, whose CSV has nothing in common with Python's."""
    columns = ", ".join(f'"{name}" text' for name in declared.header)
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(f"CREATE TEMPORARY TABLE read ({columns}) ON COMMIT DROP")
        with cursor.copy("COPY read FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(path.read_bytes().removeprefix(BOM_UTF8))
        cursor.execute("SELECT * FROM read")
        return [[text or "" for text in row] for row in cursor.fetchall()]


def plain_text(value: Any, kind: str) -> str:
    """Write a cell by the rules of the handbook, in another way than the software."""
    if value is None:
        return ""
    if kind == "amount":
        amount = Decimal(value) / 100
        return str(int(amount)) if amount == int(amount) else f"{amount:.2f}"
    if kind == "ratio":
        return f"{Decimal(value[0]) / Decimal(value[1]):.6f}"
    text = str(value)
    return f"'{text}" if text[0] in "=+-@\t\r" else text


def test_lines_end_as_rfc_4180_says_and_text_is_utf_8(issued: Path) -> None:
    for declared in ALL_FILES:
        data = (issued / f"{stem(declared.name, DAY, 1)}.csv").read_bytes()
        assert data.startswith(b"\xef\xbb\xbf") == (declared.level == "A")
        assert data.endswith(b"\r\n")
        assert data.decode("utf-8").count("\n") == data.decode("utf-8").count("\r\n")


@settings(max_examples=settings().max_examples // 2)
@given(
    st.lists(
        st.tuples(
            st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")),
            st.integers(-(10**15), 10**15),
        )
    )
)
def test_any_text_comes_back(cells: list[tuple[str, int]]) -> None:
    columns = (FileColumn("name", "text", "x"), FileColumn("amount", "amount", "x"))
    stream = StringIO(newline="")
    totals = write_csv(cells, FeederFile("f", "A", "A row.", columns), stream)
    stream.seek(0)
    _, *read = csv.reader(stream)
    assert [name for name, _ in read] == [plain_text(n, "text") if n else "" for n, _ in cells]
    assert [int(Decimal(amount) * 100) for _, amount in read] == [amount for _, amount in cells]
    assert totals == Totals(len(cells), (sum(amount for _, amount in cells),))


def test_a_folder_as_issued_has_no_faults_and_each_change_is_found(tmp_path: Path) -> None:
    declared = FILES[0]
    first = put(tmp_path, declared, issue(), rows(declared))
    put(tmp_path, declared, issue(2, first.sha256), rows(declared, 8))
    assert faults(tmp_path) == []
    path = tmp_path / f"{stem(declared.name, DAY, 1)}.csv"
    good = path.read_bytes()
    line = good.splitlines(keepends=True)[-1]
    for changed, sentence in (
        (good.replace(b"active", b"closed", 1), "SHA-256"),
        (good + line, "rows"),
        (good[:-20], "cells"),
        (good.replace(b"as_of_date", b"date"), "header"),
        (good.replace(b"100.43", b"1o0.43", 1), "no amount"),
        (good + b"\xff", "encoding"),
    ):
        path.write_bytes(changed)
        assert any(sentence in fault for fault in faults(tmp_path)), sentence
    path.unlink()
    (tmp_path / ".x.1.partial").write_text("")
    (tmp_path / "other.feeder-v1.2026-02.csv").write_text("")
    (tmp_path / f"x{ENDING}").write_text("[]")
    found = " ".join(faults(tmp_path))
    assert all(word in found for word in ("missing", "half written", "No manifest", "no manifest"))


def test_an_edition_that_follows_another_file_is_found(tmp_path: Path) -> None:
    put(tmp_path, FILES[2], issue(), rows(FILES[2]))
    put(tmp_path, FILES[2], issue(2, "0" * 64), rows(FILES[2]))
    assert faults(tmp_path) == ["The edition before is another file than the manifest names."]
    with pytest.raises(Refused, match="no manifest"):
        check_folder(tmp_path.joinpath("..").resolve())


def test_nothing_stands_under_a_final_name_before_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = FILES[0]

    def breaking() -> Iterator[Row]:
        yield from rows(declared)
        raise OSError(errno.ENOSPC, "No space left on device")

    with Draft(tmp_path, declared) as draft, pytest.raises(OSError, match="No space"):
        draft.write(breaking())
    assert list(tmp_path.iterdir()) == []

    def miscounting(given: Iterable[Row], file: FeederFile, stream: TextIO) -> Totals:
        return replace(write_csv(given, file, stream), rows=10)

    monkeypatch.setattr("reports.feeder.writing.write_csv", miscounting)
    with Draft(tmp_path, declared) as draft, pytest.raises(Refused, match="does not hold"):
        draft.write(rows(declared))
    assert list(tmp_path.iterdir()) == []


def test_an_issued_file_is_never_overwritten(tmp_path: Path) -> None:
    final = tmp_path / "f.csv"
    final.write_text("kept")
    with Draft(tmp_path, FILES[3]) as draft:
        draft.write([])
        with pytest.raises(Conflict, match="never overwritten"):
            draft.publish(final)
    with pytest.raises(Conflict, match="never overwritten"):
        publish_text(final, "other")
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]
    assert final.read_text() == "kept"


def test_the_page_about_the_files_is_the_declaration() -> None:
    """Write it anew with `aim-loans export describe > docs/files.md`."""
    assert (ROOT / "docs" / "files.md").read_text("utf-8") == page()
