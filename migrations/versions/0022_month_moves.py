"""What a closed month's groups are, what moved in it, and what the ledger held: kept at its close."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("month_group", "month_flow", "month_roll", "month_control")
BOOK = (
    *("active_loans", "active_borrowers", "glp", "arrears", "par0", "par30"),
    *("recovery_collected", "recovery_due"),
)
MOVED = (
    *("active_loans", "loans_made", "opening", "outstanding", "arrears", "credit"),
    *("disbursed", "received", "received_due", "waived", "written_off"),
    *("recovered", "refunded"),
)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_month_group()
    create_month_flow()
    create_month_roll()
    create_month_control()
    for table in APPEND_ONLY:
        op.create_index(f"ix_{table}_act_id", table, ["act_id"], unique=False)
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


def create_month_group() -> None:
    """Make the table of the book of a month by one dimension."""
    op.create_table(
        "month_group",
        *beginning(),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        *amounts(BOOK),
        *ending("month_group"),
        sa.UniqueConstraint(
            "close_id", "branch_code", "dimension", "value", name="uq_month_group_value"
        ),
        comment="The book of a closed month by one dimension, of a branch or (no code) of all: a borrower counts once in each group, so groups of branches do not add up to those of all.",
    )


def create_month_flow() -> None:
    """Make the table of what moved in a month by one dimension."""
    op.create_table(
        "month_flow",
        *beginning(),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        *amounts(MOVED),
        *ending("month_flow"),
        sa.UniqueConstraint(
            "close_id", "branch_code", "dimension", "value", name="uq_month_flow_value"
        ),
        comment="What moved in a closed month, as known at its cut, at a branch and by one dimension: sums of loans, which add up over branches.",
    )


def create_month_roll() -> None:
    """Make the table of what moved in a month by how late the loans were at both ends."""
    days = ("from_days", "from_days_before", "rescheduled")
    op.create_table(
        "month_roll",
        *beginning(),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in days),
        *amounts((*MOVED, "due", "due_on_time")),
        *ending("month_roll"),
        sa.UniqueConstraint("close_id", "branch_code", *days, name="uq_month_roll_group"),
        comment="The same of a branch by how late its loans were at the end of the month and at the end before (-1: nothing outstanding), with what fell due and what of it was paid on its day.",
    )


def create_month_control() -> None:
    """Make the table of what the ledger held of a month."""
    op.create_table(
        "month_control",
        *beginning(),
        sa.Column("fund_code", sa.Text(), nullable=False),
        *amounts(("loans", "opening", "credit", "allowance")),
        *ending("month_control"),
        sa.UniqueConstraint(
            *("close_id", "branch_code", "fund_code"),
            name="uq_month_control_close_id_branch_code_fund_code",
        ),
        comment="What the ledger held of a closed month by value date: loans at its end and at its opening, borrowers' credit and the loss allowance at its end.",
    )


def beginning() -> tuple[sa.Column[Any], ...]:
    """Give the columns that each of the tables begins with."""
    return (
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("close_id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
    )


def amounts(names: tuple[str, ...]) -> list[sa.Column[Any]]:
    """Give columns of sums."""
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def ending(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Give the act of each row, and the keys."""
    return (
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name=f"fk_{table}_act_id"),
        sa.ForeignKeyConstraint(["close_id"], ["month_close.id"], name=f"fk_{table}_close_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
