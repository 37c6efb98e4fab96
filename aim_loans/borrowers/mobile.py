"""The number of a mobile telephone in Pakistan, kept as 0300-1234567. Pure."""

import re

from aim_loans.errors import Refused

_MOBILE = re.compile(r"(?:\+92|0092|92|0)?(3[0-9]{2})([0-9]{7})")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_SPACING = re.compile(r"[\s().-]+")


def parse_mobile(text: str) -> str:
    """Read a mobile number, with or without dashes or +92, as 03XX-XXXXXXX.

    Refuses other digits than 0-9, and whatever is no such number.
    """
    bare = text.strip()
    if _FOREIGN_DIGIT.search(bare):
        raise Refused(
            "Write the mobile number with the digits 0-9, for example 0300-1234567.",
            field="mobile",
        )
    match = _MOBILE.fullmatch(_SPACING.sub("", bare))
    if match is None:
        raise Refused(
            "A mobile number has 11 digits and begins with 03, for example 0300-1234567.",
            field="mobile",
        )
    return f"0{match[1]}-{match[2]}"
