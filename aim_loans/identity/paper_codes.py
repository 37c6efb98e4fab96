"""Short codes on papers: whoever holds a paper can ask a branch whether it is ours.

A code names the paper's kind, the row it speaks of and the state it speaks of, and ends in a
signature (HMAC-SHA-256, 40 bits) over these and over what the paper says. So nothing is stored:
the book says it again, and the signature fits or does not. Knows no database.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from aim_loans.identity.digests import sign
from aim_loans.vocabulary import N_

# The first letter of a code; without I, L, O and U, which are misread.
KINDS = {
    "R": N_("Receipt"),
    "S": N_("Statement of account"),
    "H": N_("Schedule"),
    "C": N_("Clearance letter"),
    "K": N_("Key fact statement"),
    "A": N_("Loan agreement"),
    "G": N_("Guarantor's undertaking"),
}

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS = 5
_SIGNATURE_LETTERS = 8
_MISREAD = str.maketrans("OIL", "011")
_FORM = re.compile(
    rf"([{''.join(KINDS)}])([{_LETTERS}]{{1,13}})-(?:([{_LETTERS}]{{1,13}})-)?([{_LETTERS}]{{8}})"
)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PaperCode:
    """A code as it is read: `state` is 0, or what tells apart the papers of one row."""

    kind: str
    row_id: int
    state: int
    signature: str

    def __str__(self) -> str:
        """Write the code as it is printed."""
        state = f"-{_written(self.state)}" if self.state else ""
        return f"{self.kind}{_written(self.row_id)}{state}-{self.signature}"


def paper_code(key: bytes, kind: str, row_id: int, state: int, said: Sequence[str]) -> PaperCode:
    """Make the code of a paper that says this; `key` is that of the audit chains."""
    digest = sign(key, "short code of a paper", kind, str(row_id), str(state), *said)
    bits = int(digest, 16) >> (len(digest) * 4 - _SIGNATURE_LETTERS * _BITS)
    return PaperCode(kind, row_id, state, _written(bits).rjust(_SIGNATURE_LETTERS, "0"))


def read_code(text: str) -> PaperCode | None:
    """Read a code as somebody types it, in any case, with spaces for dashes; None for others."""
    typed = re.sub(r"[\s-]+", "-", text.strip().upper())
    found = _FORM.fullmatch(typed[:1] + typed[1:].translate(_MISREAD))
    if found is None or not text.isascii():
        return None
    kind, row, state, signature = found.groups()
    code = PaperCode(kind, _value(row), _value(state or "0"), signature)
    return code if code.row_id <= _LARGEST and code.state <= _LARGEST else None


def fits(code: PaperCode, key: bytes, said: Sequence[str]) -> bool:
    """Say whether a code was made for a paper that says this."""
    made = paper_code(key, code.kind, code.row_id, code.state, said)
    return hmac.compare_digest(made.signature, code.signature)


def _written(number: int) -> str:
    letters = ""
    while number or not letters:
        number, place = divmod(number, len(_LETTERS))
        letters = _LETTERS[place] + letters
    return letters


def _value(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * len(_LETTERS) + _LETTERS.index(letter)
    return number
