"""Receipts for a day further back than one person may write: asked for by one, answered by another."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

CHANNELS = ("cash", "bank", "cheque", "easypaisa", "jazzcash", "raast")
PAYERS = ("borrower", "family", "guarantor")
TABLES = ("backdating_request", "backdating_answer")


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_backdating_request()
    create_backdating_answer()
    # Facts are never changed: the database itself refuses it.
    for table in TABLES:
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


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Give the condition that a column holds one of these values."""
    return " OR ".join(f"{column} = '{value}'" for value in values)


def create_backdating_request() -> None:
    """Make the table of requests, with its indexes."""
    op.create_table(
        "backdating_request",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("loan_id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("reference", "payer", "book_number")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_backdating_request_amount"),
        sa.CheckConstraint(one_of("channel", CHANNELS), name="ck_backdating_request_channel"),
        sa.CheckConstraint(
            "channel = 'cash' OR reference IS NOT NULL", name="ck_backdating_request_reference"
        ),
        sa.CheckConstraint(one_of("payer", PAYERS), name="ck_backdating_request_payer"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_backdating_request_act_id"),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["branch.code"], name="fk_backdating_request_branch_code"
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_backdating_request_loan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_backdating_request"),
        comment="Somebody asks to write a receipt for a day further back than one person may.",
    )
    for column in ("act_id", "loan_id"):
        op.create_index(
            f"ix_backdating_request_{column}", "backdating_request", [column], unique=False
        )


def create_backdating_answer() -> None:
    """Make the table of answers, with its indexes."""
    op.create_table(
        "backdating_answer",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("request_id", IDENTIFIER, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("money_in_id", IDENTIFIER),
        sa.Column("reason", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            one_of("answer", ("permitted", "declined")), name="ck_backdating_answer_answer"
        ),
        sa.CheckConstraint(
            "CASE WHEN answer = 'permitted' THEN money_in_id IS NOT NULL AND reason IS NULL "
            "ELSE money_in_id IS NULL AND reason IS NOT NULL END",
            name="ck_backdating_answer_receipt_or_reason",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_backdating_answer_act_id"),
        sa.ForeignKeyConstraint(
            ["money_in_id"], ["money_in.id"], name="fk_backdating_answer_money_in_id"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["backdating_request.id"], name="fk_backdating_answer_request_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_backdating_answer"),
        sa.UniqueConstraint("request_id", name="uq_backdating_answer_request_id"),
        comment="The answer to a request to backdate: permitted, with the receipt, or declined.",
    )
    op.create_index("ix_backdating_answer_act_id", "backdating_answer", ["act_id"], unique=False)
    given = sa.text("money_in_id IS NOT NULL")
    op.create_index(
        "uq_backdating_answer_money_in_id",
        "backdating_answer",
        ["money_in_id"],
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(TABLES):
        op.drop_table(table)
