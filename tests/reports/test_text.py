"""Setting text: directions, measures and line breaks."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aim_loans import web
from aim_loans.texts import isolate_ltr, translator
from reports import style
from reports.direction import letters, visual
from reports.style import BODY, HEADING
from reports.text import Hand, Line
from reports.type import NASKH, NASTALIQ, SANS, SANS_BOLD, chain

SCREEN = Path(web.__file__).parent / "static" / "aim.css"
ENGLISH, URDU = Hand("en"), Hand("ur")
CNIC = "35201-1234567-1"
# Latin, digits, Urdu letters, joiners, marks, isolates and letters that no font has.
ANY = st.text(
    st.sampled_from("aZ 9-,.()/بشریٰےھ۔،\u200c\u0651\u2066\u2067\u2068\u2069\n漢\u202e\x07")
)


def shown(text: str, base: int) -> str:
    """The letters of a text from left to right."""
    found = letters(text, base)
    return "".join(found[place].text for place in visual([letter.level for letter in found]))


@pytest.mark.parametrize(
    ("text", "base", "left_to_right"),
    [
        ("abc", 0, "abc"),
        ("ابج", 1, "جبا"),
        ("رقم 2,100", 1, "2,100 مقر"),
        (f"کارڈ {isolate_ltr(CNIC)} ہے", 1, f"ےہ {CNIC} ڈراک"),
        # Without its isolate the groups of a CNIC would change places.
        (f"کارڈ {CNIC} ہے", 1, "ےہ 1-1234567-35201 ڈراک"),
        ("from \u2068بشریٰ\u2069, 5", 0, "from ٰیرشب, 5"),
        ("\u2067ab \u2066x\u2069 اب\u2069 c", 0, "با x ab c"),
    ],
)
def test_each_letter_stands_where_readers_expect_it(
    text: str, base: int, left_to_right: str
) -> None:
    assert shown(text, base) == left_to_right


@given(text=ANY, urdu=st.booleans(), width=st.integers(20, 300))
def test_no_letter_is_lost_and_no_line_is_too_wide(text: str, urdu: bool, width: int) -> None:
    hand = URDU if urdu else ENGLISH
    lines = hand.wrap(text, BODY, width)
    drawn = re.compile(r"[\u2066-\u2069\u202e\x07\s]")
    assert drawn.sub("", "".join(line.text for line in lines)) == drawn.sub("", text)
    for line in lines:
        alone = len(line.text) < 2 or len({letter for letter in line.text if letter.isalnum()}) < 2
        assert alone or line.width(BODY.size) <= width + BODY.size


@given(text=ANY)
def test_a_line_is_as_wide_as_its_glyphs_in_either_hand(text: str) -> None:
    for hand in (ENGLISH, URDU):
        line = hand.set(text.replace("\n", " "), HEADING)
        assert line.width(10) == pytest.approx(2 * line.width(5))


def test_figures_are_equally_wide_so_that_units_stand_below_each_other() -> None:
    for font in (SANS, SANS_BOLD):
        glyphs = font.shape("0123456789", right_to_left=False, language="en")
        assert len({glyph.advance for glyph in glyphs}) == 1


def fonts_of(line: Line) -> list[object]:
    return [run.font for run in line.runs]


def test_urdu_takes_nastaliq_in_headings_and_naskh_in_tables() -> None:
    assert fonts_of(URDU.set("رسید", HEADING)) == [NASTALIQ]
    assert fonts_of(URDU.set("رسید", BODY)) == [NASKH]
    assert fonts_of(URDU.set("رقم Rs 5", BODY)) == [SANS, NASKH]


def test_every_letter_of_the_catalogue_has_its_glyph() -> None:
    sentences = translator("ur").sentences
    used = {letter for pair in sentences.items() for text in pair for letter in text}
    for fonts in (chain(bold=False, letter=False), chain(bold=True, letter=True)):
        known = {letter for font in fonts for letter in font.letters}
        assert used - known <= set("\n\u2066\u2067\u2068\u2069")


def test_a_letter_that_no_font_has_shows_as_a_box() -> None:
    (run,) = ENGLISH.set("漢", BODY).runs
    assert [glyph.code for glyph in run.glyphs] == [0]
    for font in chain(bold=False, letter=False):
        assert font.scaled.get_glyph_extents(0).width


def test_urdu_letters_are_joined() -> None:
    (run,) = URDU.set("قسط", BODY).runs
    alone = [URDU.set(letter, BODY).runs[0].glyphs[0].code for letter in "قسط"]
    assert [glyph.code for glyph in run.glyphs] != alone[::-1]


def test_the_tokens_are_those_of_the_screen() -> None:
    css = SCREEN.read_text("utf-8")
    named = {"INK": "ink", "MUTED": "muted", "LINE": "line", "GROUND": "ground"}
    named |= {"BRAND": "brand", "WRONG": "wrong"}
    for name, property_ in named.items():
        assert f"--{property_}: {getattr(style, name)};" in css
    for place, colour in enumerate(style.LATENESS):
        assert f"--b{place}: {colour};" in css
    for sector, colour in style.SECTORS.items():
        assert f".{sector} {{ --sector: {colour}; }}" in css or f"var(--sector, {colour})" in css
