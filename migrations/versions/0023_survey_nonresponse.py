"""Enterprises of a sample that were asked and gave no answer."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("survey_nonresponse",)


def upgrade() -> None:
    """Make the table and its triggers."""
    create_nonresponses()
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


def create_nonresponses() -> None:
    """Make the table of refusals and of enterprises that nobody found."""
    op.create_table(
        "survey_nonresponse",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("member_id", IDENTIFIER, nullable=False),
        sa.Column("tried_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "outcome = 'refused' OR outcome = 'not_found'",
            name=op.f("ck_survey_nonresponse_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["survey_member.id"], name="fk_survey_nonresponse_member_id"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_survey_nonresponse_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_survey_nonresponse"),
        comment="An enterprise of the sample was asked and gave no answer; the last row holds.",
    )
    op.create_index("ix_survey_nonresponse_act_id", "survey_nonresponse", ["act_id"])
    op.create_index("ix_survey_nonresponse_member_id", "survey_nonresponse", ["member_id"])


def downgrade() -> None:
    """Drop the table; its triggers go with it."""
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
