"""Money as whole paisa (1 rupee = 100 paisa): one parser, the formatters, exact division.

An amount is an int everywhere; it never passes through a binary float. Amounts typed or
imported are plain decimals in rupees, written with the digits 0-9.
"""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from aim_loans.errors import Refused

RoundingRule = Literal["up", "down", "half_up", "half_even"]
Grouping = Literal["thousands", "lakh"]

PAISA_PER_RUPEE = 100
LARGEST_RUPEES = 10**15

_RATIO_PLACES = 6
_PLAIN = re.compile(r"\s*([0-9]{1,16})(?:\.([0-9]{1,2}))?\s*")
_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"

# The shapes are tried on the beginning of a text only: some take quadratic time.
_LONGEST_TRIED = 40

# The first shape that fits a refused text gives its sentence; the last one fits any text.
_FAULTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r""), "Enter an amount in rupees, for example 50000."),
    (
        re.compile(r".*(?![0-9])\d.*", re.DOTALL),
        "Write the amount with the digits 0-9, for example 50000.",
    ),
    (
        re.compile(r"[-\u2212]\s*[0-9.,]+"),
        "An amount cannot be negative. Write it without the minus sign.",
    ),
    (
        re.compile(r"\+\s*[0-9.,]+"),
        "Write the amount without a sign, for example 50000.",
    ),
    (
        re.compile(r"[0-9]+[0-9,.\u060c\u066c]*[,\u060c\u066c][0-9,.\u060c\u066c]*"),
        "Write the amount without commas, for example 50000.",
    ),
    (
        re.compile(rf"[-+]?{_NUMBER}[eE][-+]?[0-9]+"),
        "Write the amount in full, without an exponent, for example 50000.",
    ),
    (
        re.compile(r"[0-9.]+(?:\s+[0-9.]+)+"),
        "Write the amount without spaces inside it, for example 50000.",
    ),
    (
        re.compile(r"[0-9]*\.[0-9]{3,}"),
        "An amount has at most two decimals, for example 2100.50.",
    ),
    (
        re.compile(r"[0-9]+(?:\.[0-9]{1,2})?"),
        "The amount is too large: the most that fits is 1000000000000000 rupees.",
    ),
    (
        re.compile(r".*", re.DOTALL),
        "This is not an amount. Write it in rupees, for example 50000 or 2100.50.",
    ),
)


def parse_rupees(text: str) -> int:
    """Read a plain decimal in rupees ('2100', ' 2100.50 ') as paisa, 0 or more.

    Refuses, each with its own sentence: nothing, other digits than 0-9, a sign, commas,
    an exponent, inner spaces, more than two decimals, more than 10**15 rupees, any words.
    """
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise _fault(text)
    rupees, decimals = match.groups()
    paisa = int(rupees) * PAISA_PER_RUPEE
    if decimals is not None:
        paisa += int(decimals) * 10 if len(decimals) == 1 else int(decimals)
    if paisa > LARGEST_RUPEES * PAISA_PER_RUPEE:
        raise _fault(text)
    return paisa


def parse_positive_rupees(text: str) -> int:
    """Read an amount as `parse_rupees` does, and refuse 0 too."""
    paisa = parse_rupees(text)
    if paisa == 0:
        raise Refused("The amount must be more than 0.")
    return paisa


def _fault(text: str) -> Refused:
    """Give the refusal whose sentence fits what is wrong with the text."""
    bare = text.strip()[:_LONGEST_TRIED]
    return Refused(next(sentence for shape, sentence in _FAULTS if shape.fullmatch(bare)))


def plain(paisa: int) -> str:
    """Write paisa as rupees for files: '2100', '2100.50', '-5'; paisa only when present."""
    rupees, rest = divmod(abs(paisa), PAISA_PER_RUPEE)
    sign = "-" if paisa < 0 else ""
    return f"{sign}{rupees}.{rest:02d}" if rest else f"{sign}{rupees}"


