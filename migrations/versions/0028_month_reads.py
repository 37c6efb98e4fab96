"""What lets a question read a closed month without going through all of its loans."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Make the table and the indexes."""
    create_month_concurrent()
    refuse_changes("month_concurrent")
    create_watched_loans()
    op.create_index("ix_money_in_received_on", "money_in", ["received_on"], unique=False)


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


def create_month_concurrent() -> None:
    """Make the table of the active loans of borrowers who have several."""
    texts = ("branch_code", "sector", "programme_code", "gender")
    op.create_table(
        "month_concurrent",
        sa.Column("close_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("loan_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("borrower_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.PrimaryKeyConstraint("close_id", "loan_id", name="pk_month_concurrent"),
        sqlite_with_rowid=False,
        comment="The active frozen loans of borrowers who have several: with them the cells tell how many borrowers a group has.",
    )


def create_watched_loans() -> None:
    """Make the index of the frozen loans that are more than 30 days late."""
    watched = sa.text("late_days > 30")
    op.create_index(
        "ix_month_loan_watched",
        "month_loan",
        ["close_id", "outstanding"],
        unique=False,
        sqlite_where=watched,
        postgresql_where=watched,
    )


def downgrade() -> None:
    """Drop what was made."""
    op.drop_index("ix_money_in_received_on", table_name="money_in")
    op.drop_index("ix_month_loan_watched", table_name="month_loan")
    op.drop_table("month_concurrent")
