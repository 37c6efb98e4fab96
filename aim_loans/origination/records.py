"""How the acts of an application begin, and what each of their rows ends with."""

from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act, begin_branch_act
from aim_loans.identity.permissions import Actor
from aim_loans.origination.lookup import Application

RECORDED = ("act_id", "recorded_at")


def recorded(this: Act) -> tuple[int, int]:
    """Give the values of the columns `RECORDED`."""
    return (this.id, this.recorded_micros)


def begin(
    tx: Writing,
    asked: Application,
    kind: str,
    command: object,
    *,
    actor: Actor,
    key: str | None,
    reason: str | None = None,
) -> Act:
    """Begin an act on an application, in the chain of its branch."""
    return begin_branch_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        reason=reason,
        subject=f"application {asked.ref}",
        branch_code=asked.branch_code,
        key=key,
    )
