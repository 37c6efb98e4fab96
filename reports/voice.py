"""One language of a paper: its words, its amounts, and the pieces that papers have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aim_loans.amount_words import amount_in_words
from aim_loans.dates import business_date
from aim_loans.money import divide_rounded, format_rupees
from aim_loans.texts import Translator, format_cnic, format_day, translator
from reports.ink import About, to_pdf
from reports.loan_values import Letterhead, Person
from reports.page import Around, Piece, paper, paragraph
from reports.parts import beside_code, with_code
from reports.style import HEADING, HEADLINE, LETTER, SPACES
from reports.text import Hand, isolated

MILLION = 1_000_000_00  # rupees, in paisa
BOTH = "both"
PAPER_LANGUAGES = ("en", "ur", BOTH)


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks one language on a paper of the institution that carries this short code."""

    hand: Hand
    words: Translator
    letterhead: Letterhead
    code: str

    def rupees(self, paisa: int) -> str:
        """Write an amount."""
        return format_rupees(paisa, grouping=self.letterhead.grouping)

    def figure(self, paisa: int) -> str:
        """Write an amount of a table, whose note says that it is rupees."""
        return self.rupees(paisa).removeprefix("Rs ")

    def short_rupees(self, paisa: int) -> str:
        """Write an amount for charts and tiles: millions with one decimal, less in full."""
        if paisa < MILLION:
            return self.rupees(paisa)
        tenths = divide_rounded(paisa, MILLION // 10, multiple=1, rule="half_up")
        return self.words.text("Rs {millions} m", millions=f"{tenths // 10:,}.{tenths % 10}")

    def moment(self, at: datetime) -> str:
        """Write a moment in the institution's zone."""
        zone = ZoneInfo(self.letterhead.time_zone)
        written = format_day(business_date(at, zone), self.words.language)
        return f"{written} {at.astimezone(zone):%H:%M}"

    def heading(self, text: str) -> list[Piece]:
        """Set a heading, which stays with what follows."""
        return paragraph(self.hand, text, HEADING, space=SPACES[3], tied=True)

    def body(self, text: str) -> list[Piece]:
        """Set a sentence or more."""
        return paragraph(self.hand, text, LETTER, space=SPACES[1])

    def amount_in_words(self, paisa: int) -> tuple[str, str]:
        """Give an amount in words, and the name of that."""
        return self.words.text("Amount in words"), amount_in_words(paisa, self.hand.language)

    def person(self, name: str, person: Person) -> list[tuple[str, str]]:
        """Give the names and values that tell who somebody is."""
        named = [(name, isolated(person.name))]
        if person.father_or_husband:
            named.append((self.words.text("Father or husband"), isolated(person.father_or_husband)))
        if person.cnic:
            named.append((self.words.text("CNIC"), isolated(format_cnic(person.cnic))))
        return named


Compose = Callable[[Voice], Sequence[Piece]]


def voices(letterhead: Letterhead, code: str, language: str) -> list[Voice]:
    """Give the voices of `en`, `ur` or `both`, Urdu first; Refused for any other language."""
    named = ("ur", "en") if language == BOTH else (language,)
    return [Voice(Hand(each), translator(each), letterhead, code) for each in named]


def draw(title: str, ref: str, sections: Sequence[Compose], speaking: Sequence[Voice]) -> bytes:
    """Draw sections, each from a new page, in each language; the title is a message with {ref}."""
    laid = [
        (_around(voice, title, ref), [_head(voice, title, ref), *section(voice)])
        for voice in speaking
        for section in sections
    ]
    first = speaking[0]
    about = About(
        _named(title.format(ref=ref), ref), first.letterhead.institution, first.hand.language
    )
    return to_pdf(paper(laid), about)


def code_line(voice: Voice) -> str:
    """Say what the short code is for."""
    return voice.words.text(
        "Code {code}: any branch can check this paper with it.", code=voice.code
    )


def _named(title: str, ref: str) -> str:
    """Name a paper by its title and the number that it is about, which may stand there already."""
    return title if ref.strip("\u2068\u2069") in title else f"{title} · {ref}"


def _around(voice: Voice, title: str, ref: str) -> Around:
    return Around(
        voice.hand,
        voice.letterhead.institution,
        _named(voice.words.text(title, ref=ref), isolated(ref)),
        left=code_line(voice),
        synthetic=voice.letterhead.synthetic,
    )


def _head(voice: Voice, title: str, ref: str) -> Piece:
    """Set the title beside the square code."""
    said = voice.words.text(title, ref=ref)
    pieces = paragraph(voice.hand, said, HEADLINE, width=beside_code())
    return with_code(voice.hand, pieces, voice.code)
