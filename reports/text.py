"""Setting text: lines of English, Urdu and both, measured, broken and placed.

A line keeps its letters in reading order beside its glyphs, so that what is drawn can be read
and copied again whatever the order of the glyphs on the paper.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from reports.direction import Letter, letters, visual
from reports.style import Style
from reports.type import UNITS, Font, Glyph, chain, font_of

# Of the last ones: a paper says the same words again and again.
_KEPT_LINES = 2_000
# The distance of lines to their size: Nastaliq falls from word to word, and needs room.
_LATIN, _NASKH, _NASTALIQ = 1.4, 1.65, 2.2
# How much of that lies above the foot of the letters.
_ABOVE = {_LATIN: 0.76, _NASKH: 0.70, _NASTALIQ: 0.68}


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one font, from left to right."""

    font: Font
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it says, in reading order, and its runs from left to right."""

    text: str
    runs: tuple[Run, ...]

    def width(self, size: float) -> float:
        """Give its width in points at a size."""
        units = sum(glyph.advance for run in self.runs for glyph in run.glyphs)
        return units * size / UNITS


@dataclass(frozen=True, slots=True)
class Hand:
    """Who writes one language (`en`, `ur`): its direction, and its lines."""

    language: str

    @property
    def right_to_left(self) -> bool:
        """Say whether its pages run from right to left."""
        return self.language == "ur"

    def leading(self, style: Style) -> float:
        """Give the distance of two lines, in points."""
        return self._leading(style) * style.size

    def foot(self, style: Style) -> float:
        """Give how far below the top of its line a letter stands, in points."""
        leading = self._leading(style)
        return leading * _ABOVE[leading] * style.size

    def set(self, text: str, style: Style) -> Line:
        """Set a text on one line."""
        return _set(text, style.bold, style.letter and self.right_to_left, self.language)

    def wrap(self, text: str, style: Style, width: float) -> list[Line]:
        """Break a text into lines no wider than this, in points; each line end breaks it too."""
        letter = style.letter and self.right_to_left
        units = width * UNITS / style.size
        return [
            line
            for paragraph in text.split("\n")
            for line in _wrap(paragraph, style.bold, letter, self.language, units)
        ]

    def _leading(self, style: Style) -> float:
        if not self.right_to_left:
            return _LATIN
        return _NASTALIQ if style.letter else _NASKH


def isolated(text: str) -> str:
    """Keep a text in its own direction whatever surrounds it; figures run left to right."""
    return f"\u2068{text}\u2069"


@lru_cache(_KEPT_LINES)
def _set(text: str, bold: bool, letter: bool, language: str) -> Line:  # noqa: FBT001  # a cache's key
    return _line(letters(text, int(language == "ur")), chain(bold=bold, letter=letter), language)


@lru_cache(_KEPT_LINES)
def _wrap(text: str, bold: bool, letter: bool, language: str, units: float) -> tuple[Line, ...]:  # noqa: FBT001  # a cache's key
    fonts = chain(bold=bold, letter=letter)
    found = letters(text, int(language == "ur"))
    widths = _widths(found, fonts, language)
    return tuple(
        _line(_trimmed(found[start:end]), fonts, language)
        for start, end in _broken(found, widths, units)
    )


def _line(found: Sequence[Letter], fonts: tuple[Font, ...], language: str) -> Line:
    """Shape the runs of a line whole, and put them from left to right."""
    runs = list(_runs(found, fonts))
    levels = [level for _, level, _ in runs]
    placed = [runs[place] for place in visual(levels)]
    return Line(
        "".join(letter.text for letter in found),
        tuple(
            Run(font, tuple(font.shape(text, right_to_left=level % 2 == 1, language=language)))
            for font, level, text in placed
        ),
    )


def _runs(found: Sequence[Letter], fonts: tuple[Font, ...]) -> Iterator[tuple[Font, int, str]]:
    """Give the runs of one font and level, in reading order."""
    chosen: list[Font] = []
    before: Font | None = None
    for letter in found:
        before = font_of(letter.text, fonts, before)
        chosen.append(before)
    pairs = zip(found, chosen, strict=True)
    for (font, level), run in groupby(pairs, key=lambda pair: (pair[1], pair[0].level)):
        yield font, level, "".join(letter.text for letter, _ in run)


def _widths(found: Sequence[Letter], fonts: tuple[Font, ...], language: str) -> list[int]:
    """Give how far each letter moves the pen (font units); joined letters count at the first."""
    widths: list[int] = []
    for font, level, text in _runs(found, fonts):
        moved = [0] * len(text)
        for glyph in font.shape(text, right_to_left=level % 2 == 1, language=language):
            moved[glyph.letter] += glyph.advance
        widths += moved
    return widths


def _broken(
    found: Sequence[Letter], widths: Sequence[int], units: float
) -> Iterator[tuple[int, int]]:
    """Give where each line begins and ends: at spaces, inside a word only when it fits no line."""
    start, last_space, used = 0, None, 0.0
    for place, letter in enumerate(found):
        if letter.text == " ":
            last_space = place
        used += widths[place]
        if used <= units or letter.text == " " or place == start:
            continue
        end = place if last_space is None else last_space + 1
        yield start, end
        start, last_space = end, None
        used = float(sum(widths[start : place + 1]))
    yield start, len(found)


def _trimmed(found: Sequence[Letter]) -> Sequence[Letter]:
    end = len(found)
    while end and found[end - 1].text == " ":
        end -= 1
    return found[:end]
