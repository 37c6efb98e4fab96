"""How a loan began: the enterprise that it was asked for, and how it was paid out."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from aim_loans.borrowers.models import enterprise
from aim_loans.origination.models import application, application_loan
from aim_loans.origination.parts import PAID_OUT


class PaidBy(NamedTuple):
    """How a loan was paid out: the channel, and the number of the cheque or transfer."""

    channel: str
    reference: str | None


class Beginning(NamedTuple):
    """What is known of how a loan began.

    Nothing of an imported loan; of one that was paid out before this was written down, not how.
    """

    enterprise: str | None = None
    paid_by: PaidBy | None = None


def beginning_of_loan(connection: Connection, loan_id: int) -> Beginning:
    """Give what is known of how a loan began, by one statement."""
    found = (
        select(enterprise.c.name.label("enterprise_name"), *PAID_OUT.columns)
        .select_from(application_loan)
        .join(application, application.c.id == application_loan.c.application_id)
        .outerjoin(enterprise, enterprise.c.id == application.c.enterprise_id)
        .outerjoin(PAID_OUT.rows, PAID_OUT.beside)
        .where(application_loan.c.loan_id == loan_id)
    )
    row = connection.execute(found).first()
    return Beginning(row.enterprise_name, paid_by(row)) if row else Beginning()


def paid_by(row: Any) -> PaidBy | None:
    """Give how the loan of a row was paid out that was read with the part of it."""
    each = PAID_OUT.of(row)
    return each and PaidBy(each.channel, each.reference)
