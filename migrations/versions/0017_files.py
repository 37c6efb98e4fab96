"""Complaints, and the issued files for regulators and partners with their editions."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = (
    "complaint",
    "complaint_step",
    "issued_file",
    "issued_part",
    "file_request",
    "file_download",
)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_complaints()
    create_complaint_steps()
    create_issued_files()
    create_issued_parts()
    create_file_requests()
    create_file_downloads()
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


def create_complaints() -> None:
    """Make the table of complaints."""
    op.create_table(
        "complaint",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "gender = 'female' OR gender = 'male' OR gender = 'transgender' OR gender = 'unknown'",
            name=op.f("ck_complaint_gender"),
        ),
        sa.ForeignKeyConstraint(["branch_code"], ["branch.code"], name="fk_complaint_branch_code"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_complaint_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_complaint"),
        comment="A complaint as it came in; `contact` says how to reach whoever made it.",
    )
    op.create_index("ix_complaint_act_id", "complaint", ["act_id"], unique=False)
    op.create_index("ix_complaint_branch_code", "complaint", ["branch_code"], unique=False)


def create_complaint_steps() -> None:
    """Make the table of what was done about complaints."""
    op.create_table(
        "complaint_step",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("complaint_id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind = 'answered' OR kind = 'closed' OR kind = 'reopened'",
            name=op.f("ck_complaint_step_kind"),
        ),
        sa.CheckConstraint(
            "(kind = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_complaint_step_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name="fk_complaint_step_complaint_id"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_complaint_step_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_complaint_step"),
        comment="What was done about a complaint; the last step says how it stands.",
    )
    op.create_index("ix_complaint_step_act_id", "complaint_step", ["act_id"], unique=False)
    op.create_index(
        "ix_complaint_step_complaint_id", "complaint_step", ["complaint_id"], unique=False
    )


def create_issued_files() -> None:
    """Make the table of issued files."""
    op.create_table(
        "issued_file",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("month_end", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("previous_id", IDENTIFIER),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "level = 'A' OR level = 'B' OR level = 'C'", name=op.f("ck_issued_file_level")
        ),
        sa.CheckConstraint(
            "state = 'provisional' OR state = 'final'", name=op.f("ck_issued_file_state")
        ),
        sa.CheckConstraint(
            "(edition = 1) = (previous_id IS NULL)", name=op.f("ck_issued_file_previous")
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["issued_file.id"], name="fk_issued_file_previous_id"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_issued_file_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_issued_file"),
        sa.UniqueConstraint(
            "name", "month_end", "edition", name="uq_issued_file_name_month_end_edition"
        ),
        comment="A file that was issued, with its manifest; a correction is a new edition.",
    )
    op.create_index("ix_issued_file_act_id", "issued_file", ["act_id"], unique=False)


def create_issued_parts() -> None:
    """Make the table of kept bytes."""
    op.create_table(
        "issued_part",
        sa.Column("issued_id", IDENTIFIER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["issued_id"], ["issued_file.id"], name="fk_issued_part_issued_id"),
        sa.PrimaryKeyConstraint("issued_id", "number", name="pk_issued_part"),
        comment=(
            "The bytes of a file issued in the browser, by parts (zlib); `sha256` covers them."
        ),
    )


def create_file_requests() -> None:
    """Make the table of what is asked for and released."""
    op.create_table(
        "file_request",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("month_end", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answers_id", IDENTIFIER),
        sa.Column("issued_id", IDENTIFIER),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "answers_id IS NOT NULL OR issued_id IS NULL", name=op.f("ck_file_request_answer")
        ),
        sa.ForeignKeyConstraint(
            ["answers_id"], ["file_request.id"], name="fk_file_request_answers_id"
        ),
        sa.ForeignKeyConstraint(
            ["issued_id"], ["issued_file.id"], name="fk_file_request_issued_id"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_file_request_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_file_request"),
        comment=(
            "Somebody asks for a file of people; a row that names another releases or declines."
        ),
    )
    op.create_index("ix_file_request_act_id", "file_request", ["act_id"], unique=False)
    op.create_index(
        "uq_file_request_answers_id",
        "file_request",
        ["answers_id"],
        unique=True,
        sqlite_where=sa.text("answers_id IS NOT NULL"),
        postgresql_where=sa.text("answers_id IS NOT NULL"),
    )


def create_file_downloads() -> None:
    """Make the table of downloads."""
    op.create_table(
        "file_download",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("issued_id", IDENTIFIER, nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issued_id"], ["issued_file.id"], name="fk_file_download_issued_id"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_file_download_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_file_download"),
        comment="Somebody took an issued file in the browser.",
    )
    op.create_index("ix_file_download_act_id", "file_download", ["act_id"], unique=False)


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
