"""The first page: what each role has to do today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.identity.permissions import Deed, Role, reach
from aim_loans.mou.editions import Waits, waits_for
from aim_loans.mou.next_steps import ToDo
from aim_loans.mou.targets import party_of
from aim_loans.origination.queries import due_day, settings_in_force
from aim_loans.origination.waiting import open_applications
from aim_loans.repayment.collection import (
    MOST_PAGES,
    DueList,
    Progress,
    Wanted,
    follow_up,
    progress,
)
from aim_loans.repayment.ending_requests import DEEDS
from aim_loans.repayment.visits import Contact, last_contacts
from aim_loans.repayment.waiting import count_waiting
from aim_loans.web.applications import waits_for_me
from aim_loans.web.forms import page_number
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.programme import next_steps
from aim_loans.web.surroundings import around

pages = Blueprint("home", __name__)

# Whoever holds one of these sees the whole book first; the next ones see their branch.
_BOOK = frozenset(
    {Role.HEAD_OFFICE, Role.AUDITOR, Role.OPERATOR, Role.REGIONAL_MANAGER, Role.AREA_MANAGER}
)
_BRANCH = frozenset({Role.BRANCH_MANAGER, Role.CASHIER})
STEPS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Home:
    """A day's work: how the month goes in all and by officer, and who to go after.

    `waiting` counts what waits to be confirmed at the branch; None where that is another's work.
    `applications` counts those whose next step is up to whoever asks. `steps` is what an officer
    does next for enterprises of the programme.
    """

    today: date
    due_day: date
    whole: Progress
    officers: Sequence[Progress]
    late: DueList
    contacts: Mapping[int, Contact]
    waiting: int | None
    applications: int
    steps: Sequence[ToDo]

    @property
    def first_steps(self) -> Sequence[ToDo]:
        """Give the most urgent of the next steps; the others stand on a page of their own."""
        return self.steps[:STEPS_SHOWN]


@pages.get("/")
@needs(None)
def show() -> str | Response:
    """Show the home of the widest role that somebody holds."""
    roles = {grant.role for grant in me().actor.grants}
    if roles & _BOOK:
        return redirect(url_for("book.show"))
    if roles & _BRANCH:
        return _work(officer=None)
    if Role.LOAN_OFFICER in roles:
        return _work(officer=me().actor.name)
    return render_template(
        "partner.html", waits=_partner_waits() if Role.PARTNER in roles else None
    )


def _partner_waits() -> Waits:
    here = around()
    with here.reading() as connection:
        return waits_for(connection, party_of(me().actor), today=here.today)


def _work(*, officer: str | None) -> str:
    here, branches = around(), reach(me().actor, Deed.READ_BOOK)
    wanted, today = Wanted(branches, officer), here.today
    page = page_number(request.args.get("page", ""), most=MOST_PAGES)
    with here.reading() as connection:
        dated = settings_in_force(connection)
        falls_due = due_day(dated, today)
        officers = progress(connection, wanted, today=today, due_day=falls_due)
        late = follow_up(connection, wanted, today=today, page=page)
        contacts = last_contacts(connection, [row.loan_id for row in late.rows], today=today)
        waiting = None if officer else _waiting(connection, branches)
        asked = open_applications(connection, branches=branches, dated=dated, today=today)
        steps = next_steps(connection, officer=officer, dated=dated, today=today) if officer else ()
    mine = sum(map(waits_for_me, asked))
    home = Home(today, falls_due, _whole(officers), officers, late, contacts, waiting, mine, steps)
    return render_template("home.html", home=home, is_branch=officer is None)


def _waiting(connection: Connection, branches: frozenset[str] | None) -> int:
    """Count what waits for a second person: receipts, loans to end, credit."""
    endings = {kind: reach(me().actor, confirms) for kind, (_, confirms) in DEEDS.items()}
    return count_waiting(connection, receipts=branches, endings=endings)


def _whole(officers: Sequence[Progress]) -> Progress:
    """Add up the officers' figures."""
    sums = [sum(column) for column in zip(*(each[2:] for each in officers), strict=True)]
    return Progress(None, None, *(sums or [0] * len(Progress._fields[2:])))
