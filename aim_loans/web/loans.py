"""The page of a loan: what was agreed, what happened, how it stands."""

from flask import Blueprint, render_template

from aim_loans.identity.permissions import Deed, allows, require
from aim_loans.loans.lookup import LoanPage, loan_page
from aim_loans.origination.beginnings import beginning_of_loan
from aim_loans.repayment.backdating import open_backdatings
from aim_loans.repayment.ending_requests import open_ending_requests
from aim_loans.repayment.visits import visits_of_loan
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("loans", __name__)


@pages.get("/loans/<row:loan_id>")
@needs(Deed.READ_BOOK)
def show(loan_id: int) -> str:
    """Show a loan of a branch within reach."""
    loan, here = visible_loan(loan_id), around()
    with here.reading() as connection:
        visits = visits_of_loan(connection, loan_id, today=here.today)
        backdatings = open_backdatings(connection, branches=None, loan_id=loan_id)
        asked = open_ending_requests(connection, branches=None, loan_id=loan_id)
        beginning = beginning_of_loan(connection, loan_id)
    return render_template(
        "loan.html",
        loan=loan,
        enterprise=beginning.enterprise,
        paid_by=beginning.paid_by,
        asked=asked[0] if asked else None,
        backdatings=backdatings,
        may_end=allows(me().actor, Deed.WAIVE, branch=loan.branch_code),
        may_refund=allows(me().actor, Deed.ASK_REFUND, branch=loan.branch_code),
        may_receive=allows(me().actor, Deed.RECEIVE, branch=loan.branch_code),
        may_visit=allows(me().actor, Deed.RECORD_VISIT, branch=loan.branch_code),
        today=here.today,
        visits=visits,
    )


@pages.get("/loans/<row:loan_id>/statement")
@needs(Deed.READ_BOOK)
def statement(loan_id: int) -> str:
    """Show the statement of a loan, to print."""
    here = around()
    return render_template(
        "statement.html", loan=visible_loan(loan_id), today=here.today, now=here.now
    )


def visible_loan(loan_id: int) -> LoanPage:
    """Give a loan; NotAllowed outside the reach, NotFound when there is none."""
    here = around()
    with here.reading() as connection:
        loan = loan_page(connection, loan_id, today=here.today)
    require(me().actor, Deed.READ_BOOK, branch=loan.branch_code)
    return loan
