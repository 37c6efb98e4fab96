"""Tables of borrowers: persons, attachments, enterprises, groups, complaints, referrals."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from aim_loans.borrowers.sizes import BANDS
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.db.tables import (
    FACT,
    SEALED,
    Identifier,
    Moment,
    metadata,
    one_of,
    sealed_with,
    undoing_of,
    unique_where_given,
)
from aim_loans.files.media import MediaType
from aim_loans.value_words import WORDS

ATTACHMENT_KINDS = ("cnic_front", "cnic_back", "photograph", "utility_bill", "other")

# Bytes in their order, so that the beginning of a key is a range of the index.
_Key = Text().with_variant(Text(collation="C"), "postgresql")

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
    Column("branch_code", ForeignKey("branch.code")),
    CheckConstraint(one_of("gender", "female", "male", "transgender", "unknown"), name="gender"),
    CheckConstraint("length(cnic) = 13", name="cnic"),
    CheckConstraint(one_of("urban_rural", "urban", "rural"), name="urban_rural"),
    info=sealed_with("person_change"),
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
    CheckConstraint(one_of("sector", *SECTOR_KEYS), name="sector"),
    info=SEALED,
    comment="A micro enterprise; a borrower may own several.",
)

person_change = Table(
    "person_change",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("field", Text, nullable=False),
    Column("old_value", Text),
    Column("new_value", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="What was changed on a person: a column, with its value before and after.",
)

person_name_key = Table(
    "person_name_key",
    metadata,
    Column("key", _Key, primary_key=True),
    Column("person_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="Search keys of the words of a name (borrowers/spelling.py); derived from person.",
)

borrower_group = Table(
    "borrower_group",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("name", Text, nullable=False),
    Column("meeting_place", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Borrowers who guarantee each other; who belongs to it, say the memberships.",
)

group_membership = Table(
    "group_membership",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("group_id", ForeignKey("borrower_group.id"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("value_on", Date, nullable=False),
    Column("ends_id", ForeignKey("group_membership.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Somebody joins a group on a day; a row that names another ends it on its day.",
)

person_attachment = Table(
    "person_attachment",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("removes_id", ForeignKey("person_attachment.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("kind", *ATTACHMENT_KINDS), name="kind"),
    CheckConstraint(one_of("media_type", *MediaType), name="media_type"),
    CheckConstraint("size > 0", name="size"),
    info=FACT,
    comment="A file attached to a person, by its name in the store; a row that names another "
    "takes that one off.",
)

attachment_opening = Table(
    "attachment_opening",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("attachment_id", ForeignKey("person_attachment.id"), nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Somebody opened an attachment; the file is given for this row and to them alone.",
)

enterprise_review = Table(
    "enterprise_review",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("enterprise_id", ForeignKey("enterprise.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("reviewed_on", Date, nullable=False),
    Column("running", Boolean, nullable=False),
    Column("started_on", Date),
    Column("ownership", Text, nullable=False),
    Column("run_by", Text, nullable=False),
    Column("paid_women", Integer, nullable=False),
    Column("paid_men", Integer, nullable=False),
    Column("paid_others", Integer, nullable=False),
    Column("family_women", Integer, nullable=False),
    Column("family_men", Integer, nullable=False),
    Column("family_others", Integer, nullable=False),
    Column("turnover", Text, nullable=False),
    Column("premises", Text, nullable=False),
    Column("digital", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("kind", "entry", "month_12", "month_24", "other"), name="kind"),
    CheckConstraint(
        "paid_women >= 0 AND paid_men >= 0 AND paid_others >= 0 "
        "AND family_women >= 0 AND family_men >= 0 AND family_others >= 0",
        name="workers",
    ),
    CheckConstraint(one_of("ownership", *WORDS["ownership"]), name="ownership"),
    CheckConstraint(one_of("run_by", *WORDS["run_by"]), name="run_by"),
    CheckConstraint(one_of("turnover", *BANDS), name="turnover"),
    CheckConstraint(one_of("premises", *WORDS["premises"]), name="premises"),
    CheckConstraint(one_of("digital", *WORDS["digital"]), name="digital"),
    info=FACT,
    comment="What a look at an enterprise found; the newest of a day holds.",
)

consent = Table(
    "consent",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("manner", Text, nullable=False),
    Column("withdraws_id", ForeignKey("consent.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("scope", "smeda", "bank"), name="scope"),
    CheckConstraint(one_of("manner", *WORDS["manner"]), name="manner"),
    info=FACT,
    comment="A person lets a partner see rows about them; a row that names another withdraws it.",
)

referral = Table(
    "referral",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("on_day", Date, nullable=False),
    Column("smeda_code", Text),
    Column("bank", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        "direction = 'from_smeda' AND smeda_code IS NOT NULL AND bank IS NULL "
        "OR direction = 'to_bank' AND smeda_code IS NULL AND bank IS NOT NULL",
        name="direction",
    ),
    info=FACT,
    comment="SMEDA sends somebody to us, or we send somebody who outgrew us to a bank.",
)

referral_closing = Table(
    "referral_closing",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("referral_id", ForeignKey("referral.id"), nullable=False, unique=True),
    Column("outcome", Text, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("note", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        one_of("outcome", "accepted", "declined", "withdrew", "not_reached"), name="outcome"
    ),
    info=FACT,
    comment="How a referral ended of which no loan here tells.",
)

consent_undoing = undoing_of(consent)
referral_undoing = undoing_of(referral)

# To ask of one person whether a word of the name begins so.
Index(None, person_name_key.c.person_id, person_name_key.c.key)
Index(None, enterprise.c.act_id)
Index(None, enterprise.c.owner_id)
Index(None, person.c.act_id)
Index(None, person_change.c.act_id)
Index(None, person_attachment.c.act_id)
Index(None, person_attachment.c.person_id)
unique_where_given(person_attachment.c.removes_id)
Index(None, attachment_opening.c.act_id)
Index(None, attachment_opening.c.attachment_id)
Index(None, person_change.c.person_id)
Index(None, borrower_group.c.act_id)
Index(None, borrower_group.c.branch_code)
Index(None, group_membership.c.act_id)
Index(None, group_membership.c.group_id)
Index(None, group_membership.c.person_id)
unique_where_given(group_membership.c.ends_id)
for _column in (person.c.branch_code, person.c.mobile):
    Index(None, _column, sqlite_where=_column.is_not(None), postgresql_where=_column.is_not(None))

complaint = Table(
    "complaint",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("received_on", Date, nullable=False),
    Column("channel", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("gender", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("contact", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("gender", "female", "male", "transgender", "unknown"), name="gender"),
    CheckConstraint(one_of("channel", *WORDS["complaint_channel"]), name="channel"),
    CheckConstraint(one_of("category", *WORDS["complaint_category"]), name="category"),
    info=FACT,
    comment="A complaint as it came in; `contact` says how to reach whoever made it.",
)

complaint_step = Table(
    "complaint_step",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("complaint_id", ForeignKey("complaint.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("done_on", Date, nullable=False),
    Column("outcome", Text),
    Column("note", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("kind", "answered", "closed", "reopened"), name="kind"),
    CheckConstraint("(kind = 'closed') = (outcome IS NOT NULL)", name="outcome"),
    CheckConstraint(one_of("outcome", *WORDS["complaint_outcome"]), name="known_outcome"),
    info=FACT,
    comment="What was done about a complaint; the last step says how it stands.",
)

Index(None, complaint.c.act_id)
Index(None, complaint.c.branch_code)
Index(None, complaint_step.c.act_id)
Index(None, complaint_step.c.complaint_id)
for _table in (enterprise_review, consent, referral, referral_closing):
    Index(None, _table.c.act_id)
Index(None, enterprise_review.c.enterprise_id)
Index(None, consent.c.person_id)
Index(None, referral.c.person_id)
unique_where_given(consent.c.withdraws_id)
# A code stands on one referral, which a trigger holds: one taken back gives its code free.
Index(
    None,
    referral.c.smeda_code,
    sqlite_where=referral.c.smeda_code.is_not(None),
    postgresql_where=referral.c.smeda_code.is_not(None),
)
Index(None, referral.c.branch_code)
