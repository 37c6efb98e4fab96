"""Contracts, schedule versions, dimensions, facts and positions."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = (
    "loan",
    "schedule_version",
    "instalment",
    "loan_dimension",
    "loan_fact",
)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_tables()
    check_facts()
    for table in APPEND_ONLY:
        refuse_changes(table)


def refuse_changes(table: str) -> None:
    """Let a trigger refuse UPDATE and DELETE (and TRUNCATE) on the table."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        )


# The database's own copy of the rules that must never break. Each condition, when true,
# refuses the new row. From 'w' on there are two kinds, waiver and write-off: one look at the
# index, where an IN list would cost three times as much for every receipt.
RULES = {
    "a reversal is not the exact opposite of its fact": """
        NEW.reverses_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM loan_fact AS f
            WHERE f.id = NEW.reverses_id AND f.reverses_id IS NULL AND f.loan_id = NEW.loan_id
              AND f.kind = NEW.kind AND f.amount = -NEW.amount AND f.fund_code = NEW.fund_code
              AND coalesce(f.money_in_id, 0) = coalesce(NEW.money_in_id, 0)
              AND f.contra = NEW.contra AND f.contra_branch = NEW.contra_branch
              AND f.value_on <= NEW.value_on)""",
    "the state of the loan does not allow this fact": """
        NEW.reverses_id IS NULL AND (
            (NEW.kind <> 'recovery' AND NEW.kind <> 'credit' AND NEW.kind <> 'refund' AND (
                SELECT sum(f.amount) FROM loan_fact AS f
                WHERE f.loan_id = NEW.loan_id AND f.kind >= 'w') > 0)
            OR (NEW.kind = 'recovery' AND coalesce((
                SELECT sum(f.amount) FROM loan_fact AS f
                WHERE f.loan_id = NEW.loan_id AND f.kind = 'write_off'), 0) = 0)
            OR (NEW.kind = 'credit' AND coalesce((
                SELECT sum(f.amount) FROM loan_fact AS f
                WHERE f.loan_id = NEW.loan_id AND f.kind = 'waiver'), 0) = 0)
            OR (NEW.kind <> 'disbursement' AND coalesce((
                SELECT sum(f.amount) FROM loan_fact AS f
                WHERE f.loan_id = NEW.loan_id AND f.kind = 'disbursement'
                  AND f.value_on <= NEW.value_on), 0) = 0))""",
    "a loan is paid out once, with a schedule that sums to its principal": """
        NEW.kind = 'disbursement' AND NEW.reverses_id IS NULL AND (
            NEW.amount + (SELECT coalesce(sum(f.amount), 0) FROM loan_fact AS f
                          WHERE f.loan_id = NEW.loan_id AND f.kind = 'disbursement')
                > (SELECT l.principal FROM loan AS l WHERE l.id = NEW.loan_id)
            OR (SELECT coalesce(sum(i.amount), 0) FROM instalment AS i
                JOIN schedule_version AS v ON v.id = i.version_id AND v.number = 1
                WHERE v.loan_id = NEW.loan_id)
                <> (SELECT l.principal FROM loan AS l WHERE l.id = NEW.loan_id))""",
    "more is applied than came in": """
        NEW.money_in_id IS NOT NULL AND NEW.reverses_id IS NULL AND (
            NEW.amount + (SELECT coalesce(sum(f.amount), 0) FROM loan_fact AS f
                          WHERE f.money_in_id = NEW.money_in_id)
                > (SELECT m.amount FROM money_in AS m WHERE m.id = NEW.money_in_id)
            OR EXISTS (SELECT 1 FROM money_in AS m WHERE m.reverses_id = NEW.money_in_id))""",
}


