"""The rows of the files are those of the plain book, and agree with the engine and each other."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from sqlalchemy import Connection, Engine

from aim_loans.dates import month_end
from aim_loans.money import Ratio
from aim_loans.portfolio.engine import book_rows
from aim_loans.portfolio.feeder.asked import AskedMonth, pseudonyms
from aim_loans.web.month_files import rows_of
from reports.feeder.catalogue import BY_NAME, FILES
from tests.naive import files as naive
from tests.portfolio.books import BORROWERS, MadeBook, books
from tests.portfolio.store import PROGRAMMES, empty, put_loans, put_surroundings
from tests.portfolio.test_book import FIXTURE_IS_EMPTIED, LADDER, LATE_CUT

HIDE = pseudonyms(b"a key that only the tests hide names with")
OF_BORROWER = {"borrower_id", "birth_year", "loan_id"}

Row = dict[str, Any]


def ask(connection: Connection, name: str, asked: AskedMonth) -> list[Row]:
    """Give the rows of a file by column; ratios as exact fractions."""
    header = BY_NAME[name].header
    rows = rows_of(connection, name, asked, HIDE)
    return [
        {
            column: Fraction(*cell) if isinstance(cell, Ratio) else cell
            for column, cell in zip(header, row, strict=True)
        }
        for row in rows
    ]


def without(rows: Iterable[Row], *names: str) -> list[Row]:
    return [{name: cell for name, cell in row.items() if name not in names} for row in rows]


def at(day: date, known_at: datetime | None) -> AskedMonth:
    """Ask for the month of a day."""
    return AskedMonth(month_end(day), known_at or LATE_CUT, LADDER, ZoneInfo("Asia/Karachi"))


def expect_the_plain_files(engine: Engine, made: MadeBook) -> None:
    with engine.begin() as connection:
        empty(connection)
        put_surroundings(connection, BORROWERS)
        put_loans(connection, made.stored, BORROWERS)
        for day, known_at in zip((made.days[0], made.last_day), made.cuts, strict=True):
            compare(connection, made, at(day, known_at))


def compare(connection: Connection, made: MadeBook, asked: AskedMonth) -> None:
    loans, at_ = made.loans, (asked.day, asked.known_at)
    tape = ask(connection, "secp_loan_tape", asked)
    assert without(tape, *OF_BORROWER) == naive.tape(loans, *at_), at_
    classes = ask(connection, "secp_classification_summary", asked)
    assert classes == naive.classification(loans, *at_), at_
    genders = ask(connection, "secp_gender_portfolio", asked)
    assert genders == naive.by_gender(loans, *at_), at_
    programmes = ask(connection, "programme_report", asked)
    of_fund = ("programme_name", "fund", "fund_received", "fund_available")
    assert without(programmes, *of_fund) == naive.by_programme(loans, PROGRAMMES, *at_), at_
    register = naive.register(loans, *at_)
    wanted = [
        {name: row[name] for name in register[0]}
        for row in ask(connection, "waiver_writeoff_register", asked)
        if register
    ]
    assert wanted == register, at_
    named = ask(connection, "secp_loan_tape_identified", asked)
    assert [HIDE(f"loan {row['loan_id']}") for row in named] == [row["loan_id"] for row in tape]
    agree(connection, asked, tape, classes, genders)


def agree(
    connection: Connection,
    asked: AskedMonth,
    tape: Sequence[Row],
    classes: Sequence[Row],
    genders: Sequence[Row],
) -> None:
    """Compare the files with the book and with each other."""
    frame = book_rows(connection, as_of=asked.day, known_at=asked.known_at, by=(), ladder=LADDER)
    book: Mapping[Any, int] = frame.to_dict("records")[0]
    assert total(tape, "outstanding") == total(genders, "glp") == book["glp"]
    assert total(tape, "arrears") == book["arrears"]
    assert total(genders, "active_borrowers") == book["active_borrowers"]
    assert total(genders, "par30") == book["par30"]
    for dimension in naive.DIMENSIONS:
        part = [row for row in classes if row["dimension"] == dimension]
        for name in ("outstanding", "arrears", "provision_amount"):
            assert total(part, name) == total(tape, name)
        assert total(part, "borrowers") == book["active_borrowers"]
        assert total(part, "loans") == book["active_loans"]


def total(rows: Iterable[Row], name: str) -> int:
    return sum(row[name] for row in rows)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 8)
@given(made=books())
def test_the_files_are_the_plain_ones(writing_engine: Engine, made: MadeBook) -> None:
    expect_the_plain_files(writing_engine, made)


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 25)
@given(made=books())
def test_the_files_are_the_plain_ones_on_postgresql(writing_engine: Engine, made: MadeBook) -> None:
    expect_the_plain_files(writing_engine, made)


def test_a_month_is_asked_at_its_end() -> None:
    with pytest.raises(ValueError, match="last day"):
        AskedMonth(date(2026, 2, 27), datetime(2026, 3, 1, tzinfo=UTC), LADDER, ZoneInfo("UTC"))


def test_pseudonyms_tell_people_apart_and_stay_the_same() -> None:
    names = [f"person {number}" for number in range(500)]
    hidden = Counter(HIDE(name) for name in names)
    assert len(hidden) == len(names)
    assert HIDE(names[7]) == pseudonyms(b"a key that only the tests hide names with")(names[7])
    assert HIDE(names[7]) != pseudonyms(b"another")(names[7])


def test_each_file_is_named_once_and_every_column_says_what_it_is() -> None:
    assert len({file.name for file in FILES}) == len(FILES)
    for file in FILES:
        assert len(set(file.header)) == len(file.columns)
        assert all(column.description for column in file.columns)
