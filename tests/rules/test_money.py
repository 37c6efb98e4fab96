"""Amounts: one parser with a sentence for each fault, the formatters, exact division."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aim_loans.errors import Refused
from aim_loans.money import (
    RoundingRule,
    divide_rounded,
    format_rupees,
    parse_positive_rupees,
    parse_rupees,
    plain,
    ratio_text,
)

DIGITS = "Write the amount with the digits 0-9, for example 50000."
NEGATIVE = "An amount cannot be negative. Write it without the minus sign."
SIGN = "Write the amount without a sign, for example 50000."
COMMAS = "Write the amount without commas, for example 50000."
EXPONENT = "Write the amount in full, without an exponent, for example 50000."
SPACES = "Write the amount without spaces inside it, for example 50000."
DECIMALS = "An amount has at most two decimals, for example 2100.50."
TOO_LARGE = "The amount is too large: the most that fits is 1000000000000000 rupees."
EMPTY = "Enter an amount in rupees, for example 50000."
NO_AMOUNT = "This is not an amount. Write it in rupees, for example 50000 or 2100.50."


@pytest.mark.parametrize(
    ("text", "paisa"),
    [
        ("0", 0),
        ("2100", 210_000),
        ("2100.5", 210_050),
        ("2100.50", 210_050),
        ("2100.05", 210_005),
        ("0.01", 1),
        ("  50000 ", 5_000_000),
        ("50000\r\n", 5_000_000),
        ("00042", 4_200),
        ("1000000000000000", 10**17),
        ("1000000000000000.00", 10**17),
    ],
)
def test_a_plain_decimal_is_read_as_paisa(text: str, paisa: int) -> None:
    assert parse_rupees(text) == paisa


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", EMPTY),
        ("  ", EMPTY),
        ("۵۰۰۰۰", DIGITS),
        ("٥٠٠٠٠", DIGITS),
        ("5۰,000", DIGITS),
        ("-5", NEGATIVE),
        ("-0", NEGATIVE),
        ("- 2,100.50", NEGATIVE),
        ("\u22125", NEGATIVE),
        ("+5", SIGN),
        ("50,000", COMMAS),
        ("1,00,000.50", COMMAS),
        ("2100,50", COMMAS),
        ("50\u066c000", COMMAS),
        ("1e9", EXPONENT),
        ("1E9", EXPONENT),
        ("-1.5e-3", EXPONENT),
        ("50 000", SPACES),
        ("2100.505", DECIMALS),
        ("2100.000000", DECIMALS),
        ("0.000", DECIMALS),
        ("1000000000000000.01", TOO_LARGE),
        ("1000000000000001", TOO_LARGE),
        ("9" * 40, TOO_LARGE),
        ("nan", NO_AMOUNT),
        ("NaN", NO_AMOUNT),
        ("inf", NO_AMOUNT),
        ("-inf", NO_AMOUNT),
        ("Rs 500", NO_AMOUNT),
        ("500/-", NO_AMOUNT),
        ("0x10", NO_AMOUNT),
        ("1_000", NO_AMOUNT),
        ("5.", NO_AMOUNT),
        (".5", NO_AMOUNT),
        ("1.2.3", NO_AMOUNT),
        (".", NO_AMOUNT),
        (",", NO_AMOUNT),
        ("½", NO_AMOUNT),
        ("{amount}", NO_AMOUNT),
        ("پانچ", NO_AMOUNT),
    ],
)
def test_each_fault_has_its_sentence(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_rupees(text)
    assert str(refusal.value) == sentence


def parsed(text: str) -> int | None:
    try:
        return parse_rupees(text)
    except Refused:
        return None


@given(st.text(alphabet="0123456789.,-+eE ۵٥ \u200eRs", max_size=30) | st.text(max_size=30))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    paisa = parsed(text)
    assert paisa is None or Decimal(text.strip()) * 100 == paisa


@pytest.mark.parametrize("text", ["1", "1,", "1 ", "1.", " ", "x"])
def test_a_very_long_text_is_refused_without_delay(text: str) -> None:
    assert parsed(text * 200_000 + "x") is None


def test_zero_is_refused_where_an_amount_must_be_positive() -> None:
    assert parse_positive_rupees("0.01") == 1
    with pytest.raises(Refused, match="must be more than 0"):
        parse_positive_rupees("0.00")


@pytest.mark.parametrize(
    ("paisa", "text"),
    [
        (210_000, "2100"),
        (210_050, "2100.50"),
        (210_005, "2100.05"),
        (0, "0"),
        (1, "0.01"),
        (-500, "-5"),
        (-50, "-0.50"),
        (10**17, "1000000000000000"),
    ],
)
def test_files_carry_plain_decimals(paisa: int, text: str) -> None:
    assert plain(paisa) == text


@given(st.integers(min_value=0, max_value=10**17))
def test_what_is_written_plain_is_read_back(paisa: int) -> None:
    assert parse_rupees(plain(paisa)) == paisa


@pytest.mark.parametrize(
    ("paisa", "thousands", "lakh"),
    [
        (0, "Rs 0", "Rs 0"),
        (99_900, "Rs 999", "Rs 999"),
        (100_000, "Rs 1,000", "Rs 1,000"),
        (10_000_000, "Rs 100,000", "Rs 1,00,000"),
        (123_456_700, "Rs 1,234,567", "Rs 12,34,567"),
        (123_456_750, "Rs 1,234,567.50", "Rs 12,34,567.50"),
        (1_000_000_000, "Rs 10,000,000", "Rs 1,00,00,000"),
        (-210_005, "Rs -2,100.05", "Rs -2,100.05"),
    ],
)
def test_people_read_grouped_rupees(paisa: int, thousands: str, lakh: str) -> None:
    assert format_rupees(paisa, grouping="thousands") == thousands
    assert format_rupees(paisa, grouping="lakh") == lakh


@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_grouping_changes_no_digit(paisa: int) -> None:
    for grouped in (
        format_rupees(paisa, grouping="thousands"),
        format_rupees(paisa, grouping="lakh"),
    ):
        assert grouped.removeprefix("Rs ").replace(",", "") == plain(paisa)


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (1, 3, "0.333333"),
        (2, 3, "0.666667"),
        (1, 2_000_000, "0.000001"),
        (1, 2_000_001, "0.000000"),
        (3, 2, "1.500000"),
        (0, 5, "0.000000"),
        (-1, 3, "-0.333333"),
        (-1, 2_000_001, "0.000000"),
        (0, 0, ""),
        (5, 0, ""),
    ],
)
def test_a_ratio_has_six_places_and_none_without_denominator(
    numerator: int, denominator: int, text: str
) -> None:
    assert ratio_text(numerator, denominator) == text


@given(st.integers(0, 10**17), st.integers(1, 10**6))
def test_ratios_round_half_up_like_decimals(numerator: int, denominator: int) -> None:
    # Halves are exact in decimals when the denominator is a power of ten.
    for divisor in (denominator, 10**8):
        whole = Fraction(numerator, divisor) * 10**6
        expected = Decimal(floor(whole + Fraction(1, 2))).scaleb(-6)
        assert Decimal(ratio_text(numerator, divisor)) == expected
    exact = Decimal(numerator).scaleb(-8).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)
    assert ratio_text(numerator, 10**8) == str(exact)


@pytest.mark.parametrize(
    ("numerator", "denominator", "multiple", "rule", "result"),
    [
        (5_000_000, 18, 10_000, "up", 280_000),
        (5_000_000, 18, 10_000, "down", 270_000),
        (5_000_000, 18, 10_000, "half_up", 280_000),
        (5_000_000, 18, 100, "down", 277_700),
        (5_000_000, 20, 10_000, "up", 250_000),
        (25, 1, 10, "half_up", 30),
        (25, 1, 10, "half_even", 20),
        (35, 1, 10, "half_even", 40),
        (26, 1, 10, "half_even", 30),
        (24, 1, 10, "half_up", 20),
        (1, 3, 10_000, "up", 10_000),
        (1, 3, 10_000, "half_even", 0),
        (0, 7, 100, "up", 0),
    ],
)
def test_division_rounds_to_a_multiple(
    numerator: int, denominator: int, multiple: int, rule: RoundingRule, result: int
) -> None:
    assert divide_rounded(numerator, denominator, multiple=multiple, rule=rule) == result


def exactly_rounded(value: Fraction, rule: RoundingRule) -> int:
    """Round a fraction by its definition; Python's round() of a fraction is half to even."""
    return {
        "up": ceil(value),
        "down": floor(value),
        "half_up": floor(value + Fraction(1, 2)),
        "half_even": round(value),
    }[rule]


@given(
    st.integers(0, 10**17),
    st.integers(1, 600),
    st.sampled_from([1, 2, 50, 100, 10_000, 100_000]) | st.integers(1, 100_000),
    st.sampled_from(get_args(RoundingRule)),
)
def test_division_agrees_with_fractions(
    numerator: int, denominator: int, multiple: int, rule: RoundingRule
) -> None:
    half = denominator * multiple  # and one case that is an exact tie for sure
    for amount in (numerator, numerator // half * half + half // 2):
        expected = exactly_rounded(Fraction(amount, half), rule) * multiple
        assert divide_rounded(amount, denominator, multiple=multiple, rule=rule) == expected


@pytest.mark.parametrize("arguments", [(-1, 1, 1), (1, 0, 1), (1, -1, 1), (1, 1, 0)])
def test_division_outside_its_range_is_an_error(arguments: tuple[int, int, int]) -> None:
    numerator, denominator, multiple = arguments
    with pytest.raises(ValueError, match="divide_rounded takes"):
        divide_rounded(numerator, denominator, multiple=multiple, rule="up")
