"""Tables of a loan: contract, schedule versions, dated dimensions, facts, position."""

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

from aim_loans.db.tables import (
    FACT,
    FACT_OF_VERSION,
    Identifier,
    Moment,
    metadata,
    one_of,
    unique_where_given,
)

loan = Table(
    "loan",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("borrower_id", ForeignKey("person.id"), nullable=False),
    Column("product_code", ForeignKey("product.code"), nullable=False),
    Column("fund_code", ForeignKey("fund.code"), nullable=False),
    Column("principal", BigInteger, nullable=False),
    Column("instalments_asked", Integer, nullable=False),
    Column("frequency", Text, nullable=False),
    Column("purpose", Text),
    Column("source", Text, nullable=False),
    Column("source_digest", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("principal > 0", name="principal"),
    CheckConstraint("instalments_asked > 0", name="instalments_asked"),
    CheckConstraint(one_of("source", "application", "import"), name="source"),
    CheckConstraint(
        one_of(
            "frequency",
            "weekly",
            "fortnightly",
            "four_weekly",
            "monthly",
            "quarterly",
            "half_yearly",
            "single",
        ),
        name="frequency",
    ),
    info=FACT,
    comment="The contract as agreed; never edited.",
)

schedule_version = Table(
    "schedule_version",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("loan_id", ForeignKey("loan.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("reason", Text),
    Column("instalment_count", Integer, nullable=False),
    Column("base_amount", BigInteger),
    Column("step_months", Integer),
    Column("first_month", Integer),
    Column("due_day", Integer),
    Column("step_days", Integer),
    Column("first_day", Integer),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("loan_id", "number"),
    CheckConstraint("instalment_count > 0", name="instalment_count"),
    CheckConstraint(
        "base_amount IS NULL OR (step_months IS NULL) <> (step_days IS NULL)", name="one_step"
    ),
    info=FACT,
    comment="A regular version also says its rule in whole numbers: instalment, first, step.",
)

instalment = Table(
    "instalment",
    metadata,
    Column("version_id", ForeignKey("schedule_version.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("due_on", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("due_total", BigInteger, nullable=False),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("due_total >= amount", name="due_total"),
    info=FACT_OF_VERSION,
    sqlite_with_rowid=False,
    comment="`due_total` is the sum of the version's amounts up to this one.",
)

loan_dimension = Table(
    "loan_dimension",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("loan_id", ForeignKey("loan.id"), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("officer", ForeignKey("staff.username")),
    Column("sector", Text, nullable=False),
    Column("activity", Text),
    Column("programme_code", ForeignKey("programme.code"), nullable=False),
    Column("district", Text),
    Column("urban_rural", Text),
    Column("gender", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        one_of(
            "sector",
            "trade",
            "livestock",
            "agriculture",
            "manufacturing",
            "housing",
            "education",
            "health",
            "other",
        ),
        name="sector",
    ),
    CheckConstraint(one_of("gender", "female", "male", "transgender", "unknown"), name="gender"),
    CheckConstraint(one_of("urban_rural", "urban", "rural"), name="urban_rural"),
    info=FACT,
    comment="What a loan belonged to from a day on; of two rows from one day the later holds.",
)

loan_fact = Table(
    "loan_fact",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("loan_id", ForeignKey("loan.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("fund_code", ForeignKey("fund.code"), nullable=False),
    Column("contra", ForeignKey("account.code"), nullable=False),
    Column("contra_branch", ForeignKey("branch.code"), nullable=False),
    Column("money_in_id", ForeignKey("money_in.id")),
    Column("reverses_id", ForeignKey("loan_fact.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        one_of(
            "kind", "disbursement", "receipt", "waiver", "write_off", "recovery", "credit", "refund"
        ),
        name="kind",
    ),
    CheckConstraint(
        "CASE WHEN reverses_id IS NULL THEN amount > 0 ELSE amount < 0 END", name="sign"
    ),
    CheckConstraint(
        "(kind = 'receipt' OR kind = 'recovery' OR kind = 'credit') = (money_in_id IS NOT NULL)",
        name="money",
    ),
    info=FACT,
    comment="What happened to a loan; a reversal is the opposite amount and names its fact.",
)

loan_position = Table(
    "loan_position",
    metadata,
    Column("loan_id", ForeignKey("loan.id"), primary_key=True, autoincrement=False),
    Column("borrower_id", BigInteger, nullable=False),
    Column("product_code", Text, nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("officer", Text),
    Column("sector", Text, nullable=False),
    Column("activity", Text),
    Column("programme_code", Text, nullable=False),
    Column("district", Text),
    Column("urban_rural", Text),
    Column("gender", Text, nullable=False),
    Column("version_id", BigInteger, nullable=False),
    Column("disbursed_on", Date),
    Column("disbursed", BigInteger, nullable=False),
    Column("applied", BigInteger, nullable=False),
    Column("waived", BigInteger, nullable=False),
    Column("written_off", BigInteger, nullable=False),
    Column("recovered", BigInteger, nullable=False),
    Column("credited", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("oldest_unpaid_due_on", Date),
    Column("last_value_on", Date),
    CheckConstraint("outstanding >= 0", name="outstanding"),
    comment="The sums of a loan's facts as known now: a cache, rebuilt and compared by verify.",
)

Index(None, schedule_version.c.act_id)
Index(None, loan.c.act_id)
Index(None, loan_dimension.c.act_id)
Index(None, loan_dimension.c.loan_id)
# Whose loans a branch ever had.
Index(None, loan_dimension.c.branch_code, loan_dimension.c.loan_id)
Index(None, loan_fact.c.act_id)
Index(None, loan_fact.c.money_in_id)
unique_where_given(loan_fact.c.reverses_id)
# Holds all that the sums of a book need, so that they never touch the rows themselves.
Index(
    "ix_loan_fact_book",
    loan_fact.c.loan_id,
    loan_fact.c.kind,
    loan_fact.c.value_on,
    loan_fact.c.amount,
    loan_fact.c.recorded_at,
)
Index(None, loan_position.c.last_value_on)
Index(None, loan_position.c.borrower_id)
# The few loans that are so late.
Index(None, loan_position.c.oldest_unpaid_due_on)
# What a branch has to collect by a day.
Index(None, loan_position.c.branch_code, loan_position.c.oldest_unpaid_due_on)
# Whose loans a branch has, without a look at the rows themselves.
Index(None, loan_position.c.branch_code, loan_position.c.borrower_id)
