"""Reviews of enterprises, consent, referrals and registrations."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = (
    "enterprise_review",
    "consent",
    "referral",
    "registration",
    "application_referral",
)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_enterprise_review()
    create_consent()
    create_referral()
    create_registration()
    create_application_referral()
    for table in APPEND_ONLY:
        op.create_index(f"ix_{table}_act_id", table, ["act_id"], unique=False)
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


def index(table: str, column: str) -> None:
    """Find rows by a column."""
    op.create_index(f"ix_{table}_{column}", table, [column], unique=False)


def unique(table: str, column: str) -> None:
    """Hold a column's values unique where there are any."""
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"uq_{table}_{column}",
        table,
        [column],
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
    )


def create_enterprise_review() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "enterprise_review",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("enterprise_id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("started_on", sa.Date()),
        sa.Column("ownership", sa.Text(), nullable=False),
        sa.Column("run_by", sa.Text(), nullable=False),
        sa.Column("paid_women", sa.Integer(), nullable=False),
        sa.Column("paid_men", sa.Integer(), nullable=False),
        sa.Column("paid_others", sa.Integer(), nullable=False),
        sa.Column("family_women", sa.Integer(), nullable=False),
        sa.Column("family_men", sa.Integer(), nullable=False),
        sa.Column("family_others", sa.Integer(), nullable=False),
        sa.Column("turnover", sa.Text(), nullable=False),
        sa.Column("premises", sa.Text(), nullable=False),
        sa.Column("digital", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind = 'entry' OR kind = 'month_12' OR kind = 'month_24' OR kind = 'other'",
            name="ck_enterprise_review_kind",
        ),
        sa.CheckConstraint(
            "paid_women >= 0 AND paid_men >= 0 AND paid_others >= 0 AND family_women >= 0 AND family_men >= 0 AND family_others >= 0",
            name="ck_enterprise_review_workers",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_enterprise_review_act_id"),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_enterprise_review_enterprise_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_enterprise_review"),
        comment="What a look at an enterprise found; the newest of a day holds.",
    )
    index("enterprise_review", "enterprise_id")


def create_consent() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "consent",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("manner", sa.Text(), nullable=False),
        sa.Column("withdraws_id", IDENTIFIER),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("scope = 'smeda' OR scope = 'bank'", name="ck_consent_scope"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_consent_act_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_consent_person_id"),
        sa.ForeignKeyConstraint(["withdraws_id"], ["consent.id"], name="fk_consent_withdraws_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        comment="A person lets a partner see rows about them; a row that names another withdraws it.",
    )
    index("consent", "person_id")
    unique("consent", "withdraws_id")


def create_referral() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "referral",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("smeda_code", sa.Text()),
        sa.Column("bank", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "direction = 'from_smeda' AND smeda_code IS NOT NULL AND bank IS NULL OR direction = 'to_bank' AND smeda_code IS NULL AND bank IS NOT NULL",
            name="ck_referral_direction",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_referral_act_id"),
        sa.ForeignKeyConstraint(["branch_code"], ["branch.code"], name="fk_referral_branch_code"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_referral_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_referral"),
        comment="SMEDA sends somebody to us, or we send somebody who outgrew us to a bank.",
    )
    index("referral", "person_id")
    unique("referral", "smeda_code")


def create_registration() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "registration",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("enterprise_id", IDENTIFIER, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("proof", sa.Text()),
        sa.Column("smeda_code", sa.Text()),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("undoes_id", IDENTIFIER),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state <> 'registered' OR number IS NOT NULL AND proof IS NOT NULL",
            name="ck_registration_proof",
        ),
        sa.CheckConstraint(
            "state = 'not_applicable' OR state = 'informed' OR state = 'consented' OR state = 'assisted' OR state = 'applied' OR state = 'registered' OR state = 'verified' OR state = 'lapsed'",
            name="ck_registration_state",
        ),
        sa.CheckConstraint(
            "type = 'F1' OR type = 'F2' OR type = 'F3' OR type = 'F4' OR type = 'F5' OR type = 'F6' OR type = 'F7' OR type = 'F8' OR type = 'F9'",
            name="ck_registration_type",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_registration_act_id"),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_registration_enterprise_id"
        ),
        sa.ForeignKeyConstraint(
            ["undoes_id"], ["registration.id"], name="fk_registration_undoes_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registration"),
        comment="How far an enterprise is with a registration; the last row holds.",
    )
    index("registration", "enterprise_id")
    unique("registration", "undoes_id")


def create_application_referral() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "application_referral",
        sa.Column("application_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("referral_id", IDENTIFIER, nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_application_referral_act_id"),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name="fk_application_referral_application_id"
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name="fk_application_referral_referral_id"
        ),
        sa.UniqueConstraint("referral_id", name="uq_application_referral_referral_id"),
        sa.PrimaryKeyConstraint("application_id", name="pk_application_referral"),
        comment="The referral by which SMEDA sent whoever applied.",
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
