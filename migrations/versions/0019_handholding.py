"""Trainings and other support, the partner's answers, targets and surveys."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = (
    "training",
    "training_invitation",
    "training_attendance",
    "support",
    "partner_answer",
    "target",
    "survey",
    "survey_member",
    "survey_answer",
)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_training()
    create_training_invitation()
    create_training_attendance()
    create_support()
    create_partner_answer()
    create_target()
    create_survey()
    create_survey_member()
    create_survey_answer()
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


def index_given(table: str, column: str) -> None:
    """Find the rows that have a value in a column."""
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"ix_{table}_{column}",
        table,
        [column],
        unique=False,
        sqlite_where=given,
        postgresql_where=given,
    )


def create_training() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "training",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("smeda_code", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("days > 0 AND seats > 0", name="ck_training_size"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_training_act_id"),
        sa.ForeignKeyConstraint(["branch_code"], ["branch.code"], name="fk_training_branch_code"),
        sa.PrimaryKeyConstraint("id", name="pk_training"),
        comment="A training as it was planned; with SMEDA's code it is one of theirs.",
    )
    index("training", "branch_code")
    unique("training", "smeda_code")


def create_training_invitation() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "training_invitation",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("training_id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_training_invitation_act_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_training_invitation_person_id"
        ),
        sa.ForeignKeyConstraint(
            ["training_id"], ["training.id"], name="fk_training_invitation_training_id"
        ),
        sa.UniqueConstraint(
            "training_id", "person_id", name="uq_training_invitation_training_id_person_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_training_invitation"),
        comment="Somebody is invited to a training.",
    )
    index("training_invitation", "person_id")


def create_training_attendance() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "training_attendance",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("invitation_id", IDENTIFIER, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.Column("satisfaction", sa.Integer()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("days >= 0", name="ck_training_attendance_days"),
        sa.CheckConstraint(
            "satisfaction >= 1 AND satisfaction <= 5", name="ck_training_attendance_satisfaction"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_training_attendance_act_id"),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["training_invitation.id"],
            name="fk_training_attendance_invitation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_training_attendance"),
        comment="How many days somebody came; the last row of an invitation holds.",
    )
    index("training_attendance", "invitation_id")


def create_support() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "support",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("enterprise_id", IDENTIFIER),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("month", sa.Integer()),
        sa.Column("smeda_code", sa.Text()),
        sa.Column("satisfaction", sa.Integer()),
        sa.Column("note", sa.Text()),
        sa.Column("undoes_id", IDENTIFIER),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'help_desk') = (enterprise_id IS NULL)", name="ck_support_enterprise"
        ),
        sa.CheckConstraint(
            "CASE WHEN kind = 'mentoring' THEN month IS NOT NULL AND (month = 3 OR month = 6 OR month = 12) ELSE month IS NULL END",
            name="ck_support_month",
        ),
        sa.CheckConstraint(
            "kind = 'advice' OR kind = 'help_desk' OR kind = 'business_plan' OR kind = 'pre_feasibility' OR kind = 'mentoring' OR kind = 'market_link' OR kind = 'common_facility' OR kind = 'follow_up'",
            name="ck_support_kind",
        ),
        sa.CheckConstraint(
            "satisfaction >= 1 AND satisfaction <= 5", name="ck_support_satisfaction"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_support_act_id"),
        sa.ForeignKeyConstraint(["branch_code"], ["branch.code"], name="fk_support_branch_code"),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_support_enterprise_id"
        ),
        sa.ForeignKeyConstraint(["undoes_id"], ["support.id"], name="fk_support_undoes_id"),
        sa.PrimaryKeyConstraint("id", name="pk_support"),
        comment="Help given to an enterprise, or a help-desk held; a row that names another undoes it.",
    )
    index("support", "enterprise_id")
    unique("support", "undoes_id")


def create_partner_answer() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "partner_answer",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("referral_id", IDENTIFIER),
        sa.Column("training_id", IDENTIFIER),
        sa.Column("support_id", IDENTIFIER),
        sa.Column("registration_id", IDENTIFIER),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "CASE WHEN referral_id IS NULL THEN 0 ELSE 1 END + CASE WHEN training_id IS NULL THEN 0 ELSE 1 END + CASE WHEN support_id IS NULL THEN 0 ELSE 1 END + CASE WHEN registration_id IS NULL THEN 0 ELSE 1 END = 1",
            name="ck_partner_answer_one_event",
        ),
        sa.CheckConstraint(
            "answer = 'confirmed' AND reason IS NULL OR answer = 'disputed' AND reason IS NOT NULL",
            name="ck_partner_answer_answer",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_partner_answer_act_id"),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name="fk_partner_answer_referral_id"
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name="fk_partner_answer_registration_id"
        ),
        sa.ForeignKeyConstraint(
            ["support_id"], ["support.id"], name="fk_partner_answer_support_id"
        ),
        sa.ForeignKeyConstraint(
            ["training_id"], ["training.id"], name="fk_partner_answer_training_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_partner_answer"),
        comment="SMEDA confirms or disputes one of its own events; the last answer holds.",
    )
    index_given("partner_answer", "referral_id")
    index_given("partner_answer", "registration_id")
    index_given("partner_answer", "support_id")
    index_given("partner_answer", "training_id")


def create_target() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "target",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("split_by", sa.Text(), nullable=False),
        sa.Column("split", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger()),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("party = 'aim' OR party = 'smeda'", name="ck_target_party"),
        sa.CheckConstraint("value >= 0", name="ck_target_value"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_target_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_target"),
        comment="What a party aims at; the last row of a line holds, an empty one takes it back.",
    )
    index("target", "period")


def create_survey() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "survey",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_survey_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_survey"),
        comment="A sample drawn to ask about outcomes, and of how many enterprises it was drawn.",
    )
    index("survey", "period")


def create_survey_member() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "survey_member",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("survey_id", IDENTIFIER, nullable=False),
        sa.Column("enterprise_id", IDENTIFIER, nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_survey_member_act_id"),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_survey_member_enterprise_id"
        ),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name="fk_survey_member_survey_id"),
        sa.UniqueConstraint(
            "survey_id", "enterprise_id", name="uq_survey_member_survey_id_enterprise_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_survey_member"),
        comment="An enterprise of the sample, with the stratum that it stands for.",
    )
    index("survey_member", "enterprise_id")


def create_survey_answer() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "survey_answer",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("member_id", IDENTIFIER, nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("run_by", sa.Text(), nullable=False),
        sa.Column("women_before", sa.Integer(), nullable=False),
        sa.Column("men_before", sa.Integer(), nullable=False),
        sa.Column("others_before", sa.Integer(), nullable=False),
        sa.Column("women_now", sa.Integer(), nullable=False),
        sa.Column("men_now", sa.Integer(), nullable=False),
        sa.Column("others_now", sa.Integer(), nullable=False),
        sa.Column("income_before", sa.BigInteger(), nullable=False),
        sa.Column("income_now", sa.BigInteger(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "women_before >= 0 AND men_before >= 0 AND others_before >= 0 AND women_now >= 0 AND men_now >= 0 AND others_now >= 0 AND income_before >= 0 AND income_now >= 0",
            name="ck_survey_answer_amounts",
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_survey_answer_act_id"),
        sa.ForeignKeyConstraint(
            ["member_id"], ["survey_member.id"], name="fk_survey_answer_member_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_survey_answer"),
        comment="What an enterprise of the sample answered; its last answer holds.",
    )
    index("survey_answer", "member_id")


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
