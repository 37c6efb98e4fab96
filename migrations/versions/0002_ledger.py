"""Funds, the chart of accounts and journal lines."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("journal_line",)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_tables()
    insert_chart()
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


CHART = {
    "vault": "asset",
    "cash_with_officer": "asset",
    "bank": "asset",
    "inter_branch": "asset",
    "inter_fund": "asset",
    "loans": "asset",
    "loss_allowance": "asset",
    "suspense": "liability",
    "borrower_credit": "liability",
    "import_opening": "fund",
    "fund_capital": "fund",
    "fee_income": "income",
    "donations": "income",
    "recovery_income": "income",
    "write_off": "expense",
    "waiver": "expense",
}


def insert_chart() -> None:
    """Write the chart of accounts."""
    account = sa.table("account", sa.column("code"), sa.column("kind"))
    op.bulk_insert(account, [{"code": code, "kind": kind} for code, kind in CHART.items()])


def create_tables() -> None:
    """Make the tables and indexes."""
    op.create_table(
        "account",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind = 'asset' OR kind = 'liability' OR kind = 'fund' OR kind = 'income' OR kind = 'expense'",
            name="ck_account_kind",
        ),
        sa.PrimaryKeyConstraint("code", name="pk_account"),
    )
    op.create_table(
        "fund",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_fund_act_id"),
        sa.PrimaryKeyConstraint("code", name="pk_fund"),
    )
    op.create_table(
        "journal_line",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("fund_code", sa.Text(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "source = 'money_in' OR source = 'loan_fact' OR source = 'loan_dimension'",
            name="ck_journal_line_source",
        ),
        sa.CheckConstraint("amount > 0", name="ck_journal_line_amount"),
        sa.CheckConstraint("booked_on >= value_on", name="ck_journal_line_booked"),
        sa.CheckConstraint("debit <> credit", name="ck_journal_line_two_accounts"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_journal_line_act_id"),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["branch.code"], name="fk_journal_line_branch_code"
        ),
        sa.ForeignKeyConstraint(["credit"], ["account.code"], name="fk_journal_line_credit"),
        sa.ForeignKeyConstraint(["debit"], ["account.code"], name="fk_journal_line_debit"),
        sa.ForeignKeyConstraint(["fund_code"], ["fund.code"], name="fk_journal_line_fund_code"),
        sa.PrimaryKeyConstraint("id", name="pk_journal_line"),
        comment="The lines of one source are its journal entry.",
    )
    op.create_index("ix_journal_line_act_id", "journal_line", ["act_id"], unique=False)


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in (
        "journal_line",
        "account",
        "fund",
    ):
        op.drop_table(table)
