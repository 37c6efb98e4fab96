"""Reads single fields of a book's files: texts, references, amounts, numbers, days. Pure.

Each takes the text of one field and gives its value, or Refused with a sentence for it.
"""

import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from aim_loans.dates import parse_date
from aim_loans.errors import Refused
from aim_loans.money import PAISA_PER_RUPEE, parse_positive_rupees
from aim_loans.texts import normalise_urdu

# References that the import gives to money that has none of its own.
OPENING_PREFIX = "opening:"
EVENT_PREFIX = "event:"

LONGEST_TEXT = 500
LONGEST_REFERENCE = 100
MOST_INSTALMENTS = 1_000
FIRST_DAY = date(1970, 1, 1)
# No loan here comes near it: a slip of the keyboard does.
LARGEST_AMOUNT = 1_000_000_000 * PAISA_PER_RUPEE

Parser = Callable[[str], Any]


def optional(parse: Parser) -> Parser:
    """Give the same parser for a field that may be blank, which is None."""

    def parse_unless_blank(text: str) -> Any:
        return parse(text) if text and not text.isspace() else None

    return parse_unless_blank


def line_of_text(text: str) -> str:
    """Read a text on one line: inner line ends and tabs become blanks."""
    if not text.isprintable():
        text = " ".join(text.split())
        if any(unicodedata.category(letter) == "Cc" for letter in text):
            raise Refused("This holds a character that cannot be printed. Type it anew.")
    text = text.strip()
    if not text:
        raise Refused("This is empty. Fill it in.")
    if len(text) > LONGEST_TEXT:
        raise Refused("This is longer than {most} characters.", most=LONGEST_TEXT)
    return text


def personal_text(text: str) -> str:
    """Tidy a text without ever refusing it."""
    if text.isprintable():
        return text.strip()[:LONGEST_TEXT]
    letters = (letter for letter in " ".join(text.split()) if unicodedata.category(letter) != "Cc")
    return "".join(letters)[:LONGEST_TEXT]


def person_name(text: str) -> str:
    """Read a name in either script, in one spelling."""
    return normalise_urdu(line_of_text(text))


def reference(text: str) -> str:
    """Read a reference or a code: one line of at most 100 characters."""
    # Nearly every reference is fine as it stands.
    if text.isprintable() and text.strip() == text and 0 < len(text) <= LONGEST_REFERENCE:
        return text
    read = line_of_text(text)
    if len(read) > LONGEST_REFERENCE:
        raise Refused("This is longer than {most} characters.", most=LONGEST_REFERENCE)
    return read


def receipt_reference(text: str) -> str:
    """Read a receipt's reference, which may not look like one of the import's own."""
    read = reference(text)
    if read.startswith((OPENING_PREFIX, EVENT_PREFIX)):
        raise Refused(
            "References that begin with {prefixes} are kept for the import itself.",
            prefixes=f"{OPENING_PREFIX} {EVENT_PREFIX}",
        )
    return read


def some_money(text: str) -> int:
    """Read an amount in rupees, above 0 and under a billion, as paisa."""
    paisa = parse_positive_rupees(text)
    if paisa >= LARGEST_AMOUNT:
        raise Refused("Amounts stay under 1000000000 rupees. Check the figure.")
    return paisa


def past_day(text: str, *, today: date) -> date:
    """Read a day from 1970 to today."""
    day = past_day_or_old(text, today=today)
    if day < FIRST_DAY:
        raise Refused("{day} lies before 1970. Check the year.", day=day.isoformat())
    return day


def past_day_or_old(text: str, *, today: date) -> date:
    """Read a day up to today, however long ago."""
    day = parse_date(text)
    if day > today:
        raise Refused(
            "{day} lies in the future; today is {today}. Check the date.",
            day=day.isoformat(),
            today=today.isoformat(),
        )
    return day


def due_day(text: str) -> date:
    """Read a day on which something falls due, which may lie in the future."""
    day = parse_date(text)
    if day < FIRST_DAY:
        raise Refused("{day} lies before 1970. Check the year.", day=day.isoformat())
    return day


def count_of_instalments(text: str) -> int:
    """Read a whole number from 1 to 1,000."""
    bare = text.strip()
    if not (bare.isascii() and bare.isdigit()):
        raise Refused("Write a whole number with the digits 0-9, for example 12.")
    # Python reads no number of thousands of digits, and need not.
    number = int(bare) if len(bare) <= LONGEST_REFERENCE else 0
    if not 1 <= number <= MOST_INSTALMENTS:
        raise Refused("Write a number from 1 to {most}.", most=MOST_INSTALMENTS)
    return number


def one_of(column: str, known: Sequence[str]) -> Parser:
    """Give the parser of a column that takes one of some words, in any case."""
    allowed = {word: word for word in (str(each) for each in known)}

    def parse(text: str) -> str:
        word = allowed.get(text.strip().casefold())
        if word is None:
            raise Refused(
                "{given} is not a known {column}. Use one of: {known}.",
                given=line_of_text(text)[:LONGEST_REFERENCE],
                column=column,
                known=", ".join(allowed),
            )
        return word

    return parse


def faults_of(
    columns: Sequence[str], parsers: Sequence[Parser], values: Sequence[str]
) -> list[Refused]:
    """Give all faults of the fields of a row, `field` of each being the column."""
    faults = []
    for name, parse, text in zip(columns, parsers, values, strict=True):
        try:
            parse(text)
        except Refused as refused:
            faults.append(Refused(refused.message, field=name, **refused.values))
    return faults
