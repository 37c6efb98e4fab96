"""Tables of origination: dated settings, products, programmes."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Table, Text, UniqueConstraint

from aim_loans.db.tables import FACT, Identifier, metadata

dated_setting = Table(
    "dated_setting",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("table_name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    UniqueConstraint("table_name", "key", "effective_from"),
    info=FACT,
    comment="Products, ladders, limits, fee, benchmark: what held from which day, and says who.",
)

product = Table(
    "product",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
)

programme = Table(
    "programme",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("fund_code", ForeignKey("fund.code"), nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
)
