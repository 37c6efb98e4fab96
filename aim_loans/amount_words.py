"""Amounts in words, as cheques and agreements of Pakistan write them: thousand, lakh, crore.

The Urdu words below a hundred follow no rule, so they stand in a table.
"""

from typing import NamedTuple

from aim_loans.money import PAISA_PER_RUPEE


class _Tongue(NamedTuple):
    """The words of one language; `scales` from the greatest."""

    below_hundred: tuple[str, ...]
    scales: tuple[tuple[int, str], ...]


_HUNDRED, _THOUSAND, _LAKH, _CRORE = 100, 1_000, 100_000, 10_000_000

_BELOW_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"


def _english_below_hundred() -> tuple[str, ...]:
    ones = _BELOW_TWENTY.split()
    tens = [(ten, one) for ten in _TENS.split() for one in ones[:10]]
    return (*ones, *(ten if one == "zero" else f"{ten}-{one}" for ten, one in tens))


_ENGLISH = _Tongue(
    _english_below_hundred(),
    ((_CRORE, "crore"), (_LAKH, "lakh"), (_THOUSAND, "thousand"), (_HUNDRED, "hundred")),
)

_URDU_BELOW_HUNDRED = (
    "صفر ایک دو تین چار پانچ چھ سات آٹھ نو "
    "دس گیارہ بارہ تیرہ چودہ پندرہ سولہ سترہ اٹھارہ انیس "
    "بیس اکیس بائیس تئیس چوبیس پچیس چھبیس ستائیس اٹھائیس انتیس "
    "تیس اکتیس بتیس تینتیس چونتیس پینتیس چھتیس سینتیس اڑتیس انتالیس "
    "چالیس اکتالیس بیالیس تینتالیس چوالیس پینتالیس چھیالیس سینتالیس اڑتالیس انچاس "
    "پچاس اکیاون باون ترپن چون پچپن چھپن ستاون اٹھاون انسٹھ "
    "ساٹھ اکسٹھ باسٹھ تریسٹھ چونسٹھ پینسٹھ چھیاسٹھ سڑسٹھ اڑسٹھ انہتر "
    "ستر اکہتر بہتر تہتر چوہتر پچھتر چھہتر ستتر اٹھہتر اناسی "
    "اسی اکیاسی بیاسی تراسی چوراسی پچاسی چھیاسی ستاسی اٹھاسی نواسی "
    "نوے اکانوے بانوے ترانوے چورانوے پچانوے چھیانوے ستانوے اٹھانوے ننانوے"
)

_URDU = _Tongue(
    tuple(_URDU_BELOW_HUNDRED.split()),
    ((_CRORE, "کروڑ"), (_LAKH, "لاکھ"), (_THOUSAND, "ہزار"), (_HUNDRED, "سو")),
)


def amount_in_words(paisa: int, language: str) -> str:
    """Write an amount (paisa, 0 or more) in words, in English or Urdu.

    'Rupees two thousand one hundred and paisa fifty only', 'دو ہزار ایک سو روپے اور پچاس پیسے صرف'.
    """
    if paisa < 0:
        raise ValueError("only an amount of 0 or more is written in words")
    rupees, rest = divmod(paisa, PAISA_PER_RUPEE)
    return _in_urdu(rupees, rest) if language == "ur" else _in_english(rupees, rest)


def _in_english(rupees: int, rest: int) -> str:
    parts = [f"rupees {_words(rupees, _ENGLISH)}"] if rupees or not rest else []
    parts += [f"paisa {_words(rest, _ENGLISH)}"] if rest else []
    return f"{' and '.join(parts)} only".capitalize()


def _in_urdu(rupees: int, rest: int) -> str:
    counted = "روپیہ" if rupees == 1 else "روپے"
    parts = [f"{_words(rupees, _URDU)} {counted}"] if rupees or not rest else []
    parts += [f"{_words(rest, _URDU)} {'پیسہ' if rest == 1 else 'پیسے'}"] if rest else []
    return f"{' اور '.join(parts)} صرف"


def _words(number: int, tongue: _Tongue) -> str:
    """Write a whole number; the head of a scale is a number of its own (twelve lakh)."""
    parts: list[str] = []
    for scale, name in tongue.scales:
        head, number = divmod(number, scale)
        if head:
            parts += [_words(head, tongue), name]
    if number or not parts:
        parts.append(tongue.below_hundred[number])
    return " ".join(parts)
