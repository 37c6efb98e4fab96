"""Tables of repayment: what one person asks for and another confirms, visits and promises."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
)

from aim_loans.config.settings import CHANNELS
from aim_loans.db.tables import FACT, Identifier, Moment, metadata, one_of, unique_where_given
from aim_loans.repayment.receivable import PAYERS

cancel_request = Table(
    "cancel_request",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("money_in_id", ForeignKey("money_in.id"), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("dishonoured_on", Date),
    Column("declines_id", ForeignKey("cancel_request.id")),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    info=FACT,
    comment="Somebody asks to cancel a receipt; a row that names another declines it.",
)

Index(None, cancel_request.c.act_id)
Index(None, cancel_request.c.money_in_id)
unique_where_given(cancel_request.c.declines_id)

visit = Table(
    "visit",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("loan_id", ForeignKey("loan.id"), nullable=False),
    Column("visited_on", Date, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("met_whom", Text),
    Column("promised_on", Date),
    Column("promised_amount", BigInteger),
    Column("note", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(
        one_of("outcome", "paid", "promised", "not_home", "refused", "moved", "dispute", "other"),
        name="outcome",
    ),
    CheckConstraint(
        one_of("met_whom", "borrower", "family", "guarantor", "neighbour"), name="met_whom"
    ),
    CheckConstraint(
        "CASE WHEN outcome = 'promised' THEN promised_on IS NOT NULL "
        "AND promised_on >= visited_on AND promised_amount IS NOT NULL AND promised_amount > 0 "
        "ELSE promised_on IS NULL AND promised_amount IS NULL END",
        name="promise",
    ),
    info=FACT,
    comment="A visit to a borrower and what came of it; a promise names its day and amount.",
)

Index(None, visit.c.act_id)
Index(None, visit.c.loan_id)

ending_request = Table(
    "ending_request",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("loan_id", ForeignKey("loan.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("amount", BigInteger),
    Column("channel", Text),
    Column("fund_code", ForeignKey("fund.code")),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("answers_id", ForeignKey("ending_request.id")),
    Column("answer", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint(one_of("kind", "waiver", "write_off", "refund"), name="kind"),
    CheckConstraint(
        "CASE WHEN kind = 'refund' "
        "THEN amount IS NOT NULL AND amount > 0 AND channel IS NOT NULL "
        "ELSE amount IS NULL AND channel IS NULL END",
        name="refund",
    ),
    CheckConstraint("kind <> 'waiver' OR fund_code IS NOT NULL", name="fund"),
    CheckConstraint(one_of("channel", *CHANNELS), name="channel"),
    CheckConstraint(
        "answers_id IS NULL AND answer IS NULL "
        "OR answers_id IS NOT NULL AND (answer = 'confirmed' OR answer = 'declined')",
        name="answer",
    ),
    info=FACT,
    comment="Somebody asks to waive, write off or pay back; a row that names another answers it.",
)

Index(None, ending_request.c.act_id)
Index(None, ending_request.c.loan_id)
unique_where_given(ending_request.c.answers_id)

backdating_request = Table(
    "backdating_request",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("loan_id", ForeignKey("loan.id"), nullable=False),
    Column("branch_code", ForeignKey("branch.code"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("reference", Text),
    Column("payer", Text),
    Column("book_number", Text),
    Column("reason", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint(one_of("channel", *CHANNELS), name="channel"),
    CheckConstraint("channel = 'cash' OR reference IS NOT NULL", name="reference"),
    CheckConstraint(one_of("payer", *PAYERS), name="payer"),
    info=FACT,
    comment="Somebody asks to write a receipt for a day further back than one person may.",
)

Index(None, backdating_request.c.act_id)
Index(None, backdating_request.c.loan_id)

backdating_answer = Table(
    "backdating_answer",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("request_id", ForeignKey("backdating_request.id"), nullable=False),
    Column("answer", Text, nullable=False),
    Column("money_in_id", ForeignKey("money_in.id")),
    Column("reason", Text),
    Column("act_id", ForeignKey("act.id"), nullable=False),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("request_id"),
    CheckConstraint(one_of("answer", "permitted", "declined"), name="answer"),
    CheckConstraint(
        "CASE WHEN answer = 'permitted' THEN money_in_id IS NOT NULL AND reason IS NULL "
        "ELSE money_in_id IS NULL AND reason IS NOT NULL END",
        name="receipt_or_reason",
    ),
    info=FACT,
    comment="The answer to a request to backdate: permitted, with the receipt, or declined.",
)

Index(None, backdating_answer.c.act_id)
unique_where_given(backdating_answer.c.money_in_id)
