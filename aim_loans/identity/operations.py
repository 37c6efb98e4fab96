"""What can happen in identity: acts are sealed, cuts taken, staff and branches added."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert_postgresql
from sqlalchemy.dialects.sqlite import insert as upsert_sqlite

from aim_loans.db.bulk import next_ids
from aim_loans.db.engine import Writing, hold_row, is_postgresql
from aim_loans.db.statements import Statement
from aim_loans.db.tables import from_micros, to_micros
from aim_loans.errors import Conflict, Refused
from aim_loans.identity import queries
from aim_loans.identity.digests import Record, command_digest, record_of, sign
from aim_loans.identity.models import (
    act,
    audit_chain,
    branch,
    cut,
    line,
    staff,
    staff_grant,
)
from aim_loans.identity.permissions import Actor, Deed, Role, require

HEAD_OFFICE_CHAIN = "head_office"
IDENTITY_CHAIN = "identity"


@dataclass(frozen=True, slots=True)
class Act:
    """One act under way (or done before, under the same key)."""

    id: int
    chain: str
    recorded_micros: int
    repeated: bool = False

    @property
    def recorded_at(self) -> datetime:
        """Give the recorded moment; rows written in bulk hold its microseconds."""
        return from_micros(self.recorded_micros)


# Statements of every act, written out once: to build them costs more than to run them.
_NEW_ACT = Statement(
    "INSERT INTO act (kind, actor, second_actor, branch_code, subject, reason, command_key, "
    "command_digest, recorded_at) SELECT :kind, :actor, :second_actor, :branch_code, :subject, "
    ":reason, :command_key, :command_digest, "
    # Moved past the last cut, should the clock have gone back.
    "CASE WHEN max(taken_at) >= :now THEN max(taken_at) + 1 ELSE :now END FROM cut WHERE true "
    "ON CONFLICT (command_key) WHERE command_key IS NOT NULL DO NOTHING RETURNING id, recorded_at"
)
_FIRST_HEAD = Statement(
    "INSERT INTO audit_chain (name, last_number, last_mac) VALUES (:chain, 0, '') "
    "ON CONFLICT (name) DO NOTHING"
)
_NEXT_HEAD = Statement(
    "UPDATE audit_chain SET last_number = :number, last_mac = :mac WHERE name = :chain"
)
_NEW_ENTRY = Statement(
    "INSERT INTO audit_entry (chain, number, act_id, content_digest, mac) "
    "VALUES (:chain, :number, :act_id, :content_digest, :mac)"
)


def upsert(connection: Connection, table: Table) -> Any:
    """Give the INSERT of the database at hand that knows ON CONFLICT."""
    return (upsert_postgresql if is_postgresql(connection) else upsert_sqlite)(table)


def begin_act(
    tx: Writing,
    *,
    kind: str,
    command: Any,
    actor: Actor,
    subject: str,
    chain: str,
    branch_code: str | None = None,
    second: Actor | None = None,
    reason: str | None = None,
    key: str | None = None,
) -> Act:
    """Write the act's row. With a key that was used before: the earlier act, or Conflict.

    The same key with the same command is a repeated click and gives `repeated`; with
    another command it is refused. `command` is a frozen dataclass.
    """
    digest = command_digest(kind, command)
    values = {
        "kind": kind,
        "actor": actor.name,
        "second_actor": second.name if second else None,
        "branch_code": branch_code,
        "subject": subject,
        "reason": reason,
        "command_key": key,
        "command_digest": digest,
        "now": to_micros(tx.now),
    }
    for act_id, recorded_micros in _NEW_ACT.run(tx.connection, values):
        return Act(act_id, chain, recorded_micros)
    earlier = tx.connection.execute(select(act).where(act.c.command_key == key)).one()
    if earlier.command_digest != digest:
        raise Conflict(
            "The key {key} was already used for something else ({subject}). Start the form anew.",
            key=key,
            subject=earlier.subject,
        )
    return Act(earlier.id, chain, to_micros(earlier.recorded_at), repeated=True)


def begin_branch_act(
    tx: Writing,
    *,
    kind: str,
    command: Any,
    actor: Actor,
    branch_code: str,
    subject: str,
    second: Actor | None = None,
    reason: str | None = None,
    key: str | None = None,
) -> Act:
    """Begin an act in the chain of a branch: see `begin_act`."""
    return begin_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=subject,
        chain=f"branch:{branch_code}",
        branch_code=branch_code,
        second=second,
        reason=reason,
        key=key,
    )


def seal_act(tx: Writing, this: Act, tables: tuple[Table, ...]) -> None:
    """Add the act, with a digest of all that it wrote, to its chain; the last step of an act.

    `tables` are the fact tables it may have written to.
    """
    connection = tx.connection
    record = _sealable(connection, tables, this)
    number = record.last_number + 1
    signed = (this.chain, number, record.act_text, record.content_digest)
    entry = {
        "chain": this.chain,
        "number": number,
        "act_id": this.id,
        "content_digest": record.content_digest,
        "mac": sign(tx.audit_key, record.last_mac, *signed),
    }
    _NEXT_HEAD.run(connection, entry)
    _NEW_ENTRY.run(connection, entry)


def hold_chain(tx: Writing, chain: str) -> None:
    """Let others who hold this chain wait until the act ends.

    What it numbers has no gap, and what must not be asked for twice is looked up while nobody
    else writes it. Called once the act has begun.
    """
    hold_row(tx.connection, audit_chain.c.name, chain)


def _sealable(connection: Connection, tables: tuple[Table, ...], this: Act) -> Record:
    """Read what an act wrote, and lock the head of its chain, which is made when it is new."""
    record = record_of(connection, tables, this.id, chain=this.chain)
    if record is None:
        _FIRST_HEAD.run(connection, {"chain": this.chain})
        return _sealable(connection, tables, this)
    return record


@dataclass(frozen=True, slots=True)
class TakeCut:
    """A cut, and what it is for."""

    purpose: str


def take_cut(tx: Writing, command: TakeCut, *, actor: Actor) -> datetime:
    """Store the transaction's moment as a cut, sealed over the heads of all chains.

    The transaction must be one from `cutting`. Returns the cut K: whatever is recorded at or
    before it is known, and nothing will be added to that.
    """
    connection = tx.connection
    heads = {
        row.name: [row.last_number, row.last_mac]
        for row in connection.execute(select(audit_chain).order_by(audit_chain.c.name))
    }
    body = json.dumps(heads, sort_keys=True)
    last = connection.execute(select(cut).order_by(cut.c.number.desc()).limit(1)).first()
    number = last.number + 1 if last else 1
    previous = last.seal if last else ""
    this = begin_act(
        tx,
        kind="cut",
        command=command,
        actor=actor,
        subject=f"cut {number}",
        chain=HEAD_OFFICE_CHAIN,
    )
    moment = this.recorded_at
    seal = sign(tx.audit_key, previous, number, to_micros(moment), command.purpose, body)
    connection.execute(
        insert(cut).values(
            number=number,
            taken_at=moment,
            purpose=command.purpose,
            heads=body,
            seal=seal,
            act_id=this.id,
        )
    )
    seal_act(tx, this, (cut,))
    return moment


@dataclass(frozen=True, slots=True)
class AddBranch:
    """A branch, with its area (made when it is new) and district."""

    code: str
    name: str
    area: str | None = None
    district: str | None = None


def add_branch(tx: Writing, command: AddBranch, *, actor: Actor, within: Act) -> None:
    """Add a branch inside an act that is under way; Conflict when the code is taken."""
    require(actor, Deed.MANAGE_SETTINGS, branch=None)
    area_id = _area_id(tx.connection, command.area) if command.area else None
    statement = upsert(tx.connection, branch).values(
        code=command.code,
        name=command.name,
        area_id=area_id,
        district=command.district,
        act_id=within.id,
    )
    done = tx.connection.execute(
        statement.on_conflict_do_nothing(index_elements=["code"]).returning(branch.c.code)
    ).first()
    if done is None:
        raise Conflict("Branch {code} exists already.", field="branch", code=command.code)


@dataclass(frozen=True, slots=True)
class AddStaff:
    """A member of staff and a first role, at a branch, in an area, or (neither) everywhere."""

    username: str
    full_name: str
    role: Role
    valid_from: date
    branch_code: str | None = None
    area: str | None = None


def add_staff(tx: Writing, command: AddStaff, *, actor: Actor, key: str | None = None) -> Act:
    """Add a member of staff with a first role; Conflict when the name is taken."""
    require(actor, Deed.MANAGE_STAFF, branch=None)
    this = begin_act(
        tx,
        kind="add_staff",
        command=command,
        actor=actor,
        subject=f"staff {command.username}",
        chain=IDENTITY_CHAIN,
        key=key,
    )
    if this.repeated:
        return this
    hold_chain(tx, IDENTITY_CHAIN)
    _check_staff(tx.connection, command)
    tx.connection.execute(
        insert(staff).values(
            username=command.username,
            full_name=command.full_name,
            branch_code=command.branch_code,
            act_id=this.id,
        )
    )
    tx.connection.execute(
        insert(staff_grant).values(
            id=next_ids(tx.connection, staff_grant, 1)[0],
            username=command.username,
            role=command.role.value,
            branch_code=command.branch_code,
            line_id=_area_id(tx.connection, command.area) if command.area else None,
            valid_from=command.valid_from,
            act_id=this.id,
        )
    )
    seal_act(tx, this, (staff_grant,))
    return this


def _check_staff(connection: Connection, command: AddStaff) -> None:
    if not command.username.strip() or not command.full_name.strip():
        raise Refused("Give a user name and a full name.", field="username")
    if command.branch_code and command.area:
        raise Refused("Give a branch or an area, not both.", field="branch")
    if command.branch_code:
        queries.require_branch(connection, command.branch_code)
    if queries.staff_exists(connection, command.username):
        raise Conflict(
            "The user name {username} is taken. Choose another.",
            field="username",
            username=command.username,
        )


def _area_id(connection: Connection, name: str) -> int:
    """Give the number of an area, which is made when it is new; two at once make one."""
    known = queries.known_area(connection, name)
    if known is not None:
        return known
    made = upsert(connection, line).values(level="area", name=name)
    connection.execute(made.on_conflict_do_nothing(index_elements=["level", "name"]))
    return queries.require_area(connection, name)
