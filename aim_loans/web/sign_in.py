"""Signing in and out."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from aim_loans.errors import Refused
from aim_loans.identity.passwords import password_fits
from aim_loans.identity.sign_in import (
    StartSession,
    check_attempts,
    end_session,
    end_sessions,
    password_hash,
    record_failure,
    start_session,
)
from aim_loans.web import password, people
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.kept import remember_owner, shown_again, unseal
from aim_loans.web.surroundings import around
from aim_loans.web.untyped import login_user, logout_user
from aim_loans.web.words import own_path

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
def show() -> str:
    """Ask for the user name and the password."""
    form = Form({"next": request.args.get("next", "")})
    return render_template("sign_in.html", form=form)


@pages.post("/sign-in")
def send() -> tuple[str, int] | Response:
    """Start a session, or say that name and password do not belong together."""
    form = Form(request.form)
    if shown_again():
        return render_template("sign_in.html", form=form), 200
    username, address = form.typed("username"), request.remote_addr or ""
    here = around()
    try:
        with here.reading() as connection:
            check_attempts(connection, username, address, now=here.now)
            known = password_hash(connection, username)
        if not password_fits(form.texts.get("password", ""), known):
            with here.writing() as tx:
                record_failure(tx, username, address)
            raise Refused("The user name or the password is wrong. Try again.")
    except Refused as fault:
        form.faults[""] = fault
        return render_template("sign_in.html", form=form), 422
    with here.writing() as tx:
        token = start_session(tx, StartSession(username))
    back = own_path(form.typed("next"))
    _forget_all_but_the_language()
    login_user(people.load_user(token))
    remember_owner(username)
    kept = unseal(form.typed("kept"), owner=username)
    if kept is None:
        return redirect(back)
    return password.onward(form, kept), 200


@pages.post("/sign-out")
@needs(None)
def leave() -> Response:
    """End this session, or every session of the one who asks."""
    with around().writing() as tx:
        if request.form.get("everywhere"):
            end_sessions(tx, people.me().actor.name)
        else:
            end_session(tx, people.token())
    logout_user()
    return redirect(url_for("sign_in.show"))


def _forget_all_but_the_language() -> None:
    # A session that was begun by another hand must not live on in this one.
    kept = session.get("language")
    session.clear()
    if kept:
        session["language"] = kept
