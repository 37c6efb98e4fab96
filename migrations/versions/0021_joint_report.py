"""The joint report of a period: parts confirmed, editions with their files, signatures."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

# Facts are never changed: the database itself refuses it.
APPEND_ONLY = ("joint_part", "joint_edition", "joint_file", "joint_step")


def upgrade() -> None:
    """Make the tables and their triggers."""
    create_parts()
    create_editions()
    create_files()
    create_steps()
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


def create_parts() -> None:
    """Make the table of parts that a party confirmed."""
    op.create_table(
        "joint_part",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("party = 'aim' OR party = 'smeda'", name=op.f("ck_joint_part_party")),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_joint_part_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_joint_part"),
        sa.UniqueConstraint(
            "period", "edition", "party", name="uq_joint_part_period_edition_party"
        ),
        comment="A party confirms its own part of a closed period, for the edition to come.",
    )


def create_editions() -> None:
    """Make the table of editions."""
    op.create_table(
        "joint_edition",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("previous_id", IDENTIFIER),
        sa.Column("cut_number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("withheld", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(edition = 1) = (previous_id IS NULL)", name=op.f("ck_joint_edition_previous")
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["joint_edition.id"], name="fk_joint_edition_previous_id"
        ),
        sa.ForeignKeyConstraint(["cut_number"], ["cut.number"], name="fk_joint_edition_cut_number"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_joint_edition_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_joint_edition"),
        sa.UniqueConstraint("period", "edition", name="uq_joint_edition_period_edition"),
        comment=(
            "The joint report of a period at a cut, as canonical JSON; `withheld` tells what of it "
            "was held back, for the proof of the next edition, and is never shared."
        ),
    )


def create_files() -> None:
    """Make the table of the files of editions."""
    op.create_table(
        "joint_file",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("edition_id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("stored", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["joint_edition.id"], name="fk_joint_file_edition_id"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_joint_file_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_joint_file"),
        sa.UniqueConstraint("edition_id", "name", name="uq_joint_file_edition_id_name"),
        comment="A file of an edition; its bytes lie in the folder of files under `stored`.",
    )


def create_steps() -> None:
    """Make the table of releases and signatures."""
    op.create_table(
        "joint_step",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("edition_id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind = 'released' OR kind = 'signed'", name=op.f("ck_joint_step_kind")),
        sa.CheckConstraint("party = 'aim' OR party = 'smeda'", name=op.f("ck_joint_step_party")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["joint_edition.id"], name="fk_joint_step_edition_id"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_joint_step_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_joint_step"),
        sa.UniqueConstraint(
            "edition_id", "kind", "party", name="uq_joint_step_edition_id_kind_party"
        ),
        comment="A second person released an edition to the partner, or a party signed it.",
    )


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
