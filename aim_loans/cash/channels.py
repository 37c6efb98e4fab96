"""What money needs that comes by a channel, whatever it is for. Pure."""

from aim_loans.errors import Refused
from aim_loans.ledger.chart import account_of_channel


def check_channel(channel: str, reference: str | None) -> None:
    """Refuse an unknown channel, and one but cash that gives no reference."""
    account_of_channel(channel)
    if channel != "cash" and not reference:
        raise Refused(
            "Money by {channel} needs its reference, so that it is never taken twice.",
            field="reference",
            channel=channel,
        )
