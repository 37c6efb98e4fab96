"""The CNIC, the number of Pakistan's identity card. Pure.

Thirteen digits, shown 12345-1234567-1. The first one names the region of registration, the
last one is odd for men and even for women.
"""

import re

from aim_loans.errors import Refused

CNIC_DIGITS = 13

_CNIC = re.compile(r"([1-8][0-9]{4})-?([0-9]{7})-?([0-9])")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_DIGITS_AND_DASHES = re.compile(r"[0-9-]+")


def parse_cnic(text: str) -> str:
    """Read a CNIC, with or without its dashes, as 13 digits.

    Refuses, each with its own sentence: nothing, other digits than 0-9, anything that is no
    digit or dash, another count than 13, a first digit that no region has, misplaced dashes.
    """
    bare = text.strip()
    match = _CNIC.fullmatch(bare)
    if match is None:
        raise _fault(bare)
    return "".join(match.groups())


def parity_disagrees(cnic: str, gender: str) -> bool:
    """Tell whether the last digit speaks of the other gender; only `female` and `male` count.

    A sign to look again, no proof: cards with the wrong parity exist.
    """
    odd = int(cnic[-1]) % 2 == 1
    return (gender == "male" and not odd) or (gender == "female" and odd)


def _fault(bare: str) -> Refused:
    if not bare:
        return Refused("Enter the CNIC, for example 35201-1234567-1.", field="cnic")
    if _FOREIGN_DIGIT.search(bare):
        return Refused(
            "Write the CNIC with the digits 0-9, for example 35201-1234567-1.", field="cnic"
        )
    digits = bare.replace("-", "")
    if not _DIGITS_AND_DASHES.fullmatch(bare):
        return Refused(
            "A CNIC holds only digits and dashes, for example 35201-1234567-1.", field="cnic"
        )
    if len(digits) != CNIC_DIGITS:
        return Refused(
            "A CNIC has 13 digits; this one has {count}. Check the card.",
            field="cnic",
            count=len(digits),
        )
    if digits[0] in "09":
        return Refused(
            "A CNIC begins with 1 to 8, the number of a region. Check the card.", field="cnic"
        )
    return Refused("The dashes of a CNIC stand so: 35201-1234567-1.", field="cnic")
