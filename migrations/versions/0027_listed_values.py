"""The database holds what may stand in the columns whose values come from a list."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

RUN_BY = ("woman", "man", "transgender", "jointly")
CHANNELS = ("cash", "bank", "cheque", "easypaisa", "jazzcash", "raast")

# The values by table and column.
LISTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "staff_grant": {
        "role": (
            *("loan_officer", "cashier", "branch_manager", "area_manager", "regional_manager"),
            *("head_office", "auditor", "partner", "operator"),
        )
    },
    "enterprise": {
        "sector": (
            *("trade", "livestock", "agriculture", "manufacturing"),
            *("housing", "education", "health", "other"),
        )
    },
    "enterprise_review": {
        "ownership": ("sole", "family", "partnership", "company", "cooperative"),
        "run_by": RUN_BY,
        "turnover": (*("to_500k", "to_2m", "to_10m", "to_30m", "to_150m", "to_800m", "over_800m"),),
        "premises": ("home", "rented", "owned", "open"),
        "digital": ("none", "phone", "payments", "online"),
    },
    "consent": {"manner": ("signature", "thumbprint")},
    "complaint": {
        "channel": ("branch", "phone", "message", "letter", "visit", "authority"),
        "category": (
            *("conduct", "decision", "delay", "collection"),
            *("money", "record", "privacy", "other"),
        ),
    },
    "complaint_step": {"outcome": ("upheld", "partly_upheld", "not_upheld", "withdrawn")},
    "application_step": {
        "rank": (
            *("loan_officer", "branch_manager", "area_manager"),
            *("regional_manager", "head_office"),
        )
    },
    "acknowledgement": {"language": ("en", "ur")},
    "ending_request": {"channel": CHANNELS},
    "survey_answer": {"run_by": RUN_BY},
}
# Another condition bears the column's name already.
NAMES = {("complaint_step", "outcome"): "known_outcome"}


def upgrade() -> None:
    """Add the conditions; a row that breaks one stops the whole migration."""
    for table in LISTS:
        if op.get_context().dialect.name == "postgresql":
            for name, condition in conditions(table):
                op.create_check_constraint(op.f(name), table, condition)
        else:
            make_anew(table, partial(with_conditions, table))


def conditions(table: str) -> Iterator[tuple[str, str]]:
    """Give the conditions of a table by their names."""
    for column, values in LISTS[table].items():
        name = NAMES.get((table, column), column)
        yield f"ck_{table}_{name}", " OR ".join(f"{column} = '{value}'" for value in values)


def as_clause(name: str, condition: str) -> str:
    """Write a condition as it stands in the definition of a table."""
    return f", CONSTRAINT {name} CHECK ({condition})"


def with_conditions(table: str, sql: str) -> str:
    """Put the conditions of a table behind everything else in its definition."""
    body, closing, rest = sql.rpartition(")")
    clauses = "".join(as_clause(*each) for each in conditions(table))
    return f"{body}{clauses}{closing}{rest}"


def without_conditions(table: str, sql: str) -> str:
    """Take the conditions of a table out of its definition."""
    for each in conditions(table):
        sql = sql.replace(as_clause(*each), "")
    return sql


def make_anew(table: str, changed: Callable[[str], str]) -> None:
    """Copy a table of SQLite into one of a changed definition, with its indexes and triggers."""
    connection = op.get_bind()
    parts = connection.execute(
        sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL"),
        {"table": table},
    ).all()
    (definition,) = (part.sql for part in parts if part.type == "table")
    head = re.compile(rf'^CREATE TABLE "?{table}"?')
    statements = (
        head.sub(f"CREATE TABLE {table}_anew", changed(definition)),
        f"INSERT INTO {table}_anew SELECT * FROM {table}",  # noqa: S608  # our own names
        f"DROP TABLE {table}",
        f"ALTER TABLE {table}_anew RENAME TO {table}",
        *(part.sql for part in parts if part.type != "table"),
    )
    for statement in statements:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Drop the conditions."""
    for table in LISTS:
        if op.get_context().dialect.name == "postgresql":
            for name, _ in conditions(table):
                op.drop_constraint(op.f(name), table, type_="check")
        else:
            make_anew(table, partial(without_conditions, table))
