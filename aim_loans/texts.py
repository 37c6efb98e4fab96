"""Words for people: sentences, table headings and names of things, in English and Urdu.

A message is its English sentence with {named} fields; the Urdu catalogue translates it as a
whole. What has no translation is shown in English, and a test holds that nothing lacks one.
Amounts, CNICs and codes inside Urdu text stay left-to-right; a date that names its month is
read in the direction of that name.
"""

import string
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from babel.messages.pofile import read_po

from aim_loans.errors import AimError, Refused
from aim_loans.value_words import word
from aim_loans.vocabulary import heading

LANGUAGES = ("en", "ur")

_LOCALES = Path(__file__).parent / "locale"

_LEFT_TO_RIGHT_ISOLATE = "\u2066"
_FIRST_STRONG_ISOLATE = "\u2068"
_POP_ISOLATE = "\u2069"

_MONTHS = {
    "en": (
        "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ),
    "ur": (
        "جنوری", "فروری", "مارچ", "اپریل", "مئی", "جون",
        "جولائی", "اگست", "ستمبر", "اکتوبر", "نومبر", "دسمبر",
    ),
}  # fmt: skip

# Arabic, Persian and Kurdish letters that look like these Urdu letters.
_URDU_LETTERS = str.maketrans(
    {
        "\u064a": "\u06cc",  # yeh
        "\u0649": "\u06cc",  # alef maksura
        "\u0643": "\u06a9",  # kaf
        "\u0647": "\u06c1",  # heh
        "\u06d5": "\u06c1",  # ae
        "\u06c0": "\u06c2",  # heh with hamza above
        "\u0629": "\u06c3",  # teh marbuta
    }
)
# The Urdu yeh does not compose with hamza by itself.
_YEH_WITH_HAMZA = ("\u06cc\u0654", "\u0626")


class Phrase(str):
    """A value of a sentence that is a message itself: it is translated before it is filled in."""

    __slots__ = ()


@runtime_checkable
class Grouped(Protocol):
    """A value of a sentence whose digits are grouped as the institution does (`money.Rupees`)."""

    def grouped(self, grouping: Any) -> str:
        """Write it by a grouping (`money.Grouping`)."""
        ...


@dataclass(frozen=True, slots=True)
class Translator:
    """Speaks one language; a message without a translation is spoken in English.

    Amounts inside sentences get their digits grouped by `grouping` (`money.Grouping`).
    """

    language: str
    sentences: Mapping[str, str]
    plurals: Mapping[str, Sequence[str]]
    grouping: str = "thousands"

    def text(self, message: str, /, **values: object) -> str:
        """Translate a message and fill in its {fields}."""
        sentence = self.sentences.get(message, message)
        return _Filler(self).format(sentence, **values) if values else sentence

    def explained(self, error: AimError) -> str:
        """Say what was refused."""
        return self.text(error.message, **error.values)

    def plural(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Translate a message that counts; {count} and the other fields are filled in.

        English and Urdu both keep the first form for exactly one.
        """
        forms = self.plurals.get(one, (one, many))
        return _Filler(self).format(forms[count != 1], count=count, **values)

    def heading(self, column: str) -> str:
        """Give the heading of a column in this language."""
        return self.text(heading(column))

    def word(self, dimension: str, key: str) -> str:
        """Give the name of a value of a dimension in this language."""
        return self.text(word(dimension, key))

    def month(self, day: date) -> str:
        """Write the month of a date in this language."""
        return format_month(day, self.language)

    @property
    def comma(self) -> str:
        """Give what stands between two things told in a row."""
        return "، " if self.language == "ur" else ", "

    def day(self, day: date) -> str:
        """Write a date in this language."""
        return format_day(day, self.language)


@cache
def translator(language: str) -> Translator:
    """Give the translator of a language (`en`, `ur`); Refused for any other.

    The catalogue is read once a process.
    """
    if language not in LANGUAGES:
        raise Refused(
            "There is no language {given}. Use one of: {known}.",
            field="language",
            given=language,
            known=", ".join(LANGUAGES),
        )
    if language == "en":
        return Translator(language, {}, {})
    with (_LOCALES / language / "LC_MESSAGES" / "aim_loans.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    sentences: dict[str, str] = {}
    plurals: dict[str, Sequence[str]] = {}
    for message in catalogue:
        forms = message.string
        if isinstance(message.id, str):
            if message.id and isinstance(forms, str) and forms:
                sentences[message.id] = forms
        elif isinstance(forms, tuple | list) and all(forms):
            plurals[message.id[0]] = tuple(forms)
    return Translator(language, sentences, plurals)


def explain(error: AimError, language: str) -> str:
    """Say in a language what was refused; errors among its values are told one a line."""
    return translator(language).explained(error)


class _Filler(string.Formatter):
    """Fills the fields of a sentence; inside Urdu each value keeps its own direction."""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self.words, self.language = words, words.language

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, Phrase):
            return self._isolated(self.words.text(value))
        if isinstance(value, Grouped):
            return self._isolated(value.grouped(self.words.grouping))
        if isinstance(value, Sequence) and not isinstance(value, str):
            return "\n".join(self._line(entry) for entry in value)
        if format_spec:
            return self._isolated(format(value, format_spec))
        if isinstance(value, date) and not isinstance(value, datetime):
            return self._isolated(format_day(value, self.language))
        return self._isolated(str(value))

    def _line(self, entry: object) -> str:
        """Write one entry of a list: an error with the key it concerns, or a value."""
        if not isinstance(entry, AimError):
            return self._isolated(str(entry))
        sentence = self.words.explained(entry)
        return f"{self._isolated(entry.field)}: {sentence}" if entry.field else sentence

    def _isolated(self, text: str) -> str:
        if self.language == "en":
            return text
        if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text):
            return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
        return isolate_ltr(text)


def format_day(day: date, language: str) -> str:
    """Write a date for people: '10 Nov 2026', in Urdu with the month's Urdu name."""
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def format_month(day: date, language: str) -> str:
    """Write the month of a date for people: 'Nov 2026'."""
    return f"{_MONTHS[language][day.month - 1]} {day.year}"


def format_cnic(cnic: str) -> str:
    """Write the 13 digits of a CNIC as on the card: 35201-1234567-1."""
    return f"{cnic[:5]}-{cnic[5:12]}-{cnic[12:]}"


def isolate_ltr(text: str) -> str:
    """Keep a text left-to-right (amount, CNIC, code) whatever direction surrounds it."""
    return f"{_LEFT_TO_RIGHT_ISOLATE}{text}{_POP_ISOLATE}"


def normalise_urdu(text: str) -> str:
    """Bring a text to one spelling for saving and searching: NFC with the Urdu letters.

    Letters of Arabic keyboards that look the same become yeh U+06CC, kaf U+06A9 and heh
    U+06C1; a text without them only gets NFC.
    """
    composed = unicodedata.normalize("NFC", text).translate(_URDU_LETTERS)
    return unicodedata.normalize("NFC", composed).replace(*_YEH_WITH_HAMZA)
