"""One box that finds: a loan or receipt by number, a borrower, a paper by its short code."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.identity.paper_codes import read_code
from aim_loans.identity.permissions import Deed, reach
from aim_loans.loans.finding import Found, find
from aim_loans.web.forms import Form, checked_length
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.prints import is_ours
from aim_loans.web.surroundings import around

pages = Blueprint("find", __name__)


@pages.post("/find")
@needs(Deed.READ_BOOK)
def send() -> str | tuple[str, int] | Response:
    """Show what was found; a single hit opens at once. A CNIC never stands in an address."""
    form = Form(request.form)
    wanted = form.read("wanted", checked_length)
    if wanted is None:
        return _shown(form, Found((), ())), 422
    code = read_code(wanted)
    with around().reading() as connection:
        # A name may look like a code, but only a paper of ours has its signature.
        if code is not None and is_ours(connection, code):
            return redirect(url_for("prints.check", code=code), code=303)
        found = find(connection, wanted, branches=reach(me().actor, Deed.READ_BOOK))
    if len(found.loan_ids) == 1:
        return redirect(url_for("loans.show", loan_id=found.loan_ids[0]), code=303)
    if len(found.borrowers) == 1 and not found.more:
        person_id = found.borrowers[0].person_id
        return redirect(url_for("borrowers.show", person_id=person_id), code=303)
    if code is not None and not found.borrowers and not found.more:
        return redirect(url_for("prints.check", code=code), code=303)
    return _shown(form, found)


def _shown(form: Form, found: Found) -> str:
    searched = form.typed("wanted")
    return render_template("found.html", form=form, found=found, searched=searched)
