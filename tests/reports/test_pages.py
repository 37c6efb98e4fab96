"""Pages and tables: what stays together, what is repeated."""

from pathlib import Path

from reports.ink import About, to_pdf
from reports.marks import Rule, Words
from reports.page import Around, Piece, paginate, paper, paragraph
from reports.parts import facts
from reports.style import BODY, HEADING
from reports.table import Column, Table, table
from reports.text import Hand
from tests.reports.reading import extracted, font_names, spoken

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, URDU = Hand("en"), Hand("ur")
COLUMNS = [Column("On"), Column("What it was for"), Column("Amount, Rs", figures=True)]


def ledger(hand: Hand, count: int) -> list[Piece]:
    """A table of so many receipts of Rs 100."""
    rows = [(f"{place + 1}", "Receipt بشریٰ", "100") for place in range(count)]
    return table(
        hand,
        Table(
            COLUMNS,
            rows,
            totals=[("", "Total", f"{count * 100:,}")],
            running=lambda place: ("", "So far", f"{place * 100:,}"),
        ),
    )


def drawn() -> bytes:
    """A paper of three pages in both languages."""
    sections = [
        (Around(hand, "The lender", "A list", state="provisional", left="digest"), ledger(hand, 60))
        for hand in (ENGLISH, URDU)
    ]
    return to_pdf(paper(sections), About("A list", "The lender", "en"))


def heights(count: int, *, tied: frozenset[int] = frozenset()) -> list[Piece]:
    return [Piece(10, (), 0, place in tied) for place in range(count)]


def counts(pieces: list[Piece], height: float) -> list[int]:
    return [len(page) for page in paginate(pieces, height)]


def test_pieces_flow_and_a_tied_one_stays_with_the_next() -> None:
    assert counts(heights(7), 30) == [3, 3, 1]
    assert counts(heights(7, tied=frozenset({2})), 30) == [2, 3, 2]
    assert counts(heights(7, tied=frozenset({1, 2})), 30) == [1, 3, 3]


def test_what_is_tied_and_higher_than_a_page_is_broken_all_the_same() -> None:
    assert counts(heights(9, tied=frozenset(range(9))), 30) == [3, 3, 3]


def test_a_heading_never_ends_a_page() -> None:
    for before in range(40, 60):
        pieces = heights(before) + paragraph(ENGLISH, "Heading", HEADING, tied=True) + heights(1)
        for page in paginate(pieces, 500)[:-1]:
            last = page[-1].marks
            assert not last or not isinstance(last[0], Words)


def test_a_table_repeats_its_head_and_carries_its_sums_over() -> None:
    first, second, *_ = spoken(drawn())
    rows = [line for line in first if line.isdigit() and line != "100"]
    so_far = f"{len(rows) * 100:,}"
    assert first[:3] == ["On", "What it was for", "Amount, Rs"]
    assert second[:6] == ["On", "What it was for", "Amount, Rs", "", "So far", so_far]
    assert so_far in first
    assert second[6] == str(len(rows) + 1)
    assert "6,000" in second


def test_every_page_says_which_it_is_and_how_it_stands() -> None:
    pages = spoken(drawn())
    assert "Page 2 of 4" in pages[1]
    assert "صفحہ 4 از 4" in pages[3]
    assert all("provisional" in page for page in pages)


def test_figures_end_at_the_right_and_columns_follow_the_language() -> None:
    for hand, first_is_left in ((ENGLISH, True), (URDU, False)):
        head = ledger(hand, 1)[0]
        words = [mark for mark in head.marks if isinstance(mark, Words)]
        assert (words[0].x < words[2].x) is first_is_left
        rights = set()
        for piece in ledger(hand, 3)[:4]:
            figure = [mark for mark in piece.marks if isinstance(mark, Words)][2]
            rights.add(round(figure.x + figure.line.width(figure.size), 6))
        assert len(rights) == 1


def test_totals_are_ruled_above_and_stay_with_the_last_row() -> None:
    *_, last_row, total = ledger(ENGLISH, 3)
    assert last_row.tied
    assert any(isinstance(mark, Rule) and mark.y == 0 for mark in total.marks)


def test_no_page_begins_or_ends_with_less_than_three_rows_of_a_table() -> None:
    row = ledger(ENGLISH, 9)[1].height
    for room in range(9):
        before = [Piece(row)] * room
        pages = paginate([*before, *ledger(ENGLISH, 9)], 9 * row)
        rows = [
            sum(
                isinstance(mark, Words) and mark.line.text == "Receipt بشریٰ"
                for placed in page
                for mark in placed.marks
            )
            for page in pages
        ]
        assert sum(rows) == 9
        assert all(count == 0 or count >= 3 for count in rows), (room, rows)


def test_values_side_by_side_stand_on_one_line_under_long_and_short_names() -> None:
    named = [("A name that is far too long for its column", "1"), ("Short", "2")]
    (row,) = facts(ENGLISH, named, width=200)
    lines = {mark.line.text: mark.y for mark in row.marks if isinstance(mark, Words)}
    assert lines["1"] == lines["2"] > lines["Short"]


def test_a_text_too_wide_for_its_column_is_broken_and_no_figure_is() -> None:
    rows = [("1", "a long purpose " * 12, "123,456,789.50")]
    row = table(ENGLISH, Table(COLUMNS, rows), width=200)[1]
    lines = [mark.line.text for mark in row.marks if isinstance(mark, Words)]
    assert "123,456,789.50" in lines
    assert len(lines) > 4
    for mark in row.marks:
        if isinstance(mark, Words):
            assert -0.01 <= mark.x <= mark.x + mark.line.width(mark.size) <= 200.01


def test_what_a_paper_says_can_be_read_back() -> None:
    pdf = drawn()
    assert "Receipt بشریٰ" in spoken(pdf)[0]
    assert "What it was for" in extracted(pdf)
    assert {name.partition("+")[2] for name in font_names(pdf)} == {
        "noto-sans-regular",
        "noto-sans-bold",
        "noto-naskh-arabic-regular",
    }


def test_a_paragraph_leaves_no_line_of_it_alone() -> None:
    pieces = heights(1) + paragraph(ENGLISH, "word " * 60, BODY, width=200)
    lines = len(pieces) - 1
    height = 10 + (lines - 1) * ENGLISH.leading(BODY) + 1
    assert counts(pieces, height) == [lines - 1, 2]
