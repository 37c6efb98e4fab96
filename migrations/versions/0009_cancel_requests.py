"""Requests to cancel a receipt."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("cancel_request",)


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
        "cancel_request",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("money_in_id", IDENTIFIER, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("dishonoured_on", sa.Date()),
        sa.Column("declines_id", IDENTIFIER),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_cancel_request_act_id"),
        sa.ForeignKeyConstraint(
            ["declines_id"], ["cancel_request.id"], name="fk_cancel_request_declines_id"
        ),
        sa.ForeignKeyConstraint(
            ["money_in_id"], ["money_in.id"], name="fk_cancel_request_money_in_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cancel_request"),
        comment="Somebody asks to cancel a receipt; a row that names another declines it.",
    )
    op.create_index("ix_cancel_request_act_id", "cancel_request", ["act_id"], unique=False)
    op.create_index(
        "ix_cancel_request_money_in_id", "cancel_request", ["money_in_id"], unique=False
    )
    op.create_index(
        "uq_cancel_request_declines_id",
        "cancel_request",
        ["declines_id"],
        unique=True,
        sqlite_where=sa.text("declines_id IS NOT NULL"),
        postgresql_where=sa.text("declines_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in ("cancel_request",):
        op.drop_table(table)
