"""Passwords, sessions and failed sign-ins of the web application."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("staff_password",)


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
        "staff_password",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("temporary", sa.Integer(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "temporary = 0 OR temporary = 1", name=op.f("ck_staff_password_temporary")
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_staff_password_act_id"),
        sa.ForeignKeyConstraint(
            ["username"], ["staff.username"], name="fk_staff_password_username"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff_password"),
        comment=(
            "A password's Argon2 hash; the newest holds. A temporary one must be changed at once."
        ),
    )
    op.create_index("ix_staff_password_act_id", "staff_password", ["act_id"], unique=False)
    op.create_index("ix_staff_password_username", "staff_password", ["username"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name="fk_web_session_username"),
        sa.PrimaryKeyConstraint("token_digest", name="pk_web_session"),
        comment="Who is signed in where; a row that has ended lets nobody in.",
    )
    op.create_index("ix_web_session_username", "web_session", ["username"], unique=False)
    op.create_table(
        "sign_in_failure",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failure"),
        comment="A wrong user name or password; too many from one address make it wait.",
    )
    op.create_index(
        "ix_sign_in_failure_address_failed_at",
        "sign_in_failure",
        ["address", "failed_at"],
        unique=False,
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in ("sign_in_failure", "web_session", "staff_password"):
        op.drop_table(table)
