"""What can happen to an application: entered, changed, decided.

Every operation runs in the door's transaction and leaves its facts and audit entry together.
Nothing is edited: a changed application gets a new version of its terms.
"""

from dataclasses import dataclass
from datetime import date

from aim_loans.borrowers.queries import owns_enterprise
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.identity.queries import staff_exists
from aim_loans.loans.schedule import NO_HOLIDAYS, Holidays
from aim_loans.origination.committee import RANKS, State, Step, check_vote
from aim_loans.origination.conditions import checks_of, plan_of
from aim_loans.origination.eligibility import Verdict
from aim_loans.origination.lookup import (
    OPEN_STATES,
    Application,
    application_by_id,
    application_of_act,
    require_person,
)
from aim_loans.origination.models import application, application_step, application_terms
from aim_loans.origination.queries import programmes
from aim_loans.origination.records import RECORDED, begin, recorded
from aim_loans.origination.terms import Terms

# A mistake in these is mended before the application goes to anybody else.
_BEFORE_SUBMITTING = ("cnic", "age", "running_loan", "amount", "months", "sector")
_FIELD_OF_CHECK = {"amount": "principal", "months": "months", "sector": "sector"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterApplication:
    """A borrower asks for a loan; `submit` says that it goes on at once, not kept as a draft."""

    borrower_id: int
    branch: str
    programme: str
    terms: Terms
    enterprise_id: int | None = None
    submit: bool = True


def enter_application(
    tx: Writing,
    command: EnterApplication,
    *,
    actor: Actor,
    today: date,
    key: str | None = None,
    holidays: Holidays = NO_HOLIDAYS,
) -> int:
    """Write an application down; gives its id."""
    require(actor, Deed.ENTER_APPLICATION, branch=command.branch)
    require_person(tx.connection, command.borrower_id)
    _check_enterprise(tx, command)
    if command.programme not in programmes(tx.connection):
        raise Refused("There is no such programme. Choose one of the list.", field="programme")
    _check_terms(tx, command.terms, today, holidays)
    this = begin_branch_act(
        tx,
        kind="enter_application",
        command=command,
        actor=actor,
        subject=f"person {command.borrower_id}",
        branch_code=command.branch,
        key=key,
    )
    if this.repeated:
        return application_of_act(tx.connection, this.id)
    officer = actor.name if staff_exists(tx.connection, actor.name) else None
    row = (
        command.borrower_id,
        command.branch,
        command.programme,
        command.enterprise_id,
        officer,
        actor.name,
        *recorded(this),
    )
    columns = (
        "borrower_id",
        "branch_code",
        "programme_code",
        "enterprise_id",
        "officer",
        "entered_by",
        *RECORDED,
    )
    (new_id,) = insert_new(tx.connection, application, columns, [row])
    _write_terms(tx, this, new_id, 1, command.terms)
    if command.submit:
        _submit(tx, this, new_id, actor=actor, today=today, holidays=holidays)
    seal_act(tx, this, (application, application_terms, application_step))
    return new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTerms:
    """Ask for something else, in a draft or after the application was returned."""

    application_id: int
    terms: Terms
    submit: bool = True


def change_terms(
    tx: Writing,
    command: ChangeTerms,
    *,
    actor: Actor,
    today: date,
    key: str | None = None,
    holidays: Holidays = NO_HOLIDAYS,
) -> Act:
    """Write the next version of the terms; votes and appraisals of the old one do not count."""
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.ENTER_APPLICATION, branch=asked.branch_code)
    _check_terms(tx, command.terms, today, holidays)
    this = begin(tx, asked, "change_terms", command, actor=actor, key=key)
    if this.repeated:
        return this
    if asked.state not in (State.DRAFT, State.RETURNED):
        raise Refused(
            "Only a draft or a returned application can be changed. Ask whoever decides to "
            "return it."
        )
    version = asked.version + 1
    _write_terms(tx, this, asked.id, version, command.terms)
    if command.submit:
        _submit(tx, this, asked.id, actor=actor, today=today, holidays=holidays)
    seal_act(tx, this, (application_terms, application_step))
    return this


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """A step on an application: approved (one vote), rejected, returned or withdrawn."""

    application_id: int
    version: int
    step: Step
    reason: str | None = None


