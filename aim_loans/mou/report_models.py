"""Tables of the joint report: parts confirmed, editions with their files, releases, signatures."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from aim_loans.db.tables import FACT, Identifier, Moment, metadata, one_of

joint_part = Table(
    "joint_part",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("period", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("party", Text, nullable=False),
    Column("confirmed_by", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("party", "aim", "smeda"), name="party"),
    info=FACT,
    comment="A party confirms its own part of a closed period, for the edition to come.",
)

joint_edition = Table(
    "joint_edition",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("period", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("previous_id", ForeignKey("joint_edition.id")),
    Column("cut_number", ForeignKey("cut.number"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("withheld", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("prepared_by", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("period", "edition"),
    CheckConstraint("(edition = 1) = (previous_id IS NULL)", name="previous"),
    info=FACT,
    comment=(
        "The joint report of a period at a cut, as canonical JSON; `withheld` tells what of it was "
        "held back, for the proof of the next edition, and is never shared."
    ),
)

joint_file = Table(
    "joint_file",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("edition_id", ForeignKey("joint_edition.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("stored", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("edition_id", "name"),
    info=FACT,
    comment="A file of an edition; its bytes lie in the folder of files under `stored`.",
)

joint_step = Table(
    "joint_step",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("edition_id", ForeignKey("joint_edition.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("edition_id", "kind", "party"),
    CheckConstraint(one_of("kind", "released", "signed"), name="kind"),
    CheckConstraint(one_of("party", "aim", "smeda"), name="party"),
    info=FACT,
    comment="A second person released an edition to the partner, or a party signed it.",
)

for _table in (joint_part, joint_edition, joint_file, joint_step):
    Index(None, _table.c.act_id)
