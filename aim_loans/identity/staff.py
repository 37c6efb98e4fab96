"""What can happen to staff and branches: roles given and ended, sign-out, a branch opened.

A role is a fact; it ends by a second fact that names it, from a day on. Nobody changes the
roles that they hold themselves.
"""

from dataclasses import dataclass
from datetime import date

from aim_loans.db.bulk import Row, insert_new, stored_day
from aim_loans.db.engine import Writing
from aim_loans.errors import NotAllowed, Refused
from aim_loans.identity.models import staff_grant
from aim_loans.identity.operations import (
    HEAD_OFFICE_CHAIN,
    IDENTITY_CHAIN,
    Act,
    AddBranch,
    add_branch,
    begin_act,
    hold_chain,
    seal_act,
)
from aim_loans.identity.permissions import Actor, Deed, Role, require
from aim_loans.identity.queries import require_area, require_branch, require_staff
from aim_loans.identity.sign_in import end_sessions
from aim_loans.identity.staff_queries import HeldRole, held_roles, role_of_grant

_GRANT_COLUMNS = (
    "username",
    "role",
    "branch_code",
    "line_id",
    "valid_from",
    "revokes_id",
    "act_id",
)


@dataclass(frozen=True, slots=True)
class GiveRole:
    """A further role from a day on: at a branch, in an area, or (neither) everywhere."""

    username: str
    role: Role
    valid_from: date
    branch_code: str | None = None
    area: str | None = None


def give_role(
    tx: Writing, command: GiveRole, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Give a role to another; Refused when it is held already or begins before today."""
    _require_other(actor, command.username)
    this = begin_act(
        tx,
        kind="give_role",
        command=command,
        actor=actor,
        subject=f"staff {command.username}",
        chain=IDENTITY_CHAIN,
        key=key,
    )
    if this.repeated:
        return this
    hold_chain(tx, IDENTITY_CHAIN)
    require_staff(tx.connection, command.username)
    line_id = _line_of(tx, command)
    _check_from(command.valid_from, today, "valid_from")
    if any(_same(held, command) for held in held_roles(tx.connection, [command.username])):
        raise Refused("This role is held there already. End that one first.", field="role")
    day = stored_day(command.valid_from)
    where = (command.branch_code, line_id)
    _write(tx, this, (command.username, command.role.value, *where, day, None))
    return this


@dataclass(frozen=True, slots=True)
class EndRole:
    """A role ends; `ends_on` is the first day on which it is no longer held."""

    grant_id: int
    ends_on: date


def end_role(
    tx: Writing, command: EndRole, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """End a role of another; it ends once, not before today nor before it begins."""
    held = role_of_grant(tx.connection, command.grant_id)
    _require_other(actor, held.username)
    this = begin_act(
        tx,
        kind="end_role",
        command=command,
        actor=actor,
        subject=f"staff {held.username}",
        chain=IDENTITY_CHAIN,
        key=key,
    )
    if this.repeated:
        return this
    if held.ends_on is not None:
        raise Refused("This role ends on {day} already.", field="ends_on", day=held.ends_on)
    _check_from(command.ends_on, max(today, held.valid_from), "ends_on")
    where = (held.branch_code, held.line_id)
    day = stored_day(command.ends_on)
    _write(tx, this, (held.username, held.role.value, *where, day, held.grant_id))
    return this


@dataclass(frozen=True, slots=True)
class SignOut:
    """All sessions of somebody end."""

    username: str


def sign_out_everywhere(tx: Writing, command: SignOut, *, actor: Actor) -> Act:
    """End every session of a member of staff."""
    require(actor, Deed.MANAGE_STAFF, branch=None)
    require_staff(tx.connection, command.username)
    this = begin_act(
        tx,
        kind="sign_out_everywhere",
        command=command,
        actor=actor,
        subject=f"staff {command.username}",
        chain=IDENTITY_CHAIN,
    )
    seal_act(tx, this, ())
    end_sessions(tx, command.username)
    return this


def open_branch(tx: Writing, command: AddBranch, *, actor: Actor, key: str | None = None) -> Act:
    """Add a branch in an act of its own; Conflict when the code is taken."""
    this = begin_act(
        tx,
        kind="add_branch",
        command=command,
        actor=actor,
        subject=f"branch {command.code}",
        chain=HEAD_OFFICE_CHAIN,
        key=key,
    )
    if this.repeated:
        return this
    add_branch(tx, command, actor=actor, within=this)
    seal_act(tx, this, ())
    return this


def _require_other(actor: Actor, username: str) -> None:
    require(actor, Deed.MANAGE_STAFF, branch=None)
    if actor.name == username:
        raise NotAllowed(
            "{actor} may not change their own roles. Ask a second person.", actor=actor.name
        )


def _line_of(tx: Writing, command: GiveRole) -> int | None:
    if command.branch_code and command.area:
        raise Refused("Give a branch or an area, not both.", field="branch")
    if command.branch_code:
        require_branch(tx.connection, command.branch_code)
    return require_area(tx.connection, command.area) if command.area else None


def _check_from(day: date, earliest: date, field: str) -> None:
    if day < earliest:
        raise Refused("Choose {day} or a later day.", field=field, day=earliest)


def _same(held: HeldRole, command: GiveRole) -> bool:
    running = held.ends_on is None or held.ends_on > command.valid_from
    place = (held.role, held.branch_code, held.area)
    return running and place == (command.role, command.branch_code, command.area)


def _write(tx: Writing, this: Act, values: Row) -> None:
    insert_new(tx.connection, staff_grant, _GRANT_COLUMNS, [(*values, this.id)])
    seal_act(tx, this, (staff_grant,))
