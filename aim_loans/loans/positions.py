"""The position row of each loan: the sums of its facts as known now.

It is always computed anew from the facts, for one loan as for all, so that no order of
posting can make it drift.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
    Subquery,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert as upsert_postgresql
from sqlalchemy.dialects.sqlite import insert as upsert_sqlite

from aim_loans.db.engine import is_postgresql
from aim_loans.db.statements import Statement, among
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
_IDS, _ID = "loan_ids", "loan_id_asked"
# Written into the statement and not given to it: PostgreSQL then sees that one plan fits every
# loan, keeps it, and saves most of the time that a receipt's position takes.
_ZERO = literal_column("0", BigInteger)
_ONE: ColumnElement[int] = literal_column("1", Integer)
_KINDS: dict[Kind, ColumnElement[str]] = {
    kind: literal_column(f"'{kind.value}'", Text) for kind in Kind
}
# Short names keep the statement below the length that PostgreSQL's driver prepares at once.
_FACT = loan_fact.alias("f")
_HELD = loan_dimension.alias("d")
VERSION = schedule_version.alias("v")
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
    if len(loan_ids) == 1:
        _store_one().run(connection, {_ID: loan_ids[0]})
        return
    statement = _store(postgresql=is_postgresql(connection))
    for start in range(0, len(loan_ids), BLOCK):
        connection.execute(statement, {_IDS: list(loan_ids[start : start + BLOCK])})


def positions(loan_ids: LoanIds | None = None) -> Select[Any]:
    """Select position rows as the facts give them; of all loans when no ids are given."""
    sums = _sums(loan_ids)
    total = {name: func.coalesce(sums.c[name], _ZERO) for name in SUM_OF_KIND}
    applied = total["applied"]
    unpaid = total["disbursed"] - total["waived"] - total["written_off"] - applied
    rows = (
        select(
            loan.c.id.label("loan_id"),
            loan.c.borrower_id,
            loan.c.product_code,
            *(_HELD.c[name] for name in _DIMENSIONS),
            VERSION.c.id.label("version_id"),
            case((total["disbursed"] > _ZERO, _paid_out_on(sums))).label("disbursed_on"),
            *(total[name].label(name) for name in SUM_OF_KIND),
            case((unpaid > _ZERO, unpaid), else_=_ZERO).label("outstanding"),
            case((unpaid > _ZERO, _oldest_unpaid(applied))).label("oldest_unpaid_due_on"),
            _latest(sums.c.last_on, _HELD.c.from_on, VERSION.c.effective_on).label("last_value_on"),
        )
        .select_from(loan)
        .join(
            _HELD,
            and_(_HELD.c.loan_id == loan.c.id, _newest(_HELD, loan_dimension, "from_on", "id")),
        )
        .join(
            VERSION,
            and_(VERSION.c.loan_id == loan.c.id, _newest(VERSION, schedule_version, "number")),
        )
        .outerjoin(sums, sums.c.loan_id == loan.c.id)
    )
    # SQLite reads "SELECT ... ON CONFLICT" right only after a WHERE.
    return rows.where(_ONE > _ZERO if loan_ids is None else among(loan.c.id, loan_ids))


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
        cast(func.sum(_FACT.c.amount).filter(_FACT.c.kind == _KINDS[kind]), BigInteger).label(name)
        for name, kind in SUM_OF_KIND.items()
    ]
    paid_out = and_(_FACT.c.kind == _KINDS[Kind.DISBURSEMENT], _FACT.c.reverses_id.is_(None))
    rows = select(
        _FACT.c.loan_id,
        *kinds,
        func.count(_FACT.c.id).filter(paid_out).label("payouts"),
        func.max(_FACT.c.value_on).filter(paid_out).label("paid_out_on"),
        func.max(_FACT.c.value_on).label("last_on"),
    )
    if loan_ids is not None:
        rows = rows.where(among(_FACT.c.loan_id, loan_ids))
    return rows.group_by(_FACT.c.loan_id).subquery("s")


def _paid_out_on(sums: Subquery) -> ColumnElement[Any]:
    # Paid out again after a disbursement was cancelled: of several, the last recorded stands.
    again = (
        select(_FACT.c.value_on)
        .where(_FACT.c.loan_id == loan.c.id, _FACT.c.kind == _KINDS[Kind.DISBURSEMENT])
        .order_by(_FACT.c.id.desc())
        .limit(_ONE)
        .scalar_subquery()
    )
    return case((sums.c.payouts == _ONE, sums.c.paid_out_on), else_=again)


def _newest(row: FromClause, table: Table, *order: str) -> ColumnElement[bool]:
    """Say that a row is the loan's, and that no other row of the loan comes after it."""
    later = table.alias("e")
    after = tuple_(*(later.c[name] for name in order)) > tuple_(*(row.c[name] for name in order))
    return and_(
        row.c.loan_id == loan.c.id, ~exists().where(later.c.loan_id == row.c.loan_id, after)
    )


def _oldest_unpaid(paid: ColumnElement[int]) -> ScalarSelect[Any]:
    return (
        select(instalment.c.due_on)
        .where(instalment.c.version_id == VERSION.c.id, instalment.c.due_total > paid)
        .order_by(instalment.c.number)
        .limit(_ONE)
        .scalar_subquery()
    )


def _latest(
    fact: ColumnElement[Any], held: ColumnElement[Any], agreed: ColumnElement[Any]
) -> ColumnElement[Any]:
    # A loan without facts has no day of a fact, and NULL is never greater.
    return case((and_(fact > held, fact > agreed), fact), (held > agreed, held), else_=agreed)


@cache
def _store(*, postgresql: bool) -> Any:
    """Give the statement that computes and stores positions; building it takes long."""
    insertion = (upsert_postgresql if postgresql else upsert_sqlite)(loan_position)
    return _stored(insertion, bindparam(_IDS, expanding=True))


@cache
def _store_one() -> Statement:
    """Give the same for one loan, as every receipt asks for it."""
    return Statement(_stored(upsert_postgresql(loan_position), bindparam(_ID)))


def _stored(insertion: Any, loan_ids: BindParameter[Any]) -> Any:
    names = [column.name for column in loan_position.columns]
    stored = insertion.from_select(names, positions(loan_ids))
    replaced = {name: stored.excluded[name] for name in names if name != "loan_id"}
    return stored.on_conflict_do_update(index_elements=["loan_id"], set_=replaced)
