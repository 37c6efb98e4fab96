"""The fonts of the papers, and the glyphs that a run of letters takes (HarfBuzz)."""

import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from reports.untyped import uharfbuzz

FONTS = Path(__file__).parent / "fonts"
UNITS = 1000  # of every font here, to the size of its letters

_ARABIC_KINDS = {"AL", "AN", "NSM", "R"}
_GLUED = "\u200c\u200d"


class Glyph(NamedTuple):
    """A glyph's code in its font, how far it moves the pen and where it stands (font units)."""

    code: int
    advance: int
    right: int
    up: int
    letter: int  # the place in the run of the first letter that it draws


# Each file is one object, and every letter asks for one: equal is the same.
@dataclass(frozen=True, eq=False)
class Font:
    """A font file as it ships with the papers."""

    name: str

    @property
    def path(self) -> Path:
        """Give the file."""
        return FONTS / f"{self.name}.ttf"

    @cached_property
    def face(self) -> Any:
        """Open the file."""
        return uharfbuzz.Face(uharfbuzz.Blob(self.path.read_bytes()))

    @cached_property
    def scaled(self) -> Any:
        """Give the font at the size at which its units are whole numbers."""
        return uharfbuzz.Font(self.face)

    @cached_property
    def letters(self) -> frozenset[str]:
        """Give the letters that it draws."""
        return frozenset(map(chr, self.face.unicodes))

    @cached_property
    def letter_of_glyph(self) -> dict[int, str]:
        """Give the letter of each glyph that is one by itself, the first of several."""
        found: dict[int, str] = {}
        for letter in sorted(self.letters):
            found.setdefault(self.scaled.get_nominal_glyph(ord(letter)), letter)
        return found

    def shape(self, run: str, *, right_to_left: bool, language: str) -> list[Glyph]:
        """Give the glyphs of a run from left to right."""
        buffer = uharfbuzz.Buffer()
        buffer.add_str(run)
        buffer.direction = "rtl" if right_to_left else "ltr"
        buffer.script = "Arab" if self in ARABIC else "Latn"
        buffer.language = language
        # A ligature of Latin letters would hide them from whoever copies the text.
        uharfbuzz.shape(self.scaled, buffer, {"liga": self in ARABIC})
        return [
            Glyph(info.codepoint, at.x_advance, at.x_offset, at.y_offset, info.cluster)
            for info, at in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        ]


SANS, SANS_BOLD = Font("noto-sans-regular"), Font("noto-sans-bold")
NASKH, NASKH_BOLD = Font("noto-naskh-arabic-regular"), Font("noto-naskh-arabic-bold")
NASTALIQ = Font("noto-nastaliq-urdu-regular")
SIGNS, MINUS = Font("noto-sans-symbols2-signs"), Font("noto-sans-math-minus")
ARABIC = frozenset({NASKH, NASKH_BOLD, NASTALIQ})


@cache
def chain(*, bold: bool, letter: bool) -> tuple[Font, ...]:
    """Give the fonts to look for a glyph in; Nastaliq for headings and letters has one weight."""
    naskh = NASKH_BOLD if bold else NASKH
    arabic = (NASTALIQ, naskh) if letter else (naskh,)
    return (SANS_BOLD if bold else SANS, *arabic, SIGNS, MINUS)


@cache
def font_of(letter: str, fonts: tuple[Font, ...], before: Font | None) -> Font:
    """Choose the font of a letter: Urdu letters take the Arabic one, a space that before it."""
    if before is not None and letter in before.letters and (letter == " " or letter in _GLUED):
        return before
    arabic = unicodedata.bidirectional(letter) in _ARABIC_KINDS
    preferred = [font for font in fonts if (font in ARABIC) == arabic]
    able = (font for font in (*preferred, *fonts) if letter in font.letters)
    # What no font draws shows as an empty box.
    return next(able, preferred[0])
