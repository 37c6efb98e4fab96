"""Files attached to persons, and who opened them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("person_attachment", "attachment_opening")


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_person_attachment()
    create_attachment_opening()
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


def create_person_attachment() -> None:
    """Make the table of attachments and its indexes."""
    op.create_table(
        "person_attachment",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("removes_id", IDENTIFIER),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind = 'cnic_front' OR kind = 'cnic_back' OR kind = 'photograph' OR kind = 'utility_bill' OR kind = 'other'",
            name="ck_person_attachment_kind",
        ),
        sa.CheckConstraint(
            "media_type = 'image/jpeg' OR media_type = 'image/png' OR media_type = 'application/pdf'",
            name="ck_person_attachment_media_type",
        ),
        sa.CheckConstraint("size > 0", name="ck_person_attachment_size"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_person_attachment_act_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_person_attachment_person_id"
        ),
        sa.ForeignKeyConstraint(
            ["removes_id"], ["person_attachment.id"], name="fk_person_attachment_removes_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_person_attachment"),
        comment="A file attached to a person, by its name in the store; a row that names another takes that one off.",
    )
    for column in ("act_id", "person_id"):
        op.create_index(
            f"ix_person_attachment_{column}", "person_attachment", [column], unique=False
        )
    op.create_index(
        "uq_person_attachment_removes_id",
        "person_attachment",
        ["removes_id"],
        unique=True,
        sqlite_where=sa.text("removes_id IS NOT NULL"),
        postgresql_where=sa.text("removes_id IS NOT NULL"),
    )


def create_attachment_opening() -> None:
    """Make the table of who opened which attachment, and its indexes."""
    op.create_table(
        "attachment_opening",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("attachment_id", IDENTIFIER, nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_attachment_opening_act_id"),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["person_attachment.id"],
            name="fk_attachment_opening_attachment_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attachment_opening"),
        comment="Somebody opened an attachment; the file is given for this row and to them alone.",
    )
    for column in ("act_id", "attachment_id"):
        op.create_index(
            f"ix_attachment_opening_{column}", "attachment_opening", [column], unique=False
        )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
