"""What was typed into a form that could not be taken: kept, and shown again to the same person.

The answer's own page carries it, signed, so that the server stores nothing. On the way back
nothing is written: the form's page is asked to show itself again, and the person sends it.
"""

from dataclasses import astuple, dataclass

from flask import current_app, request, session
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.exceptions import RequestEntityTooLarge

from aim_loans.identity.sign_in import ABSOLUTE
from aim_loans.web.words import own_path

# The field that asks a page to show the form again, and to write nothing.
LOOK = "aim-look"
# The field that says in which language.
LANGUAGE = "aim-language"
# What must not lie in a page; all else is kept, and so is the one-time key.
_NEVER_KEPT = frozenset({"csrf_token", LOOK, LANGUAGE, "password", "old", "again", "code"})
_OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Kept:
    """A form as it was typed: by whom, where it goes, its fields as name and text."""

    owner: str
    path: str
    fields: tuple[tuple[str, str], ...]


def remember_owner(username: str) -> None:
    """Note in the browser's session whose it is; the note outlives the sign-in itself."""
    session[_OWNER] = username


def typed_form() -> Kept | None:
    """Give the form under way; None for a page that is read, a stranger's, or too large a form."""
    owner = session.get(_OWNER)
    # Sealed and sent once more with a name and a password it must still be small enough.
    largest = current_app.config["MAX_CONTENT_LENGTH"] // 2
    if owner is None or request.method != "POST" or (request.content_length or 0) > largest:
        return None
    kept = _as_typed(owner)
    return kept if kept.fields else None


def typed_again() -> Kept | None:
    """Give the form under way, for the page that answers it to send once more; None for no form.

    It stays in the hands of whoever typed it, so nothing is asked of who that is.
    """
    try:
        return _as_typed("") if request.form else None
    except RequestEntityTooLarge:
        return None


def shown_again() -> bool:
    """Say whether a page is only asked to show its form again."""
    return LOOK in request.form


def _as_typed(owner: str) -> Kept:
    fields = tuple(
        (name, text) for name, text in request.form.items(multi=True) if name not in _NEVER_KEPT
    )
    return Kept(owner, request.full_path.rstrip("?"), fields)


def seal(kept: Kept) -> str:
    """Write a form as a text that only this application can have written."""
    return str(_serializer().dumps(astuple(kept)))


def unseal(text: str, *, owner: str) -> Kept | None:
    """Read a sealed form again; None for another one's, a forged or an old one."""
    try:
        whose, path, fields = _serializer().loads(text, max_age=int(ABSOLUTE.total_seconds()))
    except BadSignature:
        return None
    if whose != owner:
        return None
    return Kept(owner, own_path(path), tuple((name, typed) for name, typed in fields))


def _serializer() -> URLSafeTimedSerializer:
    key = current_app.secret_key
    if key is None:
        raise AssertionError("an application without a secret")
    return URLSafeTimedSerializer(key, salt="aim-loans kept form")
