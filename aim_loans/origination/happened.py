"""What happened to an application, act by act; changes nothing."""

from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    Text,
    case,
    cast,
    literal,
    null,
    select,
    union_all,
)

from aim_loans.borrowers.models import person
from aim_loans.identity.models import act
from aim_loans.origination.models import (
    acknowledgement,
    application_loan,
    application_step,
    appraisal,
    background_check,
    guarantee,
)

_NO_WORD, _NO_VERSION = cast(null(), Text), cast(null(), Integer)


class Event(NamedTuple):
    """One thing that happened: what (a word of `application_event`), who did it, and when.

    `detail` is whose guarantee it is, what was answered, or how the borrower acknowledged; the
    version is the one that a step, a visit or an acknowledgement is about.
    """

    kind: str
    detail: str | None
    version: int | None
    by: str
    rank: str | None
    recorded_at: datetime
    reason: str | None


def happened(connection: Connection, application_id: int) -> list[Event]:
    """Give what happened to an application, in the order of the acts, in one statement."""
    of = partial(_acts, application_id)
    step, visit, answer = application_step.c, appraisal.c, background_check.c
    put_on = case((guarantee.c.ends_id.is_(None), "guarantor_on"), else_="guarantor_off")
    guarantees = of(guarantee, put_on, detail=person.c.name)
    agreed = acknowledgement.c
    parts = (
        of(application_step, step.kind, step.version, rank=step.rank, reason=step.reason),
        of(appraisal, visit.kind, visit.version),
        guarantees.join(person, person.c.id == guarantee.c.person_id),
        of(background_check, answer.kind, detail=answer.result),
        of(acknowledgement, literal("acknowledged"), agreed.version, detail=agreed.manner),
        of(application_loan, literal("paid_out")),
    )
    found = union_all(*parts).subquery()
    names = (found.c[name] for name in Event._fields)
    rows = connection.execute(select(*names).order_by(found.c.act_id, found.c.id))
    return [Event(*row) for row in rows]


def _acts(
    application_id: int,
    table: Table,
    kind: ColumnElement[str],
    version: ColumnElement[Any] = _NO_VERSION,
    *,
    detail: ColumnElement[Any] = _NO_WORD,
    rank: ColumnElement[Any] = _NO_WORD,
    reason: ColumnElement[Any] = _NO_WORD,
) -> Select[Any]:
    """Select the rows of a table as events, each with the act that wrote it."""
    row_id = table.c.id if "id" in table.c else table.c.loan_id
    return (
        select(
            act.c.id.label("act_id"),
            row_id.label("id"),
            kind.label("kind"),
            detail.label("detail"),
            version.label("version"),
            act.c.actor.label("by"),
            rank.label("rank"),
            act.c.recorded_at,
            reason.label("reason"),
        )
        .select_from(table)
        .join(act, act.c.id == table.c.act_id)
        # Each by its own index: SQLite takes no condition from outside into a union.
        .where(table.c.application_id == application_id)
    )
