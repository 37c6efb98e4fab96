"""Dated settings, products and programmes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("dated_setting",)


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
        "dated_setting",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_dated_setting_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dated_setting"),
        sa.UniqueConstraint(
            "table_name",
            "key",
            "effective_from",
            name="uq_dated_setting_table_name_key_effective_from",
        ),
        comment="Products, ladders, limits, fee, benchmark: what held from which day, and says who.",
    )
    op.create_table(
        "product",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_product_act_id"),
        sa.PrimaryKeyConstraint("code", name="pk_product"),
    )
    op.create_table(
        "programme",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fund_code", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_programme_act_id"),
        sa.ForeignKeyConstraint(["fund_code"], ["fund.code"], name="fk_programme_fund_code"),
        sa.PrimaryKeyConstraint("code", name="pk_programme"),
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in (
        "programme",
        "product",
        "dated_setting",
    ):
        op.drop_table(table)
