"""Indexes by which pages find the few loans that are so late, and those a branch ever had."""

from alembic import op

revision = "0026"
down_revision = "0025"

INDEXES = {
    "ix_loan_position_oldest_unpaid_due_on": ("loan_position", ["oldest_unpaid_due_on"]),
    "ix_loan_dimension_branch_code_loan_id": ("loan_dimension", ["branch_code", "loan_id"]),
}


def upgrade() -> None:
    """Make the indexes."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns, unique=False)


def downgrade() -> None:
    """Drop the indexes."""
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table_name=table)
