"""The referrals that SMEDA sent in files: what it says of each, and who has not come yet."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, or_, select

from aim_loans.borrowers.models import referral, referral_undoing
from aim_loans.db.tables import stands
from aim_loans.identity.models import act, branch
from aim_loans.mou.partner_models import sent_referral, sent_referral_undoing

MOST_SHOWN = 50
# The act of a branch that awaits a person no longer; SMEDA's own taking back is another one.
CLOSING = "close_sent_referral"

_closing = act.alias("closing")


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
    wanted = told_sent().where(sent_referral.c.smeda_code.in_(list(codes)))
    return {row.smeda_code: Sent(*row) for row in connection.execute(wanted)}


def not_come(connection: Connection, *, branches: frozenset[str] | None) -> list[Sent]:
    """Give whom SMEDA sent and who is awaited, at whichever branch, the latest first; 50 at most.

    Of branches (None: all) those sent to their districts, and to districts without a branch.
    """
    came = exists().where(
        referral.c.smeda_code == sent_referral.c.smeda_code, stands(referral, referral_undoing)
    )
    rows = told_sent().where(~came, ~is_closed())
    if branches is not None:
        at = branch.c.district == sent_referral.c.district
        here = exists().where(at, branch.c.code.in_(branches))
        rows = rows.where(or_(here, ~exists().where(at)))
    latest = rows.order_by(sent_referral.c.on_day.desc(), sent_referral.c.id.desc())
    return [Sent(*row) for row in connection.execute(latest.limit(MOST_SHOWN))]


def told_sent() -> Select[Any]:
    """Select what SMEDA sent and has not taken back: the columns of `Sent`."""
    undoing = sent_referral_undoing
    return (
        select(*(sent_referral.c[name] for name in Sent._fields))
        .outerjoin(undoing, undoing.c.undoes_id == sent_referral.c.id)
        .outerjoin(_closing, and_(_closing.c.id == undoing.c.act_id, _closing.c.kind == CLOSING))
        .where(or_(undoing.c.id.is_(None), is_closed()))
    )


def is_closed() -> ColumnElement[bool]:
    """Give the condition that a branch awaits the person of a told referral no longer."""
    return _closing.c.id.is_not(None)
