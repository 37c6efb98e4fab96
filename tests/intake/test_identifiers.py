"""The CNIC and the districts: what is read, and what each refusal says."""

import pytest

from aim_loans.borrowers.identifiers import parity_disagrees, parse_cnic
from aim_loans.borrowers.places import District, districts, find_district
from aim_loans.errors import Refused
from aim_loans.texts import format_cnic, translator


@pytest.mark.parametrize("text", ["3520112345671", "35201-1234567-1", " 35201-12345671 "])
def test_a_cnic_is_read_with_or_without_dashes(text: str) -> None:
    assert parse_cnic(text) == "3520112345671"
    assert format_cnic(parse_cnic(text)) == "35201-1234567-1"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Enter the CNIC"),
        ("35201-1234567", "13 digits; this one has 12"),
        ("35201-1234567-12", "13 digits; this one has 14"),
        ("۳۵۲۰۱۱۲۳۴۵۶۷۱", "digits 0-9"),
        ("35201-12345x7-1", "only digits and dashes"),
        ("0520112345671", "begins with 1 to 8"),
        ("9520112345671", "begins with 1 to 8"),
        ("3520-11234567-1", "dashes of a CNIC"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refused:
        parse_cnic(text)
    assert refused.value.field == "cnic"
    # What was typed is never repeated: sentences end up in logs.
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize(
    ("last", "gender", "disagrees"),
    [
        ("1", "male", False),
        ("2", "male", True),
        ("1", "female", True),
        ("2", "female", False),
        ("1", "transgender", False),
        ("2", "unknown", False),
    ],
)
def test_the_last_digit_is_only_asked_of_women_and_men(
    last: str, gender: str, disagrees: bool
) -> None:
    assert parity_disagrees(f"352011234567{last}", gender) is disagrees


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Lahore", District("Lahore", "Punjab", "PK617")),
        ("  dera ghazi KHAN", District("Dera Ghazi Khan", "Punjab", "PK607")),
        ("D.G. Khan", District("Dera Ghazi Khan", "Punjab", "PK607")),
        ("Nawabshah", District("Shaheed Benazir Abad", "Sindh", "PK719")),
        ("Gupis Yasin", District("Gupis-Yasin", "Gilgit-Baltistan", "PK313")),
        ("Hub", District("Hub", "Balochistan", None)),
        ("فيصل آباد ", District("Faisalabad", "Punjab", "PK608")),
        ("موسی خیل", District("Musakhel", "Balochistan", "PK221")),
        ("اٹلانٹس", None),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_districts_are_found_by_their_spellings(text: str, found: District | None) -> None:
    assert find_district(text) == found


def test_every_district_is_found_by_its_own_name_and_no_code_comes_twice() -> None:
    urdu = translator("ur")
    for each in districts():
        assert find_district(each.name) == each
        assert find_district(urdu.word("district", each.name)) == each
    codes = [each.pcode for each in districts() if each.pcode]
    assert len(codes) == len(set(codes)) == 160
