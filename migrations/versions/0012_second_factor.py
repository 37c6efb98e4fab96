"""Second factors with their recovery codes, and dated settings asked for by one of two people."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("staff_factor", "recovery_code", "recovery_code_use", "setting_request")


def upgrade() -> None:
    """Make the tables and their triggers."""
    op.add_column("web_session", sa.Column("factor_at", sa.BigInteger()))
    op.add_column(
        "sign_in_failure",
        sa.Column("of_code", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_sign_in_failure_username_failed_at",
        "sign_in_failure",
        ["username", "failed_at"],
        unique=False,
    )
    create_factors()
    create_recovery_codes()
    create_setting_requests()
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


def create_factors() -> None:
    """Make the tables of second factors and of the steps that they used."""
    op.create_table(
        "staff_factor",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind = 'enrolled' AND nonce IS NOT NULL OR kind = 'reset' AND nonce IS NULL",
            name=op.f("ck_staff_factor_kind"),
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_staff_factor_act_id"),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name="fk_staff_factor_username"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_factor"),
        comment=(
            "A second factor, or its reset; the newest holds. Its secret is derived, never kept."
        ),
    )
    op.create_index("ix_staff_factor_act_id", "staff_factor", ["act_id"], unique=False)
    op.create_index("ix_staff_factor_username", "staff_factor", ["username"], unique=False)
    op.create_table(
        "factor_step",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name="fk_factor_step_username"),
        sa.PrimaryKeyConstraint("username", name="pk_factor_step"),
        comment="The last step of an authenticator that somebody used: none counts twice.",
    )


def create_recovery_codes() -> None:
    """Make the tables of recovery codes and of their use."""
    op.create_table(
        "recovery_code",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_recovery_code_act_id"),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name="fk_recovery_code_username"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        comment="The digest of a recovery code; the set of somebody's newest act holds.",
    )
    op.create_index("ix_recovery_code_act_id", "recovery_code", ["act_id"], unique=False)
    op.create_index("ix_recovery_code_username", "recovery_code", ["username"], unique=False)
    op.create_table(
        "recovery_code_use",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("code_id", IDENTIFIER, nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_recovery_code_use_act_id"),
        sa.ForeignKeyConstraint(
            ["code_id"], ["recovery_code.id"], name="fk_recovery_code_use_code_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code_use"),
        sa.UniqueConstraint("code_id", name="uq_recovery_code_use_code_id"),
        comment="A recovery code was used; none is used twice.",
    )
    op.create_index("ix_recovery_code_use_act_id", "recovery_code_use", ["act_id"], unique=False)


def create_setting_requests() -> None:
    """Make the table of dated settings that wait for a second person."""
    op.create_table(
        "setting_request",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("answers_id", IDENTIFIER),
        sa.Column("answer", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "answers_id IS NULL AND answer IS NULL "
            "OR answers_id IS NOT NULL AND (answer = 'confirmed' OR answer = 'declined')",
            name=op.f("ck_setting_request_answer"),
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_setting_request_act_id"),
        sa.ForeignKeyConstraint(
            ["answers_id"], ["setting_request.id"], name="fk_setting_request_answers_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_setting_request"),
        comment="Somebody asks for a dated row; a row that names another confirms or declines it.",
    )
    op.create_index("ix_setting_request_act_id", "setting_request", ["act_id"], unique=False)
    op.create_index(
        "uq_setting_request_answers_id",
        "setting_request",
        ["answers_id"],
        unique=True,
        sqlite_where=sa.text("answers_id IS NOT NULL"),
        postgresql_where=sa.text("answers_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop the tables and columns; their triggers go with them."""
    for table in (
        "setting_request",
        "recovery_code_use",
        "recovery_code",
        "factor_step",
        "staff_factor",
    ):
        op.drop_table(table)
    op.drop_index("ix_sign_in_failure_username_failed_at", "sign_in_failure")
    op.drop_column("sign_in_failure", "of_code")
    op.drop_column("web_session", "factor_at")
