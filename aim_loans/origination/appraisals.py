"""What is found out about an application: appraisals, guarantors, answers of others."""

from dataclasses import dataclass
from datetime import date

from aim_loans.borrowers.details import LEAST_MEMBERS
from aim_loans.borrowers.groups import Group, group_of_person, members_of
from aim_loans.borrowers.queries import cnic_owners
from aim_loans.db.bulk import insert_new, insert_rows
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.operations import Act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.origination.committee import State
from aim_loans.origination.lookup import OPEN_STATES, Application, application_by_id
from aim_loans.origination.models import (
    appraisal,
    background_check,
    group_guarantee,
    guarantee,
)
from aim_loans.origination.records import RECORDED, begin, recorded

CHECKS = ("bureau", "screening")
RESULTS = ("clear", "adverse", "not_available")
_GUARANTEE = ("application_id", "person_id", "relation", "ends_id", *RECORDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraise:
    """What a visit found; amounts in paisa a month. `kind` is social or business."""

    application_id: int
    kind: str
    note: str
    household_size: int | None = None
    earners: int | None = None
    income: int | None = None
    expenses: int | None = None
    debt_payments: int | None = None
    place: str | None = None
    assets: int | None = None
    running_capital: int | None = None
    sales: int | None = None
    costs: int | None = None
    jobs: int | None = None
    buys: str | None = None


_FOUND = (
    "household_size",
    "earners",
    "income",
    "expenses",
    "debt_payments",
    "place",
    "assets",
    "running_capital",
    "sales",
    "costs",
    "jobs",
    "buys",
    "note",
)


def appraise(
    tx: Writing, command: Appraise, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Record an appraisal of the version in hand; a later one of the same kind holds."""
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.APPRAISE, branch=asked.branch_code)
    this = begin(tx, asked, "appraise", command, actor=actor, key=key)
    if this.repeated:
        return this
    if asked.state not in (State.SUBMITTED, State.APPRAISED):
        raise Refused("Only a submitted application that is not decided yet is appraised.")
    columns = ("application_id", "version", "kind", "appraised_by", *_FOUND, *RECORDED)
    found = tuple(getattr(command, name) for name in _FOUND)
    row = (asked.id, asked.version, command.kind, actor.name, *found, *recorded(this))
    insert_new(tx.connection, appraisal, columns, [row])
    seal_act(tx, this, (appraisal,))
    return this


@dataclass(frozen=True, slots=True, kw_only=True)
class AddGuarantor:
    """Somebody guarantees for the borrower, found by the CNIC (13 digits)."""

    application_id: int
    cnic: str
    relation: str


def add_guarantor(
    tx: Writing, command: AddGuarantor, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Add a guarantor; Refused for the borrower, and for somebody who is one already."""
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.ENTER_APPLICATION, branch=asked.branch_code)
    person_id = cnic_owners(tx.connection, [command.cnic]).get(command.cnic)
    if person_id is None:
        raise NotFound(
            "Nobody with this CNIC is registered. Register the guarantor first.", field="cnic"
        )
    this = begin(tx, asked, "add_guarantor", command, actor=actor, key=key)
    if this.repeated:
        return this
    _check_undecided(asked)
    if person_id == asked.borrower_id:
        raise Refused("Nobody guarantees for themselves. Name another person.", field="cnic")
    if any(each.person_id == person_id for each in asked.guarantors):
        raise Refused("This person guarantees for the application already.", field="cnic")
    row = (asked.id, person_id, command.relation, None, *recorded(this))
    insert_new(tx.connection, guarantee, _GUARANTEE, [row])
    seal_act(tx, this, (guarantee,))
    return this


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGroupGuarantee:
    """The other members of the borrower's group guarantee the loan together."""

    application_id: int


def let_group_guarantee(
    tx: Writing, command: LetGroupGuarantee, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Add each other member of the borrower's group as a guarantor; Refused below three members."""
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.ENTER_APPLICATION, branch=asked.branch_code)
    this = begin(tx, asked, "let_group_guarantee", command, actor=actor, key=key)
    if this.repeated:
        return this
    _check_undecided(asked)
    group = _complete_group(tx, asked)
    known = {asked.borrower_id, *(each.person_id for each in asked.guarantors)}
    joining = [
        each.person_id
        for each in members_of(tx.connection, group.id)
        if each.left_on is None and each.person_id not in known
    ]
    if not joining:
        raise Refused("The group guarantees for the application already.")
    rows = [(asked.id, person_id, group.ref, None, *recorded(this)) for person_id in joining]
    ids = insert_new(tx.connection, guarantee, _GUARANTEE, rows)
    together = [(guarantee_id, group.id, this.id) for guarantee_id in ids]
    insert_rows(tx.connection, group_guarantee, ("guarantee_id", "group_id", "act_id"), together)
    seal_act(tx, this, (guarantee, group_guarantee))
    return this


def _complete_group(tx: Writing, asked: Application) -> Group:
    group = group_of_person(tx.connection, asked.borrower_id)
    if group is None:
        raise Refused("The borrower belongs to no group. Let a group take the borrower in first.")
    if not group.is_complete:
        raise Refused(
            "Group {ref} has {count} members; {least} are needed before they guarantee each other.",
            ref=group.ref,
            count=group.members,
            least=LEAST_MEMBERS,
        )
    return group


@dataclass(frozen=True, slots=True, kw_only=True)
class EndGuarantee:
    """A guarantor steps back before the application is decided."""

    application_id: int
    guarantee_id: int


def end_guarantee(
    tx: Writing, command: EndGuarantee, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """End a guarantee of an application that is not decided yet."""
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.ENTER_APPLICATION, branch=asked.branch_code)
    this = begin(tx, asked, "end_guarantee", command, actor=actor, key=key)
    if this.repeated:
        return this
    _check_undecided(asked)
    ended = [each for each in asked.guarantors if each.guarantee_id == command.guarantee_id]
    if not ended:
        raise NotFound("There is no such guarantee. Open the application again.")
    row = (asked.id, ended[0].person_id, ended[0].relation, command.guarantee_id)
    insert_new(tx.connection, guarantee, _GUARANTEE, [(*row, *recorded(this))])
    seal_act(tx, this, (guarantee,))
    return this


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCheck:
    """What the credit bureau or the screening list answered."""

    application_id: int
    kind: str
    result: str
    checked_on: date
    reference: str | None = None


def record_check(
    tx: Writing, command: RecordCheck, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Record the answer of the bureau or the screening; the newest of a kind holds."""
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.APPRAISE, branch=asked.branch_code)
    if command.checked_on > today:
        raise Refused("The day lies in the future. Give the day of the answer.", field="checked_on")
    this = begin(tx, asked, "record_check", command, actor=actor, key=key)
    if this.repeated:
        return this
    if asked.state not in OPEN_STATES:
        raise Refused("This application has ended. Nothing is recorded on it any more.")
    row = (
        asked.id,
        command.kind,
        command.result,
        command.checked_on,
        command.reference,
        actor.name,
        *recorded(this),
    )
    columns = ("application_id", "kind", "result", "checked_on", "reference", "checked_by")
    insert_new(tx.connection, background_check, (*columns, *RECORDED), [row])
    seal_act(tx, this, (background_check,))
    return this


def _check_undecided(asked: Application) -> None:
    if asked.state not in (State.DRAFT, State.RETURNED, State.SUBMITTED, State.APPRAISED):
        raise Refused("This application is decided; its guarantors stay as they are.")
