"""Tables of borrowers: persons and their enterprises."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Table, Text

from aim_loans.db.tables import Identifier, metadata, one_of

person = Table(
    "person",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("ref", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("father_or_husband_name", Text),
    Column("mother_name", Text),
    Column("cnic", Text, unique=True),
    Column("cnic_issued_on", Date),
    Column("cnic_expires_on", Date),
    Column("gender", Text, nullable=False),
    Column("birth_date", Date),
    Column("mobile", Text),
    Column("address", Text),
    Column("district", Text),
    Column("tehsil", Text),
    Column("urban_rural", Text),
    Column("disability", Text),
    Column("household", Text),
    Column("nominee_name", Text),
    Column("nominee_cnic", Text),
    Column("nominee_relation", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    CheckConstraint(one_of("gender", "female", "male", "transgender", "unknown"), name="gender"),
    CheckConstraint("length(cnic) = 13", name="cnic"),
    CheckConstraint(one_of("urban_rural", "urban", "rural"), name="urban_rural"),
    comment="One person; `ref` is the borrower's reference in an imported book.",
)

enterprise = Table(
    "enterprise",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("owner_id", ForeignKey("person.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("activity", Text),
    Column("district", Text),
    Column("started_on", Date),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    comment="A micro enterprise; a borrower may own several.",
)

Index(None, enterprise.c.owner_id)
Index(None, person.c.act_id)
