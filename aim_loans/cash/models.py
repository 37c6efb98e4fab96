"""Tables of cash: money in, and the number series of its receipts."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from aim_loans.db.tables import FACT, Identifier, Moment, metadata, one_of, unique_where_given

number_series = Table(
    "number_series",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("series", Text, nullable=False),
    Column("fiscal_year", Integer, nullable=False),
    Column("last_number", BigInteger, nullable=False),
    UniqueConstraint("branch_code", "series", "fiscal_year"),
    CheckConstraint("last_number >= 0", name="last_number"),
    comment="The last number given out; it moves in the transaction that uses the number.",
)

money_in = Table(
    "money_in",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("fund_code", ForeignKey("fund.code"), nullable=False),
    Column("channel", Text),
    Column("account", Text, nullable=False),
    Column("reference", Text),
    Column("amount", BigInteger, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("payer", Text),
    Column("book_number", Text),
    Column("series_id", ForeignKey("number_series.id")),
    Column("number", BigInteger),
    Column("source_digest", Text),
    Column("source_recorded_at", Moment),
    Column("reverses_id", ForeignKey("money_in.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("series_id", "number"),
    CheckConstraint(
        one_of("channel", "cash", "bank", "cheque", "easypaisa", "jazzcash", "raast"),
        name="channel",
    ),
    CheckConstraint(
        "CASE WHEN reverses_id IS NULL THEN amount > 0 AND number IS NOT NULL "
        "ELSE amount < 0 AND number IS NULL AND reference IS NULL END",
        name="amount_and_number",
    ),
    CheckConstraint(one_of("payer", "borrower", "family", "guarantor"), name="payer"),
    info=FACT,
    comment="Money that came in, or the opposite row that cancels it.",
)

Index(None, money_in.c.act_id)
# What came in a month.
Index(None, money_in.c.received_on)
unique_where_given(money_in.c.reverses_id)
# One reference of a channel's account is one money in; in an imported book, one reference is
# one receipt whatever its channel.
Index(
    "uq_money_in_reference",
    money_in.c.reference,
    money_in.c.account,
    money_in.c.channel,
    unique=True,
    sqlite_where=money_in.c.account != "import",
    postgresql_where=money_in.c.account != "import",
)
Index(
    "uq_money_in_imported_reference",
    money_in.c.reference,
    unique=True,
    sqlite_where=money_in.c.account == "import",
    postgresql_where=money_in.c.account == "import",
)
