"""How the book is written: exact amounts, safe texts, aligned tables with a true total."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pandas as pd
import pytest

from aim_loans.cells import Column
from aim_loans.money import Ratio
from aim_loans.portfolio.cells import MEASURES
from aim_loans.portfolio.engine import LoanRow
from aim_loans.portfolio.frames import book_frame
from aim_loans.portfolio.lateness import scale
from aim_loans.portfolio.layout import width
from aim_loans.portfolio.output import book_columns, write_book, write_loans, write_rows
from aim_loans.texts import translator
from tests.portfolio.test_book import LADDER

ENGLISH = translator("en")
STEPS = scale(LADDER)
OVER_2_TO_53 = 2**53 + 1
NOTHING_LATE: Mapping[int, int] = {}
LOAN = LoanRow(
    *("W02", date(2025, 1, 15), 50_000_00, 8_400_50, 0, 41_599_50, 28_000_00, 19_599_50, 0),
    *(204, "180+", "loss"),
)


def group(*names: str, late: Mapping[int, int] = NOTHING_LATE, **sums: int) -> tuple[Any, ...]:
    """Give one group as the database gives it: `late` is the outstanding from so many days."""
    parts = [sum(amount for days, amount in late.items() if days >= edge) for edge in STEPS.edges]
    return (*names, *(sums.get(name, 0) for name in MEASURES), *parts)


def frame(rows: Sequence[tuple[Any, ...]], *by: str) -> pd.DataFrame:
    return book_frame(rows, by, STEPS)


def written(rows: Sequence[Sequence[Any]], columns: Sequence[Column], form: str) -> str:
    stream = StringIO(newline="")
    write_rows(rows, columns, form=form, stream=stream, words=ENGLISH)
    return stream.getvalue()


def book_written(book: pd.DataFrame, whole: pd.DataFrame | None, form: str, *by: str) -> str:
    stream = StringIO(newline="")
    write_book(book, whole, by=by, form=form, stream=stream, words=ENGLISH)
    return stream.getvalue()


def test_sums_stay_whole_beyond_what_a_float_holds() -> None:
    for names in (("trade",), ()):
        row = group(
            *names,
            late={181: OVER_2_TO_53},
            active_loans=2,
            outstanding=2 * OVER_2_TO_53,
            due=OVER_2_TO_53,
            missed=1,
        )
        book = frame([row], *["sector"][: len(names)])
        measures = book.drop(columns="sector", errors="ignore")
        assert {str(kind) for kind in measures.dtypes} == {"int64"}
        assert measures["glp"].tolist() == [2 * OVER_2_TO_53]
        assert measures["par180"].tolist() == [OVER_2_TO_53]
        assert measures["class_loss"].tolist() == [OVER_2_TO_53]
        assert measures["bucket_current"].tolist() == [OVER_2_TO_53]
        assert measures["recovery_collected"].tolist() == [OVER_2_TO_53 - 1]


def test_an_empty_book_has_its_columns_in_whole_numbers() -> None:
    grouped, whole = frame([], "sector"), frame([group()])
    assert list(grouped.columns) == ["sector", *whole.columns]
    assert {str(kind) for kind in grouped.dtypes[1:]} == {"int64"}
    assert whole.to_numpy().tolist() == [[0] * len(whole.columns)]


def test_what_is_late_stands_in_one_bucket_and_class_and_in_the_par_below() -> None:
    late = {1: 1, 30: 10, 31: 100, 60: 1_000, 90: 10_000, 180: 100_000, 181: 1_000_000}
    book = frame([group(outstanding=5_111_111, late=late)])
    assert {name: values.item() for name, values in book.items() if values.item()} == {
        "glp": 5_111_111,
        "par0": 1_111_111,
        "par30": 1_111_100,
        "par60": 1_110_000,
        "par90": 1_100_000,
        "par180": 1_000_000,
        "bucket_current": 4_000_000,
        "bucket_1_29": 1,
        "bucket_30_59": 110,
        "bucket_60_89": 1_000,
        "bucket_90_179": 10_000,
        "bucket_180_plus": 1_100_000,
        "class_regular": 4_000_001,
        "class_oaem": 110,
        "class_substandard": 1_000,
        "class_doubtful": 10_000,
        "class_loss": 1_100_000,
    }


def test_groups_come_in_the_order_of_their_text_and_without_the_settled() -> None:
    rows = [
        group("b", active_loans=1),
        group("Z", active_loans=1),
        group("a", due=5),
        group("", active_loans=1),
    ]
    assert frame(rows, "district")["district"].tolist() == ["", "Z", "b"]


def test_csv_is_what_spreadsheets_and_programs_agree_on() -> None:
    stream = StringIO(newline="")
    write_loans([LOAN], form="csv", stream=stream, words=ENGLISH)
    assert stream.getvalue() == (
        "loan_ref,disbursed_on,principal,received,credit,outstanding,due,arrears,advance,"
        "days_past_due,bucket,class\r\n"
        "W02,2025-01-15,50000,8400.50,0,41599.50,28000,19599.50,0,204,180+,loss\r\n"
    )


@pytest.mark.parametrize("text", ["=1+1", "+92", "-5", "@x", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_run_is_neutralised(text: str) -> None:
    rows = list(csv.reader(StringIO(written([[text]], [Column("name", "text")], "csv"), "")))
    assert rows == [["name"], ["'" + text]]


@pytest.mark.parametrize(
    "text", ["", "Lahore", "a,b", 'say "so"', "two\nlines", "ضلع لاہور", "1-29"]
)
def test_other_texts_come_back_as_they_were(text: str) -> None:
    content = written([[text, 1]], [Column("name", "text"), Column("n", "count")], "csv")
    assert list(csv.reader(StringIO(content, "")))[1] == [text, "1"]
    assert json.loads(written([[text]], [Column("name", "text")], "json")) == [{"name": text}]


def test_json_holds_exact_numbers() -> None:
    columns = [Column("amount", "amount"), Column("share", "ratio"), Column("on", "date")]
    rows = [(OVER_2_TO_53, Ratio(1, 3), date(2025, 1, 31)), (200, Ratio(0, 0), date(2025, 2, 1))]
    text = written(rows, columns, "json")
    assert json.loads(text, parse_float=Decimal) == [
        {"amount": Decimal("90071992547409.93"), "share": Decimal("0.333333"), "on": "2025-01-31"},
        {"amount": 2, "share": None, "on": "2025-02-01"},
    ]
    assert '"amount": 2,' in text


@pytest.mark.parametrize(("form", "text"), [("csv", "amount\r\n"), ("json", "[]\n")])
def test_no_rows_are_still_a_file(form: str, text: str) -> None:
    assert written([], [Column("amount", "amount")], form) == text


@pytest.mark.parametrize("form", ["csv", "json"])
def test_rows_are_written_as_they_come(form: str) -> None:
    stream = StringIO(newline="")
    waiting = []

    def rows() -> Iterator[tuple[int]]:
        for number in range(10_000):
            waiting.append(number - stream.getvalue().count("\n"))
            yield (number,)

    write_rows(rows(), [Column("n", "count")], form=form, stream=stream, words=ENGLISH)
    assert max(waiting) <= 1_000
    lines = stream.getvalue().splitlines()
    assert len(lines) == 10_000 + (1 if form == "csv" else 2)


def test_the_columns_of_a_book_are_those_that_files_share() -> None:
    names = [column.name for column in book_columns(frame([], "sector"), ("sector",))]
    assert names == [
        *("sector", "active_loans", "active_borrowers", "glp", "arrears"),
        *("par0", "par30", "par60", "par90", "par180", "par30_ratio"),
        *("bucket_current", "bucket_1_29", "bucket_30_59", "bucket_60_89", "bucket_90_179"),
        *("bucket_180_plus", "class_regular", "class_oaem", "class_substandard"),
        *("class_doubtful", "class_loss", "recovery_collected", "recovery_due", "recovery"),
    ]


def test_a_share_of_nothing_is_empty() -> None:
    (row,) = csv.DictReader(StringIO(book_written(frame([group()]), None, "csv"), ""))
    assert (row["glp"], row["par30_ratio"], row["recovery"]) == ("0", "", "")
    (member,) = json.loads(book_written(frame([group()]), None, "json"))
    assert (member["par30_ratio"], member["recovery"]) == (None, None)


def plainly(line: str) -> str:
    """Give a line's words with one space between them."""
    return " ".join(line.split())


