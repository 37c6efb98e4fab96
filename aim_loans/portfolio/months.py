"""What can be asked of closed months: which are final, in which edition; changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    exists,
    literal,
    select,
)

from aim_loans.errors import NotFound
from aim_loans.identity.models import act, cut
from aim_loans.portfolio.models import month_close, reopen_request

MOST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A month (its last day) as closed in one edition, at the cut K with its seal.

    `reopened` says that two people reopened it since: then it is final no more. Of the whole
    institution: `loans` ever paid out, those active, distinct active borrowers, and paisa
    outstanding and in arrears. Marks tell what was recorded since: see `models.month_close`.
    """

    id: int
    month: date
    edition: int
    cut_id: int
    known_at: datetime
    seal: str
    closed_by: str
    closed_at: datetime
    reopened: bool
    loans: int
    active_loans: int
    active_borrowers: int
    outstanding: int
    arrears: int
    last_fact_id: int
    later_fact_id: int
    last_dimension_id: int
    last_version_id: int


def closed_month(connection: Connection, month: date) -> ClosedMonth | None:
    """Give the edition in which a month (its last day) is final; None while it is provisional."""
    found = editions(connection, month)
    return found[-1] if found and not found[-1].reopened else None


def editions(connection: Connection, month: date) -> list[ClosedMonth]:
    """Give all editions of a month, the oldest first; each stays readable."""
    return _found(connection, _closes().where(month_close.c.month == month))


def close_by_id(connection: Connection, close_id: int) -> ClosedMonth:
    """Give one edition of a month; NotFound when there is none of this number."""
    found = _found(connection, _closes().where(month_close.c.id == close_id))
    if not found:
        raise NotFound("There is no such closed month. Open the list of months again.")
    return found[0]


def close_of_cut(connection: Connection, month: date, cut_number: int) -> ClosedMonth | None:
    """Give the edition of a month that was closed at a cut, reopened since or not."""
    found = editions(connection, month)
    return next((each for each in found if each.cut_id == cut_number), None)


def closed_months(connection: Connection) -> list[ClosedMonth]:
    """Give the newest edition of each month that was ever closed, the newest month first."""
    later = month_close.alias("later")
    newest = ~exists().where(later.c.replaces_id == month_close.c.id)
    rows = _closes().where(newest).order_by(None).order_by(month_close.c.month.desc())
    return _found(connection, rows.limit(MOST_SHOWN))


def last_closed(connection: Connection) -> ClosedMonth | None:
    """Give the last month that is closed and was not reopened."""
    standing = (each for each in closed_months(connection) if not each.reopened)
    return next(standing, None)


def newest_close(connection: Connection) -> ClosedMonth | None:
    """Give the close recorded last, whether it was reopened or not."""
    rows = _closes().order_by(None).order_by(month_close.c.id.desc()).limit(1)
    return next(iter(_found(connection, rows)), None)


def close_before(
    connection: Connection, day: date, known_at: datetime | None
) -> ClosedMonth | None:
    """Give the newest close whose frozen loans lead to a day as known at a moment.

    An edition that was reopened since serves as well: its rows are true at its cut.
    """
    rows = _closes().where(month_close.c.month <= day)
    if known_at is not None:
        rows = rows.where(cut.c.taken_at <= known_at)
    rows = rows.order_by(None).order_by(month_close.c.month.desc(), month_close.c.id.desc())
    return next(iter(_found(connection, rows.limit(1))), None)


def closes_at(
    connection: Connection, days: Sequence[date], known_at: datetime
) -> dict[date, ClosedMonth]:
    """Give, of each of these month ends that was closed by a moment, the newest edition then."""
    rows = _closes().where(month_close.c.month.in_(days), cut.c.taken_at <= known_at)
    return {each.month: each for each in _found(connection, rows)}


def unseen(close_id: int) -> ScalarSelect[int]:
    """Give the id of a close so that a database plans without looking at its value.

    PostgreSQL expects hardly a row of a month that was closed since it last looked at the
    table, and would go through one book for each loan of another.
    """
    return select(literal(close_id, BigInteger)).scalar_subquery()


def _closes() -> Select[Any]:
    return (
        select(
            month_close.c.id,
            month_close.c.month,
            month_close.c.edition,
            cut.c.number.label("cut_id"),
            cut.c.taken_at.label("known_at"),
            cut.c.seal,
            act.c.actor.label("closed_by"),
            act.c.recorded_at.label("closed_at"),
            _reopened().label("reopened"),
            *(month_close.c[name] for name in _FROZEN),
        )
        .join(cut, cut.c.number == month_close.c.cut_number)
        .join(act, act.c.id == month_close.c.act_id)
        .order_by(month_close.c.id)
    )


_FROZEN = (
    *("loans", "active_loans", "active_borrowers", "outstanding", "arrears"),
    *("last_fact_id", "later_fact_id", "last_dimension_id", "last_version_id"),
)


def _reopened() -> ColumnElement[bool]:
    confirmed = reopen_request.c.answer == "confirmed"
    return exists().where(reopen_request.c.close_id == month_close.c.id, confirmed)


def _found(connection: Connection, rows: Select[Any]) -> list[ClosedMonth]:
    return [ClosedMonth(*row) for row in connection.execute(rows)]
