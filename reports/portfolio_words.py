"""How the portfolio paper writes its figures: amounts, shares, changes, months."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from aim_loans.money import Ratio, divide_rounded, percent_text, points
from aim_loans.portfolio.statement import PortfolioStatement, Scope
from aim_loans.texts import format_month
from reports.page import Piece, paragraph
from reports.parts import stamp
from reports.portfolio_names import INDICATORS, LEVELS
from reports.style import BODY, DENSE, NOTE, SPACES
from reports.table import Column, Table, table
from reports.text import isolated
from reports.voice import Voice

_TENTHS = 10
_LATE_SIGNS = ("", "·", "▲", "▲▲", "■", "■■")


def count(number: int) -> str:
    """Write a number of things."""
    return f"{number:,}"


def share(ratio: Ratio) -> str:
    """Write a share in per cent for a column that says so; empty over nothing."""
    return percent_text(*ratio)


def per_cent(ratio: Ratio) -> str:
    """Write a share with its sign; empty over nothing."""
    written = percent_text(*ratio)
    return written and f"{written} %"


def tenths_of(ratio: Ratio) -> int | None:
    """Give a share in tenths of a per cent, for a chart; None over nothing."""
    if not ratio.denominator:
        return None
    return divide_rounded(ratio.numerator * 1_000, ratio.denominator, multiple=1, rule="half_up")


def tenths(number: int) -> str:
    """Write tenths with one decimal, without a sign."""
    return f"{abs(number) // _TENTHS}.{abs(number) % _TENTHS}"


def signed(number: int, written: str) -> str:
    """Put the sign of a change before what is written of its size."""
    sign = "+" if number > 0 else "−" if number < 0 else ""
    return f"{sign}{written}"


def in_one_piece(text: str) -> str:
    """Keep an amount or a share in a sentence on one line, in its own direction."""
    return isolated(text.replace(" ", "\u00a0"))


def points_moved(now: Ratio, before: Ratio) -> str:
    """Write by how many points a share changed; empty when one of them has no value."""
    moved = points(*now, *before)
    return "" if moved is None else signed(moved, tenths(moved))


def change(voice: Voice, paisa: int) -> str:
    """Write by how much an amount changed, for a column of rupees."""
    return signed(paisa, voice.figure(abs(paisa)))


def mean(voice: Voice, ratio: Ratio) -> str:
    """Write a mean amount in whole rupees, half up; empty over nothing."""
    if not ratio.denominator:
        return ""
    return voice.rupees(divide_rounded(*ratio, multiple=100, rule="half_up"))


def month_name(voice: Voice, day: date) -> str:
    """Write the month of a date."""
    return format_month(day, voice.words.language)


def scope_name(voice: Voice, scope: Scope) -> str:
    """Say what the statement is about."""
    level = voice.words.text(LEVELS[scope.level])
    return f"{level} {isolated(scope.name)}" if scope.name else level


def indicator(voice: Voice, name: str) -> str:
    """Give the name of an indicator."""
    return voice.words.text(INDICATORS[name]) if name in INDICATORS else voice.words.heading(name)


def group_name(voice: Voice, dimension: str, key: str) -> str:
    """Give the name of a group; one that nobody entered says so."""
    if not key:
        return voice.words.text("not entered")
    return isolated(voice.words.word(dimension, key))


def bucket_name(voice: Voice, place: int, bucket: str) -> str:
    """Give the name of a bucket, by its place, with the sign of its lateness."""
    return " ".join(
        part for part in (_LATE_SIGNS[place], voice.words.word("bucket", bucket)) if part
    )


def figures_column(name: str, unit: str = "") -> Column:
    """Make a column of figures with its unit in the head."""
    return Column(f"{name} ({isolated(unit)})" if unit else name, figures=True)


def at_risk_name(days: int) -> str:
    """Name portfolio at risk over so many days in a narrow head, in either language."""
    return isolated(f"PAR>{days}")


def rupees_columns(voice: Voice, *names: str) -> list[Column]:
    """Make columns of amounts in rupees, by their names among the headings."""
    return [figures_column(voice.words.heading(name), "Rs") for name in names]


def together(pieces: Sequence[Piece]) -> list[Piece]:
    """Keep pieces on one page, as far as a page holds them."""
    last = len(pieces) - 1
    return [replace(piece, tied=place < last) for place, piece in enumerate(pieces)]


def small_table(voice: Voice, shown: Table) -> list[Piece]:
    """Set a table that stays on one page."""
    return together(dense_table(voice, shown))


def dense_table(voice: Voice, shown: Table) -> list[Piece]:
    """Set a table that may go down several pages."""
    return table(voice.hand, shown, style=DENSE)


def note(voice: Voice, text: str) -> list[Piece]:
    """Set a sentence in small type."""
    return paragraph(voice.hand, text, NOTE, space=SPACES[0])


def message(voice: Voice, text: str) -> list[Piece]:
    """Set the sentence that says what a section shows; it stays with what follows."""
    return paragraph(voice.hand, text, BODY, space=SPACES[0], tied=True)


def without_receipts(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Say of a book without receipts, wherever lateness is shown, that none were supplied."""
    if not statement.no_repayments:
        return []
    said = stamp(voice.hand, voice.words.text("no repayments supplied"))
    return [replace(said, height=said.height + SPACES[0], tied=True)]


def caption(voice: Voice, text: str, width: float) -> list[Piece]:
    """Set the title of a chart."""
    style = replace(NOTE, bold=True)
    return paragraph(voice.hand, text, style, width=width, space=SPACES[1], tied=True)
