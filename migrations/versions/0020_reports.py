"""What is frozen of a month end, issued reports, and the queue of long work."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("month_cohort", "month_person", "issued_report", "report_download")
SUMS = (
    *("loans_made", "active_loans", "disbursed", "received", "waived", "written_off"),
    *("outstanding", "due", "missed", "arrears"),
    *("par0", "par30", "par60", "par90", "par180"),
)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_month_cohort()
    create_month_person()
    create_issued_report()
    create_report_download()
    create_job()
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


def create_month_cohort() -> None:
    """Make the table of the frozen cohorts of a month."""
    op.create_table(
        "month_cohort",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("close_id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("paid_out_in", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_month_cohort_act_id"),
        sa.ForeignKeyConstraint(["close_id"], ["month_close.id"], name="fk_month_cohort_close_id"),
        sa.PrimaryKeyConstraint("id", name="pk_month_cohort"),
        sa.UniqueConstraint("close_id", "branch_code", "paid_out_in", name="uq_month_cohort_group"),
        comment="Sums of the frozen loans of a branch that were paid out in one month (its index: twelve times the year, and the months before it).",
    )
    op.create_index("ix_month_cohort_act_id", "month_cohort", ["act_id"], unique=False)


def create_month_person() -> None:
    """Make the table of the persons of a month."""
    op.create_table(
        "month_person",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("close_id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.Column("active_borrowers", sa.BigInteger(), nullable=False),
        sa.Column("active_women", sa.BigInteger(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_month_person_act_id"),
        sa.ForeignKeyConstraint(["close_id"], ["month_close.id"], name="fk_month_person_close_id"),
        sa.PrimaryKeyConstraint("id", name="pk_month_person"),
        sa.UniqueConstraint("close_id", "branch_code", name="uq_month_person_close_id_branch_code"),
        comment="Persons of the frozen loans, each counted once: of a branch, or (no code) of all. They do not add up over branches.",
    )
    op.create_index("ix_month_person_act_id", "month_person", ["act_id"], unique=False)


def create_issued_report() -> None:
    """Make the table of issued reports and its indexes."""
    op.create_table(
        "issued_report",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scope_level", sa.Text(), nullable=False),
        sa.Column("scope_name", sa.Text(), nullable=False),
        sa.Column("month_end", sa.Date(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("previous_id", IDENTIFIER),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cut_number", sa.Integer(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("statement_digest", sa.Text(), nullable=False),
        sa.Column("settings_digest", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(edition = 1) = (previous_id IS NULL)", name="ck_issued_report_edition"
        ),
        sa.CheckConstraint("kind = 'portfolio'", name="ck_issued_report_kind"),
        sa.CheckConstraint(
            "state = 'provisional' OR state = 'final'", name="ck_issued_report_state"
        ),
        sa.CheckConstraint(
            "language = 'en' OR language = 'ur' OR language = 'both'",
            name="ck_issued_report_language",
        ),
        sa.CheckConstraint("size > 0", name="ck_issued_report_size"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_issued_report_act_id"),
        sa.ForeignKeyConstraint(["cut_number"], ["cut.number"], name="fk_issued_report_cut_number"),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["issued_report.id"], name="fk_issued_report_previous_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_issued_report"),
        sa.UniqueConstraint(
            *("kind", "scope_level", "scope_name", "month_end", "language", "edition"),
            name="uq_issued_report_edition",
        ),
        comment="A paper as issued, by the name of its bytes in the store, with the statement that it shows at a cut. Never overwritten: a new edition names the one before.",
    )
    for column in ("act_id", "sha256", "month_end"):
        op.create_index(f"ix_issued_report_{column}", "issued_report", [column], unique=False)
    op.create_index(
        "uq_issued_report_previous_id",
        "issued_report",
        ["previous_id"],
        unique=True,
        sqlite_where=sa.text("previous_id IS NOT NULL"),
        postgresql_where=sa.text("previous_id IS NOT NULL"),
    )


def create_report_download() -> None:
    """Make the table of who took which report, and its indexes."""
    op.create_table(
        "report_download",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("report_id", IDENTIFIER, nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_report_download_act_id"),
        sa.ForeignKeyConstraint(
            ["report_id"], ["issued_report.id"], name="fk_report_download_report_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_report_download"),
        comment="Somebody took a paper; it is given for this row and to them alone.",
    )
    for column in ("act_id", "report_id"):
        op.create_index(f"ix_report_download_{column}", "report_download", [column], unique=False)


def create_job() -> None:
    """Make the queue of long work."""
    op.create_table(
        "job",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.Text()),
        sa.Column("taken_until", sa.BigInteger()),
        sa.Column("fault", sa.Text()),
        sa.Column("done_at", sa.BigInteger()),
        sa.CheckConstraint("(taken_by IS NULL) = (taken_until IS NULL)", name="ck_job_taken"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("batch", "subject", name="uq_job_batch_subject"),
        comment="Work to be done by a worker. It is somebody's until `taken_until`; after that moment another takes it up.",
    )
    op.create_index(
        "ix_job_open",
        "job",
        ["id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    op.drop_table("job")
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
