"""Tables of identity: lines and branches, staff and grants, acts and their audit chains."""

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
    false,
)

from aim_loans.db.tables import FACT, Identifier, Moment, metadata, one_of, unique_where_given
from aim_loans.identity.permissions import Role

line = Table(
    "line",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("level", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_id", ForeignKey("line.id")),
    UniqueConstraint("level", "name"),
    CheckConstraint(one_of("level", "division", "region", "area"), name="level"),
    comment="The institution's lines above a branch: division, region, area.",
)

branch = Table(
    "branch",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("area_id", ForeignKey("line.id")),
    Column("district", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
)

staff = Table(
    "staff",
    metadata,
    Column("username", Text, primary_key=True),
    Column("full_name", Text, nullable=False),
    Column("branch_code", ForeignKey("branch.code")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
)

staff_grant = Table(
    "staff_grant",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("username", ForeignKey("staff.username"), nullable=False),
    Column("role", Text, nullable=False),
    Column("branch_code", ForeignKey("branch.code")),
    Column("line_id", ForeignKey("line.id")),
    Column("valid_from", Date, nullable=False),
    Column("revokes_id", ForeignKey("staff_grant.id"), unique=True),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    CheckConstraint("branch_code IS NULL OR line_id IS NULL", name="one_scope"),
    CheckConstraint(one_of("role", *Role), name="role"),
    info=FACT,
    comment="A role given to a member of staff, or its revocation; never edited.",
)

act = Table(
    "act",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("second_actor", Text),
    Column("branch_code", Text),
    Column("subject", Text, nullable=False),
    Column("reason", Text),
    Column("command_key", Text),
    Column("command_digest", Text, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("second_actor IS NULL OR second_actor <> actor", name="two_people"),
    info={"append_only": True},
    comment="One thing that somebody did; its facts point to it.",
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last_number", BigInteger, nullable=False),
    Column("last_mac", Text, nullable=False),
    comment="The head of each chain: one a branch, one for head office, one for identity.",
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("chain", ForeignKey("audit_chain.name"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("act_id", ForeignKey("act.id"), nullable=False, unique=True),
    Column("content_digest", Text, nullable=False),
    Column("mac", Text, nullable=False),
    info={"append_only": True},
    comment="Links an act and the digest of all rows it wrote to the entry before it.",
)

cut = Table(
    "cut",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("taken_at", Moment, nullable=False, unique=True),
    Column("purpose", Text, nullable=False),
    Column("heads", Text, nullable=False),
    Column("seal", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    info=FACT,
    comment="A moment up to which everything recorded is known, and the seal of all chains.",
)

Index(None, act.c.recorded_at)
unique_where_given(act.c.command_key)

staff_password = Table(
    "staff_password",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("username", ForeignKey("staff.username"), nullable=False),
    Column("hash", Text, nullable=False),
    Column("temporary", Integer, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("temporary = 0 OR temporary = 1", name="temporary"),
    info=FACT,
    comment="A password's Argon2 hash; the newest holds. A temporary one must be changed at once.",
)

web_session = Table(
    "web_session",
    metadata,
    Column("token_digest", Text, primary_key=True),
    Column("username", ForeignKey("staff.username"), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("factor_at", Moment),
    comment="Who is signed in where; a row that has ended lets nobody in.",
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("username", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("failed_at", Moment, nullable=False),
    Column("of_code", Boolean, nullable=False, server_default=false()),
    comment="A wrong user name or password; too many from one address make it wait.",
)

staff_factor = Table(
    "staff_factor",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("username", ForeignKey("staff.username"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("nonce", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        "kind = 'enrolled' AND nonce IS NOT NULL OR kind = 'reset' AND nonce IS NULL", name="kind"
    ),
    info=FACT,
    comment="A second factor, or its reset; the newest holds. Its secret is derived, never kept.",
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("username", ForeignKey("staff.username"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="The digest of a recovery code; the set of somebody's newest act holds.",
)

recovery_code_use = Table(
    "recovery_code_use",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("code_id", ForeignKey("recovery_code.id"), nullable=False, unique=True),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="A recovery code was used; none is used twice.",
)

factor_step = Table(
    "factor_step",
    metadata,
    Column("username", ForeignKey("staff.username"), primary_key=True),
    Column("last_step", BigInteger, nullable=False),
    comment="The last step of an authenticator that somebody used: none counts twice.",
)

Index(None, staff_password.c.username)
Index(None, staff_password.c.act_id)
Index(None, staff_factor.c.username)
Index(None, staff_factor.c.act_id)
Index(None, recovery_code.c.username)
Index(None, recovery_code.c.act_id)
Index(None, recovery_code_use.c.act_id)
Index(None, web_session.c.username)
Index(None, sign_in_failure.c.address, sign_in_failure.c.failed_at)
Index(None, sign_in_failure.c.username, sign_in_failure.c.failed_at)
