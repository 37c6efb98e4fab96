"""The tokens of the papers: colours, sizes and spaces, the same values as on the screen."""

from dataclasses import dataclass

INK = "#1b2733"
MUTED = "#55636f"
LINE = "#d5dce2"
PAPER = "#ffffff"
GROUND = "#f6f8f9"
BRAND = "#0b6b50"
WRONG = "#962d1f"

# Never the only carrier of meaning: the word stands beside the colour.
SECTORS = {
    "trade": "#0072b2",
    "livestock": "#d55e00",
    "agriculture": "#009e73",
    "manufacturing": "#cc79a7",
    "housing": "#e69f00",
    "education": "#56b4e9",
    "health": "#7a5195",
    "other": "#7f8c8d",
}
# From not late to 180 days and more, in the order of the buckets.
LATENESS = ("#2e7d5b", "#b8860b", "#c96a00", "#b5471b", "#962d1f", "#6d1b16")

SMALL, TEXT, LARGE, TITLE = 8.0, 9.5, 12.0, 18.0  # points
SPACES = (4, 8, 12, 16, 24, 40)  # points
HAIR, FIRM = 0.5, 1.0  # widths of rules, in points


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set: its size in points, weight and colour; `letter` asks for Nastaliq."""

    size: float = TEXT
    bold: bool = False
    colour: str = INK
    letter: bool = False


BODY = Style()
LETTER = Style(letter=True)
DENSE = Style(SMALL)
NOTE = Style(SMALL, colour=MUTED)
FIGURE = Style(LARGE, bold=True)
LARGEST = Style(TITLE, bold=True, colour=BRAND)
HEADING = Style(LARGE, bold=True, letter=True)
HEADLINE = Style(TITLE, bold=True, colour=BRAND, letter=True)
