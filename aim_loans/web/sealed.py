"""Numbers of rows in what the partner reads: sealed, so that none tells how many lie between.

Deterministic authenticated encryption (AES-SIV, RFC 5297): the same row always stands under the
same text, which nobody without the key can read, make up or compare with another's.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from werkzeug.routing import BaseConverter, Map, ValidationError

from aim_loans.config.environment import derived_key
from aim_loans.errors import NotFound

_PURPOSE = "row numbers that the partner reads"
# A BIGINT, and the sixteen bytes that prove it genuine, make 32 letters.
_NUMBER_BYTES = 8
_LETTERS = "[A-Za-z0-9_-]{32}"


class Seal:
    """Seals the numbers of rows, each kind of row for itself."""

    def __init__(self, key: bytes) -> None:
        """Derive the key of this purpose from the institution's."""
        self._cipher = AESSIV(derived_key(key, _PURPOSE))

    def hide(self, kind: str, number: int) -> str:
        """Give the text under which a row stands."""
        hidden = self._cipher.encrypt(number.to_bytes(_NUMBER_BYTES), [kind.encode()])
        return urlsafe_b64encode(hidden).decode()

    def number(self, kind: str, text: str) -> int:
        """Give the number of a row by its text; NotFound for one that we never gave."""
        try:
            opened = self._cipher.decrypt(urlsafe_b64decode(text), [kind.encode()])
        except (InvalidTag, ValueError) as fault:
            raise NotFound("There is no such entry. Open the list again.") from fault
        return int.from_bytes(opened)


def sealed_by(seal: Seal) -> type[BaseConverter]:
    """Make the converter of addresses in which a row's number is sealed."""

    class Sealed(BaseConverter):
        """The sealed number of a row of a kind: `<sealed("upload"):upload_id>`."""

        regex = _LETTERS

        def __init__(self, url_map: Map, kind: str) -> None:
            """Keep the kind, which the text is sealed for."""
            super().__init__(url_map)
            self.kind = kind

        def to_python(self, value: str) -> int:
            """Give the number; a text that we never gave is no such page."""
            try:
                return seal.number(self.kind, value)
            except NotFound as fault:
                raise ValidationError from fault

        def to_url(self, value: int) -> str:
            """Give the text."""
            return seal.hide(self.kind, value)

    return Sealed
