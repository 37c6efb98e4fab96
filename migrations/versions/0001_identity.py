"""Lines, branches, staff, acts, audit chains and cuts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = (
    "staff_grant",
    "act",
    "audit_entry",
    "cut",
)


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_tables()
    create_refusal()
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


def create_refusal() -> None:
    """Make the function that PostgreSQL's append-only triggers call."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$"
        )


def create_tables() -> None:
    """Make the tables and indexes."""
    create_act()
    create_audit_chain()
    create_line()
    create_audit_entry()
    create_branch()
    create_cut()
    create_staff()
    create_staff_grant()


def create_act() -> None:
    """Make the table act with its indexes."""
    op.create_table(
        "act",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("second_actor", sa.Text(), nullable=True),
        sa.Column("branch_code", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("command_key", sa.Text(), nullable=True),
        sa.Column("command_digest", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "second_actor IS NULL OR second_actor <> actor", name="ck_act_two_people"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_act"),
        comment="One thing that somebody did; its facts point to it.",
    )
    op.create_index("ix_act_recorded_at", "act", ["recorded_at"], unique=False)
    op.create_index(
        "uq_act_command_key",
        "act",
        ["command_key"],
        unique=True,
        sqlite_where=sa.text("command_key IS NOT NULL"),
        postgresql_where=sa.text("command_key IS NOT NULL"),
    )


def create_audit_chain() -> None:
    """Make the table audit_chain with its indexes."""
    op.create_table(
        "audit_chain",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("last_mac", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_audit_chain"),
        comment="The head of each chain: one a branch, one for head office, one for identity.",
    )


def create_line() -> None:
    """Make the table line with its indexes."""
    op.create_table(
        "line",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", IDENTIFIER, nullable=True),
        sa.CheckConstraint(
            "level = 'division' OR level = 'region' OR level = 'area'", name="ck_line_level"
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["line.id"], name="fk_line_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_line"),
        sa.UniqueConstraint("level", "name", name="uq_line_level_name"),
        comment="The institution's lines above a branch: division, region, area.",
    )


def create_audit_entry() -> None:
    """Make the table audit_entry with its indexes."""
    op.create_table(
        "audit_entry",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_audit_entry_act_id"),
        sa.ForeignKeyConstraint(["chain"], ["audit_chain.name"], name="fk_audit_entry_chain"),
        sa.PrimaryKeyConstraint("chain", "number", name="pk_audit_entry"),
        sa.UniqueConstraint("act_id", name="uq_audit_entry_act_id"),
        comment="Links an act and the digest of all rows it wrote to the entry before it.",
    )


def create_branch() -> None:
    """Make the table branch with its indexes."""
    op.create_table(
        "branch",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area_id", IDENTIFIER, nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_branch_act_id"),
        sa.ForeignKeyConstraint(["area_id"], ["line.id"], name="fk_branch_area_id"),
        sa.PrimaryKeyConstraint("code", name="pk_branch"),
    )


def create_cut() -> None:
    """Make the table cut with its indexes."""
    op.create_table(
        "cut",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_cut_act_id"),
        sa.PrimaryKeyConstraint("number", name="pk_cut"),
        sa.UniqueConstraint("taken_at", name="uq_cut_taken_at"),
        comment="A moment up to which everything recorded is known, and the seal of all chains.",
    )


def create_staff() -> None:
    """Make the table staff with its indexes."""
    op.create_table(
        "staff",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_staff_act_id"),
        sa.ForeignKeyConstraint(["branch_code"], ["branch.code"], name="fk_staff_branch_code"),
        sa.PrimaryKeyConstraint("username", name="pk_staff"),
    )


def create_staff_grant() -> None:
    """Make the table staff_grant with its indexes."""
    op.create_table(
        "staff_grant",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=True),
        sa.Column("line_id", IDENTIFIER, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("revokes_id", IDENTIFIER, nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.CheckConstraint(
            "branch_code IS NULL OR line_id IS NULL", name="ck_staff_grant_one_scope"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_staff_grant_act_id"),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["branch.code"], name="fk_staff_grant_branch_code"
        ),
        sa.ForeignKeyConstraint(["line_id"], ["line.id"], name="fk_staff_grant_line_id"),
        sa.ForeignKeyConstraint(
            ["revokes_id"], ["staff_grant.id"], name="fk_staff_grant_revokes_id"
        ),
        sa.ForeignKeyConstraint(["username"], ["staff.username"], name="fk_staff_grant_username"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_grant"),
        sa.UniqueConstraint("revokes_id", name="uq_staff_grant_revokes_id"),
        comment="A role given to a member of staff, or its revocation; never edited.",
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in (
        "cut",
        "audit_entry",
        "audit_chain",
        "staff_grant",
        "staff",
        "branch",
        "act",
        "line",
    ):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
