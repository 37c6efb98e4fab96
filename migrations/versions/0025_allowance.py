"""The movement of the loss allowance by two people; the branches of a line in a report."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

TABLES = ("report_branch", "allowance_request", "allowance_entry")
SOURCES = ("money_in", "loan_fact", "loan_dimension")


def upgrade() -> None:
    """Make the tables and their triggers, the new account, and room for its journal."""
    create_report_branch()
    create_allowance_request()
    create_allowance_entry()
    # Facts are never changed: the database itself refuses it.
    for table in TABLES:
        refuse_changes(table)
    op.execute("INSERT INTO account (code, kind) VALUES ('provision', 'expense')")
    let_lines_come_from(*SOURCES, "allowance_entry")


def refuse_changes(table: str) -> None:
    """Let a trigger refuse UPDATE and DELETE (and TRUNCATE) on the table."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
        )


def create_report_branch() -> None:
    """Make the table of the branches that a report about a line covers."""
    op.create_table(
        "report_branch",
        sa.Column("report_id", IDENTIFIER, autoincrement=False, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_report_branch_act_id"),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["branch.code"], name="fk_report_branch_branch_code"
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["issued_report.id"], name="fk_report_branch_report_id"
        ),
        sa.PrimaryKeyConstraint("report_id", "branch_code", name="pk_report_branch"),
        comment="The branches of a line when a paper about it was issued.",
    )
    op.create_index("ix_report_branch_act_id", "report_branch", ["act_id"], unique=False)


def create_allowance_request() -> None:
    """Make the table of requests to post the movement of an allowance."""
    op.create_table(
        "allowance_request",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("close_id", IDENTIFIER, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("movement", sa.BigInteger(), nullable=False),
        sa.Column("answers_id", IDENTIFIER),
        sa.Column("answer", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(answers_id IS NULL) = (answer IS NULL)", name="ck_allowance_request_answered"
        ),
        sa.CheckConstraint(
            "answer = 'confirmed' OR answer = 'declined'", name="ck_allowance_request_answer"
        ),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_allowance_request_act_id"),
        sa.ForeignKeyConstraint(
            ["answers_id"], ["allowance_request.id"], name="fk_allowance_request_answers_id"
        ),
        sa.ForeignKeyConstraint(
            ["close_id"], ["month_close.id"], name="fk_allowance_request_close_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_allowance_request"),
        comment="Somebody asks to post the movement of the loss allowance that a close proposes; a row that names another answers it.",
    )
    for column in ("act_id", "close_id"):
        op.create_index(
            f"ix_allowance_request_{column}", "allowance_request", [column], unique=False
        )
    create_unique_where_given("allowance_request", "answers_id")


def create_allowance_entry() -> None:
    """Make the table of movements of the allowance, by branch and fund."""
    op.create_table(
        "allowance_entry",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("request_id", IDENTIFIER, nullable=False),
        sa.Column("branch_code", sa.Text(), nullable=False),
        sa.Column("fund_code", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("reverses_id", IDENTIFIER),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount <> 0", name="ck_allowance_entry_amount"),
        sa.ForeignKeyConstraint(["act_id"], ["act.id"], name="fk_allowance_entry_act_id"),
        sa.ForeignKeyConstraint(
            ["branch_code"], ["branch.code"], name="fk_allowance_entry_branch_code"
        ),
        sa.ForeignKeyConstraint(["fund_code"], ["fund.code"], name="fk_allowance_entry_fund_code"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["allowance_request.id"], name="fk_allowance_entry_request_id"
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["allowance_entry.id"], name="fk_allowance_entry_reverses_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_allowance_entry"),
        comment="By how much the loss allowance of a branch and fund was raised (below 0: lowered); each is a journal entry.",
    )
    for column in ("act_id", "request_id"):
        op.create_index(f"ix_allowance_entry_{column}", "allowance_entry", [column], unique=False)
    create_unique_where_given("allowance_entry", "reverses_id")


def create_unique_where_given(table: str, column: str) -> None:
    """Hold a column's values unique where there is one."""
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"uq_{table}_{column}",
        table,
        [column],
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
    )


def let_lines_come_from(*sources: str) -> None:
    """Say anew what a journal line may come from; SQLite copies the table for that."""
    condition = " OR ".join(f"source = '{source}'" for source in sources)
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("ck_journal_line_source", "journal_line", type_="check")
        op.create_check_constraint("ck_journal_line_source", "journal_line", condition)
        return
    create_journal_line_anew(condition)
    op.execute("INSERT INTO journal_line_anew SELECT * FROM journal_line")
    op.drop_table("journal_line")
    op.rename_table("journal_line_anew", "journal_line")
    op.create_index("ix_journal_line_act_id", "journal_line", ["act_id"], unique=False)
    refuse_changes("journal_line")


def create_journal_line_anew(condition: str) -> None:
    """Make the table of journal lines, with columns in the order of the old one."""
    names = ("act_id", "branch_code", "credit", "debit", "fund_code")
    targets = ("act.id", "branch.code", "account.code", "account.code", "fund.code")
    op.create_table(
        "journal_line_anew",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("branch_code", "fund_code", "debit", "credit")
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("act_id", IDENTIFIER, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(condition, name="ck_journal_line_source"),
        sa.CheckConstraint("amount > 0", name="ck_journal_line_amount"),
        sa.CheckConstraint("booked_on >= value_on", name="ck_journal_line_booked"),
        sa.CheckConstraint("debit <> credit", name="ck_journal_line_two_accounts"),
        *(
            sa.ForeignKeyConstraint([name], [target], name=f"fk_journal_line_{name}")
            for name, target in zip(names, targets, strict=True)
        ),
        sa.PrimaryKeyConstraint("id", name="pk_journal_line"),
    )


def downgrade() -> None:
    """Drop what was made; refused where a movement was posted, for its lines have no source."""
    let_lines_come_from(*SOURCES)
    op.execute("DELETE FROM account WHERE code = 'provision'")
    for table in reversed(TABLES):
        op.drop_table(table)
