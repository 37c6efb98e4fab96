"""Gaps in the data of imported rows."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("data_gap",)


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
        "data_gap",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("loan_ref", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_data_gap_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_data_gap"),
        comment="A personal field or district that a file did not give, or gave wrongly.",
    )
    op.create_index("ix_data_gap_act_id", "data_gap", ["act_id"], unique=False)


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in ("data_gap",):
        op.drop_table(table)
