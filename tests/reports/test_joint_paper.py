"""The joint report on paper: its parts in each language, its marks, its bytes."""

from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from aim_loans.mou.published import Change, JointReport, PublishedCell, PublishedTable
from aim_loans.texts import format_day, translator
from reports.loan_values import Letterhead
from reports.mou_pdf import joint_pdf
from tests.made_up_statement import made_up, report_of
from tests.reports.reading import spoken

LENDER = Letterhead("The lender", "thousands", synthetic=True)
DIGEST = "ab12" * 16


@cache
def report(period: str) -> JointReport:
    return report_of(made_up(period))[0]


@cache
def drawn(period: str, language: str) -> bytes:
    return joint_pdf(report(period), LENDER, digest=DIGEST, language=language)


def bare(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069")))


def said(page: list[str]) -> str:
    return bare(" ".join(page))


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_report_holds_its_parts_and_its_marks_on_every_page(language: str) -> None:
    say = translator(language).text
    pages = [said(page) for page in spoken(drawn("2026-H1", language))]
    assert len(pages) > 8
    for heading in (
        "Scoreboard",
        "Pillar A: access to finance",
        "Pillar F: formalisation",
        "Pillar H: hand-holding",
        "Outcomes",
        "Annex 1: districts",
        "Method and limits",
        "Sign-off",
    ):
        assert any(bare(say(heading)) in page for page in pages), heading
    for page in pages:
        assert DIGEST[:16] in page
        assert say("synthetic") in page
        assert bare(f"{format_day(date(2026, 7, 6), language)} 14:30") in page
    assert f"{len(pages)}" in pages[0]


def test_the_scoreboard_is_one_page_and_invents_no_target() -> None:
    for language in ("en", "ur"):
        say = translator(language).text
        pages = [said(page) for page in spoken(drawn("2026-H1", language))]
        first = next(n for n, page in enumerate(pages) if say("Scoreboard") in page)
        assert bare(say("Pillar A: access to finance")) in pages[first + 1]
        assert say("not set") in pages[first]
        assert say("below target") in pages[first]


def test_outcomes_stand_with_n_and_margin_and_claim_association_alone() -> None:
    pages = [said(page) for page in spoken(drawn("2026-H1", "en"))]
    (page,) = (each for each in pages if "n = 96 of 120" in each)
    assert "9.3 percentage points" in page
    assert "not that the programme brought it about" in page


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_brief_of_a_month_is_one_page(language: str) -> None:
    (page,) = spoken(drawn("2026-06", language))
    assert "2026-06" in said(page)


def test_tables_without_a_figure_to_show_are_named_and_unknown_dimensions_left_out() -> None:
    def told(table: PublishedTable) -> PublishedTable:
        if table.line != "A1" or table.by not in (("disability",), ("tier",)):
            return table
        values = [("yes",), ("no",)] if table.by == ("disability",) else [("unknown",)]
        return replace(table, cells=tuple(PublishedCell(each, None, None) for each in values))

    whole = report("2026-H1")
    held = replace(whole, tables=tuple(map(told, whole.tables)))
    paper = joint_pdf(held, LENDER, digest=DIGEST, language="en")
    page = next(each for each in map(said, spoken(paper)) if "Held back as a whole" in each)
    assert "Held back as a whole: Enterprises financed by disability." in page
    assert "Enterprises financed by tier" not in page


def test_both_languages_are_the_urdu_report_and_then_the_english() -> None:
    both = spoken(drawn("2026-06", "both"))
    assert translator("ur").text("Monthly brief for the steering committee") in said(both[0])
    assert "Monthly brief for the steering committee" in said(both[1])


def test_the_same_report_gives_the_same_bytes() -> None:
    again = joint_pdf(report("2026-06"), LENDER, digest=DIGEST, language="ur")
    assert again == drawn("2026-06", "ur")


def test_a_correction_names_what_changed_in_its_own_unit() -> None:
    changes = (
        Change("A1", None, 12),
        Change("A2", 1_234_500_00, 1_234_600_00),
        Change("A10.par30", 30, 40, 1_000, 1_000),
        Change("O2", None, 21, 0, 400),
    )
    corrected = replace(report("2026-H1"), reason="a payout was forgotten", changes=changes)
    pdf = joint_pdf(corrected, LENDER, digest=DIGEST, language="en")
    (page,) = (text for text in map(said, spoken(pdf)) if "a payout was forgotten" in text)
    for before, now in (
        ("[c]", "12"),
        ("Rs 1,234,500", "Rs 1,234,600"),
        ("3.0 %", "4.0 %"),
        ("–", "5.3 %"),
    ):
        assert f"{before} {now}" in page
