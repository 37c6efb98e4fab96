"""What can happen once an application is approved: acknowledged, paid out by somebody else."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.exc import IntegrityError

from aim_loans.db.bulk import insert_new, insert_rows
from aim_loans.db.engine import Writing
from aim_loans.errors import Conflict, NotAllowed, Refused
from aim_loans.identity.operations import Act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.ledger.chart import account_of_channel
from aim_loans.ledger.lines import Side
from aim_loans.ledger.models import journal_line
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan_fact
from aim_loans.loans.operations import (
    CONTRACT_TABLES,
    Contract,
    Dimensions,
    FactDraft,
    open_loans,
    post_facts,
)
from aim_loans.loans.schedule import NO_HOLIDAYS, Holidays, Schedule
from aim_loans.origination.committee import State
from aim_loans.origination.conditions import plan_for, unpaid_loans
from aim_loans.origination.lookup import Application, application_by_id, hold_borrower
from aim_loans.origination.models import acknowledgement, application_loan, payout
from aim_loans.origination.queries import programmes
from aim_loans.origination.records import RECORDED, begin, recorded
from aim_loans.origination.terms import schedule_digest

PAYOUT_CHANNELS = ("cash", "cheque", "bank", "easypaisa", "jazzcash", "raast")
MANNERS = ("signature", "thumbprint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """The borrower acknowledged the key facts of a payout planned for a day."""

    application_id: int
    planned_on: date
    language: str
    manner: str


def acknowledge(
    tx: Writing,
    command: Acknowledge,
    *,
    actor: Actor,
    today: date,
    key: str | None = None,
    holidays: Holidays = NO_HOLIDAYS,
) -> Act:
    """Record that the borrower read these instalments and agreed; of an approved application."""
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.ENTER_APPLICATION, branch=asked.branch_code)
    this = begin(tx, asked, "acknowledge", command, actor=actor, key=key)
    if this.repeated:
        return this
    if asked.state is not State.APPROVED:
        raise Refused("The key facts are acknowledged once the application is approved.")
    if command.planned_on < today:
        raise Refused("Nothing is paid out in the past. Choose a day.", field="planned_on")
    schedule = plan_for(asked, paid_on=command.planned_on, holidays=holidays)
    columns = ("application_id", "version", "schedule_digest", "language", "manner")
    row = (
        asked.id,
        asked.version,
        schedule_digest(schedule),
        command.language,
        command.manner,
        today,
        *recorded(this),
    )
    insert_new(tx.connection, acknowledgement, (*columns, "acknowledged_on", *RECORDED), [row])
    seal_act(tx, this, (acknowledgement,))
    return this


@dataclass(frozen=True, slots=True, kw_only=True)
class PayOut:
    """Pay an approved application out today, whole, from the branch's cash or bank.

    `reference` is the number of the cheque or of the transfer; cash needs none.
    """

    application_id: int
    channel: str
    reference: str | None = None


def pay_out(
    tx: Writing,
    command: PayOut,
    *,
    actor: Actor,
    today: date,
    key: str | None = None,
    holidays: Holidays = NO_HOLIDAYS,
) -> int:
    """Open the loan and pay it out in one act; gives the loan's id.

    Refused without the acknowledgement of these very instalments, without clear answers of
    bureau and screening, with an expired CNIC, by anything but cash without a reference, and while
    another loan of the borrower runs, of which two applications may have been approved; Conflict
    when the reference has paid out another loan; NotAllowed for whoever approved it.
    """
    hold_borrower(tx.connection, command.application_id)
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.DISBURSE, branch=asked.branch_code)
    _check_channel(command)
    this = begin(tx, asked, "pay_out", command, actor=actor, key=key)
    if this.repeated:
        return _paid(asked)
    schedule = plan_for(asked, paid_on=today, holidays=holidays)
    _check_payable(asked, actor, schedule, today=today)
    _check_no_other(tx, asked)
    _keep_channel(tx, this, command)
    fund = programmes(tx.connection)[asked.programme]
    contract = _contract(asked, schedule, fund=fund, today=today)
    (opened,) = open_loans(tx, this, [contract])
    contra = Side(account_of_channel(command.channel), asked.branch_code, fund)
    draft = FactDraft(opened.loan_id, Kind.DISBURSEMENT, asked.terms.principal, today, contra)
    post_facts(tx, this, [draft], [opened])
    row = (asked.id, opened.loan_id, this.id)
    insert_rows(tx.connection, application_loan, ("application_id", "loan_id", "act_id"), [row])
    seal_act(tx, this, (*CONTRACT_TABLES, loan_fact, journal_line, application_loan, payout))
    return opened.loan_id


def _check_channel(command: PayOut) -> None:
    account_of_channel(command.channel)
    if command.channel != "cash" and not command.reference:
        raise Refused(
            "Paying out by {channel} needs the number of the cheque or of the transfer, so that "
            "the money can be followed.",
            field="payout_reference",
            channel=command.channel,
        )


def _keep_channel(tx: Writing, this: Act, command: PayOut) -> None:
    columns = ("application_id", "channel", "reference", *RECORDED)
    row = (command.application_id, command.channel, command.reference or None, *recorded(this))
    # Two cashiers can send one cheque at the same moment, so the database decides.
    try:
        insert_new(tx.connection, payout, columns, [row])
    except IntegrityError as fault:
        if "reference" not in str(fault.orig):
            raise
        raise Conflict(
            "The reference {reference} ({channel}) has paid out another loan. Check the number; "
            "if it is one of another bank, write the bank's name before it.",
            field="payout_reference",
            reference=command.reference,
            channel=command.channel,
        ) from fault


def _check_payable(asked: Application, actor: Actor, schedule: Schedule, *, today: date) -> None:
    if asked.state is State.EXPIRED:
        raise Refused(
            "The loan was not paid out by {day}, and the approval has expired. Withdraw the "
            "application, and enter it anew if the loan is still wanted.",
            day=asked.stands_until,
        )
    if asked.state is not State.APPROVED:
        raise Refused("Only an approved application that was not paid out yet is paid out.")
    approvers = {step.taken_by for step in asked.steps}
    if actor.name in approvers | {asked.entered_by}:
        raise NotAllowed(
            "{actor} entered or approved this application and may not pay it out. Ask the cashier.",
            actor=actor.name,
        )
    expires = asked.person.cnic_expires_on
    if expires is not None and expires < today:
        raise Refused(
            "The CNIC expired on {day}. Nothing is paid out before it is renewed.",
            day=expires.isoformat(),
        )
    for kind in ("bureau", "screening"):
        _check_answer(asked, kind)
    known = asked.acknowledged
    if known is None or known.schedule_digest != schedule_digest(schedule):
        raise Refused(
            "The borrower has not acknowledged these instalments. Print the key fact statement "
            "for a payout today, and record the acknowledgement."
        )


def _check_no_other(tx: Writing, asked: Application) -> None:
    unpaid = unpaid_loans(tx.connection, asked.borrower_id)
    if unpaid:
        raise Refused(
            "Loan {refs} is not paid back yet. A borrower has one loan at a time: pay this one "
            "out after it.",
            refs=", ".join(unpaid),
        )


def _check_answer(asked: Application, kind: str) -> None:
    answer = asked.answers.get(kind)
    if answer is None:
        raise Refused(
            "The answer of the credit bureau and of the screening list must be recorded first."
        )
    if answer.result == "adverse":
        raise Refused(
            "The credit bureau or the screening list speaks against it. Return the application."
        )


def _contract(asked: Application, schedule: Schedule, *, fund: str, today: date) -> Contract:
    terms = asked.terms
    return Contract(
        ref=f"{asked.branch_code}-L{asked.id:06d}",
        borrower_id=asked.borrower_id,
        product=terms.product,
        fund=fund,
        principal=terms.principal,
        instalments_asked=schedule.asked,
        frequency=asked.dated.product_on(terms.product, today).frequency,
        source="application",
        from_on=today,
        schedule=schedule,
        dimensions=Dimensions(
            asked.branch_code,
            terms.sector,
            asked.programme,
            asked.person.gender,
            officer=asked.officer,
            activity=terms.activity,
            district=asked.person.district,
            urban_rural=asked.person.urban_rural,
        ),
        purpose=terms.purpose,
    )


def _paid(asked: Application) -> int:
    if asked.loan_id is None:
        raise AssertionError("an act that was done before has left its loan")
    return asked.loan_id
