"""Changing one's own password."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.errors import Refused
from aim_loans.identity.passwords import password_fits
from aim_loans.identity.sign_in import (
    SetPassword,
    StartSession,
    password_hash,
    set_password,
    start_session,
)
from aim_loans.web import people, second_factor
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.kept import Kept, shown_again, unseal
from aim_loans.web.surroundings import around
from aim_loans.web.untyped import login_user

pages = Blueprint("password", __name__)


@pages.get("/password")
@needs(None)
def show() -> str:
    """Ask for the old password and, twice, the new one."""
    return render_template("password.html", form=Form())


@pages.post("/password")
@needs(None)
def send() -> tuple[str, int] | Response:
    """Set the new password; all other sessions end."""
    form, token = Form(request.form), ""
    if shown_again():
        return render_template("password.html", form=form), 200
    with form.attempt():
        token = _change(form, people.me().actor.name)
    if form.faults:
        return render_template("password.html", form=form), 422
    login_user(people.load_user(token))
    kept = unseal(form.typed("kept"), owner=people.me().actor.name)
    return (onward(form, kept), 200) if kept else redirect(url_for("home.show"))


def onward(form: Form, kept: Kept) -> str:
    """Lead through what is left of the door, and then back to the form that was kept."""
    found = people.me()
    if found.must_change_password:
        return render_template("password.html", form=form)
    if found.through_the_door:
        return render_template("kept.html", kept=kept)
    return second_factor.asked(form)


def _change(form: Form, username: str) -> str:
    """Change the password; gives the token of a new session, for all old ones have ended."""
    here, new = around(), form.texts.get("password", "")
    with here.reading() as connection:
        known = password_hash(connection, username)
    if not password_fits(form.texts.get("old", ""), known):
        raise Refused("This is not your password now.", field="old")
    if new != form.texts.get("again", ""):
        raise Refused("The two new passwords differ. Type the same twice.", field="again")
    if new == form.texts.get("old", ""):
        raise Refused("The new password is the old one. Choose another.", field="password")
    with here.writing() as tx:
        command = SetPassword(username, temporary=False)
        set_password(tx, command, new, actor=people.me().actor)
        return start_session(tx, StartSession(username, people.me().factor_given))
