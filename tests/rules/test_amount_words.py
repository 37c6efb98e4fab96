"""Amounts in words, read back by a reader that knows only what each word is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aim_loans.amount_words import amount_in_words
from aim_loans.texts import normalise_urdu

SCALES = {
    "hundred": 100, "thousand": 1_000, "lakh": 100_000, "crore": 10_000_000,
    "سو": 100, "ہزار": 1_000, "لاکھ": 100_000, "کروڑ": 10_000_000,
}  # fmt: skip
ENGLISH = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
# Written a second time, by value and in another order than the rule's own table.
URDU = {
    "دس": 10, "بیس": 20, "تیس": 30, "چالیس": 40, "پچاس": 50, "ساٹھ": 60, "ستر": 70, "اسی": 80,
    "نوے": 90, "صفر": 0,
    "ایک": 1, "گیارہ": 11, "اکیس": 21, "اکتیس": 31, "اکتالیس": 41, "اکیاون": 51, "اکسٹھ": 61,
    "اکہتر": 71, "اکیاسی": 81, "اکانوے": 91,
    "دو": 2, "بارہ": 12, "بائیس": 22, "بتیس": 32, "بیالیس": 42, "باون": 52, "باسٹھ": 62,
    "بہتر": 72, "بیاسی": 82, "بانوے": 92,
    "تین": 3, "تیرہ": 13, "تئیس": 23, "تینتیس": 33, "تینتالیس": 43, "ترپن": 53, "تریسٹھ": 63,
    "تہتر": 73, "تراسی": 83, "ترانوے": 93,
    "چار": 4, "چودہ": 14, "چوبیس": 24, "چونتیس": 34, "چوالیس": 44, "چون": 54, "چونسٹھ": 64,
    "چوہتر": 74, "چوراسی": 84, "چورانوے": 94,
    "پانچ": 5, "پندرہ": 15, "پچیس": 25, "پینتیس": 35, "پینتالیس": 45, "پچپن": 55, "پینسٹھ": 65,
    "پچھتر": 75, "پچاسی": 85, "پچانوے": 95,
    "چھ": 6, "سولہ": 16, "چھبیس": 26, "چھتیس": 36, "چھیالیس": 46, "چھپن": 56, "چھیاسٹھ": 66,
    "چھہتر": 76, "چھیاسی": 86, "چھیانوے": 96,
    "سات": 7, "سترہ": 17, "ستائیس": 27, "سینتیس": 37, "سینتالیس": 47, "ستاون": 57, "سڑسٹھ": 67,
    "ستتر": 77, "ستاسی": 87, "ستانوے": 97,
    "آٹھ": 8, "اٹھارہ": 18, "اٹھائیس": 28, "اڑتیس": 38, "اڑتالیس": 48, "اٹھاون": 58, "اڑسٹھ": 68,
    "اٹھہتر": 78, "اٹھاسی": 88, "اٹھانوے": 98,
    "نو": 9, "انیس": 19, "انتیس": 29, "انتالیس": 39, "انچاس": 49, "انسٹھ": 59, "انہتر": 69,
    "اناسی": 79, "نواسی": 89, "ننانوے": 99,
}  # fmt: skip
URDU_MONEY = {"روپے": 100, "روپیہ": 100, "پیسے": 1, "پیسہ": 1}
SMALL = st.integers(0, 99)
RUPEES = st.one_of(SMALL, st.integers(0, 10**7), st.integers(0, 10**15))


def value(words: list[str], known: dict[str, int]) -> int:
    """Read a number: a scale multiplies what stands before it back to a greater scale."""
    for scale in ("crore", "کروڑ", "lakh", "لاکھ", "thousand", "ہزار", "hundred", "سو"):
        if scale in words:
            last = len(words) - 1 - words[::-1].index(scale)
            return value(words[:last], known) * SCALES[scale] + value(words[last + 1 :], known)
    return sum(known[part] for word in words for part in word.split("-"))


def read_english(text: str) -> int:
    """Read 'Rupees … and paisa … only' as paisa."""
    assert text.endswith(" only")
    total = 0
    for part in text.removesuffix(" only").lower().split(" and "):
        unit, *words = part.split()
        total += value(words, ENGLISH) * {"rupees": 100, "paisa": 1}[unit]
    return total


def read_urdu(text: str) -> int:
    """Read '… روپے اور … پیسے صرف' as paisa."""
    assert text.endswith(" صرف")
    total = 0
    for part in text.removesuffix(" صرف").split(" اور "):
        *words, unit = part.split()
        total += value(words, URDU) * URDU_MONEY[unit]
    return total


@given(rupees=RUPEES, paisa=st.one_of(st.just(0), SMALL))
def test_words_read_back_are_the_amount(rupees: int, paisa: int) -> None:
    amount = rupees * 100 + paisa
    assert read_english(amount_in_words(amount, "en")) == amount
    assert read_urdu(amount_in_words(amount, "ur")) == amount


def test_each_number_below_a_hundred_has_its_own_urdu_word() -> None:
    assert len(URDU) == 100
    for number in range(100):
        text = amount_in_words(number * 100, "ur")
        assert text == normalise_urdu(text)
        assert read_urdu(text) == number * 100


@pytest.mark.parametrize(
    ("paisa", "english", "urdu"),
    [
        (0, "Rupees zero only", "صفر روپے صرف"),
        (1_00, "Rupees one only", "ایک روپیہ صرف"),
        (50, "Paisa fifty only", "پچاس پیسے صرف"),
        (50_000_00, "Rupees fifty thousand only", "پچاس ہزار روپے صرف"),
        (
            2_100_50,
            "Rupees two thousand one hundred and paisa fifty only",
            "دو ہزار ایک سو روپے اور پچاس پیسے صرف",
        ),
        (
            1_23_45_678_00,
            "Rupees one crore twenty-three lakh forty-five thousand six hundred seventy-eight only",
            "ایک کروڑ تئیس لاکھ پینتالیس ہزار چھ سو اٹھہتر روپے صرف",
        ),
    ],
)
def test_amounts_are_worded_as_on_a_cheque(paisa: int, english: str, urdu: str) -> None:
    assert amount_in_words(paisa, "en") == english
    assert amount_in_words(paisa, "ur") == urdu


def test_what_is_below_nothing_has_no_words() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        amount_in_words(-1, "en")
