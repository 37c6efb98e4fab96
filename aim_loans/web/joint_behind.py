"""The enterprises behind a figure of a joint report, for those of the house who read the book."""

from flask import Blueprint, render_template, request
from sqlalchemy import Connection

from aim_loans.errors import NotFound
from aim_loans.identity.permissions import Deed, require
from aim_loans.mou.behind import PAGE_ROWS, Lists, behind_line, lists_of
from aim_loans.mou.definitions import DEFINITIONS
from aim_loans.mou.editions import JointEdition, edition_by_id
from aim_loans.mou.periods import parse_period
from aim_loans.origination.queries import settings_in_force
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("joint_behind", __name__)


@pages.get("/joint-reports/<sealed('edition'):edition_id>/<line>")
@needs(Deed.READ_JOINT)
def show(edition_id: int, line: str) -> str:
    """List the enterprises that a line counts, as known at the cut of the report."""
    require(me().actor, Deed.READ_BOOK, branch=None)
    page = Form(request.args).page()
    with around().reading() as connection:
        edition = edition_by_id(connection, edition_id)
        units = _lists(connection, edition).get(line)
        if units is None:
            raise NotFound("No enterprise stands behind this figure. Open the joint report again.")
        rows = behind_line(connection, units, page=page)
    return render_template(
        "joint_behind.html",
        edition=edition,
        line=line,
        name=DEFINITIONS[line].name,
        count=units.nunique(),
        rows=rows[:PAGE_ROWS],
        page=page,
        more=len(rows) > PAGE_ROWS,
    )


def _lists(connection: Connection, edition: JointEdition) -> Lists:
    """Give the lists behind a report; they never change, and those read last are kept."""
    here = around()
    mou = here.settings.mou
    if mou is None:
        return {}
    # Another thread may forget it meanwhile.
    found = here.behind.get(edition.id)
    if found is None:
        found = lists_of(
            connection,
            period=parse_period(edition.period),
            known_at=edition.known_at,
            mou=mou,
            dated=settings_in_force(connection, known_at=edition.known_at),
        )
        here.behind.clear()
        here.behind[edition.id] = found
    return found
