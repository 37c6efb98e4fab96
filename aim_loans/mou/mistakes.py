"""What of the joint work was a mistake: trainings and attendance taken back; what once was."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, func, literal, select, union_all

from aim_loans.borrowers.undoing import Mistake, TakeBack, take_back
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound
from aim_loans.identity.models import act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.mou.models import (
    registration,
    support,
    training_attendance,
    training_attendance_undoing,
    training_invitation,
    training_undoing,
)
from aim_loans.mou.trainings import training_by_id

MOST_SHOWN = 20


class TakenBack(NamedTuple):
    """A step or help that was taken back: its words' keys, why, by whom and when."""

    kind: str
    detail: str
    state: str
    reason: str
    actor: str
    taken_back_at: datetime


def take_back_training(
    tx: Writing, command: TakeBack, *, actor: Actor, key: str | None = None
) -> None:
    """Take a training back with its attendance; its code may then stand on another one."""
    known = training_by_id(tx.connection, command.row_id, lock=True)
    require(actor, Deed.PLAN_TRAINING, branch=known.branch_code)
    mistake = Mistake(training_undoing, f"training {known.id}", known.branch_code)
    take_back(tx, command, mistake, actor=actor, key=key)


def take_back_attendance(
    tx: Writing, command: TakeBack, *, actor: Actor, key: str | None = None
) -> None:
    """Take back what was entered of somebody's attendance; what was entered before holds again."""
    row, asked = training_attendance, training_invitation
    found = tx.connection.execute(
        select(asked.c.training_id)
        .join(row, row.c.invitation_id == asked.c.id)
        .where(row.c.id == command.row_id)
    ).first()
    if found is None:
        raise NotFound("There is no such attendance. Open the training again.")
    known = training_by_id(tx.connection, found.training_id, lock=True)
    require(actor, Deed.RECORD_SUPPORT, branch=known.branch_code)
    subject = f"training {known.id}"
    mistake = Mistake(training_attendance_undoing, subject, known.branch_code)
    take_back(tx, command, mistake, actor=actor, key=key)


def taken_back_of(connection: Connection, enterprise_id: int) -> list[TakenBack]:
    """Give what was taken back of an enterprise, the latest first; 20 at most."""
    parts = union_all(
        _undone("registration", registration, "type", "state", enterprise_id),
        _undone("support", support, "kind", None, enterprise_id),
    ).subquery()
    latest = select(parts).order_by(parts.c.act_id.desc()).limit(MOST_SHOWN)
    return [
        TakenBack(row.kind, row.detail, row.state, row.reason, row.actor, row.recorded_at)
        for row in connection.execute(latest)
    ]


def _undone(
    kind: str, table: Table, detail: str, state: str | None, enterprise_id: int
) -> Select[Any]:
    """Select the rows that take another of the same table back, which they repeat."""
    return (
        select(
            literal(kind).label("kind"),
            table.c[detail].label("detail"),
            (table.c[state] if state else literal("")).label("state"),
            func.coalesce(act.c.reason, "").label("reason"),
            act.c.actor,
            act.c.recorded_at,
            table.c.act_id,
        )
        .join(act, act.c.id == table.c.act_id)
        .where(table.c.enterprise_id == enterprise_id, table.c.undoes_id.is_not(None))
    )
