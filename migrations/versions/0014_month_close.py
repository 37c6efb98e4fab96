"""Closed months: locked days of the ledger, frozen loans and cells, requests to reopen."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

TABLES = ("period_lock", "month_close", "month_loan", "month_cell", "reopen_request")


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_period_lock()
    create_month_close()
    create_month_loan()
    create_month_cell()
    create_reopen_request()
    # Facts are never changed: the database itself refuses it.
    for table in TABLES:
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


def create_period_lock() -> None:
    """Make the table of locked days."""
    op.create_table(
        "period_lock",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("locked_until", sa.Date()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_period_lock_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_period_lock"),
        comment="The last day that takes no entries any more, or none; the newest row holds.",
    )
    op.create_index("ix_period_lock_act_id", "period_lock", ["act_id"], unique=False)


def create_month_close() -> None:
    """Make the table of closed months."""
    counts = ("loans", "active_loans", "active_borrowers", "outstanding", "arrears")
    marks = ("last_fact_id", "later_fact_id", "last_dimension_id", "last_version_id")
    op.create_table(
        "month_close",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("replaces_id", IDENTIFIER),
        sa.Column("cut_number", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*marks, *counts)),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(edition = 1) = (replaces_id IS NULL)", name="ck_month_close_edition"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_month_close_act_id"),
        sa.ForeignKeyConstraint(["cut_number"], ["cut.number"], name="fk_month_close_cut_number"),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["month_close.id"], name="fk_month_close_replaces_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_month_close"),
        sa.UniqueConstraint("month", "edition", name="uq_month_close_month_edition"),
        comment="A month closed at a cut. Rows above the last ids were recorded after it; facts from `later_fact_id` on may be dated after the month.",
    )
    op.create_index("ix_month_close_act_id", "month_close", ["act_id"], unique=False)
    create_unique_where_given("month_close", "replaces_id")


def create_month_loan() -> None:
    """Make the table of loans as they stood."""
    sums = ("disbursed", "applied", "waived", "written_off", "recovered", "credited", "refunded")
    stands = ("paid", "credit", "outstanding", "due", "due_first", "arrears", "missed")
    op.create_table(
        "month_loan",
        sa.Column("close_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("loan_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("borrower_id", sa.BigInteger(), nullable=False),
        sa.Column("product_code", sa.Text(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text()),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text()),
        sa.Column("programme_code", sa.Text(), nullable=False),
        sa.Column("district", sa.Text()),
        sa.Column("urban_rural", sa.Text()),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("disbursed_on", sa.Date()),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*sums, *stands)),
        sa.Column("late_days", sa.Integer(), nullable=False),
        sa.Column("loan_class", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("close_id", "loan_id", name="pk_month_loan"),
        comment="How each loan stood at the end of a closed month, as known at its cut.",
        sqlite_with_rowid=False,
    )


def create_month_cell() -> None:
    """Make the table of sums by group."""
    counts = ("loans", "active_loans")
    amounts = (
        *("disbursed", "paid", "waived", "written_off", "outstanding"),
        *("due", "due_first", "arrears", "missed"),
    )
    groups = ("branch_code", "sector", "programme_code", "gender")
    op.create_table(
        "month_cell",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("close_id", IDENTIFIER, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in groups),
        sa.Column("from_days", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*counts, *amounts)),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_month_cell_act_id"),
        sa.ForeignKeyConstraint(["close_id"], ["month_close.id"], name="fk_month_cell_close_id"),
        sa.PrimaryKeyConstraint("id", name="pk_month_cell"),
        sa.UniqueConstraint(
            "close_id",
            *groups,
            "from_days",
            name="uq_month_cell_group",
        ),
        comment="Sums of the frozen loans of a group that are so many days late or more, and fewer than at the next edge of the lateness scale: they add up over everything.",
    )
    op.create_index("ix_month_cell_act_id", "month_cell", ["act_id"], unique=False)


def create_reopen_request() -> None:
    """Make the table of requests to reopen a month."""
    op.create_table(
        "reopen_request",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("close_id", IDENTIFIER, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answers_id", IDENTIFIER),
        sa.Column("answer", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(answers_id IS NULL) = (answer IS NULL)", name="ck_reopen_request_answered"
        ),
        sa.CheckConstraint(
            "answer = 'confirmed' OR answer = 'declined'", name="ck_reopen_request_answer"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_reopen_request_act_id"),
        sa.ForeignKeyConstraint(
            ["answers_id"], ["reopen_request.id"], name="fk_reopen_request_answers_id"
        ),
        sa.ForeignKeyConstraint(
            ["close_id"], ["month_close.id"], name="fk_reopen_request_close_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reopen_request"),
        comment="Somebody asks to reopen a closed month; a row that names another answers it.",
    )
    op.create_index("ix_reopen_request_act_id", "reopen_request", ["act_id"], unique=False)
    op.create_index("ix_reopen_request_close_id", "reopen_request", ["close_id"], unique=False)
    create_unique_where_given("reopen_request", "answers_id")


def create_unique_where_given(table: str, column: str) -> None:
    """Hold a column's values unique where there is one."""
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"uq_{table}_{column}",
        table,
        [column],
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(TABLES):
        op.drop_table(table)
