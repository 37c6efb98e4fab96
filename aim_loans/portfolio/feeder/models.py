"""Tables of issued files: editions with their totals, kept bytes, who asked, released, took."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from aim_loans.db.tables import FACT, Identifier, Moment, metadata, one_of, unique_where_given

issued_file = Table(
    "issued_file",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("month_end", Date, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("previous_id", ForeignKey("issued_file.id")),
    Column("known_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("name", "month_end", "edition"),
    CheckConstraint(one_of("level", "A", "B", "C"), name="level"),
    CheckConstraint(one_of("state", "provisional", "final"), name="state"),
    CheckConstraint("(edition = 1) = (previous_id IS NULL)", name="previous"),
    info=FACT,
    comment="A file that was issued, with its manifest; a correction is a new edition.",
)

issued_part = Table(
    "issued_part",
    metadata,
    Column("issued_id", ForeignKey("issued_file.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("packed", LargeBinary, nullable=False),
    info={"append_only": True},
    comment="The bytes of a file issued in the browser, by parts (zlib); `sha256` covers them.",
)

file_request = Table(
    "file_request",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("name", Text, nullable=False),
    Column("month_end", Date, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("answers_id", ForeignKey("file_request.id")),
    Column("issued_id", ForeignKey("issued_file.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("answers_id IS NOT NULL OR issued_id IS NULL", name="answer"),
    info=FACT,
    comment="Somebody asks for a file of people; a row that names another releases or declines.",
)

file_download = Table(
    "file_download",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("issued_id", ForeignKey("issued_file.id"), nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Somebody took an issued file in the browser.",
)

Index(None, issued_file.c.act_id)
Index(None, file_request.c.act_id)
unique_where_given(file_request.c.answers_id)
Index(None, file_download.c.act_id)
