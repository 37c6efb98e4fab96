"""Tables of the ledger: funds, accounts, journal lines, the days that are locked.

A line moves one amount from one account to another inside one branch and one fund, so no
line can be out of balance, and each branch's and each fund's books balance by themselves.
Money that crosses branches or funds takes one more line through a bridging account.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Table,
    Text,
)

from aim_loans.db.tables import FACT, Identifier, Moment, metadata, one_of

fund = Table(
    "fund",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("code", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    CheckConstraint(one_of("kind", "asset", "liability", "fund", "income", "expense"), name="kind"),
)

journal_line = Table(
    "journal_line",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("source", Text, nullable=False),
    Column("source_id", BigInteger, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("fund_code", ForeignKey("fund.code"), nullable=False),
    Column("debit", ForeignKey("account.code"), nullable=False),
    Column("credit", ForeignKey("account.code"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("debit <> credit", name="two_accounts"),
    CheckConstraint("booked_on >= value_on", name="booked"),
    CheckConstraint(
        one_of("source", "money_in", "loan_fact", "loan_dimension", "allowance_entry"),
        name="source",
    ),
    info=FACT,
    comment="The lines of one source are its journal entry.",
)

Index(None, journal_line.c.act_id)

period_lock = Table(
    "period_lock",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("locked_until", Date),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="The last day that takes no entries any more, or none; the newest row holds.",
)

Index(None, period_lock.c.act_id)
