"""Enterprises are found by the act that added them, which seals them."""

from alembic import op

revision = "0031"
down_revision = "0030"

NAME = "ix_enterprise_act_id"


def upgrade() -> None:
    """Make the index."""
    op.create_index(NAME, "enterprise", ["act_id"], unique=False)


def downgrade() -> None:
    """Drop the index."""
    op.drop_index(NAME, "enterprise")
