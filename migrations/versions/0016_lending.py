"""Groups of borrowers, the application's fee, what waits to end a loan."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = (
    "borrower_group",
    "group_membership",
    "group_guarantee",
    "application_fee",
    "ending_request",
)


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
    create_borrower_group()
    create_group_membership()
    create_group_guarantee()
    create_application_fee()
    create_ending_request()


def create_borrower_group() -> None:
    """Make the table borrower_group with its indexes."""
    op.create_table(
        "borrower_group",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("meeting_place", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_borrower_group_act_id"),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["branch.code"], name="fk_borrower_group_branch_code"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_borrower_group"),
        comment="Borrowers who guarantee each other; who belongs to it, say the memberships.",
    )
    for column in ("act_id", "branch_code"):
        op.create_index(f"ix_borrower_group_{column}", "borrower_group", [column], unique=False)


def create_group_membership() -> None:
    """Make the table group_membership with its indexes."""
    op.create_table(
        "group_membership",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("group_id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("ends_id", IDENTIFIER),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_group_membership_act_id"),
        sa.ForeignKeyConstraint(
            ["ends_id"], ["group_membership.id"], name="fk_group_membership_ends_id"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["borrower_group.id"], name="fk_group_membership_group_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_group_membership_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_group_membership"),
        comment="Somebody joins a group on a day; a row that names another ends it on its day.",
    )
    for column in ("act_id", "group_id", "person_id"):
        op.create_index(f"ix_group_membership_{column}", "group_membership", [column], unique=False)
    unique_where_given("group_membership", "ends_id")


def unique_where_given(table: str, column: str) -> None:
    """Hold the column's values unique; rows without one are left alone."""
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"uq_{table}_{column}",
        table,
        [column],
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
    )


def create_group_guarantee() -> None:
    """Make the table group_guarantee with its index."""
    op.create_table(
        "group_guarantee",
        sa.Column("guarantee_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("group_id", IDENTIFIER, nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_group_guarantee_act_id"),
        sa.ForeignKeyConstraint(
            ["group_id"], ["borrower_group.id"], name="fk_group_guarantee_group_id"
        ),
        sa.ForeignKeyConstraint(
            ["guarantee_id"], ["guarantee.id"], name="fk_group_guarantee_guarantee_id"
        ),
        sa.PrimaryKeyConstraint("guarantee_id", name="pk_group_guarantee"),
        comment="The guarantees that a group gives together for one of its members.",
    )
    op.create_index("ix_group_guarantee_act_id", "group_guarantee", ["act_id"], unique=False)


def create_application_fee() -> None:
    """Make the table application_fee with its indexes."""
    op.create_table(
        "application_fee",
        sa.Column("money_in_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("application_id", IDENTIFIER, nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_application_fee_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_application_fee_application_id"
        ),
        sa.ForeignKeyConstraint(
            ["money_in_id"], ["money_in.id"], name="fk_application_fee_money_in_id"
        ),
        sa.PrimaryKeyConstraint("money_in_id", name="pk_application_fee"),
        comment="The money that was taken as the fee of an application.",
    )
    for column in ("act_id", "application_id"):
        op.create_index(f"ix_application_fee_{column}", "application_fee", [column], unique=False)


def create_ending_request() -> None:
    """Make the table ending_request with its indexes."""
    op.create_table(
        "ending_request",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("loan_id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("channel", sa.Text()),
        sa.Column("fund_code", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("answers_id", IDENTIFIER),
        sa.Column("answer", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind = 'waiver' OR kind = 'write_off' OR kind = 'refund'",
            name="ck_ending_request_kind",
        ),
        sa.CheckConstraint(
            "CASE WHEN kind = 'refund' "
            "THEN amount IS NOT NULL AND amount > 0 AND channel IS NOT NULL "
            "ELSE amount IS NULL AND channel IS NULL END",
            name="ck_ending_request_refund",
        ),
        sa.CheckConstraint(
            "kind <> 'waiver' OR fund_code IS NOT NULL", name="ck_ending_request_fund"
        ),
        sa.CheckConstraint(
            "answers_id IS NULL AND answer IS NULL "
            "OR answers_id IS NOT NULL AND (answer = 'confirmed' OR answer = 'declined')",
            name="ck_ending_request_answer",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_ending_request_act_id"),
        sa.ForeignKeyConstraint(
            ["answers_id"], ["ending_request.id"], name="fk_ending_request_answers_id"
        ),
        sa.ForeignKeyConstraint(["fund_code"], ["fund.code"], name="fk_ending_request_fund_code"),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_ending_request_loan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ending_request"),
        comment="Somebody asks to waive, write off or pay back; a row that names another answers it.",
    )
    for column in ("act_id", "loan_id"):
        op.create_index(f"ix_ending_request_{column}", "ending_request", [column], unique=False)
    unique_where_given("ending_request", "answers_id")


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
