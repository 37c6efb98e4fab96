"""Writes down, for its owner alone to read, how the demonstration's people sign in."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from aim_loans.demo.staffing import SignIn
from aim_loans.texts import Translator


def write_sign_ins(path: Path, people: Iterable[SignIn], *, words: Translator) -> None:
    """Write the file anew, readable by its owner alone."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    private = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(private, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in _lines(people, words))
    part.replace(path)


def _lines(people: Iterable[SignIn], words: Translator) -> Iterator[str]:
    yield words.text("Sign-ins of a synthetic book. Nobody here is real.")
    yield words.text(
        "Whoever approves something gives a code as well. Type one of the recovery codes (each "
        "counts once), or let an authenticator read the otpauth line."
    )
    for who in people:
        place = who.place or words.text("Everywhere")
        yield ""
        yield f"{who.username}  {who.full_name}, {words.word('role', who.role.value)}, {place}"
        yield f"    {words.text('Password')}: {who.password}"
        if who.factor is not None:
            codes = "  ".join(who.factor.recovery_codes)
            yield f"    {words.text('Recovery codes')}: {codes}"
            yield f"    {who.factor.uri}"
