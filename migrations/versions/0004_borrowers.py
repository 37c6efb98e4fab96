"""Persons and their enterprises."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    create_tables()


def create_tables() -> None:
    """Make the tables and indexes."""
    op.create_table(
        "person",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("father_or_husband_name", sa.Text(), nullable=True),
        sa.Column("mother_name", sa.Text(), nullable=True),
        sa.Column("cnic", sa.Text(), nullable=True),
        sa.Column("cnic_issued_on", sa.Date(), nullable=True),
        sa.Column("cnic_expires_on", sa.Date(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("mobile", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("tehsil", sa.Text(), nullable=True),
        sa.Column("urban_rural", sa.Text(), nullable=True),
        sa.Column("disability", sa.Text(), nullable=True),
        sa.Column("household", sa.Text(), nullable=True),
        sa.Column("nominee_name", sa.Text(), nullable=True),
        sa.Column("nominee_cnic", sa.Text(), nullable=True),
        sa.Column("nominee_relation", sa.Text(), nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.CheckConstraint(
            "gender = 'female' OR gender = 'male' OR gender = 'transgender' OR gender = 'unknown'",
            name="ck_person_gender",
        ),
        sa.CheckConstraint(
            "urban_rural = 'urban' OR urban_rural = 'rural'", name="ck_person_urban_rural"
        ),
        sa.CheckConstraint("length(cnic) = 13", name="ck_person_cnic"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_person_act_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("cnic", name="uq_person_cnic"),
        sa.UniqueConstraint("ref", name="uq_person_ref"),
        comment="One person; `ref` is the borrower's reference in an imported book.",
    )
    op.create_index("ix_person_act_id", "person", ["act_id"], unique=False)
    op.create_table(
        "enterprise",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("owner_id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=True),
        sa.Column("district", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_enterprise_act_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_enterprise_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_enterprise"),
        comment="A micro enterprise; a borrower may own several.",
    )
    op.create_index("ix_enterprise_owner_id", "enterprise", ["owner_id"], unique=False)


def downgrade() -> None:
    """Drop the tables; their triggers go with them."""
    for table in (
        "enterprise",
        "person",
    ):
        op.drop_table(table)
