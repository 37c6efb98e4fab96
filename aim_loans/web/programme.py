"""The enterprises of the programme with their next steps: on a page, and on an officer's home."""

from datetime import date

from flask import Blueprint, render_template, request
from sqlalchemy import Connection

from aim_loans.config.settings import DatedTables
from aim_loans.identity.permissions import Deed, reach
from aim_loans.mou.next_steps import ToDo, to_do
from aim_loans.mou.programme import Whose, in_programme
from aim_loans.origination.queries import settings_in_force
from aim_loans.web.forms import page_number
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("programme", __name__)

PAGE_ROWS = 50


@pages.get("/programme")
@needs(Deed.RECORD_SUPPORT)
def show() -> str:
    """List what is to be done: an officer's own, or of the branch for who verifies there."""
    here, actor = around(), me().actor
    verifies = reach(actor, Deed.VERIFY_REGISTRATION) != frozenset()
    page = page_number(request.args.get("page", ""))
    with here.reading() as connection:
        dated = settings_in_force(connection)
        rows = next_steps(
            connection, officer=None if verifies else actor.name, dated=dated, today=here.today
        )
    first = (page - 1) * PAGE_ROWS
    return render_template(
        "programme.html",
        of_all=verifies,
        rows=rows[first : first + PAGE_ROWS],
        page=page,
        more=len(rows) > first + PAGE_ROWS,
        today=here.today,
    )


def next_steps(
    connection: Connection, *, officer: str | None, dated: DatedTables, today: date
) -> list[ToDo]:
    """Give what is to be done for enterprises where the reader gives support, by urgency.

    Of the borrowers of an officer, or of all there; nothing without a memorandum.
    """
    mou = around().settings.mou
    if mou is None:
        return []
    whose = Whose(reach(me().actor, Deed.RECORD_SUPPORT), officer)
    found = in_programme(connection, whose, today=today)
    return to_do(found, mou.applicable_on(today), dated.limits_on(today), today)
