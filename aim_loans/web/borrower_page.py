"""The page of a borrower: who it is, and all that is known within reach of whoever asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import render_template
from sqlalchemy import Connection

from aim_loans.borrowers.attachments import attachments_of
from aim_loans.borrowers.details import PersonDetails, cautions
from aim_loans.borrowers.models import ATTACHMENT_KINDS
from aim_loans.borrowers.queries import Person, enterprises_of
from aim_loans.config.settings import Limits
from aim_loans.errors import AimError
from aim_loans.identity.permissions import Deed, allows, reach, require
from aim_loans.loans.lookup import BorrowersLoan, borrower
from aim_loans.origination.queries import settings_in_force
from aim_loans.origination.ties import ties_of
from aim_loans.origination.waiting import Rules
from aim_loans.web.borrower_forms import LABELS
from aim_loans.web.forms import Form
from aim_loans.web.people import me
from aim_loans.web.surroundings import around


@dataclass(frozen=True, slots=True)
class Visible:
    """A person within reach, with the loans there, and the branches of what is done.

    `read_branch` is one that has the person; `act_branch` the one at which the reader may change
    something, None where that is the work of another branch.
    """

    person: Person
    loans: Sequence[BorrowersLoan]
    read_branch: str
    act_branch: str | None


def visible_person(connection: Connection, person_id: int) -> Visible:
    """Give a person; NotFound when there is none, NotAllowed when no branch within reach has it."""
    found, actor = borrower(connection, person_id, today=around().today), me().actor
    who = found.person
    at = [code for code in sorted(found.branches) if allows(actor, Deed.READ_BOOK, branch=code)]
    if not at:
        require(actor, Deed.READ_BOOK, branch=min(found.branches, default=None))
    own = [who.branch_code] if who.branch_code else sorted(found.branches)
    may = (code for code in own if allows(actor, Deed.REGISTER, branch=code))
    loans = [loan for loan in found.loans if loan.branch_code in at]
    return Visible(who, loans, min(at, default=""), next(may, None))


def changeable_person(connection: Connection, person_id: int) -> tuple[Person, str]:
    """Give a person, and the branch at which the reader may change something; else NotAllowed."""
    visible = visible_person(connection, person_id)
    if visible.act_branch is None:
        require(me().actor, Deed.REGISTER, branch=visible.person.branch_code)
        raise AssertionError("whoever may change a person does so at a branch")
    return visible.person, visible.act_branch


def borrower_page(form: Form, person_id: int) -> str:
    """Draw the page of a borrower, with the faults of whichever of its forms was sent."""
    actor, today = me().actor, around().today
    seen = reach(actor, Deed.READ_BOOK)
    with around().reading() as connection:
        visible = visible_person(connection, person_id)
        dated = settings_in_force(connection)
        return render_template(
            "borrower_page.html",
            form=form,
            who=visible.person,
            may_change=visible.act_branch is not None,
            may_lend=reach(actor, Deed.ENTER_APPLICATION) != frozenset(),
            cautions=cautions_of(visible.person, dated.limits_on(today)),
            enterprises=enterprises_of(connection, person_id),
            attachments=attachments_of(connection, person_id),
            kinds=ATTACHMENT_KINDS,
            most_megabytes=around().settings.attachments.most_megabytes,
            loans=visible.loans,
            ties=ties_of(connection, person_id, branches=seen, rules=Rules.on(dated, today)),
            labels=LABELS,
        )


def cautions_of(who: Person | PersonDetails, limits: Limits) -> Mapping[str, AimError]:
    """Give what is odd about a person today, by the field concerned."""
    found = cautions(
        cnic=who.cnic,
        gender=who.gender,
        expires_on=who.cnic_expires_on,
        birth_date=who.birth_date,
        today=around().today,
        ages=(limits.age_min, limits.age_max),
    )
    return {each.field: each for each in found}
