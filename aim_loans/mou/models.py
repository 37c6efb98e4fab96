"""Tables of the joint work: registrations, trainings, support, answers, targets, surveys."""

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

from aim_loans.config.mou import REGISTRATIONS
from aim_loans.db.tables import (
    FACT,
    Identifier,
    Moment,
    metadata,
    one_of,
    undoing_of,
    unique_where_given,
)
from aim_loans.mou.registering import State
from aim_loans.value_words import WORDS

registration = Table(
    "registration",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("enterprise_id", ForeignKey("enterprise.id"), nullable=False),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("on_day", Date, nullable=False),
    Column("number", Text),
    Column("proof", Text),
    Column("smeda_code", Text),
    Column("entered_by", Text, nullable=False),
    Column("undoes_id", ForeignKey("registration.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("type", *REGISTRATIONS), name="type"),
    CheckConstraint(one_of("state", *(state.value for state in State)), name="state"),
    CheckConstraint(
        "state <> 'registered' OR number IS NOT NULL AND proof IS NOT NULL", name="proof"
    ),
    info=FACT,
    comment="How far an enterprise is with a registration; the last row holds.",
)

application_referral = Table(
    "application_referral",
    metadata,
    Column("application_id", ForeignKey("application.id"), primary_key=True, autoincrement=False),
    Column(
        "referral_id",
        ForeignKey("referral.id"),
        primary_key=True,
        autoincrement=False,
        unique=True,
    ),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    info=FACT,
    comment="The referral by which SMEDA sent whoever applied.",
)

training = Table(
    "training",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("title", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("begins_on", Date, nullable=False),
    Column("days", Integer, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("smeda_code", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("days > 0 AND seats > 0", name="size"),
    info=FACT,
    comment="A training as it was planned; with SMEDA's code it is one of theirs.",
)

training_invitation = Table(
    "training_invitation",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("training_id", ForeignKey("training.id"), nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("training_id", "person_id"),
    info=FACT,
    comment="Somebody is invited to a training.",
)

training_attendance = Table(
    "training_attendance",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("invitation_id", ForeignKey("training_invitation.id"), nullable=False),
    Column("days", Integer, nullable=False),
    Column("completed", Boolean, nullable=False),
    Column("satisfaction", Integer),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("days >= 0", name="days"),
    CheckConstraint("satisfaction >= 1 AND satisfaction <= 5", name="satisfaction"),
    info=FACT,
    comment="How many days somebody came; the last row of an invitation holds.",
)

support = Table(
    "support",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("enterprise_id", ForeignKey("enterprise.id")),
    Column("on_day", Date, nullable=False),
    Column("month", Integer),
    Column("smeda_code", Text),
    Column("satisfaction", Integer),
    Column("note", Text),
    Column("undoes_id", ForeignKey("support.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        one_of(
            "kind",
            "advice",
            "help_desk",
            "business_plan",
            "pre_feasibility",
            "mentoring",
            "market_link",
            "common_facility",
            "follow_up",
        ),
        name="kind",
    ),
    CheckConstraint("(kind = 'help_desk') = (enterprise_id IS NULL)", name="enterprise"),
    CheckConstraint(
        "CASE WHEN kind = 'mentoring' THEN month IS NOT NULL "
        "AND (month = 3 OR month = 6 OR month = 12) ELSE month IS NULL END",
        name="month",
    ),
    CheckConstraint("satisfaction >= 1 AND satisfaction <= 5", name="satisfaction"),
    info=FACT,
    comment="Help given to an enterprise, or a help-desk held; a row that names another undoes it.",
)

partner_answer = Table(
    "partner_answer",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("referral_id", ForeignKey("referral.id")),
    Column("training_id", ForeignKey("training.id")),
    Column("support_id", ForeignKey("support.id")),
    Column("registration_id", ForeignKey("registration.id")),
    Column("answer", Text, nullable=False),
    Column("reason", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        "answer = 'confirmed' AND reason IS NULL OR answer = 'disputed' AND reason IS NOT NULL",
        name="answer",
    ),
    CheckConstraint(
        "CASE WHEN referral_id IS NULL THEN 0 ELSE 1 END "
        "+ CASE WHEN training_id IS NULL THEN 0 ELSE 1 END "
        "+ CASE WHEN support_id IS NULL THEN 0 ELSE 1 END "
        "+ CASE WHEN registration_id IS NULL THEN 0 ELSE 1 END = 1",
        name="one_event",
    ),
    info=FACT,
    comment="SMEDA confirms or disputes one of its own events; the last answer holds.",
)

target = Table(
    "target",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("period", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("split_by", Text, nullable=False),
    Column("split", Text, nullable=False),
    Column("value", BigInteger),
    Column("party", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("value >= 0", name="value"),
    CheckConstraint(one_of("party", "aim", "smeda"), name="party"),
    info=FACT,
    comment="What a party aims at; the last row of a line holds, an empty one takes it back.",
)

survey = Table(
    "survey",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("period", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("drawn_on", Date, nullable=False),
    Column("population", Integer, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="A sample drawn to ask about outcomes, and of how many enterprises it was drawn.",
)

survey_member = Table(
    "survey_member",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("survey_id", ForeignKey("survey.id"), nullable=False),
    Column("enterprise_id", ForeignKey("enterprise.id"), nullable=False),
    Column("stratum", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("survey_id", "enterprise_id"),
    info=FACT,
    comment="An enterprise of the sample, with the stratum that it stands for.",
)

survey_answer = Table(
    "survey_answer",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("member_id", ForeignKey("survey_member.id"), nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("running", Boolean, nullable=False),
    Column("run_by", Text, nullable=False),
    Column("women_before", Integer, nullable=False),
    Column("men_before", Integer, nullable=False),
    Column("others_before", Integer, nullable=False),
    Column("women_now", Integer, nullable=False),
    Column("men_now", Integer, nullable=False),
    Column("others_now", Integer, nullable=False),
    Column("income_before", BigInteger, nullable=False),
    Column("income_now", BigInteger, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        "women_before >= 0 AND men_before >= 0 AND others_before >= 0 "
        "AND women_now >= 0 AND men_now >= 0 AND others_now >= 0 "
        "AND income_before >= 0 AND income_now >= 0",
        name="amounts",
    ),
    CheckConstraint(one_of("run_by", *WORDS["run_by"]), name="run_by"),
    info=FACT,
    comment="What an enterprise of the sample answered; its last answer holds.",
)

survey_nonresponse = Table(
    "survey_nonresponse",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("member_id", ForeignKey("survey_member.id"), nullable=False),
    Column("tried_on", Date, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("outcome", "refused", "not_found"), name="outcome"),
    info=FACT,
    comment="An enterprise of the sample was asked and gave no answer; the last row holds.",
)

training_undoing = undoing_of(training)
training_attendance_undoing = undoing_of(training_attendance)

_TABLES = (
    registration,
    application_referral,
    training,
    training_invitation,
    training_attendance,
    support,
    partner_answer,
    target,
    survey,
    survey_member,
    survey_answer,
    survey_nonresponse,
)
for _table in _TABLES:
    Index(None, _table.c.act_id)
for _column in (
    registration.c.enterprise_id,
    training.c.branch_code,
    training_invitation.c.person_id,
    training_attendance.c.invitation_id,
    support.c.enterprise_id,
    target.c.period,
    survey.c.period,
    survey_member.c.enterprise_id,
    survey_answer.c.member_id,
    survey_nonresponse.c.member_id,
):
    Index(None, _column)
for _column in (registration.c.undoes_id, support.c.undoes_id):
    unique_where_given(_column)
# A code stands on one training, which a trigger holds: one taken back gives its code free.
for _column in (
    training.c.smeda_code,
    partner_answer.c.referral_id,
    partner_answer.c.training_id,
    partner_answer.c.support_id,
    partner_answer.c.registration_id,
):
    Index(None, _column, sqlite_where=_column.is_not(None), postgresql_where=_column.is_not(None))
