"""Applications: what is asked for, appraised, decided, acknowledged."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = (
    "application",
    "application_terms",
    "application_step",
    "appraisal",
    "guarantee",
    "background_check",
    "acknowledgement",
    "application_loan",
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
    create_application()
    create_application_terms()
    create_application_step()
    create_appraisal()
    create_guarantee()
    create_background_check()
    create_acknowledgement()
    create_application_loan()


def create_application() -> None:
    """Make the table application with its indexes."""
    op.create_table(
        "application",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("borrower_id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("programme_code", sa.Text(), nullable=False),
        sa.Column("enterprise_id", IDENTIFIER, nullable=True),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_application_act_id"),
        sa.ForeignKeyConstraint(["borrower_id"], ["person.id"], name="fk_application_borrower_id"),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["branch.code"], name="fk_application_branch_code"
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_application_enterprise_id"
        ),
        sa.ForeignKeyConstraint(["officer"], ["staff.username"], name="fk_application_officer"),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["programme.code"], name="fk_application_programme_code"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_application"),
        comment="Somebody asks for a loan; for what, say the terms.",
    )
    op.create_index("ix_application_act_id", "application", ["act_id"], unique=False)
    op.create_index("ix_application_borrower_id", "application", ["borrower_id"], unique=False)
    op.create_index("ix_application_branch_code", "application", ["branch_code"], unique=False)


def create_application_terms() -> None:
    """Make the table application_terms with its indexes."""
    op.create_table(
        "application_terms",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("application_id", IDENTIFIER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("product_code", sa.Text(), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "sector = 'trade' OR sector = 'livestock' OR sector = 'agriculture' OR sector = 'manufacturing' OR sector = 'housing' OR sector = 'education' OR sector = 'health' OR sector = 'other'",
            name="ck_application_terms_sector",
        ),
        sa.CheckConstraint("months > 0", name="ck_application_terms_months"),
        sa.CheckConstraint("principal > 0", name="ck_application_terms_principal"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_application_terms_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_application_terms_application_id"
        ),
        sa.ForeignKeyConstraint(
            ["product_code"], ["product.code"], name="fk_application_terms_product_code"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_application_terms"),
        sa.UniqueConstraint(
            "application_id", "version", name="uq_application_terms_application_id_version"
        ),
        comment="What is asked for; a returned application is changed by a new version.",
    )
    op.create_index("ix_application_terms_act_id", "application_terms", ["act_id"], unique=False)


def create_application_step() -> None:
    """Make the table application_step with its indexes."""
    op.create_table(
        "application_step",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("application_id", IDENTIFIER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("rank", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind = 'submitted' OR kind = 'approved' OR kind = 'rejected' OR kind = 'returned' OR kind = 'withdrawn'",
            name="ck_application_step_kind",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_application_step_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_application_step_application_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_application_step"),
        sa.UniqueConstraint(
            "application_id",
            "version",
            "kind",
            "taken_by",
            name="uq_application_step_application_id_version_kind_taken_by",
        ),
        comment="What was decided about a version; an approval is one person's vote, with the rank.",
    )
    op.create_index("ix_application_step_act_id", "application_step", ["act_id"], unique=False)


def create_appraisal() -> None:
    """Make the table appraisal with its indexes."""
    op.create_table(
        "appraisal",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("application_id", IDENTIFIER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("appraised_by", sa.Text(), nullable=False),
        sa.Column("household_size", sa.Integer(), nullable=True),
        sa.Column("earners", sa.Integer(), nullable=True),
        sa.Column("income", sa.BigInteger(), nullable=True),
        sa.Column("expenses", sa.BigInteger(), nullable=True),
        sa.Column("debt_payments", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("assets", sa.BigInteger(), nullable=True),
        sa.Column("running_capital", sa.BigInteger(), nullable=True),
        sa.Column("sales", sa.BigInteger(), nullable=True),
        sa.Column("costs", sa.BigInteger(), nullable=True),
        sa.Column("jobs", sa.Integer(), nullable=True),
        sa.Column("buys", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind = 'social' OR kind = 'business'", name="ck_appraisal_kind"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_appraisal_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_appraisal_application_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_appraisal"),
        comment="What a visit found: of the household, or of the business; amounts a month.",
    )
    op.create_index("ix_appraisal_act_id", "appraisal", ["act_id"], unique=False)
    op.create_index("ix_appraisal_application_id", "appraisal", ["application_id"], unique=False)


def create_guarantee() -> None:
    """Make the table guarantee with its indexes."""
    op.create_table(
        "guarantee",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("application_id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("ends_id", IDENTIFIER, nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_guarantee_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_guarantee_application_id"
        ),
        sa.ForeignKeyConstraint(["ends_id"], ["guarantee.id"], name="fk_guarantee_ends_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_guarantee_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_guarantee"),
        comment="Somebody guarantees for the borrower; a row that names another ends it.",
    )
    op.create_index("ix_guarantee_act_id", "guarantee", ["act_id"], unique=False)
    op.create_index("ix_guarantee_application_id", "guarantee", ["application_id"], unique=False)
    op.create_index("ix_guarantee_person_id", "guarantee", ["person_id"], unique=False)
    op.create_index(
        "uq_guarantee_ends_id",
        "guarantee",
        ["ends_id"],
        unique=True,
        sqlite_where=sa.text("ends_id IS NOT NULL"),
        postgresql_where=sa.text("ends_id IS NOT NULL"),
    )


def create_background_check() -> None:
    """Make the table background_check with its indexes."""
    op.create_table(
        "background_check",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("application_id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("checked_by", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind = 'bureau' OR kind = 'screening'", name="ck_background_check_kind"
        ),
        sa.CheckConstraint(
            "result = 'clear' OR result = 'adverse' OR result = 'not_available'",
            name="ck_background_check_result",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_background_check_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_background_check_application_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_background_check"),
        comment="What the credit bureau or the screening list said; the newest of a kind holds.",
    )
    op.create_index("ix_background_check_act_id", "background_check", ["act_id"], unique=False)
    op.create_index(
        "ix_background_check_application_id", "background_check", ["application_id"], unique=False
    )


def create_acknowledgement() -> None:
    """Make the table acknowledgement with its indexes."""
    op.create_table(
        "acknowledgement",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("application_id", IDENTIFIER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("schedule_digest", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("manner", sa.Text(), nullable=False),
        sa.Column("acknowledged_on", sa.Date(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "manner = 'signature' OR manner = 'thumbprint'", name="ck_acknowledgement_manner"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_acknowledgement_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_acknowledgement_application_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_acknowledgement"),
        comment="The borrower acknowledged the key facts: these very instalments and no other.",
    )
    op.create_index("ix_acknowledgement_act_id", "acknowledgement", ["act_id"], unique=False)
    op.create_index(
        "ix_acknowledgement_application_id", "acknowledgement", ["application_id"], unique=False
    )


def create_application_loan() -> None:
    """Make the table application_loan with its indexes."""
    op.create_table(
        "application_loan",
        sa.Column("application_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("loan_id", IDENTIFIER, nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_application_loan_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_application_loan_application_id"
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_application_loan_loan_id"),
        sa.PrimaryKeyConstraint("application_id", name="pk_application_loan"),
        sa.UniqueConstraint("loan_id", name="uq_application_loan_loan_id"),
        comment="The loan that was paid out for an application.",
    )
    op.create_index("ix_application_loan_act_id", "application_loan", ["act_id"], unique=False)


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
