"""Which page asks for which deed; whatever is not named here nobody opens.

A view names the deed that it needs with `needs`. The guard lets in only who may do that deed
somewhere; where, at which branch, the view or the operation below it asks for itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from aim_loans.errors import NotAllowed
from aim_loans.identity.permissions import Actor, Deed, reach
from aim_loans.identity.sign_in import SignedIn
from aim_loans.web.forms import Form
from aim_loans.web.kept import LANGUAGE, Kept, seal, shown_again, typed_form
from aim_loans.web.people import who
from aim_loans.web.surroundings import only_look
from aim_loans.web.words import speak

View = TypeVar("View", bound=Callable[..., Any])

_NAME = "aim_needs"

# The pages that anybody may open.
PUBLIC = frozenset({"static", "health.show", "sign_in.show", "sign_in.send", "language.choose"})
# What is open to somebody who must change the first password before anything else.
BEFORE_PASSWORD = frozenset({"password.show", "password.send", "sign_in.leave"})
# What is open to somebody who has given the password, and not yet the second factor.
BEFORE_FACTOR = frozenset(
    {
        "second_factor.show",
        "second_factor.picture",
        "second_factor.send_code",
        "second_factor.send_first_code",
        "sign_in.leave",
    }
)


@dataclass(frozen=True, slots=True)
class Need:
    """What a page asks of whoever opens it: one of these deeds; none: to be signed in."""

    deeds: tuple[Deed, ...]

    def lets_in(self, actor: Actor) -> bool:
        """Say whether somebody may do one of the deeds anywhere."""
        return not self.deeds or any(reach(actor, deed) != frozenset() for deed in self.deeds)


def needs(deed: Deed | None, *others: Deed) -> Callable[[View], View]:
    """Mark a view with the deed that it needs, or with several of which one is enough."""

    def mark(view: View) -> View:
        setattr(view, _NAME, Need(() if deed is None else (deed, *others)))
        return view

    return mark


def need_of(app: Flask, endpoint: str) -> Need | None:
    """Give what the view of an endpoint asks for; None when it names nothing."""
    found: Need | None = getattr(app.view_functions[endpoint], _NAME, None)
    return found


def install(app: Flask) -> None:
    """Guard every page; an application with a view that names no deed does not start."""
    bare = [
        endpoint
        for endpoint in app.view_functions
        if endpoint not in PUBLIC and need_of(app, endpoint) is None
    ]
    if bare:
        raise RuntimeError(f"these pages name no deed: {', '.join(sorted(bare))}")
    app.before_request(lambda: check(app))
    app.after_request(harden)


def check(app: Flask) -> AnyResponse | None:
    """Send strangers to the sign-in page, and refuse who may not open this one."""
    endpoint = request.endpoint
    # Whoever changes the language over a form sends it along, to see it in the other one.
    speak(request.form.get(LANGUAGE, ""))
    if endpoint is None or endpoint in PUBLIC:
        return None
    found, need = who(), need_of(app, endpoint)
    if found is None:
        kept = kept_form()
        return ask_again(kept) if kept else redirect(url_for("sign_in.show", next=_here()))
    if not found.through_the_door:
        return _before(found, endpoint)
    if need is not None and not need.lets_in(found.actor):
        raise NotAllowed(
            "{actor} may not do this. Ask the branch manager or head office.",
            actor=found.actor.name,
        )
    if shown_again():
        only_look()
    return None


def kept_form() -> Kept | None:
    """Give what was typed into the form under way; of the door's own forms nothing is kept."""
    return None if request.endpoint in PUBLIC | BEFORE_PASSWORD else typed_form()


def ask_again(kept: Kept) -> AnyResponse:
    """Ask somebody whose session has ended to sign in again; the page carries the form."""
    form = Form({"username": kept.owner, "kept": seal(kept)})
    return make_response(render_template("sign_in.html", form=form), 401)


def _before(found: SignedIn, endpoint: str) -> AnyResponse | None:
    """Lead to the password that must be changed first, then to the second factor."""
    if found.must_change_password:
        return None if endpoint in BEFORE_PASSWORD else redirect(url_for("password.show"))
    if endpoint in BEFORE_FACTOR:
        return None
    return redirect(url_for("second_factor.show", next=_here()))


def harden(response: Response) -> Response:
    """Let the browser load nothing but our own files, and frame or keep nothing."""
    response.headers.update(
        {
            "Content-Security-Policy": (
                "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
                "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
    )
    # The address of a static file changes with its contents (`static_files`).
    kept = request.endpoint == "static" and response.status_code < 400
    response.headers["Cache-Control"] = "max-age=31536000, immutable" if kept else "no-store"
    return response


def _here() -> str | None:
    """Give the address to come back to: only of pages that are read."""
    return request.full_path.rstrip("?") if request.method == "GET" else None
