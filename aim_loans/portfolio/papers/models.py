"""Tables of issued reports: their editions with what they show, and who took one."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from aim_loans.db.tables import FACT, Identifier, Moment, metadata, one_of, unique_where_given

issued_report = Table(
    "issued_report",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("scope_level", Text, nullable=False),
    Column("scope_name", Text, nullable=False),
    Column("month_end", Date, nullable=False),
    Column("language", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("previous_id", ForeignKey("issued_report.id")),
    Column("state", Text, nullable=False),
    Column("cut_number", ForeignKey("cut.number"), nullable=False),
    Column("statement", Text, nullable=False),
    Column("statement_digest", Text, nullable=False),
    Column("settings_digest", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint(
        *("kind", "scope_level", "scope_name", "month_end", "language", "edition"),
        name="uq_issued_report_edition",
    ),
    CheckConstraint("(edition = 1) = (previous_id IS NULL)", name="edition"),
    CheckConstraint(one_of("kind", "portfolio"), name="kind"),
    CheckConstraint(one_of("state", "provisional", "final"), name="state"),
    CheckConstraint(one_of("language", "en", "ur", "both"), name="language"),
    CheckConstraint("size > 0", name="size"),
    info=FACT,
    comment=(
        "A paper as issued, by the name of its bytes in the store, with the statement that it "
        "shows at a cut. Never overwritten: a new edition names the one before."
    ),
)

report_branch = Table(
    "report_branch",
    metadata,
    Column("report_id", ForeignKey("issued_report.id"), primary_key=True, autoincrement=False),
    Column("branch_code", ForeignKey("branch.code"), primary_key=True),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    info=FACT,
    comment="The branches of a line when a paper about it was issued.",
)

report_download = Table(
    "report_download",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("report_id", ForeignKey("issued_report.id"), nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Somebody took a paper; it is given for this row and to them alone.",
)

Index(None, issued_report.c.act_id)
Index(None, issued_report.c.sha256)
Index(None, issued_report.c.month_end)
unique_where_given(issued_report.c.previous_id)
Index(None, report_branch.c.act_id)
Index(None, report_download.c.act_id)
Index(None, report_download.c.report_id)