def decide(
    tx: Writing,
    command: Decide,
    *,
    actor: Actor,
    today: date,
    key: str | None = None,
    holidays: Holidays = NO_HOLIDAYS,
) -> Act:
    """Take a step on the version that was read; Refused when it has changed meanwhile."""
    if command.step is Step.SUBMITTED:
        raise Refused("Choose one of the list.", field="step")
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    withdrawn = command.step is Step.WITHDRAWN
    deed = Deed.ENTER_APPLICATION if withdrawn else Deed.DECIDE
    require(actor, deed, branch=asked.branch_code)
    this = begin(tx, asked, "decide", command, actor=actor, key=key, reason=command.reason)
    if this.repeated:
        return this
    if command.version != asked.version:
        raise Refused("The application was changed meanwhile. Read it again.")
    if command.step is Step.APPROVED:
        _check_approvable(tx, asked, today=today, holidays=holidays)
    elif not (command.reason or "").strip():
        raise Refused("Give the reason; the borrower will ask.", field="reason")
    _check_turn(asked, command.step)
    if not withdrawn:
        check_vote(asked.committee, asked.steps, actor.name)
    _write_step(tx, this, asked, command.step, actor=actor, reason=command.reason)
    seal_act(tx, this, (application_step,))
    return this


def _check_enterprise(tx: Writing, command: EnterApplication) -> None:
    wanted = command.enterprise_id
    if wanted is not None and not owns_enterprise(tx.connection, command.borrower_id, wanted):
        raise Refused(
            "This enterprise is not the borrower's. Choose one of the list.", field="enterprise"
        )


def _check_terms(tx: Writing, terms: Terms, today: date, holidays: Holidays) -> None:
    """Refuse terms that no schedule can be made of, at their field."""
    plan_of(tx.connection, terms, paid_on=today, holidays=holidays)


def _write_terms(tx: Writing, this: Act, application_id: int, version: int, terms: Terms) -> None:
    columns = (
        "application_id",
        "version",
        "product_code",
        "principal",
        "months",
        "sector",
        "activity",
        "purpose",
        *RECORDED,
    )
    row = (
        application_id,
        version,
        terms.product,
        terms.principal,
        terms.months,
        terms.sector,
        terms.activity,
        terms.purpose,
        *recorded(this),
    )
    insert_new(tx.connection, application_terms, columns, [row])


def _submit(
    tx: Writing, this: Act, application_id: int, *, actor: Actor, today: date, holidays: Holidays
) -> None:
    """Let the version in hand go on to the appraisal, unless a condition stands against it."""
    asked = application_by_id(tx.connection, application_id, today=today)
    for check in checks_of(tx.connection, asked, on=today, holidays=holidays):
        if check.verdict is Verdict.BLOCK and check.name in _BEFORE_SUBMITTING:
            field = _FIELD_OF_CHECK.get(check.name, "")
            raise Refused(check.message, field=field, **check.values)
    _write_step(tx, this, asked, Step.SUBMITTED, actor=actor)


def _check_turn(asked: Application, step: Step) -> None:
    """Refuse a step for which it is too late, or which is not the committee's to take yet."""
    withdrawn = step is Step.WITHDRAWN
    if asked.state not in OPEN_STATES and not (withdrawn and asked.state is State.EXPIRED):
        raise Refused("This application has ended. Nothing is decided on it any more.")
    if not withdrawn and asked.state in (State.DRAFT, State.RETURNED):
        raise Refused(
            "The application lies with whoever entered it. It is decided once it is submitted."
        )


def _check_approvable(tx: Writing, asked: Application, *, today: date, holidays: Holidays) -> None:
    if asked.state is not State.APPRAISED:
        raise Refused(
            "Only a submitted application with both appraisals is approved. See what is missing."
        )
    for check in checks_of(tx.connection, asked, on=today, holidays=holidays):
        if check.verdict is Verdict.BLOCK:
            raise Refused(check.message, field="", **check.values)


def _write_step(
    tx: Writing,
    this: Act,
    asked: Application,
    step: Step,
    *,
    actor: Actor,
    reason: str | None = None,
) -> None:
    columns = ("application_id", "version", "kind", "taken_by", "rank", "reason", *RECORDED)
    rank = rank_of(actor, asked.branch_code)
    row = (asked.id, asked.version, step.value, actor.name, rank, reason, *recorded(this))
    insert_new(tx.connection, application_step, columns, [row])


def rank_of(actor: Actor, branch: str) -> str | None:
    """Give the highest rank that somebody holds at a branch; None for none that decides."""
    held = [
        RANKS.index(grant.role.value)
        for grant in actor.grants
        if grant.role.value in RANKS and (grant.branches is None or branch in grant.branches)
    ]
    return RANKS[max(held)] if held else None
