"""Who borrows in the made-up book: the same people for the same seed. Pure.

No CNIC or mobile number here can be anybody's: the place on the card reads 0000, and no
operator has the prefix 0399.
"""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from aim_loans.demo.names import MEN, MEN_LAST, WOMEN, WOMEN_LAST, Name, joined
from aim_loans.demo.towns import TOWNS, Town

ValueT = TypeVar("ValueT")

# Of a thousand: women among the borrowers (46 in 100 nationally), names in Urdu letters, cards
# not seen, and so on.
WOMEN_SHARE, TRANSGENDER = 462, 3
URDU_NAMES, RURAL, SHARED_HOUSEHOLD = 400, 450, 80
NO_CNIC, NO_BIRTH_DATE, NO_DISTRICT = 25, 30, 12
# Steps that spread whole numbers evenly over 0..1, each in an order of its own.
_BY_GENDER, _BY_TOWN = 0.6180339887, 0.4142135624


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person of the book; `written` is the name as it stands on the card."""

    number: int
    town: Town
    gender: str
    name: Name
    written: str
    father_or_husband: Name
    birth_date: date | None
    cnic: str | None
    district: str | None
    mobile: str
    urban_rural: str
    household: str

    @property
    def ref(self) -> str:
        """Give the reference under which the book knows the borrower."""
        return f"B{self.number:06d}"


def evenly(number: int, step: float) -> float:
    """Give a place between 0 and 1; those of successive numbers lie evenly spread."""
    return number * step % 1.0


def person(seed: int, number: int, *, day: date) -> Person:
    """Draw a person as of a day; a few live with the person before them."""
    drawn = _alone(seed, number, day=day)
    chance = random.Random(f"{seed}/family/{number}")
    before = _alone(seed, number - 1, day=day)
    if number < 2 or chance.randrange(1_000) >= SHARED_HOUSEHOLD:
        return drawn
    # They move to the town of the other, so the card's first digit goes with them.
    town = before.town
    return replace(
        drawn,
        town=town,
        cnic=drawn.cnic and f"{town.cnic_digit}{drawn.cnic[1:]}",
        district=town.district,
        urban_rural=before.urban_rural,
        household=before.household,
        father_or_husband=before.father_or_husband,
    )


def _alone(seed: int, number: int, *, day: date) -> Person:
    chance = random.Random(f"{seed}/person/{number}")
    gender = _gender(number)
    town = _town(number)
    own = _name(chance, women=gender == "female")
    father = joined(chance.choice(MEN), chance.choice(MEN_LAST))
    parity = chance.choice((2, 4, 6, 8) if gender == "female" else (1, 3, 5, 7))
    cnic = f"{town.cnic_digit}0000{number % 10_000_000:07d}{parity}"
    return Person(
        number=number,
        town=town,
        gender=gender,
        name=own,
        written=own.urdu if chance.randrange(1_000) < URDU_NAMES else own.latin,
        father_or_husband=father,
        birth_date=_left_out(chance, NO_BIRTH_DATE, day - timedelta(chance.randint(7_800, 20_000))),
        cnic=_left_out(chance, NO_CNIC, cnic),
        district=_left_out(chance, NO_DISTRICT, town.district),
        mobile=f"0399-{number % 10_000_000:07d}",
        urban_rural="rural" if chance.randrange(1_000) < RURAL else "urban",
        household=f"{town.code}/H{number:06d}",
    )


def _left_out(chance: random.Random, of_thousand: int, value: ValueT) -> ValueT | None:
    """Leave a value out as often as nobody wrote it down."""
    return None if chance.randrange(1_000) < of_thousand else value


def _gender(number: int) -> str:
    place = evenly(number, _BY_GENDER) * 1_000
    if place < WOMEN_SHARE:
        return "female"
    return "transgender" if place >= 1_000 - TRANSGENDER else "male"


def _town(number: int) -> Town:
    place = evenly(number, _BY_TOWN) * sum(town.share for town in TOWNS)
    for town in TOWNS:
        place -= town.share
        if place < 0:
            return town
    return TOWNS[-1]


def _name(chance: random.Random, *, women: bool) -> Name:
    first, last = (WOMEN, WOMEN_LAST) if women else (MEN, MEN_LAST)
    return joined(chance.choice(first), chance.choice(last))
