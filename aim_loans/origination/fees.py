"""The fee of an application: one amount at cost for everybody, taken once, on its own receipt.

It is the institution's dated amount, never a share of the loan and never taken out of it. It
hangs on the application, so that neither a tranche nor another schedule can ask for it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, Select, exists, select

from aim_loans.borrowers.models import person
from aim_loans.cash.channels import check_channel
from aim_loans.cash.models import money_in
from aim_loans.cash.operations import MoneyDraft, receive
from aim_loans.cash.queries import Receipt, receipt_among, receipt_of_act
from aim_loans.cash.series import FEE_SERIES
from aim_loans.db.bulk import insert_rows
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.ledger.models import journal_line
from aim_loans.origination.lookup import (
    OPEN_STATES,
    Application,
    application_by_id,
    application_ref,
)
from aim_loans.origination.models import application, application_fee
from aim_loans.origination.queries import programmes
from aim_loans.origination.records import begin


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeFee:
    """The fee of an application, paid today; `account` and `reference` as of any receipt."""

    application_id: int
    channel: str
    account: str = ""
    reference: str | None = None


class FeePaidFor(NamedTuple):
    """The application and the borrower that a fee was paid for."""

    application_id: int
    ref: str
    borrower: str


def take_fee(
    tx: Writing, command: TakeFee, *, actor: Actor, today: date, key: str | None = None
) -> Receipt:
    """Take the fee in force today; Refused once it is taken, or the application has ended."""
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.RECEIVE, branch=asked.branch_code)
    check_channel(command.channel, command.reference)
    this = begin(tx, asked, "take_fee", command, actor=actor, key=key)
    if this.repeated:
        return receipt_of_act(tx.connection, this.id)
    _check_due(tx.connection, asked, today)
    draft = _draft(tx.connection, command, asked, today)
    taken = receive(tx, this, draft, today=today, series=FEE_SERIES)
    row = (taken.id, asked.id, this.id)
    columns = ("money_in_id", "application_id", "act_id")
    insert_rows(tx.connection, application_fee, columns, [row])
    seal_act(tx, this, (money_in, journal_line, application_fee))
    return taken


def fee_of(connection: Connection, application_id: int) -> Receipt | None:
    """Give the receipt of an application's fee that was not cancelled."""
    mine = _standing().where(application_fee.c.application_id == application_id)
    return receipt_among(connection, mine)


def fees_paid_for(connection: Connection, money_in_ids: Sequence[int]) -> dict[int, FeePaidFor]:
    """Give what receipts were the fees of, by receipt; those that are no fee are left out."""
    paid = application_fee.c.money_in_id
    rows = connection.execute(
        select(paid, application.c.id, application.c.branch_code, person.c.name)
        .join(application_fee, application_fee.c.application_id == application.c.id)
        .join(person, person.c.id == application.c.borrower_id)
        .where(paid.in_(money_in_ids))
    )
    return {
        row.money_in_id: FeePaidFor(row.id, application_ref(row.branch_code, row.id), row.name)
        for row in rows
    }


def _standing() -> Select[tuple[int]]:
    opposite = money_in.alias("opposite")
    return select(application_fee.c.money_in_id).where(
        ~exists().where(opposite.c.reverses_id == application_fee.c.money_in_id)
    )


def _check_due(connection: Connection, asked: Application, today: date) -> None:
    if asked.state not in OPEN_STATES:
        raise Refused("The fee is taken before the loan is paid out; this application has ended.")
    if not asked.dated.fee_on(today).amount:
        raise Refused("No fee is asked for at present.")
    earlier = fee_of(connection, asked.id)
    if earlier is not None:
        raise Refused(
            "The fee of this application was taken with receipt {number}. It is taken once.",
            number=earlier.number,
        )


def _draft(connection: Connection, command: TakeFee, asked: Application, today: date) -> MoneyDraft:
    return MoneyDraft(
        branch=asked.branch_code,
        fund=programmes(connection)[asked.programme],
        channel=command.channel,
        account=command.account,
        reference=command.reference,
        amount=asked.dated.fee_on(today).amount,
        received_on=today,
    )
