"""Tables of what SMEDA sends in files: the files, its referrals, its word of trainings."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from aim_loans.db.tables import FACT, Identifier, Moment, metadata, one_of, undoing_of

partner_upload = Table(
    "partner_upload",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("added", Integer, nullable=False),
    Column("already_there", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("faults", Text, nullable=False),
    Column("rejects", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("kind", "trainings", "referrals"), name="kind"),
    CheckConstraint("added >= 0 AND already_there >= 0 AND refused >= 0", name="rows"),
    info=FACT,
    comment=(
        "A file of SMEDA and what became of its rows; `rejects` names the file of refused rows "
        "in the folder of files."
    ),
)

sent_referral = Table(
    "sent_referral",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("smeda_code", Text, nullable=False),
    Column("reference", Text),
    Column("district", Text, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("purpose", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Somebody is sent to us by SMEDA; the referral of the same code says who came.",
)

partner_training = Table(
    "partner_training",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("training_id", ForeignKey("training.id"), nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("participants", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="What SMEDA says of its training besides the plan; the codes of who came, in order.",
)

sent_referral_undoing = undoing_of(sent_referral)

for _table in (partner_upload, sent_referral, partner_training):
    Index(None, _table.c.act_id)
# A code stands on one of them, which a trigger holds: one taken back gives its code free.
Index(None, sent_referral.c.smeda_code)
