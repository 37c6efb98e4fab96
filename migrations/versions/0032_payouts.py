"""How the loan of an application was paid out, with the number of the cheque or transfer."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

TABLE = "payout"
CHANNELS = ("cash", "bank", "cheque", "easypaisa", "jazzcash", "raast")


def upgrade() -> None:
    """Make the table and its triggers; payouts made before have no row."""
    create_payout()
    # Facts are never changed: the database itself refuses it.
    refuse_changes()


def refuse_changes() -> None:
    """Let a trigger refuse UPDATE and DELETE (and TRUNCATE) on the table."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{action.lower()} BEFORE {action} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {TABLE} are never changed'); END"
        )


def create_payout() -> None:
    """Make the table of payouts, with its indexes."""
    op.create_table(
        TABLE,
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("application_id", IDENTIFIER, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            " OR ".join(f"channel = '{channel}'" for channel in CHANNELS), name="ck_payout_channel"
        ),
        sa.CheckConstraint("channel = 'cash' OR reference IS NOT NULL", name="ck_payout_traceable"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_payout_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_payout_application_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payout"),
        sa.UniqueConstraint("application_id", name="uq_payout_application_id"),
        comment="By what channel the loan of an application was paid out, with its reference.",
    )
    op.create_index("ix_payout_act_id", TABLE, ["act_id"], unique=False)
    given = sa.text("reference IS NOT NULL")
    op.create_index(
        "uq_payout_reference",
        TABLE,
        ["reference", "channel"],
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
    )


def downgrade() -> None:
    """Drop the table; its triggers go with it."""
    op.drop_table(TABLE)
