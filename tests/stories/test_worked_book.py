"""The book worked by hand: what goes in as files comes out to the rupee, on every date."""

from csv import DictReader

import pytest

from aim_loans.money import format_rupees, parse_rupees
from aim_loans.portfolio.statement_json import from_json, statement_digest
from tests.reports.reading import spoken
from tests.stories.shell import WORKED, Shell, import_worked

DATES = ("2025-06-30", "2025-09-30", "2025-12-10", "2025-12-31")
Rows = list[dict[str, str]]


def expected(name: str, day: str) -> Rows:
    with (WORKED / name).open(encoding="utf-8", newline="") as file:
        return [row for row in DictReader(file) if row["as_of"] == day]


def narrowed(rows: Rows, day: str, like: Rows) -> Rows:
    return [
        {"as_of": day, **{name: row[name] for name in like[0] if name != "as_of"}} for row in rows
    ]


def test_every_loan_and_sector_is_as_worked_by_hand_on_all_four_dates(worked: Shell) -> None:
    for day in DATES:
        loans = worked.good("portfolio", "--as-of", day, "--by", "loan", "--format", "csv").rows
        active = sorted(
            (row for row in loans if row["outstanding"] != "0"), key=lambda row: row["loan_ref"]
        )
        wanted = expected("expected_by_loan.csv", day)
        assert narrowed(active, day, wanted) == wanted
        book = worked.good("portfolio", "--as-of", day, "--by", "sector", "--format", "csv").rows
        wanted = expected("expected_by_sector.csv", day)
        assert narrowed(book, day, wanted) == wanted


def test_a_loan_with_nothing_outstanding_is_listed_as_current_and_regular(worked: Shell) -> None:
    said = worked.good("portfolio", "--as-of", "2025-06-30", "--by", "loan", "--format", "csv")
    (closed,) = [row for row in said.rows if row["loan_ref"] == "W05"]
    assert closed == {
        "loan_ref": "W05",
        "disbursed_on": "2025-03-01",
        "principal": "18000",
        "received": "18000",
        "credit": "0",
        "outstanding": "0",
        "due": "18000",
        "arrears": "0",
        "advance": "0",
        "days_past_due": "0",
        "bucket": "current",
        "class": "regular",
    }


def test_the_imported_book_verifies(worked: Shell) -> None:
    assert "FAILED" not in worked.good("verify").out
    assert worked.good("audit", "verify").out == "ok      audit chains\n"


def test_the_same_files_again_add_nothing(worked: Shell) -> None:
    again = import_worked(worked)
    assert again.code == 0
    assert "0 (Rs 0) added + 12 (Rs 361000) already there + 0 (Rs 0) refused" in again.out
    assert "0 (Rs 0) added + 43 (Rs 154100) already there + 0 (Rs 0) refused" in again.out


def test_nothing_was_known_before_the_import(worked: Shell) -> None:
    said = worked.good(
        "portfolio", "--as-of", "2025-12-31", "--known-at", "2025-12-31", "--format", "csv"
    )
    assert said.rows[0]["active_loans"] == "0"
    assert said.rows[0]["par30_ratio"] == ""


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_statement_of_a_month_is_written_and_read_back(worked: Shell) -> None:
    whole, branch = worked.folder / "whole.json", worked.folder / "branch.json"
    ask = ("report", "statement", "--month", "2025-12")
    said = worked.good(*ask, "--out", whole)
    worked.good(*ask, "--branch", "MUL-01", "--out", branch)
    read, part = (from_json(file.read_text(encoding="utf-8")) for file in (whole, branch))
    wanted = expected("expected_by_sector.csv", "2025-12-31")
    assert [line.outstanding for line in read.by_sector] == [
        parse_rupees(row["glp"]) for row in wanted
    ]
    assert statement_digest(read) in said.err
    assert (part.identity.scope.name, part.identity.state) == ("MUL-01", "provisional")
    for bad, sentence in (
        (("--branch", "MUL-01", "--area", "Centre"), "Ask for one of"),
        (("--branch", "nowhere"), "There is no branch nowhere."),
        (("--month", "9999-01"), "The month ends on 9999-01-31."),
        (("--month", "2025-12-31"), "Write the month as year-month"),
    ):
        refused = worked.run(*ask, "--out", worked.folder / "none.json", *bad)
        assert refused.code != 0
        assert sentence in refused.err
    assert not (worked.folder / "none.json").exists()


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_the_paper_of_a_month_is_drawn_for_the_whole_and_for_a_branch(worked: Shell) -> None:
    out = worked.folder / "portfolio.pdf"
    ask = ("report", "portfolio", "--month", "2025-12", "--out", out)
    said = worked.good(*ask, "--language", "en")
    assert "provisional" in said.err
    assert "portfolio.pdf is written" in said.err
    whole = sum(
        parse_rupees(row["glp"]) for row in expected("expected_by_sector.csv", "2025-12-31")
    )
    assert format_rupees(whole, grouping="thousands") in spoken(out.read_bytes())[0]
    worked.good(*ask, "--language", "ur", "--branch", "MUL-01")
    assert "MUL-01" in " ".join(spoken(out.read_bytes())[0])
    assert worked.run(*ask, "--branch", "nowhere").code == 1
