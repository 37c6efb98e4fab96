"""What money may be taken, whatever it is for. Pure."""

from datetime import date

from aim_loans.errors import Refused
from aim_loans.ledger.chart import ACCOUNT_OF_CHANNEL


def check_money(amount: int, on: date, channel: str, reference: str | None, today: date) -> None:
    """Refuse an amount of 0 or less, a day in the future, an unknown or unreferenced channel."""
    if amount <= 0:
        raise Refused("The amount must be more than 0.", field="amount")
    if on > today:
        raise Refused(
            "The day {day} lies in the future. Give the day the money changed hands.",
            field="received_on",
            day=on.isoformat(),
        )
    if channel not in ACCOUNT_OF_CHANNEL:
        raise Refused(
            "There is no channel {channel}. Use one of: {known}.",
            field="channel",
            channel=channel,
            known=", ".join(ACCOUNT_OF_CHANNEL),
        )
    if channel != "cash" and not reference:
        raise Refused(
            "Money by {channel} needs its reference, so that it is never taken twice.",
            field="reference",
            channel=channel,
        )
