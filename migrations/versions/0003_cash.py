"""Money in and its number series."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("money_in",)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_tables()
    check_money()
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


MONEY_RULES = """
(NEW.reverses_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM money_in AS m
    WHERE m.id = NEW.reverses_id AND m.reverses_id IS NULL AND m.amount = -NEW.amount
      AND m.branch_code = NEW.branch_code AND m.fund_code = NEW.fund_code
      AND m.received_on <= NEW.received_on))
"""


def check_money() -> None:
    """Refuse a cancellation that is not the exact opposite of its money in."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION check_money_in() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {MONEY_RULES} THEN RAISE EXCEPTION 'not the opposite of its money in'; "
            "END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER money_in_rules BEFORE INSERT ON money_in "
            "FOR EACH ROW EXECUTE FUNCTION check_money_in()"
        )
        return
    op.execute(
        f"CREATE TRIGGER money_in_rules BEFORE INSERT ON money_in WHEN {MONEY_RULES} "
        "BEGIN SELECT RAISE(ABORT, 'not the opposite of its money in'); END"
    )


def create_tables() -> None:
    """Make the tables and indexes."""
    create_number_series()
    create_money_in()


def create_number_series() -> None:
    """Make the table number_series with its indexes."""
    op.create_table(
        "number_series",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("last_number >= 0", name="ck_number_series_last_number"),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["branch.code"], name="fk_number_series_branch_code"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_number_series"),
        sa.UniqueConstraint(
            "branch_code",
            "series",
            "fiscal_year",
            name="uq_number_series_branch_code_series_fiscal_year",
        ),
        comment="The last number given out; it moves in the transaction that uses the number.",
    )


def create_money_in() -> None:
    """Make the table money_in with its indexes."""
    op.create_table(
        "money_in",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("fund_code", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("book_number", sa.Text(), nullable=True),
        sa.Column("series_id", IDENTIFIER, nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("source_digest", sa.Text(), nullable=True),
        sa.Column("source_recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("reverses_id", IDENTIFIER, nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "channel = 'cash' OR channel = 'bank' OR channel = 'cheque' OR channel = 'easypaisa' OR channel = 'jazzcash' OR channel = 'raast'",
            name="ck_money_in_channel",
        ),
        sa.CheckConstraint(
            "payer = 'borrower' OR payer = 'family' OR payer = 'guarantor'",
            name="ck_money_in_payer",
        ),
        sa.CheckConstraint(
            "CASE WHEN reverses_id IS NULL THEN amount > 0 AND number IS NOT NULL ELSE amount < 0 AND number IS NULL AND reference IS NULL END",
            name="ck_money_in_amount_and_number",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_money_in_act_id"),
        sa.ForeignKeyConstraint(["branch_code"], ["branch.code"], name="fk_money_in_branch_code"),
        sa.ForeignKeyConstraint(["fund_code"], ["fund.code"], name="fk_money_in_fund_code"),
        sa.ForeignKeyConstraint(["reverses_id"], ["money_in.id"], name="fk_money_in_reverses_id"),
        sa.ForeignKeyConstraint(["series_id"], ["number_series.id"], name="fk_money_in_series_id"),
        sa.PrimaryKeyConstraint("id", name="pk_money_in"),
        sa.UniqueConstraint("series_id", "number", name="uq_money_in_series_id_number"),
        comment="Money that came in, or the opposite row that cancels it.",
    )
    index_money_in()


def index_money_in() -> None:
    """Make the indexes of money_in."""
    op.create_index("ix_money_in_act_id", "money_in", ["act_id"], unique=False)
    op.create_index(
        "uq_money_in_imported_reference",
        "money_in",
        ["reference"],
        unique=True,
        sqlite_where=sa.text("account = 'import'"),
        postgresql_where=sa.text("account = 'import'"),
    )
    op.create_index(
        "uq_money_in_reference",
        "money_in",
        ["reference", "account", "channel"],
        unique=True,
        sqlite_where=sa.text("account != 'import'"),
        postgresql_where=sa.text("account != 'import'"),
    )
    op.create_index(
        "uq_money_in_reverses_id",
        "money_in",
        ["reverses_id"],
        unique=True,
        sqlite_where=sa.text("reverses_id IS NOT NULL"),
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in (
        "money_in",
        "number_series",
    ):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION check_money_in()")