def check_facts() -> None:
    """Refuse facts that the loan's state, its contract or its money do not allow."""
    if op.get_context().dialect.name == "postgresql":
        checks = " ".join(
            f"IF {rule} THEN RAISE EXCEPTION '{sentence}'; END IF;"
            for sentence, rule in RULES.items()
        )
        op.execute(
            "CREATE FUNCTION check_loan_fact() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN {checks} RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER loan_fact_rules BEFORE INSERT ON loan_fact "
            "FOR EACH ROW EXECUTE FUNCTION check_loan_fact()"
        )
        return
    for number, (sentence, rule) in enumerate(RULES.items(), start=1):
        op.execute(
            f"CREATE TRIGGER loan_fact_rule_{number} BEFORE INSERT ON loan_fact "
            f"WHEN {rule} BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        )


def create_tables() -> None:
    """Make the tables and indexes."""
    create_loan()
    create_loan_dimension()
    create_loan_position()
    create_schedule_version()
    create_instalment()
    create_loan_fact()


def create_loan() -> None:
    """Make the table loan with its indexes."""
    op.create_table(
        "loan",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("borrower_id", IDENTIFIER, nullable=False),
        sa.Column("product_code", sa.Text(), nullable=False),
        sa.Column("fund_code", sa.Text(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("instalments_asked", sa.Integer(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_digest", sa.Text(), nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "frequency = 'weekly' OR frequency = 'fortnightly' OR frequency = 'four_weekly' OR frequency = 'monthly' OR frequency = 'quarterly' OR frequency = 'half_yearly' OR frequency = 'single'",
            name="ck_loan_frequency",
        ),
        sa.CheckConstraint("source = 'application' OR source = 'import'", name="ck_loan_source"),
        sa.CheckConstraint("instalments_asked > 0", name="ck_loan_instalments_asked"),
        sa.CheckConstraint("principal > 0", name="ck_loan_principal"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_loan_act_id"),
        sa.ForeignKeyConstraint(["borrower_id"], ["person.id"], name="fk_loan_borrower_id"),
        sa.ForeignKeyConstraint(["fund_code"], ["fund.code"], name="fk_loan_fund_code"),
        sa.ForeignKeyConstraint(["product_code"], ["product.code"], name="fk_loan_product_code"),
        sa.PrimaryKeyConstraint("id", name="pk_loan"),
        sa.UniqueConstraint("ref", name="uq_loan_ref"),
        comment="The contract as agreed; never edited.",
    )
    op.create_index("ix_loan_act_id", "loan", ["act_id"], unique=False)


def create_loan_dimension() -> None:
    """Make the table loan_dimension with its indexes."""
    op.create_table(
        "loan_dimension",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("loan_id", IDENTIFIER, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=True),
        sa.Column("programme_code", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("urban_rural", sa.Text(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "gender = 'female' OR gender = 'male' OR gender = 'transgender' OR gender = 'unknown'",
            name="ck_loan_dimension_gender",
        ),
        sa.CheckConstraint(
            "sector = 'trade' OR sector = 'livestock' OR sector = 'agriculture' OR sector = 'manufacturing' OR sector = 'housing' OR sector = 'education' OR sector = 'health' OR sector = 'other'",
            name="ck_loan_dimension_sector",
        ),
        sa.CheckConstraint(
            "urban_rural = 'urban' OR urban_rural = 'rural'", name="ck_loan_dimension_urban_rural"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_loan_dimension_act_id"),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["branch.code"], name="fk_loan_dimension_branch_code"
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_loan_dimension_loan_id"),
        sa.ForeignKeyConstraint(["officer"], ["staff.username"], name="fk_loan_dimension_officer"),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["programme.code"], name="fk_loan_dimension_programme_code"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_loan_dimension"),
        comment="What a loan belonged to from a day on; of two rows from one day the later holds.",
    )
    op.create_index("ix_loan_dimension_act_id", "loan_dimension", ["act_id"], unique=False)
    op.create_index("ix_loan_dimension_loan_id", "loan_dimension", ["loan_id"], unique=False)


def create_loan_position() -> None:
    """Make the table loan_position with its indexes."""
    op.create_table(
        "loan_position",
        sa.Column("loan_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("borrower_id", sa.BigInteger(), nullable=False),
        sa.Column("product_code", sa.Text(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=True),
        sa.Column("programme_code", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("urban_rural", sa.Text(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("disbursed_on", sa.Date(), nullable=True),
        sa.Column("disbursed", sa.BigInteger(), nullable=False),
        sa.Column("applied", sa.BigInteger(), nullable=False),
        sa.Column("waived", sa.BigInteger(), nullable=False),
        sa.Column("written_off", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), nullable=False),
        sa.Column("credited", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("oldest_unpaid_due_on", sa.Date(), nullable=True),
        sa.Column("last_value_on", sa.Date(), nullable=True),
        sa.CheckConstraint("outstanding >= 0", name="ck_loan_position_outstanding"),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_loan_position_loan_id"),
        sa.PrimaryKeyConstraint("loan_id", name="pk_loan_position"),
        comment="The sums of a loan's facts as known now: a cache, rebuilt and compared by verify.",
    )
    op.create_index("ix_loan_position_borrower_id", "loan_position", ["borrower_id"], unique=False)
    op.create_index(
        "ix_loan_position_last_value_on", "loan_position", ["last_value_on"], unique=False
    )


def create_schedule_version() -> None:
    """Make the table schedule_version with its indexes."""
    op.create_table(
        "schedule_version",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("loan_id", IDENTIFIER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("instalment_count", sa.Integer(), nullable=False),
        sa.Column("base_amount", sa.BigInteger(), nullable=True),
        sa.Column("step_months", sa.Integer(), nullable=True),
        sa.Column("first_month", sa.Integer(), nullable=True),
        sa.Column("due_day", sa.Integer(), nullable=True),
        sa.Column("step_days", sa.Integer(), nullable=True),
        sa.Column("first_day", sa.Integer(), nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "base_amount IS NULL OR (step_months IS NULL) <> (step_days IS NULL)",
            name="ck_schedule_version_one_step",
        ),
        sa.CheckConstraint("instalment_count > 0", name="ck_schedule_version_instalment_count"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_schedule_version_act_id"),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_schedule_version_loan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_version"),
        sa.UniqueConstraint("loan_id", "number", name="uq_schedule_version_loan_id_number"),
        comment="A regular version also says its rule in whole numbers: instalment, first, step.",
    )
    op.create_index("ix_schedule_version_act_id", "schedule_version", ["act_id"], unique=False)


def create_instalment() -> None:
    """Make the table instalment with its indexes."""
    op.create_table(
        "instalment",
        sa.Column("version_id", IDENTIFIER, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("due_total", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_instalment_amount"),
        sa.CheckConstraint("due_total >= amount", name="ck_instalment_due_total"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["schedule_version.id"], name="fk_instalment_version_id"
        ),
        sa.PrimaryKeyConstraint("version_id", "number", name="pk_instalment"),
        comment="`due_total` is the sum of the version's amounts up to this one.",
        sqlite_with_rowid=False,
    )


def create_loan_fact() -> None:
    """Make the table loan_fact with its indexes."""
    op.create_table(
        "loan_fact",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("loan_id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("fund_code", sa.Text(), nullable=False),
        sa.Column("contra", sa.Text(), nullable=False),
        sa.Column("contra_branch", sa.Text(), nullable=False),
        sa.Column("money_in_id", IDENTIFIER, nullable=True),
        sa.Column("reverses_id", IDENTIFIER, nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'receipt' OR kind = 'recovery' OR kind = 'credit') = (money_in_id IS NOT NULL)",
            name="ck_loan_fact_money",
        ),
        sa.CheckConstraint(
            "kind = 'disbursement' OR kind = 'receipt' OR kind = 'waiver' OR kind = 'write_off' OR kind = 'recovery' OR kind = 'credit' OR kind = 'refund'",
            name="ck_loan_fact_kind",
        ),
        sa.CheckConstraint(
            "CASE WHEN reverses_id IS NULL THEN amount > 0 ELSE amount < 0 END",
            name="ck_loan_fact_sign",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_loan_fact_act_id"),
        sa.ForeignKeyConstraint(["contra"], ["account.code"], name="fk_loan_fact_contra"),
        sa.ForeignKeyConstraint(
            ["contra_branch"], ["branch.code"], name="fk_loan_fact_contra_branch"
        ),
        sa.ForeignKeyConstraint(["fund_code"], ["fund.code"], name="fk_loan_fact_fund_code"),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_loan_fact_loan_id"),
        sa.ForeignKeyConstraint(["money_in_id"], ["money_in.id"], name="fk_loan_fact_money_in_id"),
        sa.ForeignKeyConstraint(["reverses_id"], ["loan_fact.id"], name="fk_loan_fact_reverses_id"),
        sa.PrimaryKeyConstraint("id", name="pk_loan_fact"),
        comment="What happened to a loan; a reversal is the opposite amount and names its fact.",
    )
    op.create_index("ix_loan_fact_act_id", "loan_fact", ["act_id"], unique=False)
    op.create_index(
        "ix_loan_fact_book",
        "loan_fact",
        ["loan_id", "kind", "value_on", "amount", "recorded_at"],
        unique=False,
    )
    op.create_index("ix_loan_fact_money_in_id", "loan_fact", ["money_in_id"], unique=False)
    op.create_index(
        "uq_loan_fact_reverses_id",
        "loan_fact",
        ["reverses_id"],
        unique=True,
        sqlite_where=sa.text("reverses_id IS NOT NULL"),
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in (
        "loan_position",
        "loan_fact",
        "loan_dimension",
        "instalment",
        "schedule_version",
        "loan",
    ):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION check_loan_fact()")
