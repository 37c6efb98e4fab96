"""Passwords: what is accepted as one, and its Argon2 hash. Knows no database."""

import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from aim_loans.errors import Refused

SHORTEST = 10
LONGEST = 200
# 60 bits in letters that nobody confuses when they are read out.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_TEMPORARY_LENGTH = 12

_HASHER = PasswordHasher()
# A hash takes 64 MiB on purpose: eight at once would take more than the whole process may.
_AT_ONCE = BoundedSemaphore(2)
# Whoever asks for a name that is not there waits as long as for one that is.
_NOBODY = _HASHER.hash(secrets.token_hex())


def hash_password(password: str) -> str:
    """Hash a password with Argon2id and a salt of its own."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def password_fits(password: str, hashed: str | None) -> bool:
    """Say whether a password is the one that was hashed; None is nobody's, as slowly."""
    if len(password) > LONGEST:
        return False
    try:
        with _AT_ONCE:
            _HASHER.verify(hashed or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def check_password(password: str, *, username: str) -> None:
    """Refuse a password that is too short, too long, or holds the user name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(
            "A password has {shortest} to {longest} characters. A few words that belong "
            "together only for you are easy to keep.",
            field="password",
            shortest=SHORTEST,
            longest=LONGEST,
        )
    if username.casefold() in password.casefold():
        raise Refused("The password holds the user name. Choose another.", field="password")


def temporary_password() -> str:
    """Make a first password, to be changed by the one who gets it."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_TEMPORARY_LENGTH))
