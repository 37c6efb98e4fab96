"""Which way each letter of a text runs: the Unicode bidirectional algorithm (UAX 9).

The library resolves plain text; the isolates, which it does not know, are resolved here, as the
rules X5a to X6a say: what stands between them is a text of its own, and a neutral in the text
around it.
"""

import unicodedata
from typing import NamedTuple

from reports.untyped import levels_of

_OPENING = {"\u2066": 0, "\u2067": 1, "\u2068": None}  # left, right, as the first strong letter
_CLOSING = "\u2069"
_STAND_IN = "\ufffc"
_STRONG = {"L": 0, "R": 1, "AL": 1}
# Older marks of direction; our texts hold isolates instead.
_DROPPED = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "B", ""}
_JOINERS = "\u200c\u200d"
_TABS = "\t\v\f"


class Letter(NamedTuple):
    """A letter that is drawn, and its level: even runs left to right, odd right to left."""

    text: str
    level: int


def letters(text: str, base: int) -> list[Letter]:
    """Give the letters of one paragraph in reading order, each with its level.

    `base` is 0 for a paragraph that runs left to right, 1 for one right to left.
    """
    if base % 2 == 0 and text.isascii() and text.isprintable():
        # Nothing in it can run the other way; most of a paper is figures.
        return [Letter(letter, base) for letter in text]
    outer, inner = _take_apart(text)
    levels = iter(levels_of("".join(part for part in outer if part not in _JOINERS), base))
    found: list[Letter] = []
    before = base
    isolates = iter(inner)
    for part in outer:
        # A joiner has no direction: it goes with the letter before it.
        level = before if part in _JOINERS else next(levels)
        if part == _STAND_IN:
            first, within = next(isolates)
            found += letters(within, _next_level(level, first))
        else:
            found.append(Letter(part, level))
        before = level
    return found


def visual(levels: list[int]) -> list[int]:
    """Give the places of a line's letters or runs from left to right (rule L2)."""
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = max(end, start + 1)
    return order


def _next_level(level: int, parity: int) -> int:
    """Give the least level above this one that runs the given way."""
    return level + 1 if (level + 1) % 2 == parity else level + 2


def _take_apart(text: str) -> tuple[list[str], list[tuple[int, str]]]:
    """Give the letters outside isolates, a stand-in for each, and what it holds."""
    outer: list[str] = []
    inner: list[tuple[int, str]] = []
    place = 0
    while place < len(text):
        letter = text[place]
        if letter in _OPENING:
            end = _end_of_isolate(text, place)
            within = text[place + 1 : end]
            given = _OPENING[letter]
            inner.append((_first_strong(within) if given is None else given, within))
            outer.append(_STAND_IN)
            place = end
        elif letter in _JOINERS or _is_drawn(letter):
            outer.append(" " if letter in _TABS else letter)
        place += 1
    return outer, inner


def _is_drawn(letter: str) -> bool:
    kind = unicodedata.bidirectional(letter)
    return kind not in _DROPPED and kind != "BN" and letter != _STAND_IN


def _end_of_isolate(text: str, start: int) -> int:
    """Give the place of the closing mark, or the end of a text that lacks it."""
    depth = 0
    for place in range(start, len(text)):
        if text[place] in _OPENING:
            depth += 1
        elif text[place] == _CLOSING:
            depth -= 1
            if depth == 0:
                return place
    return len(text)


def _first_strong(text: str) -> int:
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((_STRONG[kind] for kind in kinds if kind in _STRONG), 0)