def two_sectors() -> list[tuple[Any, ...]]:
    """Two sectors, and one person with a loan in each."""
    late_one = group(
        "agriculture",
        late={59: 1_000_00},
        active_loans=1,
        active_borrowers=1,
        outstanding=1_000_00,
        missed=1_000_00,
        due=1_000_00,
    )
    # The one person with a loan in each sector is counted in both.
    many = group(
        "trade",
        active_loans=1500,
        active_borrowers=1500,
        outstanding=3_000_000_00,
        due=5_000_00,
    )
    return [late_one, many]


def whole_book() -> pd.DataFrame:
    """The same two sectors without groups."""
    return frame(
        [
            group(
                late={59: 1_000_00},
                active_loans=1501,
                active_borrowers=1500,
                outstanding=3_001_000_00,
                missed=1_000_00,
                due=6_000_00,
            )
        ]
    )


def test_the_table_shows_groups_under_headings_and_a_total_of_its_own() -> None:
    text = book_written(frame(two_sectors(), "sector"), whole_book(), "table", "sector")
    lines = text.splitlines()
    assert lines[0] == "Amounts in rupees."
    assert lines[2].split("  ")[0] == "Sector"
    agriculture, trade, rule, total = lines[4:8]
    assert plainly(agriculture) == (
        "Agriculture 1 1 1,000 0 1,000 1,000 0 0 0 100.00 % 0 1,000 0.00 %"
    )
    assert plainly(trade) == ("Trade 1,500 1,500 3,000,000 0 0 0 0 0 0 0.00 % 5,000 5,000 100.00 %")
    assert plainly(total) == (
        "Total 1,501 1,500 3,001,000 0 1,000 1,000 0 0 0 0.03 % 5,000 6,000 83.33 %"
    )
    assert set(rule) == {"-", " "}
    assert "counts in each, and once in the total" in lines[-1]


