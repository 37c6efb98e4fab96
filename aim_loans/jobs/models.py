"""The queue of long work. Its rows change; what a job leaves behind is a fact of its own."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint

from aim_loans.db.tables import Identifier, Moment, metadata

job = Table(
    "job",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("batch", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("taken_by", Text),
    Column("taken_until", Moment),
    Column("fault", Text),
    Column("done_at", Moment),
    UniqueConstraint("batch", "subject"),
    CheckConstraint("(taken_by IS NULL) = (taken_until IS NULL)", name="taken"),
    comment=(
        "Work to be done by a worker. It is somebody's until `taken_until`; after that moment "
        "another takes it up."
    ),
)

# What waits is looked for over and over; what is done is not.
Index(
    "ix_job_open",
    job.c.id,
    sqlite_where=job.c.done_at.is_(None),
    postgresql_where=job.c.done_at.is_(None),
)
