"""What every table shares: one metadata, naming of constraints, moments, fact tables.

Moments are whole microseconds since 1970-01-01 UTC in a BIGINT column, so that they
compare, sort and hash alike on both databases. Dates are DATE. Money is BIGINT paisa.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    exists,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# SQLite numbers rows by itself only in a column that says INTEGER.
Identifier = BigInteger().with_variant(Integer, "sqlite")


def to_micros(moment: datetime) -> int:
    """Give a moment as whole microseconds since 1970 UTC."""
    return (moment - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Give the UTC moment of whole microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Give the stored number; a moment without zone is a programming error."""
        if value is None:
            return None
        return to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Give the UTC moment of the stored number."""
        return None if value is None else from_micros(value)


def one_of(column: str, *values: str) -> str:
    """Give the condition that a column holds one of these values.

    SQLite builds a table for each IN list, for every row that it checks; comparisons cost a
    tenth of that.
    """
    return " OR ".join(f"{column} = '{value}'" for value in values)


def unique_where_given(column: Column[Any]) -> Index:
    """Hold a column's values unique; rows without one cost the index nothing."""
    table = column.table
    given = column.is_not(None)
    return Index(
        f"uq_{table.name}_{column.name}",
        column,
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
    )


# Tables marked so hold facts: a trigger refuses UPDATE and DELETE, and the digest in the
# audit entry of their act covers each of their columns. The value names the column that
# leads to the act; "schedule_version" means: through the version that owns the row.
FACT = {"fact": "act_id"}
FACT_OF_VERSION = {"fact": "version_id"}
# Tables marked so hold no facts, but the entry of the act that added a row covers each of its
# columns too, as the act wrote them.
SEALED = {"sealed": "act_id"}


def sealed_with(changes: str) -> dict[str, str]:
    """Mark a sealed table whose rows may change; `changes` names the facts that tell of it.

    Each of them names the row (`<table>_id`), the `field`, its `old_value` and `new_value`.
    """
    return {**SEALED, "changes": changes}


def undoing_of(table: Table) -> Table:
    """Make the table of facts that take rows of another one back, each with the reason."""
    return Table(
        f"{table.name}_undoing",
        metadata,
        Column("id", Identifier, primary_key=True),
        Column("undoes_id", ForeignKey(table.c.id), nullable=False, unique=True),
        Column("reason", Text, nullable=False),
        Column("act_id", ForeignKey("act.id"), nullable=False, index=True),
        Column("recorded_at", Moment, nullable=False),
        info=FACT,
        comment=f"A row of {table.name} that was a mistake is taken back.",
    )


def stands(table: FromClause, undoing: Table, *known: ColumnElement[bool]) -> ColumnElement[bool]:
    """Give the condition that nobody has taken a row back; `known` narrows by when that was."""
    return ~exists().where(undoing.c.undoes_id == table.c.id, *known).correlate(table)
