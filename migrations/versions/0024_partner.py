"""What SMEDA sends in files, how referrals end, and entries that were mistakes taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# What can be taken back by a row of another table.
UNDONE = ("consent", "referral", "sent_referral", "training", "training_attendance")
# Where a code of SMEDA stands once among the rows that nobody took back.
CODED = ("referral", "sent_referral", "training")
# Facts are never changed: the database itself refuses it.
APPEND_ONLY = (
    "partner_upload",
    "sent_referral",
    "partner_training",
    "referral_closing",
    *(f"{table}_undoing" for table in UNDONE),
)


def upgrade() -> None:
    """Make the tables and their triggers; let a code be used again, an application named anew."""
    create_partner_upload()
    create_sent_referral()
    create_partner_training()
    create_referral_closing()
    for table in UNDONE:
        create_undoing(table)
    for table in APPEND_ONLY:
        op.create_index(f"ix_{table}_act_id", table, ["act_id"], unique=False)
        refuse_changes(table)
    op.create_index("ix_referral_branch_code", "referral", ["branch_code"], unique=False)
    for table in ("referral", "training"):
        op.drop_index(f"uq_{table}_smeda_code", table)
        index_codes(table, "ix", unique=False)
    op.create_index("ix_sent_referral_smeda_code", "sent_referral", ["smeda_code"], unique=False)
    hold_codes_once()
    key_applications(["application_id", "referral_id"])


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


def hold_codes_once() -> None:
    """Refuse a code of SMEDA that stands on a row of the same table, unless it was taken back."""
    if op.get_context().dialect.name == "postgresql":
        # The lock lets two who write the same code at once come one after the other.
        op.execute(
            "CREATE FUNCTION refuse_code_twice() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "DECLARE taken boolean; BEGIN "
            "PERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_NAME)); "
            "EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I AS r WHERE r.smeda_code = $1 "
            "AND NOT EXISTS (SELECT 1 FROM %I AS u WHERE u.undoes_id = r.id))', "
            "TG_TABLE_NAME, TG_TABLE_NAME || '_undoing') INTO taken USING NEW.smeda_code; "
            "IF taken THEN RAISE EXCEPTION 'a code of SMEDA stands once in %', TG_TABLE_NAME; "
            "END IF; RETURN NEW; END $$"
        )
    for table in CODED:
        if op.get_context().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_code_once BEFORE INSERT ON {table} FOR EACH ROW "
                "WHEN (NEW.smeda_code IS NOT NULL) EXECUTE FUNCTION refuse_code_twice()"
            )
            continue
        op.execute(
            f"CREATE TRIGGER {table}_code_once BEFORE INSERT ON {table} "  # noqa: S608  # our own names
            "WHEN NEW.smeda_code IS NOT NULL AND EXISTS ("
            f"SELECT 1 FROM {table} AS r WHERE r.smeda_code = NEW.smeda_code AND NOT EXISTS ("
            f"SELECT 1 FROM {table}_undoing AS u WHERE u.undoes_id = r.id)) "
            f"BEGIN SELECT RAISE(ABORT, 'a code of SMEDA stands once in {table}'); END"
        )


def index_codes(table: str, prefix: str, *, unique: bool) -> None:
    """Find the rows that carry a code of SMEDA by it."""
    given = sa.text("smeda_code IS NOT NULL")
    op.create_index(
        f"{prefix}_{table}_smeda_code",
        table,
        ["smeda_code"],
        unique=unique,
        sqlite_where=given,
        postgresql_where=given,
    )


def key_applications(columns: list[str]) -> None:
    """Key the referrals of applications: one that was taken back makes room for another."""
    with op.batch_alter_table("application_referral", recreate="auto") as table:
        table.drop_constraint("pk_application_referral", type_="primary")
        table.create_primary_key("pk_application_referral", columns)
    # SQLite makes the table anew, and its triggers go with the old one.
    if op.get_context().dialect.name == "sqlite":
        refuse_changes("application_referral")


def create_partner_upload() -> None:
    """Make the table of the files that SMEDA sent."""
    op.create_table(
        "partner_upload",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("already_there", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("rejects", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind = 'trainings' OR kind = 'referrals'", name=op.f("ck_partner_upload_kind")
        ),
        sa.CheckConstraint(
            "added >= 0 AND already_there >= 0 AND refused >= 0",
            name=op.f("ck_partner_upload_rows"),
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_partner_upload_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_partner_upload"),
        comment=(
            "A file of SMEDA and what became of its rows; `rejects` names the file of refused "
            "rows in the folder of files."
        ),
    )


def create_sent_referral() -> None:
    """Make the table of the referrals that SMEDA sent."""
    op.create_table(
        "sent_referral",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("smeda_code", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("purpose", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_sent_referral_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sent_referral"),
        comment="Somebody is sent to us by SMEDA; the referral of the same code says who came.",
    )


def create_partner_training() -> None:
    """Make the table of what SMEDA says of its trainings."""
    op.create_table(
        "partner_training",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("training_id", IDENTIFIER, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("participants", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_id"], ["training.id"], name="fk_partner_training_training_id"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_partner_training_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_partner_training"),
        sa.UniqueConstraint("training_id", name="uq_partner_training_training_id"),
        comment=(
            "What SMEDA says of its training besides the plan; the codes of who came, in order."
        ),
    )


def create_referral_closing() -> None:
    """Make the table of how referrals ended."""
    op.create_table(
        "referral_closing",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("referral_id", IDENTIFIER, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "outcome = 'accepted' OR outcome = 'declined' OR outcome = 'withdrew' "
            "OR outcome = 'not_reached'",
            name=op.f("ck_referral_closing_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name="fk_referral_closing_referral_id"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_referral_closing_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_referral_closing"),
        sa.UniqueConstraint("referral_id", name="uq_referral_closing_referral_id"),
        comment="How a referral ended of which no loan here tells.",
    )


def create_undoing(table: str) -> None:
    """Make the table of facts that take rows of another one back."""
    name = f"{table}_undoing"
    op.create_table(
        name,
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("undoes_id", IDENTIFIER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["undoes_id"], [f"{table}.id"], name=f"fk_{name}_undoes_id"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name=f"fk_{name}_act_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("undoes_id", name=f"uq_{name}_undoes_id"),
        comment=f"A row of {table} that was a mistake is taken back.",
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    key_applications(["application_id"])
    for table in CODED:
        on = f" ON {table}" if op.get_context().dialect.name == "postgresql" else ""
        op.execute(f"DROP TRIGGER {table}_code_once{on}")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_code_twice()")
    for table in ("referral", "training"):
        op.drop_index(f"ix_{table}_smeda_code", table)
        index_codes(table, "uq", unique=True)
    op.drop_index("ix_referral_branch_code", "referral")
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
