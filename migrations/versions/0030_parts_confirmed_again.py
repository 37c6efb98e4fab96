"""A party confirms its part of a joint report again after a month of the period was reopened."""

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

TABLE = "joint_part"
NAME = "uq_joint_part_period_edition_party"
COLUMNS = ("period", "edition", "party")
ONCE = f"CONSTRAINT {NAME} UNIQUE ({', '.join(COLUMNS)})"


def upgrade() -> None:
    """Let a party's word for an edition to come stand more than once."""
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint(NAME, TABLE, type_="unique")
    else:
        make_anew(without_once)


def without_once(sql: str) -> str:
    """Take the condition out of the definition of the table."""
    found, times = re.subn(rf",\s*{re.escape(ONCE)}", "", sql)
    if times != 1:
        raise ValueError(sql)
    return found


def with_once(sql: str) -> str:
    """Put the condition behind everything else in the definition of the table."""
    body, closing, rest = sql.rpartition(")")
    return f"{body}, {ONCE}{closing}{rest}"


def make_anew(changed: Callable[[str], str]) -> None:
    """Copy the table of SQLite into one of a changed definition, with its indexes and triggers."""
    connection = op.get_bind()
    parts = connection.execute(
        sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL"),
        {"table": TABLE},
    ).all()
    (definition,) = (part.sql for part in parts if part.type == "table")
    statements = (
        re.sub(rf'^CREATE TABLE "?{TABLE}"?', f"CREATE TABLE {TABLE}_anew", changed(definition)),
        f"INSERT INTO {TABLE}_anew SELECT * FROM {TABLE}",  # noqa: S608  # our own names
        f"DROP TABLE {TABLE}",
        f"ALTER TABLE {TABLE}_anew RENAME TO {TABLE}",
        *(part.sql for part in parts if part.type != "table"),
    )
    for statement in statements:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Hold a word once an edition; refused by the database where somebody gave it twice."""
    if op.get_context().dialect.name == "postgresql":
        op.create_unique_constraint(NAME, TABLE, COLUMNS)
    else:
        make_anew(with_once)
