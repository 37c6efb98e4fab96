"""Referrals that SMEDA sent and nobody came with: SMEDA takes one back, a branch closes it.

A branch closes those of its own district; head office closes any, and alone those to a district
in which no branch is known to stand.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from aim_loans.borrowers.consents import has_consent
from aim_loans.borrowers.referrals import referral_by_code
from aim_loans.borrowers.undoing import Mistake, TakeBack, take_back
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import branch
from aim_loans.identity.permissions import Actor, Deed, allows, require
from aim_loans.mou.partner_models import sent_referral, sent_referral_undoing
from aim_loans.mou.sent import CLOSING, Sent


@dataclass(frozen=True, slots=True)
class CloseSent:
    """A referral whose person is awaited no longer, and why; the reason stays with us."""

    sent_id: int
    reason: str


def take_back_sent(
    tx: Writing, command: TakeBack, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Take back a referral that SMEDA sent by mistake.

    Refused once somebody has come with it who shares that with SMEDA; of others SMEDA must not
    learn it, and what a branch wrote down stays.
    """
    require(actor, Deed.SEND_EVENTS, branch=None)
    sent = _held(tx.connection, command.row_id)
    came = referral_by_code(tx.connection, sent.smeda_code)
    if came and has_consent(tx.connection, came.person_id, "smeda", on=today):
        raise Refused(
            "Somebody has come with the code {code}. Ask the branch to take that back first.",
            code=sent.smeda_code,
        )
    mistake = Mistake(sent_referral_undoing, f"referral {sent.smeda_code}")
    take_back(tx, command, mistake, actor=actor, key=key)


def close_sent(tx: Writing, command: CloseSent, *, actor: Actor, key: str | None = None) -> None:
    """Await a person no longer; Refused once somebody has come.

    The code keeps standing on the referral, so that the same file of SMEDA adds nothing.
    """
    sent = _held(tx.connection, command.sent_id)
    at = next(iter(_within(tx.connection, {sent.district}, actor)), None)
    require(actor, Deed.CLOSE_SENT, branch=at)
    if referral_by_code(tx.connection, sent.smeda_code):
        raise Refused(
            "Somebody has come with the code {code}. Write down there how the referral ended.",
            code=sent.smeda_code,
        )
    closing = Mistake(sent_referral_undoing, f"referral {sent.smeda_code}", at, CLOSING)
    take_back(tx, TakeBack(sent.id, command.reason), closing, actor=actor, key=key)


def closable(connection: Connection, sent: Sequence[Sent], actor: Actor) -> frozenset[int]:
    """Give which of these somebody may close, by their ids."""
    if allows(actor, Deed.CLOSE_SENT, branch=None):
        return frozenset(each.id for each in sent)
    own = _within(connection, {each.district for each in sent}, actor).values()
    return frozenset(each.id for each in sent if each.district in own)


def _held(connection: Connection, sent_id: int) -> Sent:
    """Give what SMEDA sent, held for this act; NotFound when there is none."""
    wanted = select(*(sent_referral.c[name] for name in Sent._fields))
    row = connection.execute(wanted.where(sent_referral.c.id == sent_id).with_for_update()).first()
    if row is None:
        raise NotFound("There is no such referral. Open the list again.")
    return Sent(*row)


def _within(connection: Connection, districts: Collection[str], actor: Actor) -> dict[str, str]:
    """Give the branches in these districts where somebody may close a referral, by their codes."""
    near = select(branch.c.code, branch.c.district).where(branch.c.district.in_(districts))
    return {
        code: district
        for code, district in connection.execute(near.order_by(branch.c.code))
        if allows(actor, Deed.CLOSE_SENT, branch=code)
    }
