"""What is written down of a person or an enterprise, and what to look at twice. Pure."""

import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date

from aim_loans.borrowers.identifiers import parity_disagrees, parse_cnic
from aim_loans.borrowers.mobile import parse_mobile
from aim_loans.borrowers.places import find_district
from aim_loans.errors import AimError, Refused
from aim_loans.texts import normalise_urdu
from aim_loans.value_words import WORDS

GENDERS = tuple(WORDS["gender"])
URBAN_RURAL = tuple(WORDS["urban_rural"])
# So many borrowers guarantee each other in a group.
LEAST_MEMBERS, MOST_MEMBERS = 3, 6
# Writing Urdu needs this mark, which nobody sees, between letters that do not join.
_NON_JOINER = "\u200c"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetails:
    """What is known of a person; None for what nobody told.

    Persons with the same `household` live together.
    """

    name: str
    gender: str
    father_or_husband_name: str | None = None
    mother_name: str | None = None
    cnic: str | None = None
    cnic_issued_on: date | None = None
    cnic_expires_on: date | None = None
    birth_date: date | None = None
    mobile: str | None = None
    address: str | None = None
    district: str | None = None
    tehsil: str | None = None
    urban_rural: str | None = None
    disability: str | None = None
    household: str | None = None
    nominee_name: str | None = None
    nominee_cnic: str | None = None
    nominee_relation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseDetails:
    """A micro enterprise: its sector and activity by key."""

    name: str
    sector: str
    activity: str | None = None
    district: str | None = None
    started_on: date | None = None


def parse_name(text: str) -> str:
    """Read a name in either script: one spelling of its letters, no hidden marks."""
    name = tidy(text)
    if not any(letter.isalpha() for letter in name):
        raise Refused("Write the name with its letters, as it stands on the CNIC.", field="name")
    return name


def parse_district(text: str) -> str:
    """Read the name of a district in any common spelling."""
    found = find_district(text)
    if found is None:
        raise Refused(
            "{given} is not a district we know. Choose one of the list.",
            field="district",
            given=tidy(text),
        )
    return found.name


def tidy(text: str) -> str:
    """Bring a text to one spelling, without doubled spaces and characters nobody sees."""
    seen = (
        " " if letter.isspace() else letter
        for letter in text
        if letter == _NON_JOINER or letter.isspace() or unicodedata.category(letter)[0] != "C"
    )
    return normalise_urdu(" ".join("".join(seen).split()))


def checked_person(given: PersonDetails, *, today: date) -> PersonDetails:
    """Give the details in the form in which they are kept; Refused at the field that is wrong."""
    _check_listed(given)
    _check_days(given, today=today)
    return replace(
        given,
        name=parse_name(given.name),
        father_or_husband_name=_at(
            "father_or_husband_name", parse_name, given.father_or_husband_name
        ),
        nominee_name=_at("nominee_name", parse_name, given.nominee_name),
        cnic=_at("cnic", parse_cnic, given.cnic),
        nominee_cnic=_at("nominee_cnic", parse_cnic, given.nominee_cnic),
        mobile=_at("mobile", parse_mobile, given.mobile),
        district=_at("district", parse_district, given.district),
        mother_name=_text(given.mother_name),
        address=_text(given.address),
        tehsil=_text(given.tehsil),
        disability=_text(given.disability),
        household=_text(given.household),
        nominee_relation=_text(given.nominee_relation),
    )


def checked_enterprise(
    given: EnterpriseDetails, *, today: date, sectors: Collection[str]
) -> EnterpriseDetails:
    """Give the enterprise in the form in which it is kept; `sectors` are those of the settings."""
    if given.sector not in sectors:
        raise Refused("Choose one of the list.", field="sector")
    if given.started_on and given.started_on > today:
        raise Refused("This day lies in the future.", field="started_on")
    return replace(
        given,
        name=parse_name(given.name),
        district=_at("district", parse_district, given.district),
    )


def age_on(birth_date: date, day: date) -> int:
    """Give the whole years between birth and a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def cautions(
    *,
    cnic: str | None,
    gender: str,
    expires_on: date | None,
    birth_date: date | None,
    today: date,
    ages: tuple[int, int],
) -> Iterator[AimError]:
    """Say what to look at twice, each at its field; none of it stops anything.

    `ages` are the lowest and the highest at which loans are given.
    """
    if cnic and parity_disagrees(cnic, gender):
        yield AimError(
            "The last digit of a CNIC is odd for men and even for women. Check the number and "
            "the gender.",
            field="cnic",
        )
    if expires_on and expires_on < today:
        yield AimError(
            "This CNIC expired on {day}. It must be renewed before a loan is paid out.",
            field="cnic_expires_on",
            day=expires_on,
        )
    age = age_on(birth_date, today) if birth_date and birth_date <= today else None
    if age is not None and not ages[0] <= age <= ages[1]:
        yield AimError(
            "{age} years old: loans are given at {lowest} to {highest} years.",
            field="birth_date",
            age=age,
            lowest=ages[0],
            highest=ages[1],
        )


def _check_listed(given: PersonDetails) -> None:
    if given.gender not in GENDERS:
        raise Refused("Choose one of the list.", field="gender")
    if given.urban_rural is not None and given.urban_rural not in URBAN_RURAL:
        raise Refused("Choose one of the list.", field="urban_rural")


def _check_days(given: PersonDetails, *, today: date) -> None:
    for field in ("birth_date", "cnic_issued_on"):
        if (getattr(given, field) or today) > today:
            raise Refused("This day lies in the future.", field=field)
    issued, expires = given.cnic_issued_on, given.cnic_expires_on
    if issued and expires and expires <= issued:
        raise Refused(
            "A CNIC expires after it was issued. Check the card.", field="cnic_expires_on"
        )


def _text(text: str | None) -> str | None:
    return tidy(text or "") or None


def _at(field: str, parse: Callable[[str], str], text: str | None) -> str | None:
    """Read a text that may be left out; what is wrong is said at this field."""
    if not text:
        return None
    try:
        return parse(text)
    except Refused as fault:
        fault.field = field
        raise
