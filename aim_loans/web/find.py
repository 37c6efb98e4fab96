"""Finding a loan: one box for its number, a CNIC, a receipt's number or a name."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.identity.permissions import Deed, reach
from aim_loans.loans.lookup import find_loans
from aim_loans.web.forms import Form, checked_length
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("find", __name__)


@pages.post("/find")
@needs(Deed.READ_BOOK)
def send() -> str | tuple[str, int] | Response:
    """Show what was found; a single loan opens at once. A CNIC never stands in an address."""
    form = Form(request.form)
    wanted = form.read("wanted", checked_length)
    if wanted is None:
        return render_template("found.html", form=form, loans=()), 422
    with around().reading() as connection:
        loans = find_loans(connection, wanted, branches=reach(me().actor, Deed.READ_BOOK))
    if len(loans) == 1:
        return redirect(url_for("loans.show", loan_id=loans[0].loan_id), code=303)
    return render_template("found.html", form=form, loans=loans)
