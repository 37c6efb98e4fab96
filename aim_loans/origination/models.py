"""Tables of origination: dated settings, products, programmes, applications."""

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
    UniqueConstraint,
)

from aim_loans.config.settings import CHANNELS, SECTOR_KEYS
from aim_loans.db.tables import (
    FACT,
    Identifier,
    Moment,
    metadata,
    one_of,
    unique_where_given,
)
from aim_loans.origination.committee import RANKS
from aim_loans.texts import LANGUAGES

dated_setting = Table(
    "dated_setting",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("table_name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    UniqueConstraint("table_name", "key", "effective_from"),
    info=FACT,
    comment="Products, ladders, limits, fee, benchmark: what held from which day, and says who.",
)

product = Table(
    "product",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
)

programme = Table(
    "programme",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("fund_code", ForeignKey("fund.code"), nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
)

application = Table(
    "application",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("borrower_id", ForeignKey("person.id"), nullable=False),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("programme_code", ForeignKey("programme.code"), nullable=False),
    Column("enterprise_id", ForeignKey("enterprise.id")),
    Column("officer", ForeignKey("staff.username")),
    Column("entered_by", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Somebody asks for a loan; for what, say the terms.",
)

application_terms = Table(
    "application_terms",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("application_id", ForeignKey("application.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("product_code", ForeignKey("product.code"), nullable=False),
    Column("principal", BigInteger, nullable=False),
    Column("months", Integer, nullable=False),
    Column("sector", Text, nullable=False),
    Column("activity", Text),
    Column("purpose", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("application_id", "version"),
    CheckConstraint("principal > 0", name="principal"),
    CheckConstraint("months > 0", name="months"),
    CheckConstraint(one_of("sector", *SECTOR_KEYS), name="sector"),
    info=FACT,
    comment="What is asked for; a returned application is changed by a new version.",
)

application_step = Table(
    "application_step",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("application_id", ForeignKey("application.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("rank", Text),
    Column("reason", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("application_id", "version", "kind", "taken_by"),
    CheckConstraint(
        one_of("kind", "submitted", "approved", "rejected", "returned", "withdrawn"), name="kind"
    ),
    CheckConstraint(one_of("rank", *RANKS), name="rank"),
    info=FACT,
    comment="What was decided about a version; an approval is one person's vote, with the rank.",
)

appraisal = Table(
    "appraisal",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("application_id", ForeignKey("application.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("appraised_by", Text, nullable=False),
    Column("household_size", Integer),
    Column("earners", Integer),
    Column("income", BigInteger),
    Column("expenses", BigInteger),
    Column("debt_payments", BigInteger),
    Column("place", Text),
    Column("assets", BigInteger),
    Column("running_capital", BigInteger),
    Column("sales", BigInteger),
    Column("costs", BigInteger),
    Column("jobs", Integer),
    Column("buys", Text),
    Column("note", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("kind", "social", "business"), name="kind"),
    info=FACT,
    comment="What a visit found: of the household, or of the business; amounts a month.",
)

guarantee = Table(
    "guarantee",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("application_id", ForeignKey("application.id"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("relation", Text, nullable=False),
    Column("ends_id", ForeignKey("guarantee.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Somebody guarantees for the borrower; a row that names another ends it.",
)

background_check = Table(
    "background_check",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("application_id", ForeignKey("application.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("checked_on", Date, nullable=False),
    Column("reference", Text),
    Column("checked_by", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("kind", "bureau", "screening"), name="kind"),
    CheckConstraint(one_of("result", "clear", "adverse", "not_available"), name="result"),
    info=FACT,
    comment="What the credit bureau or the screening list said; the newest of a kind holds.",
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("application_id", ForeignKey("application.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("schedule_digest", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("manner", Text, nullable=False),
    Column("acknowledged_on", Date, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("manner", "signature", "thumbprint"), name="manner"),
    CheckConstraint(one_of("language", *LANGUAGES), name="language"),
    info=FACT,
    comment="The borrower acknowledged the key facts: these very instalments and no other.",
)

application_loan = Table(
    "application_loan",
    metadata,
    Column("application_id", ForeignKey("application.id"), primary_key=True, autoincrement=False),
    Column("loan_id", ForeignKey("loan.id"), nullable=False, unique=True),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    info=FACT,
    comment="The loan that was paid out for an application.",
)

payout = Table(
    "payout",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("application_id", ForeignKey("application.id"), nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("reference", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("channel", *CHANNELS), name="channel"),
    CheckConstraint("channel = 'cash' OR reference IS NOT NULL", name="traceable"),
    info=FACT,
    comment="By what channel the loan of an application was paid out, with its reference.",
)

# One cheque or transfer pays one loan out.
Index(
    "uq_payout_reference",
    payout.c.reference,
    payout.c.channel,
    unique=True,
    sqlite_where=payout.c.reference.is_not(None),
    postgresql_where=payout.c.reference.is_not(None),
)

group_guarantee = Table(
    "group_guarantee",
    metadata,
    Column("guarantee_id", ForeignKey("guarantee.id"), primary_key=True, autoincrement=False),
    Column("group_id", ForeignKey("borrower_group.id"), nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    info=FACT,
    comment="The guarantees that a group gives together for one of its members.",
)

application_fee = Table(
    "application_fee",
    metadata,
    Column("money_in_id", ForeignKey("money_in.id"), primary_key=True, autoincrement=False),
    Column("application_id", ForeignKey("application.id"), nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    info=FACT,
    comment="The money that was taken as the fee of an application.",
)

_OF_APPLICATION = (
    application_terms,
    application_step,
    appraisal,
    guarantee,
    background_check,
    acknowledgement,
)
APPLICATION_TABLES = (
    application,
    *_OF_APPLICATION,
    group_guarantee,
    application_fee,
    application_loan,
    payout,
)

for _table in APPLICATION_TABLES:
    Index(None, _table.c.act_id)
for _table in (appraisal, guarantee, background_check, acknowledgement):
    Index(None, _table.c.application_id)
Index(None, application.c.borrower_id)
Index(None, application.c.branch_code)
Index(None, guarantee.c.person_id)
Index(None, application_fee.c.application_id)
unique_where_given(guarantee.c.ends_id)

setting_request = Table(
    "setting_request",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("table_name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("source", Text, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("answers_id", ForeignKey("setting_request.id")),
    Column("answer", Text),
    Column("reason", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        "answers_id IS NULL AND answer IS NULL "
        "OR answers_id IS NOT NULL AND (answer = 'confirmed' OR answer = 'declined')",
        name="answer",
    ),
    info=FACT,
    comment="Somebody asks for a dated row; a row that names another confirms or declines it.",
)

Index(None, setting_request.c.act_id)
unique_where_given(setting_request.c.answers_id)
