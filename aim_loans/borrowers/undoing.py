"""What was written down by mistake is taken back: the row stays, and counts no longer.

The opposite fact names the row and gives the reason. An earlier cut still knows the row alone.
"""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import Table, select

from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import (
    HEAD_OFFICE_CHAIN,
    Act,
    begin_act,
    begin_branch_act,
    seal_act,
)
from aim_loans.identity.permissions import Actor
from aim_loans.identity.requests import check_reason


@dataclass(frozen=True, slots=True)
class TakeBack:
    """A row that was a mistake, and why it is taken back."""

    row_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is taken back: the table of the facts that do so, what the act is about, and where.

    Without a branch it is about the institution as a whole. `kind` names the act, where it is
    another one than taking back.
    """

    undoing: Table
    subject: str
    branch_code: str | None = None
    kind: str = ""


def take_back(
    tx: Writing, command: TakeBack, mistake: Mistake, *, actor: Actor, key: str | None = None
) -> None:
    """Write the opposite fact down; whoever calls has asked for the right and locked the row.

    Refused without a reason, and for a row that was taken back before.
    """
    check_reason(command.reason)
    undoing = mistake.undoing
    this = _begin(tx, command, mistake, actor=actor, key=key)
    if this.repeated:
        return
    before = select(undoing.c.id).where(undoing.c.undoes_id == command.row_id)
    if tx.connection.execute(before).first():
        raise Refused("This was taken back already. Open the page again.")
    columns = ("undoes_id", "reason", "act_id", "recorded_at")
    row = (command.row_id, command.reason.strip(), this.id, this.recorded_micros)
    insert_new(tx.connection, undoing, columns, [row])
    seal_act(tx, this, (undoing,))


def _begin(
    tx: Writing, command: TakeBack, mistake: Mistake, *, actor: Actor, key: str | None
) -> Act:
    begin = (
        partial(begin_act, chain=HEAD_OFFICE_CHAIN)
        if mistake.branch_code is None
        else partial(begin_branch_act, branch_code=mistake.branch_code)
    )
    return begin(
        tx,
        kind=mistake.kind or f"take_back_{mistake.undoing.name.removesuffix('_undoing')}",
        command=command,
        actor=actor,
        subject=mistake.subject,
        reason=command.reason.strip(),
        key=key,
    )
