"""Donations: voluntary, in a series and an account of their own, read by nobody who decides."""

from dataclasses import dataclass
from datetime import date

from aim_loans.cash.channels import check_channel
from aim_loans.cash.models import money_in
from aim_loans.cash.operations import MoneyDraft, receive
from aim_loans.cash.queries import Receipt, receipt_of_act
from aim_loans.cash.series import DONATION_SERIES
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.identity.queries import require_branch
from aim_loans.ledger.models import journal_line
from aim_loans.ledger.queries import require_fund


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeDonation:
    """A gift to a fund, received today: amount in paisa; nobody's name is written down."""

    branch: str
    fund: str
    amount: int
    channel: str
    account: str = ""
    reference: str | None = None


def take_donation(
    tx: Writing, command: TakeDonation, *, actor: Actor, today: date, key: str | None = None
) -> Receipt:
    """Take a donation; it is the fund's own from today on."""
    require(actor, Deed.TAKE_DONATION, branch=command.branch)
    require_branch(tx.connection, command.branch)
    require_fund(tx.connection, command.fund)
    check_channel(command.channel, command.reference)
    if command.amount <= 0:
        raise Refused("The amount must be more than 0.", field="amount")
    this = begin_branch_act(
        tx,
        kind="take_donation",
        command=command,
        actor=actor,
        subject=f"donation to fund {command.fund}",
        branch_code=command.branch,
        key=key,
    )
    if this.repeated:
        return receipt_of_act(tx.connection, this.id)
    draft = MoneyDraft(
        branch=command.branch,
        fund=command.fund,
        channel=command.channel,
        account=command.account,
        reference=command.reference,
        amount=command.amount,
        received_on=today,
    )
    taken = receive(tx, this, draft, today=today, series=DONATION_SERIES)
    seal_act(tx, this, (money_in, journal_line))
    return taken
