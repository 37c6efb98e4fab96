"""The portfolio paper: the figures of its statement, in order, in both languages, equal bytes."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from aim_loans.errors import Refused
from aim_loans.money import format_rupees, percent_text
from aim_loans.portfolio.statement import PortfolioStatement, Scope
from aim_loans.portfolio.statement_json import statement_digest
from aim_loans.portfolio.statement_tables import ControlLine, GroupLine, Restatement
from aim_loans.texts import translator
from reports.loan_values import Letterhead
from reports.marks import Words
from reports.portfolio_pdf import portfolio_pages, portfolio_pdf
from reports.portfolio_trend import scale
from tests.reports.reading import font_names, spoken, titles
from tests.reports.statements import LENDER, worked_statement

ROOT = Path(__file__).resolve().parents[2]
STRUCTURE = Path(__file__).with_name("portfolio_structure.txt")
ISOLATES = re.compile("[\u2066-\u2069]")
FIGURE = re.compile(r"[-+−]?[\d,.]+( %)?")


def plain(line: str) -> str:
    """Drop marks of direction; a blank that keeps an amount together is a blank."""
    return ISOLATES.sub("", line).replace("\u00a0", " ")


@cache
def laid(
    statement: PortfolioStatement, language: str = "en", letterhead: Letterhead = LENDER
) -> list[list[str]]:
    """The lines of each page as they are laid out, before any PDF is made."""
    return [
        [
            plain(mark.line.text)
            for placed in page.placed
            for mark in placed.marks
            if isinstance(mark, Words)
        ]
        for page in portfolio_pages(statement, letterhead, language)
    ]


@cache
def worked_pdf(language: str) -> bytes:
    return portfolio_pdf(worked_statement(), LENDER, language)


def all_lines(pages: Iterable[list[str]]) -> set[str]:
    return {line for page in pages for line in page}


def figure(paisa: int) -> str:
    return format_rupees(paisa, grouping="thousands").removeprefix("Rs ")


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_worked_book_stands_on_its_paper(language: str) -> None:
    statement = worked_statement()
    first, *others = laid(statement, language)
    now, before = statement.now, statement.last_month
    for name in ("disbursed", "due", "received", "arrears", "par30", "outstanding"):
        assert figure(getattr(now, name)) in first, name
        assert figure(getattr(before, name)) in first, name
    for ratio in (now.par30_ratio, now.recovery):
        assert f"{percent_text(*ratio)} %" in first
    lines = all_lines(others)
    for group in (*statement.by_sector, *statement.by_branch, *statement.by_programme):
        assert {figure(group.outstanding), figure(group.par30)} <= lines, group.key
    for bucket in statement.risk.ageing:
        assert figure(bucket.outstanding) in lines
    for step in statement.classification.lines:
        assert figure(step.provision) in lines
    assert {loan.loan_ref for loan in statement.watch_list.loans} <= lines
    assert {figure(line.control) for line in statement.reconciliation} <= lines


def test_every_page_says_which_paper_it_is() -> None:
    statement = worked_statement()
    digest = statement_digest(statement)
    for language, word in (("en", "provisional"), ("ur", "عبوری")):
        pages = laid(statement, language)
        for number, page in enumerate(pages, start=1):
            assert word in page
            assert any(digest in line for line in page)
            assert any(line.endswith(f"{number} of {len(pages)}") for line in page) or any(
                line == f"صفحہ {number} از {len(pages)}" for line in page
            )


def test_a_final_paper_names_its_edition_and_seal_and_a_made_up_one_says_so() -> None:
    statement = worked_statement()
    closed_at = datetime(2026, 1, 5, 7, 30, tzinfo=UTC)
    identity = replace(
        statement.identity,
        state="final",
        edition=2,
        closed_at=closed_at,
        seal="5ea1" * 16,
        scope=Scope("branch", "MUL-01"),
    )
    made_up = Letterhead("The lender", "thousands", synthetic=True)
    pages = laid(replace(statement, identity=identity), letterhead=made_up)
    for page in pages:
        assert "final · edition 2 · synthetic" in page
        assert "Portfolio report · Dec 2025 · Branch MUL-01" in page
    assert "5ea1" * 16 in pages[-1]
    assert "5 Jan 2026 12:30" in pages[-1]


def test_titles_and_tables_stand_in_their_order() -> None:
    """Hold the structure; after a wanted change remove the file and run this again."""
    pages = titles(worked_pdf("en"))
    found = "\n\n".join(
        "\n".join(ISOLATES.sub("", line) for line in page if not FIGURE.fullmatch(line))
        for page in pages
    )
    if not STRUCTURE.exists():
        STRUCTURE.write_text(found + "\n", encoding="utf-8")
        pytest.fail(f"{STRUCTURE.name} is written anew: read it, and keep it with the change")
    assert found + "\n" == STRUCTURE.read_text("utf-8")


def test_both_languages_are_the_urdu_paper_and_then_the_english() -> None:
    statement = worked_statement()
    urdu, english, both = (len(laid(statement, each)) for each in ("ur", "en", "both"))
    assert both == urdu + english
    with pytest.raises(Refused, match="no language"):
        portfolio_pdf(statement, LENDER, "fr")


def test_no_urdu_page_holds_an_english_sentence() -> None:
    said = translator("ur")
    lines = all_lines(laid(worked_statement(), "ur"))
    english = {line for line in lines if line in said.sentences and said.text(line) != line}
    assert english <= {"Rs"}


def test_a_book_without_receipts_says_so_on_its_first_page() -> None:
    statement = worked_statement()
    assert "no repayments supplied" not in laid(statement)[0]
    without = laid(replace(statement, no_repayments=True))
    assert "no repayments supplied" in without[0]
    for title in ("How late the book is", "Disbursed and recovered", "Roll rates"):
        page = next(page for page in without if title in page)
        assert page[page.index(title) + 1] == "no repayments supplied"


def test_the_allowance_stands_below_the_classes_and_in_the_reconciliation() -> None:
    statement = worked_statement()
    asked_for = statement.classification.specific + statement.classification.general
    posted = ControlLine("loss_allowance", "general", asked_for - 7_00, asked_for - 7_00)
    lines = all_lines(
        laid(
            replace(
                statement,
                headline=replace(statement.headline, allowance=posted.control),
                reconciliation=(*statement.reconciliation, posted),
            )
        )
    )
    assert "Loss allowance (beside it: the movements posted)" in lines
    assert figure(posted.control) in lines
    assert any("+Rs 7." in line for line in lines)


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_first_page_stays_one_page_at_its_fullest(language: str) -> None:
    statement = worked_statement()
    entered = datetime(2026, 1, 9, 6, 15, tzinfo=UTC)
    late = Restatement(date(2025, 11, 30), "W02", "MUL-01", "receipt", "asma", entered, -1, -1, 0)
    amounts = ("disbursed", "received", "outstanding", "due", "due_met", "arrears", "par30")
    ends = tuple(
        replace(end, **{name: 4_000 * getattr(end, name) + 77 for name in amounts})
        for end in statement.trend
    )
    renegotiated = replace(statement.risk.renegotiated, outstanding=10**13)
    full = replace(
        statement,
        trend=ends,
        restatements=(late,),
        risk=replace(statement.risk, renegotiated=renegotiated),
    )
    title = translator(language).text("Thirteen months")
    for no_repayments in (False, True):
        pages = laid(replace(full, no_repayments=no_repayments), language)
        assert title in pages[1]


def test_a_book_without_a_loan_leaves_its_shares_empty() -> None:
    early = worked_statement(date(2020, 1, 31))
    for language in ("en", "ur"):
        first, *others = laid(early, language)
        shares = {line for page in (first, *others) for line in page if line.endswith("%")}
        # What stands on the national book and on the ladder has a value all the same.
        assert not any(line.startswith("100.0") for line in shares)
    said = " ".join(laid(early)[0])
    assert "no loan on 31 Dec 2019 to compare with" in said
    assert "A share over nothing is left empty." in said


def test_a_long_table_carries_its_sums_over_and_ends_with_the_whole() -> None:
    statement = worked_statement()
    branches = tuple(branch(number) for number in range(1, 121))
    others = sum(line.outstanding for line in statement.by_branch)
    pages = laid(replace(statement, by_branch=branches))
    with_sums = [page for page in pages if page.count("So far")]
    assert len(with_sums) >= 3
    for before, after in pairwise(with_sums):
        closing = len(before) - 1 - before[::-1].index("So far")
        opening = after.index("So far")
        assert before[closing : closing + 8] == after[opening : opening + 8]
    whole = sum(line.outstanding for line in branches)
    assert whole != others
    assert figure(whole) in with_sums[-1]


def branch(number: int) -> GroupLine:
    """A branch with a round number of everything."""
    money = number * 1_000_00
    return GroupLine(
        key=f"B-{number:03}",
        active_loans=number,
        active_borrowers=number,
        outstanding=money,
        arrears=money // 10,
        par0=money // 5,
        par30=money // 10,
        due=money,
        due_met=money // 2,
        loans_made=1,
        disbursed=money,
        received=money,
    )


def test_thousands_of_officers_end_in_one_line_that_keeps_the_total() -> None:
    statement = worked_statement()
    officers = tuple(replace(branch(number), key=f"officer{number}") for number in range(1, 201))
    lines = all_lines(laid(replace(statement, by_officer=officers)))
    assert "officer200" in lines
    assert "officer1" not in lines
    assert "Others: 140" in lines
    assert figure(sum(line.outstanding for line in officers)) in lines


def test_restated_loans_are_named_with_their_reason_and_sums() -> None:
    entered = datetime(2026, 1, 9, 6, 15, tzinfo=UTC)
    found = tuple(
        Restatement(date(2025, 11, 30), ref, "MUL-01", reason, "asma", entered, -more, -more, 0)
        for ref, reason, more in (("W02", "receipt", 500_00), ("W03", "receipt dimension", 700_00))
    )
    pages = laid(replace(worked_statement(), restatements=found))
    lines = all_lines(pages)
    assert {"W02", "Receipt", "Receipt · Moved or corrected", "−500", "−1,200"} <= lines
    assert "9 Jan 2026 11:15 asma" in lines
    assert any("Loans restated since the last close: 2." in line for line in pages[0])


@pytest.mark.parametrize("language", ["en", "ur"])
def test_what_is_laid_out_is_read_back_and_names_no_borrower(language: str) -> None:
    pdf = worked_pdf(language)
    pages = [[plain(line) for line in page] for page in spoken(pdf)]
    assert pages == laid(worked_statement(), language)
    assert all(name.partition("+")[2].startswith("noto-") for name in font_names(pdf))
    assert not any(re.search(r"\d{5}-\d{7}-\d", line) for line in all_lines(pages))


@pytest.mark.parametrize("most", [0, 1, 3, 7, 99, 100, 101, 5_476_900_00])
def test_a_scale_is_round_and_ends_above_its_values(most: int) -> None:
    steps = scale(most)
    assert steps[0] == 0
    assert steps[-1] >= most
    assert len(steps) <= 5
    assert len({after - before for before, after in pairwise(steps)}) == 1
