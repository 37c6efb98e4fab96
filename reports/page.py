"""Pages: pieces one below the other, a quiet head and foot around them, page x of y.

A piece is what never splits: a line of a paragraph, a row of a table. Pieces flow down the page;
a piece that is tied stays with the next, so that no heading stands alone at a page's end.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from aim_loans.texts import Translator, translator
from reports.marks import Mark, Page, Placed, Rule, Words
from reports.style import NOTE, Style
from reports.text import Hand

MILLIMETRE = 72 / 25.4
A4 = (210 * MILLIMETRE, 297 * MILLIMETRE)
MARGIN = 18 * MILLIMETRE
WIDTH = A4[0] - 2 * MARGIN
_BAND = 36.0  # of the head and of the foot, in points


def nothing() -> Sequence["Piece"]:
    """Give no pieces: a page that begins or ends here shows nothing more."""
    return ()


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands in one place: its height, the space above it (none at a page's top), its marks.

    `again` gives what a page that begins with it repeats first, `closing` what the page before
    then ends with. All lengths are points.
    """

    height: float
    marks: tuple[Mark, ...] = ()
    space: float = 0
    tied: bool = False
    again: Callable[[], Sequence["Piece"]] = nothing
    closing: Callable[[], Sequence["Piece"]] = nothing


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around every page of a paper; empty texts leave their place empty.

    `state` says provisional or final, `synthetic` that the book is made up; `left` and `below`
    are two lines of the foot: digest and cut, a short code.
    """

    hand: Hand
    institution: str
    title: str
    state: str = ""
    left: str = ""
    below: str = ""
    synthetic: bool = False


def paragraph(
    hand: Hand,
    text: str,
    style: Style,
    *,
    width: float = WIDTH,
    indent: float = 0,
    space: float = 0,
    tied: bool = False,
) -> list[Piece]:
    """Set a text from the side where its language begins; `indent` leaves room there."""
    lines = hand.wrap(text, style, width - indent)
    last = len(lines) - 1
    pieces = []
    for place, line in enumerate(lines):
        x = width - indent - line.width(style.size) if hand.right_to_left else indent
        words = Words(x, hand.foot(style), line, style.size, style.colour)
        # Neither the first line nor the last one stands alone on its page.
        together = place < last and place in (0, last - 1)
        pieces.append(Piece(hand.leading(style), (words,), 0 if place else space, together or tied))
    return pieces


def beside(columns: Sequence[Sequence[Piece]], offsets: Sequence[float]) -> Piece:
    """Put columns of pieces side by side, each so far from the left; they stay together."""
    marks: list[Mark] = []
    height = 0.0
    for pieces, offset in zip(columns, offsets, strict=True):
        y = 0.0
        for place, piece in enumerate(pieces):
            y += piece.space if place else 0
            marks += [mark.moved(offset, y) for mark in piece.marks]
            y += piece.height
        height = max(height, y)
    space = max((pieces[0].space for pieces in columns if pieces), default=0)
    return Piece(height, tuple(marks), space)


def paginate(pieces: Sequence[Piece], height: float) -> list[list[Placed]]:
    """Let pieces flow down pages of this height, in points.

    What is tied together and higher than a page is broken like the rest.
    """
    pages: list[list[Placed]] = [[]]
    y = 0.0
    chains = list(_chains(pieces, height))
    for place, chain in enumerate(chains):
        after = _height(chains[place + 1][0].closing()) if place + 1 < len(chains) else 0
        if pages[-1] and y + _height(chain) + after > height:
            _stack(pages[-1], chain[0].closing(), y)
            pages.append([])
            y = _stack(pages[-1], chain[0].again(), 0)
        y = _stack(pages[-1], chain, y)
    return pages


def _framed(
    pages: Sequence[Sequence[Placed]], around: Around, *, first: int, total: int
) -> list[Page]:
    """Put head and foot around pages of A4, of which the first has this number."""
    return [
        Page(
            *A4,
            (
                *(Placed(MARGIN + each.x, MARGIN + _BAND + each.y, each.marks) for each in page),
                *_frame(around, first + place, total),
            ),
        )
        for place, page in enumerate(pages)
    ]


def paper(sections: Sequence[tuple[Around, Sequence[Piece]]]) -> list[Page]:
    """Lay sections out on A4, each from a new page; the pages are counted through."""
    height = A4[1] - 2 * MARGIN - 2 * _BAND
    laid = [(around, paginate(pieces, height)) for around, pieces in sections]
    total = sum(len(pages) for _, pages in laid)
    found: list[Page] = []
    for around, pages in laid:
        found += _framed(pages, around, first=len(found) + 1, total=total)
    return found


def strip(pieces: Sequence[Piece], width: float, margin: float) -> Page:
    """Lay pieces out on one page as long as they are, such as the roll of a printer (points)."""
    placed: list[Placed] = []
    height = _stack(placed, pieces, 0.0)
    moved = tuple(Placed(margin + each.x, margin + each.y, each.marks) for each in placed)
    return Page(width, height + 2 * margin, moved)


def ends(
    hand: Hand, sides: tuple[str, str], style: Style, *, y: float = 0, width: float = WIDTH
) -> list[Mark]:
    """Set two texts on one line, at the side where the language begins and at the other."""
    sides = sides[::-1] if hand.right_to_left else sides
    left, right = (hand.set(text, style) for text in sides)
    foot = y + hand.foot(style)
    return [
        Words(0, foot, left, style.size, style.colour),
        Words(width - right.width(style.size), foot, right, style.size, style.colour),
    ]


def _frame(around: Around, number: int, total: int) -> list[Placed]:
    hand, words = around.hand, translator(around.hand.language)
    counted = words.text("Page {number} of {total}", number=number, total=total)
    state = " · ".join(part for part in (around.state, _synthetic(around, words)) if part)
    head = [
        *ends(hand, (around.institution, around.title), NOTE),
        Rule(0, 15, WIDTH, 15),
        *(ends(hand, ("", state), replace(NOTE, bold=True), y=18) if state else ()),
    ]
    foot = [
        Rule(0, 6, WIDTH, 6),
        *ends(hand, (around.left, counted), NOTE, y=8),
        *(ends(hand, (around.below, ""), NOTE, y=20) if around.below else ()),
    ]
    return [
        Placed(MARGIN, MARGIN, tuple(head)),
        Placed(MARGIN, A4[1] - MARGIN - _BAND, tuple(foot)),
    ]


def _synthetic(around: Around, words: Translator) -> str:
    return words.text("synthetic") if around.synthetic else ""


def _chains(pieces: Sequence[Piece], height: float) -> Iterator[list[Piece]]:
    """Give what stays together; what would fill more than a page does not."""
    chain: list[Piece] = []
    for piece in pieces:
        if chain and _height([*chain, piece]) > height:
            yield chain
            chain = []
        chain.append(piece)
        if not piece.tied:
            yield chain
            chain = []
    if chain:
        yield chain


def _height(pieces: Sequence[Piece]) -> float:
    return sum(piece.space + piece.height for piece in pieces)


def _stack(page: list[Placed], pieces: Sequence[Piece], y: float) -> float:
    for piece in pieces:
        y += piece.space if page else 0
        page.append(Placed(0, y, piece.marks))
        y += piece.height
    return y
