"""What money may be taken, whatever it is for. Pure."""

from datetime import date

from aim_loans.cash.channels import check_channel
from aim_loans.errors import Refused
from aim_loans.money import LARGEST_RUPEES, PAISA_PER_RUPEE

PAYERS = ("borrower", "family", "guarantor")
LARGEST_AMOUNT = LARGEST_RUPEES * PAISA_PER_RUPEE


def check_money(amount: int, on: date, channel: str, reference: str | None, today: date) -> None:
    """Refuse an amount of 0 or less, a day in the future, an unknown or unreferenced channel."""
    if amount <= 0:
        raise Refused("The amount must be more than 0.", field="amount")
    if amount > LARGEST_AMOUNT:
        raise Refused("The amount is too large. Check the number of zeros.", field="amount")
    if on > today:
        raise Refused(
            "The day {day} lies in the future. Give the day the money changed hands.",
            field="received_on",
            day=on.isoformat(),
        )
    check_channel(channel, reference)


def is_backdated(received_on: date, *, today: date, allowed_days: int) -> bool:
    """Say whether a day lies so far back that a receipt for it needs a second person."""
    return (today - received_on).days > allowed_days


def permission_needed(allowed_days: int) -> Refused:
    """Say what a receipt for a day so far back needs."""
    return Refused(
        "The money was received more than {days} days ago. Give the reason, and let "
        "another person permit the date.",
        field="received_on",
        days=allowed_days,
    )


def check_payer(payer: str | None) -> None:
    """Refuse a payer that is nobody we know of; None where it was not asked."""
    if payer is not None and payer not in PAYERS:
        raise Refused(
            "There is no payer {payer}. Use one of: {known}.",
            field="payer",
            payer=payer,
            known=", ".join(PAYERS),
        )
