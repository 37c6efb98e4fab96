"""Visits to borrowers with their promises; positions are found by branch."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("visit",)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_tables()
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


def create_tables() -> None:
    """Make the tables and indexes."""
    op.create_table(
        "visit",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("loan_id", IDENTIFIER, nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("met_whom", sa.Text()),
        sa.Column("promised_on", sa.Date()),
        sa.Column("promised_amount", sa.BigInteger()),
        sa.Column("note", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "outcome = 'paid' OR outcome = 'promised' OR outcome = 'not_home' OR outcome = 'refused' OR outcome = 'moved' OR outcome = 'dispute' OR outcome = 'other'",
            name="ck_visit_outcome",
        ),
        sa.CheckConstraint(
            "met_whom = 'borrower' OR met_whom = 'family' OR met_whom = 'guarantor' OR met_whom = 'neighbour'",
            name="ck_visit_met_whom",
        ),
        sa.CheckConstraint(
            "CASE WHEN outcome = 'promised' THEN promised_on IS NOT NULL AND promised_on >= visited_on AND promised_amount IS NOT NULL AND promised_amount > 0 ELSE promised_on IS NULL AND promised_amount IS NULL END",
            name="ck_visit_promise",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_visit_act_id"),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_visit_loan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_visit"),
        comment="A visit to a borrower and what came of it; a promise names its day and amount.",
    )
    op.create_index("ix_visit_act_id", "visit", ["act_id"], unique=False)
    op.create_index("ix_visit_loan_id", "visit", ["loan_id"], unique=False)
    op.create_index(
        "ix_loan_position_branch_code_oldest_unpaid_due_on",
        "loan_position",
        ["branch_code", "oldest_unpaid_due_on"],
        unique=False,
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    op.drop_index("ix_loan_position_branch_code_oldest_unpaid_due_on", "loan_position")
    for table in APPEND_ONLY:
        op.drop_table(table)
