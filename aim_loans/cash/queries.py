"""What can be asked of cash; changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select
from sqlalchemy.orm import aliased

from aim_loans.cash.models import money_in, number_series
from aim_loans.db.engine import hold_row
from aim_loans.errors import NotFound

_OPPOSITE = aliased(money_in)
_RECEIPTS = (
    select(
        money_in,
        number_series.c.series,
        number_series.c.fiscal_year,
        _OPPOSITE.c.id.label("opposite_id"),
    )
    .join(number_series, number_series.c.id == money_in.c.series_id)
    .outerjoin(_OPPOSITE, _OPPOSITE.c.reverses_id == money_in.c.id)
)
# Written out once: to build them costs more than to run them.
_BY_ID = _RECEIPTS.where(money_in.c.id == bindparam("wanted"))
_BY_IDS = _RECEIPTS.where(money_in.c.id.in_(bindparam("wanted", expanding=True)))
_BY_ACT = _RECEIPTS.where(
    money_in.c.act_id == bindparam("wanted"), money_in.c.reverses_id.is_(None)
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money in as recorded: amount in paisa; `cancelled` when an opposite row names it."""

    id: int
    branch_code: str
    fund_code: str
    channel: str | None
    account: str
    reference: str | None
    amount: int
    received_on: date
    series: str
    number: str
    cancelled: bool


def receipt_number(branch: str, series: str, year: int, number: int) -> str:
    """Write a receipt's number as it is printed: LHR-01/R/2026/000123."""
    return f"{branch}/{series}/{year}/{number:06d}"


def receipt(connection: Connection, money_in_id: int, *, lock: bool = False) -> Receipt:
    """Give money in by its id; NotFound when there is none. `lock` holds it for this act."""
    if lock:
        hold_row(connection, money_in.c.id, money_in_id)
    row = connection.execute(_BY_ID, {"wanted": money_in_id}).first()
    if row is None:
        raise no_receipt()
    return _receipt(row)


def receipt_among(connection: Connection, money_in_ids: Select[tuple[int]]) -> Receipt | None:
    """Give the money in that a selection of ids names; None when it names none."""
    row = connection.execute(_RECEIPTS.where(money_in.c.id.in_(money_in_ids))).first()
    return None if row is None else _receipt(row)


def no_receipt() -> NotFound:
    """Say that there is no receipt, or none that whoever asks may learn of."""
    return NotFound("There is no receipt with this number.", field="receipt")


def receipts_by_id(connection: Connection, money_in_ids: Sequence[int]) -> dict[int, Receipt]:
    """Give money in by its ids, those that are there."""
    rows = connection.execute(_BY_IDS, {"wanted": list(money_in_ids)})
    return {row.id: _receipt(row) for row in rows}


def receipt_of_act(connection: Connection, act_id: int) -> Receipt:
    """Give the money in that an act recorded."""
    return _receipt(connection.execute(_BY_ACT, {"wanted": act_id}).one())


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(
        id=row.id,
        branch_code=row.branch_code,
        fund_code=row.fund_code,
        channel=row.channel,
        account=row.account,
        reference=row.reference,
        amount=row.amount,
        received_on=row.received_on,
        series=row.series,
        number=receipt_number(row.branch_code, row.series, row.fiscal_year, row.number),
        cancelled=row.opposite_id is not None,
    )
