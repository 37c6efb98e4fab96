"""Tables of the portfolio: closed months, what is frozen of them, requests, the allowance."""

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
    text,
)

from aim_loans.db.tables import FACT, Identifier, Moment, metadata, one_of, unique_where_given

# What a month's loans did: counts, then paisa (`flows.MEASURES`).
_MOVED = (
    *("active_loans", "loans_made", "opening", "outstanding", "arrears", "credit"),
    *("disbursed", "received", "received_due", "waived", "written_off"),
    *("recovered", "refunded"),
)

# An index holds the frozen loans that are late by more days: whoever asks for them by it writes
# the number into the statement.
WATCHED_OVER = 30

month_close = Table(
    "month_close",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("month", Date, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("replaces_id", ForeignKey("month_close.id")),
    Column("cut_number", ForeignKey("cut.number"), nullable=False),
    Column("last_fact_id", BigInteger, nullable=False),
    Column("later_fact_id", BigInteger, nullable=False),
    Column("last_dimension_id", BigInteger, nullable=False),
    Column("last_version_id", BigInteger, nullable=False),
    Column("loans", BigInteger, nullable=False),
    Column("active_loans", BigInteger, nullable=False),
    Column("active_borrowers", BigInteger, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("arrears", BigInteger, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("month", "edition"),
    CheckConstraint("(edition = 1) = (replaces_id IS NULL)", name="edition"),
    info=FACT,
    comment=(
        "A month closed at a cut. Rows above the last ids were recorded after it; facts from "
        "`later_fact_id` on may be dated after the month."
    ),
)

# A million rows a close: without foreign keys, which would each be looked up a row, and without
# a digest of their own. They follow from the facts at the cut: verify compares.
month_loan = Table(
    "month_loan",
    metadata,
    Column("close_id", BigInteger, primary_key=True, autoincrement=False),
    Column("loan_id", BigInteger, primary_key=True, autoincrement=False),
    Column("borrower_id", BigInteger, nullable=False),
    Column("product_code", Text, nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("officer", Text),
    Column("sector", Text, nullable=False),
    Column("activity", Text),
    Column("programme_code", Text, nullable=False),
    Column("district", Text),
    Column("urban_rural", Text),
    Column("gender", Text, nullable=False),
    Column("disbursed_on", Date),
    Column("disbursed", BigInteger, nullable=False),
    Column("applied", BigInteger, nullable=False),
    Column("waived", BigInteger, nullable=False),
    Column("written_off", BigInteger, nullable=False),
    Column("recovered", BigInteger, nullable=False),
    Column("credited", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("paid", BigInteger, nullable=False),
    Column("credit", BigInteger, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("due_first", BigInteger, nullable=False),
    Column("arrears", BigInteger, nullable=False),
    Column("missed", BigInteger, nullable=False),
    Column("late_days", Integer, nullable=False),
    Column("loan_class", Text, nullable=False),
    info={"append_only": True},
    sqlite_with_rowid=False,
    comment="How each loan stood at the end of a closed month, as known at its cut.",
)

month_cell = Table(
    "month_cell",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("close_id", ForeignKey("month_close.id"), nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("programme_code", Text, nullable=False),
    Column("gender", Text, nullable=False),
    Column("from_days", Integer, nullable=False),
    Column("loans", BigInteger, nullable=False),
    Column("active_loans", BigInteger, nullable=False),
    Column("disbursed", BigInteger, nullable=False),
    Column("paid", BigInteger, nullable=False),
    Column("waived", BigInteger, nullable=False),
    Column("written_off", BigInteger, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("due_first", BigInteger, nullable=False),
    Column("arrears", BigInteger, nullable=False),
    Column("missed", BigInteger, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    UniqueConstraint(
        *("close_id", "branch_code", "sector", "programme_code", "gender", "from_days"),
        name="uq_month_cell_group",
    ),
    info=FACT,
    comment=(
        "Sums of the frozen loans of a group that are so many days late or more, and fewer than "
        "at the next edge of the lateness scale: they add up over everything."
    ),
)

# Few of the loans, by the dimensions of the cells; like the frozen loans without keys and digests.
month_concurrent = Table(
    "month_concurrent",
    metadata,
    Column("close_id", BigInteger, primary_key=True, autoincrement=False),
    Column("loan_id", BigInteger, primary_key=True, autoincrement=False),
    Column("borrower_id", BigInteger, nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("programme_code", Text, nullable=False),
    Column("gender", Text, nullable=False),
    info={"append_only": True},
    sqlite_with_rowid=False,
    comment=(
        "The active frozen loans of borrowers who have several: with them the cells tell how many "
        "borrowers a group has."
    ),
)

month_cohort = Table(
    "month_cohort",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("close_id", ForeignKey("month_close.id"), nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("paid_out_in", Integer, nullable=False),
    *(
        Column(name, BigInteger, nullable=False)
        for name in (
            *("loans_made", "active_loans", "disbursed", "received", "waived", "written_off"),
            *("outstanding", "due", "missed", "arrears"),
            *("par0", "par30", "par60", "par90", "par180"),
        )
    ),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    UniqueConstraint("close_id", "branch_code", "paid_out_in", name="uq_month_cohort_group"),
    info=FACT,
    comment=(
        "Sums of the frozen loans of a branch that were paid out in one month (its index: twelve "
        "times the year, and the months before it)."
    ),
)

month_person = Table(
    "month_person",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("close_id", ForeignKey("month_close.id"), nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("members", BigInteger, nullable=False),
    Column("active_borrowers", BigInteger, nullable=False),
    Column("active_women", BigInteger, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    UniqueConstraint("close_id", "branch_code"),
    info=FACT,
    comment=(
        "Persons of the frozen loans, each counted once: of a branch, or (no code) of all. They do "
        "not add up over branches."
    ),
)

month_group = Table(
    "month_group",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("close_id", ForeignKey("month_close.id"), nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("dimension", Text, nullable=False),
    Column("value", Text, nullable=False),
    *(
        Column(name, BigInteger, nullable=False)
        for name in (
            *("active_loans", "active_borrowers", "glp", "arrears", "par0", "par30"),
            *("recovery_collected", "recovery_due"),
        )
    ),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    UniqueConstraint("close_id", "branch_code", "dimension", "value", name="uq_month_group_value"),
    info=FACT,
    comment=(
        "The book of a closed month by one dimension, of a branch or (no code) of all: a borrower "
        "counts once in each group, so groups of branches do not add up to those of all."
    ),
)

month_flow = Table(
    "month_flow",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("close_id", ForeignKey("month_close.id"), nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("dimension", Text, nullable=False),
    Column("value", Text, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in _MOVED),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    UniqueConstraint("close_id", "branch_code", "dimension", "value", name="uq_month_flow_value"),
    info=FACT,
    comment=(
        "What moved in a closed month, as known at its cut, at a branch and by one dimension: "
        "sums of loans, which add up over branches."
    ),
)

month_roll = Table(
    "month_roll",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("close_id", ForeignKey("month_close.id"), nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("from_days", Integer, nullable=False),
    Column("from_days_before", Integer, nullable=False),
    Column("rescheduled", Integer, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in (*_MOVED, "due", "due_on_time")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    UniqueConstraint(
        *("close_id", "branch_code", "from_days", "from_days_before", "rescheduled"),
        name="uq_month_roll_group",
    ),
    info=FACT,
    comment=(
        "The same of a branch by how late its loans were at the end of the month and at the end "
        "before (-1: nothing outstanding), with what fell due and what of it was paid on its day."
    ),
)

month_control = Table(
    "month_control",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("close_id", ForeignKey("month_close.id"), nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("fund_code", Text, nullable=False),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("loans", "opening", "credit", "allowance")
    ),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    UniqueConstraint("close_id", "branch_code", "fund_code"),
    info=FACT,
    comment=(
        "What the ledger held of a closed month by value date: loans at its end and at its "
        "opening, borrowers' credit and the loss allowance at its end."
    ),
)

reopen_request = Table(
    "reopen_request",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("close_id", ForeignKey("month_close.id"), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("answers_id", ForeignKey("reopen_request.id")),
    Column("answer", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("(answers_id IS NULL) = (answer IS NULL)", name="answered"),
    CheckConstraint(one_of("answer", "confirmed", "declined"), name="answer"),
    info=FACT,
    comment="Somebody asks to reopen a closed month; a row that names another answers it.",
)

allowance_request = Table(
    "allowance_request",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("close_id", ForeignKey("month_close.id"), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("movement", BigInteger, nullable=False),
    Column("answers_id", ForeignKey("allowance_request.id")),
    Column("answer", Text),
    Column("reason", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("(answers_id IS NULL) = (answer IS NULL)", name="answered"),
    CheckConstraint(one_of("answer", "confirmed", "declined"), name="answer"),
    info=FACT,
    comment=(
        "Somebody asks to post the movement of the loss allowance that a close proposes; a row "
        "that names another answers it."
    ),
)

allowance_entry = Table(
    "allowance_entry",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("request_id", ForeignKey("allowance_request.id"), nullable=False),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("fund_code", ForeignKey("fund.code"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("reverses_id", ForeignKey("allowance_entry.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("amount <> 0", name="amount"),
    info=FACT,
    comment=(
        "By how much the loss allowance of a branch and fund was raised (below 0: lowered); each "
        "is a journal entry."
    ),
)

# The few frozen loans that are watched, those with most outstanding last.
Index(
    "ix_month_loan_watched",
    month_loan.c.close_id,
    month_loan.c.outstanding,
    sqlite_where=text(f"late_days > {WATCHED_OVER}"),
    postgresql_where=text(f"late_days > {WATCHED_OVER}"),
)
Index(None, month_close.c.act_id)
Index(None, month_cell.c.act_id)
Index(None, month_cohort.c.act_id)
Index(None, month_person.c.act_id)
for _table in (month_group, month_flow, month_roll, month_control):
    Index(None, _table.c.act_id)
Index(None, reopen_request.c.act_id)
Index(None, reopen_request.c.close_id)
unique_where_given(month_close.c.replaces_id)
unique_where_given(reopen_request.c.answers_id)
for _table in (allowance_request, allowance_entry):
    Index(None, _table.c.act_id)
Index(None, allowance_request.c.close_id)
Index(None, allowance_entry.c.request_id)
unique_where_given(allowance_request.c.answers_id)
unique_where_given(allowance_entry.c.reverses_id)
