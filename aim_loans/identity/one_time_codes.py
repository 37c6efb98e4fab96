"""One-time codes: the secret of an authenticator, its codes, and recovery codes.

Knows no database. The secret is stored nowhere: it is derived from the application's key, the
user name and a nonce, so that a copy of the database alone gives nobody a code.
"""

import base64
import secrets
from datetime import datetime

from pyotp import TOTP

from aim_loans.identity.digests import sign

RECOVERY_CODES = 10
DIGITS = 6
# A telephone's clock may be one step of 30 seconds before or behind ours.
_DRIFT = (0, -1, 1)
_SECRET_BYTES = 20
# 49 bits in letters that nobody confuses on paper.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_HALF_OF_A_CODE = 5


def nonce_of_session(key: bytes, token: str) -> str:
    """Derive the nonce that somebody enrols with from the session's own random token.

    So the page shows the same picture however often it is opened, and nothing is kept before
    the first code has come back.
    """
    return sign(key, "nonce of a second factor", token)


def totp_secret(key: bytes, username: str, nonce: str) -> str:
    """Derive the secret that the authenticator keeps: 32 letters of base 32."""
    digest = bytes.fromhex(sign(key, "secret of a second factor", username, nonce))
    return base64.b32encode(digest[:_SECRET_BYTES]).decode()


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Give the step of 30 seconds whose code this is; None for a wrong or a stale code."""
    totp = TOTP(secret)
    present = totp.timecode(now)
    fitting = (
        present + drift
        for drift in _DRIFT
        if secrets.compare_digest(totp.generate_otp(present + drift).encode(), code.encode())
    )
    return next(fitting, None)


def provisioning_uri(secret: str, *, username: str, issuer: str) -> str:
    """Give what the picture says to the authenticator."""
    return TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def plain_code(typed: str) -> str:
    """Bring a typed code to one spelling: no spaces or dashes, small letters, Latin digits."""
    code = "".join(letter for letter in typed if letter.isalnum()).lower()
    return f"{int(code):0{len(code)}d}" if code.isdecimal() else code


def new_recovery_codes() -> tuple[str, ...]:
    """Make ten recovery codes, each in two halves: abcde-fghjk."""
    return tuple(f"{_half()}-{_half()}" for _ in range(RECOVERY_CODES))


def recovery_digest(key: bytes, username: str, code: str) -> str:
    """Digest a recovery code under the application's key; the code itself is kept nowhere."""
    return sign(key, "recovery code", username, plain_code(code))


def _half() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_HALF_OF_A_CODE))
