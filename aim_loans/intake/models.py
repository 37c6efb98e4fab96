"""Tables of intake: gaps in the data of imported rows."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from aim_loans.db.tables import FACT, Identifier, Moment, metadata

data_gap = Table(
    "data_gap",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("loan_ref", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="A personal field or district that a file did not give, or gave wrongly.",
)

Index(None, data_gap.c.act_id)
