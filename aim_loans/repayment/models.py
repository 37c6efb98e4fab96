"""Tables of repayment: what one person asks for and another confirms."""

from sqlalchemy import Column, Date, ForeignKey, Index, Table, Text

from aim_loans.db.tables import FACT, Identifier, Moment, metadata, unique_where_given

cancel_request = Table(
    "cancel_request",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("money_in_id", ForeignKey("money_in.id"), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("dishonoured_on", Date),
    Column("declines_id", ForeignKey("cancel_request.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Somebody asks to cancel a receipt; a row that names another declines it.",
)

Index(None, cancel_request.c.act_id)
Index(None, cancel_request.c.money_in_id)
unique_where_given(cancel_request.c.declines_id)
