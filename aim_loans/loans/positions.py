"""The position row of each loan: the sums of its facts as known now.

It is always computed anew from the facts, for one loan as for all, so that no order of
posting can make it drift.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert_postgresql
from sqlalchemy.dialects.sqlite import insert as upsert_sqlite

from aim_loans.db.bulk import whole_sum
from aim_loans.db.engine import is_postgresql
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import (
    instalment,
    loan,
    loan_dimension,
    loan_fact,
    loan_position,
    schedule_version,
)

BLOCK = 2_000
_IDS = "loan_ids"
LoanIds = Sequence[int] | BindParameter[Any]

SUM_OF_KIND = {
    "disbursed": Kind.DISBURSEMENT,
    "applied": Kind.RECEIPT,
    "waived": Kind.WAIVER,
    "written_off": Kind.WRITE_OFF,
    "recovered": Kind.RECOVERY,
    "credited": Kind.CREDIT,
    "refunded": Kind.REFUND,
}


def refresh_positions(connection: Connection, loan_ids: Sequence[int]) -> None:
    """Compute the positions of these loans from their facts and store them."""
    statement = _store(is_postgresql(connection))
    for start in range(0, len(loan_ids), BLOCK):
        connection.execute(statement, {_IDS: list(loan_ids[start : start + BLOCK])})


def positions(loan_ids: LoanIds | None = None) -> Select[Any]:
    """Select position rows as the facts give them; of all loans when no ids are given."""
    sums = _sums(loan_ids)
    total = {name: func.coalesce(sums.c[name], 0) for name in SUM_OF_KIND}
    payable = total["disbursed"] - total["waived"] - total["written_off"]
    paid = case((total["applied"] < payable, total["applied"]), else_=payable)
    outstanding = payable - paid
    rows = (
        select(
            loan.c.id.label("loan_id"),
            loan.c.borrower_id,
            loan.c.product_code,
            *(loan_dimension.c[name] for name in _DIMENSIONS),
            schedule_version.c.id.label("version_id"),
            case((total["disbursed"] > 0, _paid_out_on(sums))).label("disbursed_on"),
            *(total[name].label(name) for name in SUM_OF_KIND),
            outstanding.label("outstanding"),
            case((outstanding > 0, _oldest_unpaid(paid))).label("oldest_unpaid_due_on"),
            _later(
                _later(sums.c.last_value_on, loan_dimension.c.from_on),
                schedule_version.c.effective_on,
            ).label("last_value_on"),
        )
        .join(loan_dimension, loan_dimension.c.id == _newest_dimension())
        .join(schedule_version, schedule_version.c.id == _newest_version())
        .outerjoin(sums, sums.c.loan_id == loan.c.id)
    )
    # SQLite reads "SELECT ... ON CONFLICT" right only after a WHERE.
    return rows.where(literal_column("1") == 1 if loan_ids is None else loan.c.id.in_(loan_ids))


_DIMENSIONS = (
    "branch_code",
    "officer",
    "sector",
    "activity",
    "programme_code",
    "district",
    "urban_rural",
    "gender",
)


def _sums(loan_ids: LoanIds | None) -> Subquery:
    kinds = [
        whole_sum(case((loan_fact.c.kind == kind, loan_fact.c.amount), else_=0)).label(name)
        for name, kind in SUM_OF_KIND.items()
    ]
    paid_out = and_(loan_fact.c.kind == Kind.DISBURSEMENT, loan_fact.c.reverses_id.is_(None))
    rows = select(
        loan_fact.c.loan_id,
        *kinds,
        func.count(case((paid_out, loan_fact.c.id))).label("payouts"),
        func.max(case((paid_out, loan_fact.c.value_on))).label("paid_out_on"),
        func.max(loan_fact.c.value_on).label("last_value_on"),
    )
    if loan_ids is not None:
        rows = rows.where(loan_fact.c.loan_id.in_(loan_ids))
    return rows.group_by(loan_fact.c.loan_id).subquery("sums")


def _paid_out_on(sums: Subquery) -> ColumnElement[Any]:
    # Paid out again after a disbursement was cancelled: of several, the last recorded stands.
    again = (
        select(loan_fact.c.value_on)
        .where(loan_fact.c.loan_id == loan.c.id, loan_fact.c.kind == Kind.DISBURSEMENT)
        .order_by(loan_fact.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return case((sums.c.payouts == 1, sums.c.paid_out_on), else_=again)


def _newest_dimension() -> ScalarSelect[Any]:
    return (
        select(loan_dimension.c.id)
        .where(loan_dimension.c.loan_id == loan.c.id)
        .order_by(loan_dimension.c.from_on.desc(), loan_dimension.c.id.desc())
        .limit(1)
        .correlate(loan)
        .scalar_subquery()
    )


def _newest_version() -> ScalarSelect[Any]:
    return (
        select(schedule_version.c.id)
        .where(schedule_version.c.loan_id == loan.c.id)
        .order_by(schedule_version.c.number.desc())
        .limit(1)
        .correlate(loan)
        .scalar_subquery()
    )


def _oldest_unpaid(paid: ColumnElement[int]) -> ScalarSelect[Any]:
    return (
        select(instalment.c.due_on)
        .where(instalment.c.version_id == schedule_version.c.id, instalment.c.due_total > paid)
        .order_by(instalment.c.number)
        .limit(1)
        .scalar_subquery()
    )


def _later(first: ColumnElement[Any], second: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((first > second, first), else_=second)


@cache
def _store(postgresql: bool) -> Any:  # noqa: FBT001  # the two databases, and the key of a cache
    """Give the statement that computes and stores positions; building it takes long."""
    names = [column.name for column in loan_position.columns]
    rows = positions(bindparam(_IDS, expanding=True))
    statement = (upsert_postgresql if postgresql else upsert_sqlite)(loan_position)
    stored = statement.from_select(names, rows)
    replaced = {name: stored.excluded[name] for name in names if name != "loan_id"}
    return stored.on_conflict_do_update(index_elements=["loan_id"], set_=replaced)
