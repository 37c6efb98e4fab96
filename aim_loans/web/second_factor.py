"""The second factor at the door: set up once, given at each sign-in, with codes to recover."""

import io
from collections.abc import Callable
from typing import TypeVar

import segno
from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.one_time_codes import nonce_of_session, provisioning_uri, totp_secret
from aim_loans.identity.second_factor import codes_left, enrol, give_code, renew_codes
from aim_loans.identity.sign_in import check_attempts, check_code_attempts, record_failure
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.kept import shown_again, unseal
from aim_loans.web.people import me, token
from aim_loans.web.surroundings import around
from aim_loans.web.words import own_path

pages = Blueprint("second_factor", __name__)

T = TypeVar("T")

_GROUP = 4
_PIXELS_A_MODULE = 5


@pages.get("/factor")
@needs(None)
def show() -> str:
    """Set the second factor up, ask for it, or say how it stands."""
    return asked(Form({"next": request.args.get("next", "")}))


def asked(form: Form) -> str:
    """Draw what is asked of whoever is signed in; the form carries where they are going."""
    found = me()
    if not found.has_factor:
        return _enrol_page(form)
    if not found.factor_given:
        return render_template("factor_code.html", form=form)
    return _own_page(form)


@pages.get("/factor/qr.svg")
@needs(None)
def picture() -> AnyResponse:
    """Draw the secret to be scanned; once it is set up there is nothing to be seen."""
    if me().has_factor:
        return redirect(url_for("second_factor.show"))
    drawn = io.BytesIO()
    issuer = around().settings.institution.name
    uri = provisioning_uri(_secret(), username=me().actor.name, issuer=issuer)
    segno.make(uri).save(drawn, kind="svg", scale=_PIXELS_A_MODULE, light="#fff")
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@pages.post("/factor/enrol")
@needs(None)
def send_first_code() -> str | tuple[str, int] | AnyResponse:
    """Set the second factor up with its first code; the recovery codes are shown this once."""
    form, here = Form(request.form), around()
    if me().has_factor:
        return redirect(url_for("second_factor.show"), code=303)

    def step(tx: Writing, code: str) -> tuple[str, ...]:
        return enrol(tx, code, token=token(), actor=me().actor, factor_key=here.factor_key)

    codes = _tried(form, step)
    if codes is None:
        return _enrol_page(form), 422
    kept = unseal(form.typed("kept"), owner=me().actor.name)
    back = own_path(form.typed("next"))
    return render_template("factor_codes.html", codes=codes, back=back, kept=kept)


@pages.post("/factor/code")
@needs(None)
def send_code() -> str | tuple[str, int] | AnyResponse:
    """Give the second factor: a code of the authenticator, or one to recover."""
    form, here = Form(request.form), around()
    if me().factor_given:
        return _onward(form)

    def step(tx: Writing, code: str) -> bool:
        give_code(tx, code, token=token(), actor=me().actor, factor_key=here.factor_key)
        return True

    if _tried(form, step) is None:
        return render_template("factor_code.html", form=form), 422
    return _onward(form)


@pages.post("/factor/recovery-codes")
@needs(None)
def send_for_codes() -> str | tuple[str, int]:
    """Make new recovery codes for whoever gives a code again."""
    form, here = Form(request.form), around()

    def step(tx: Writing, code: str) -> tuple[str, ...]:
        return renew_codes(tx, code, actor=me().actor, factor_key=here.factor_key)

    codes = _tried(form, step)
    if codes is None:
        return _own_page(form), 422
    return render_template("factor_codes.html", codes=codes, back="/", kept=None)


def _tried(form: Form, step: Callable[[Writing, str], T]) -> T | None:
    """Try the code that was typed, unless too many were wrong; a wrong one is counted.

    Gives None when there was a fault, or when the form is only shown again.
    """
    if shown_again():
        return None
    here, username, address = around(), me().actor.name, request.remote_addr or ""
    code, outcome = form.read("code", str), None
    if code is None:
        return None
    with form.attempt():
        with here.reading() as connection:
            check_attempts(connection, username, address, now=here.now)
            check_code_attempts(connection, username, now=here.now)
        try:
            with here.writing() as tx:
                outcome = step(tx, code)
        except Refused:
            with here.writing() as tx:
                record_failure(tx, username, address, of_code=True)
            raise
    return outcome


def _onward(form: Form) -> str | AnyResponse:
    """Go back to a form that was kept, else to where they were going."""
    kept = unseal(form.typed("kept"), owner=me().actor.name)
    if kept is None:
        return redirect(own_path(form.typed("next")), code=303)
    return render_template("kept.html", kept=kept)


def _secret() -> str:
    """Give the secret that this session is shown before its first code."""
    key = around().factor_key
    return totp_secret(key, me().actor.name, nonce_of_session(key, token()))


def _enrol_page(form: Form) -> str:
    secret = _secret()
    groups = [secret[start : start + _GROUP] for start in range(0, len(secret), _GROUP)]
    return render_template("factor_enrol.html", form=form, groups=groups)


def _own_page(form: Form) -> str:
    with around().reading() as connection:
        left = codes_left(connection, me().actor.name)
    return render_template("factor.html", form=form, left=left)