def test_the_columns_of_a_table_end_in_line() -> None:
    text = book_written(frame(two_sectors(), "sector"), whole_book(), "table", "sector")
    for part in text.split("\n\n")[1:4]:
        lines = part.splitlines()
        assert len({len(line) for line in lines}) == 1, part


def test_the_whole_book_needs_no_total() -> None:
    text = book_written(frame([group(active_loans=1, outstanding=7)]), None, "table")
    assert "Total" not in text
    assert "0.07" in text


def test_the_table_of_loans_adds_up_its_amounts() -> None:
    stream = StringIO()
    write_loans([LOAN, LOAN], form="table", stream=stream, words=ENGLISH, grouping="lakh")
    total = stream.getvalue().splitlines()[-1].split()
    assert total == ["Total", "1,00,000", "16,801", "0", "83,199", "56,000", "39,199", "0"]
    write_loans([], form="table", stream=stream, words=ENGLISH)
    assert stream.getvalue().splitlines()[-1].split() == ["Total", *"0000000"]


def test_the_table_speaks_urdu() -> None:
    stream = StringIO()
    rows = frame([group("female", active_loans=1, outstanding=100)], "gender")
    write_book(rows, None, by=("gender",), form="table", stream=stream, words=translator("ur"))
    assert "خاتون" in stream.getvalue()


def test_marks_and_signs_of_direction_take_no_place() -> None:
    assert width("abc") == 3
    assert width("\u2066abc\u2069") == 3
    assert width("قرضِ") == 3
