"""The referrals that SMEDA sent in files: what it says of each, and who has not come yet."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, or_, select

from aim_loans.borrowers.models import referral, referral_undoing
from aim_loans.db.tables import stands
from aim_loans.identity.models import branch
from aim_loans.mou.partner_models import sent_referral, sent_referral_undoing

MOST_SHOWN = 50


class Sent(NamedTuple):
    """A referral as SMEDA sent it; `reference` is SMEDA's own for the person or enterprise."""

    id: int
    smeda_code: str
    reference: str | None
    district: str
    on_day: date
    purpose: str | None


def sent_by_code(connection: Connection, code: str) -> Sent | None:
    """Give what SMEDA sent under a code and has not taken back; None for nothing."""
    return sent_by_codes(connection, [code]).get(code)


def sent_by_codes(connection: Connection, codes: Iterable[str]) -> dict[str, Sent]:
    """Give what SMEDA sent under these codes and has not taken back, by code."""
    wanted = standing_sent().where(sent_referral.c.smeda_code.in_(list(codes)))
    return {row.smeda_code: Sent(*row) for row in connection.execute(wanted)}


def not_come(connection: Connection, *, branches: frozenset[str] | None) -> list[Sent]:
    """Give whom SMEDA sent and who has not come to any branch, the latest first; 50 at most.

    Of branches (None: all) those sent to their districts, and to districts without a branch.
    """
    came = exists().where(
        referral.c.smeda_code == sent_referral.c.smeda_code, stands(referral, referral_undoing)
    )
    rows = standing_sent().where(~came)
    if branches is not None:
        at = branch.c.district == sent_referral.c.district
        here = exists().where(at, branch.c.code.in_(branches))
        rows = rows.where(or_(here, ~exists().where(at)))
    latest = rows.order_by(sent_referral.c.on_day.desc(), sent_referral.c.id.desc())
    return [Sent(*row) for row in connection.execute(latest.limit(MOST_SHOWN))]


def standing_sent() -> Select[Any]:
    """Select what SMEDA sent and has not taken back: the columns of `Sent`."""
    return select(*(sent_referral.c[name] for name in Sent._fields)).where(
        stands(sent_referral, sent_referral_undoing)
    )
