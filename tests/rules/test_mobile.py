"""A mobile number, however it is typed, is kept as 03XX-XXXXXXX."""

import pytest

from aim_loans.borrowers.mobile import parse_mobile
from aim_loans.errors import Refused


@pytest.mark.parametrize(
    "typed",
    [
        "0300-1234567",
        "03001234567",
        " 0300 1234567 ",
        "0300.123.4567",
        "+92 300 1234567",
        "+923001234567",
        "0092-300-1234567",
        "923001234567",
        "3001234567",
        "(0300) 1234567",
    ],
)
def test_every_common_way_of_writing_is_understood(typed: str) -> None:
    assert parse_mobile(typed) == "0300-1234567"


@pytest.mark.parametrize(
    "typed",
    ["", "0", "-1", "1e9", "0300123456", "030012345678", "042-35761234", "0200-1234567", "abc"],
)
def test_whatever_is_no_mobile_number_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match="11 digits"):
        parse_mobile(typed)


def test_digits_of_other_scripts_are_asked_for_again() -> None:
    with pytest.raises(Refused, match="digits 0-9"):
        parse_mobile("۰۳۰۰۱۲۳۴۵۶۷")