def format_rupees(paisa: int, *, grouping: Grouping) -> str:
    """Write paisa for people: 'Rs 1,234,567' (thousands) or 'Rs 12,34,567.50' (lakh)."""
    rupees, rest = divmod(abs(paisa), PAISA_PER_RUPEE)
    digits = f"{rupees:,}" if grouping == "thousands" else _group_by_lakh(str(rupees))
    sign = "-" if paisa < 0 else ""
    return f"Rs {sign}{digits}.{rest:02d}" if rest else f"Rs {sign}{digits}"


@dataclass(frozen=True, slots=True)
class Rupees:
    """An amount (paisa) in a sentence: whoever tells it groups its digits."""

    paisa: int

    def grouped(self, grouping: Grouping) -> str:
        """Write the digits, without the currency, which the sentence names."""
        return format_rupees(self.paisa, grouping=grouping).removeprefix("Rs ")

    def __str__(self) -> str:
        """Write it as where nobody chose otherwise."""
        return self.grouped("thousands")


def _group_by_lakh(digits: str) -> str:
    """Group three digits at the end and two before that: 1,00,00,000 is one crore."""
    head, tail = digits[:-3], digits[-3:]
    if not head:
        return tail
    first = len(head) % 2
    pairs = [head[start : start + 2] for start in range(first, len(head), 2)]
    return ",".join([*([head[:first]] if first else []), *pairs, tail])


class Ratio(NamedTuple):
    """A share, kept as its parts until it is written; over a zero it has no value."""

    numerator: int
    denominator: int


def ratio_text(numerator: int, denominator: int) -> str:
    """Write a ratio as a decimal fraction of six places, half up (away from zero).

    A zero denominator has no ratio: the text is empty, never 0 or 1.
    """
    if denominator == 0:
        return ""
    scale = 10**_RATIO_PLACES
    units = divide_rounded(abs(numerator) * scale, abs(denominator), multiple=1, rule="half_up")
    whole, rest = divmod(units, scale)
    negative = (numerator < 0) != (denominator < 0) and units > 0
    return f"{'-' if negative else ''}{whole}.{rest:0{_RATIO_PLACES}d}"


def percent_text(part: int, whole: int) -> str:
    """Write a share in per cent with one decimal, half up; empty over nothing.

    `part` is 0 or more.
    """
    if not whole:
        return ""
    tenths = divide_rounded(part * 1_000, whole, multiple=1, rule="half_up")
    return f"{tenths // 10}.{tenths % 10}"


def points(part: int, whole: int, other: int, other_whole: int) -> int | None:
    """Give how much larger the first share is, in tenths of a percentage point.

    Half a tenth is rounded away from zero; None when a whole is 0.
    """
    if not whole or not other_whole:
        return None
    over, under = (part * other_whole - other * whole) * 1_000, whole * other_whole
    tenths = (2 * abs(over) + under) // (2 * under)
    return tenths if over >= 0 else -tenths


def divide_rounded(numerator: int, denominator: int, *, multiple: int, rule: RoundingRule) -> int:
    """Divide and round to a multiple of `multiple`, in exact integer arithmetic.

    `numerator` is 0 or more, the other two at least 1 (ValueError otherwise); with paisa in,
    `multiple` is in paisa too. 'half_even' takes the even multiple on a tie.
    """
    if numerator < 0 or denominator < 1 or multiple < 1:
        raise ValueError("divide_rounded takes numerator >= 0, denominator and multiple >= 1")
    divisor = denominator * multiple
    steps, rest = divmod(numerator, divisor)
    if rest == 0 or rule == "down":
        return steps * multiple
    if rule == "up" or 2 * rest > divisor:
        return (steps + 1) * multiple
    tie_goes_up = rule == "half_up" or steps % 2 == 1
    return (steps + (2 * rest == divisor and tie_goes_up)) * multiple
