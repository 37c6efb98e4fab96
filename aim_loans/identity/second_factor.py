"""What can happen to a second factor: enrolled, given at sign-in, reset; recovery codes.

The newest row of `staff_factor` holds. A step of the authenticator counts once: the last one
used is moved forward by one conditional statement, so two requests cannot both use it.
"""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, exists, func, select

from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.db.statements import Statement
from aim_loans.errors import NotAllowed, Refused
from aim_loans.identity.models import recovery_code, recovery_code_use, staff_factor
from aim_loans.identity.one_time_codes import (
    matching_step,
    new_recovery_codes,
    nonce_of_session,
    plain_code,
    recovery_digest,
    totp_secret,
)
from aim_loans.identity.operations import IDENTITY_CHAIN, Act, begin_act, seal_act, upsert
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.identity.queries import require_staff
from aim_loans.identity.sign_in import end_sessions, give_factor

_FACTOR_COLUMNS = ("username", "kind", "nonce", "act_id", "recorded_at")
_CODE_COLUMNS = ("username", "digest", "act_id", "recorded_at")

# The row that comes back, or not, says whether this step is a new one.
_USE_STEP = Statement(
    "INSERT INTO factor_step (username, last_step) VALUES (:username, :step) "
    "ON CONFLICT (username) DO UPDATE SET last_step = excluded.last_step "
    "WHERE factor_step.last_step < excluded.last_step RETURNING username"
)


@dataclass(frozen=True, slots=True)
class Enrol:
    """Somebody takes a second factor; the nonce is no secret without the application's key."""

    username: str
    nonce: str


def enrol(
    tx: Writing, typed: str, *, token: str, actor: Actor, factor_key: bytes
) -> tuple[str, ...]:
    """Take the second factor that this session was shown, once its first code has come back.

    Gives the recovery codes, which are kept nowhere. Refused when there is a factor already.
    """
    command = Enrol(actor.name, nonce_of_session(factor_key, token))
    _use_step(tx, totp_secret(factor_key, command.username, command.nonce), actor, typed)
    if _nonce(tx.connection, actor.name) is not None:
        raise Refused("You have a second factor already. Sign in anew and give its code.")
    this = _begin(tx, "enrol_factor", command, actor, of=actor.name)
    row = (actor.name, "enrolled", command.nonce, this.id, this.recorded_micros)
    insert_new(tx.connection, staff_factor, _FACTOR_COLUMNS, [row])
    codes = _write_codes(tx, this, actor, factor_key)
    seal_act(tx, this, (staff_factor, recovery_code))
    give_factor(tx, token)
    return codes


@dataclass(frozen=True, slots=True)
class GiveCode:
    """The second factor is given at sign-in: a code, or one of the recovery codes."""

    username: str
    by: Literal["code", "recovery_code"]


def give_code(tx: Writing, typed: str, *, token: str, actor: Actor, factor_key: bytes) -> None:
    """Give a session its second factor; Refused for a wrong code or one that was used."""
    secret = _secret(tx.connection, actor, factor_key)
    recovery_id = _unused_code(tx.connection, typed, actor, factor_key)
    if recovery_id is None:
        _use_step(tx, secret, actor, typed)
    command = GiveCode(actor.name, "code" if recovery_id is None else "recovery_code")
    this = _begin(tx, "give_factor", command, actor, of=actor.name)
    if recovery_id is not None:
        _use_code(tx, this, recovery_id)
    seal_act(tx, this, (recovery_code_use,))
    give_factor(tx, token)


@dataclass(frozen=True, slots=True)
class RenewCodes:
    """Ten new recovery codes; the ones before them no longer hold."""

    username: str


def renew_codes(tx: Writing, typed: str, *, actor: Actor, factor_key: bytes) -> tuple[str, ...]:
    """Make new recovery codes for whoever gives a code of the authenticator again."""
    _use_step(tx, _secret(tx.connection, actor, factor_key), actor, typed)
    this = _begin(tx, "renew_recovery_codes", RenewCodes(actor.name), actor, of=actor.name)
    codes = _write_codes(tx, this, actor, factor_key)
    seal_act(tx, this, (recovery_code,))
    return codes


@dataclass(frozen=True, slots=True)
class ResetFactor:
    """Somebody lost telephone and codes, and enrols anew at the next sign-in."""

    username: str


def reset_factor(tx: Writing, command: ResetFactor, *, actor: Actor, key: str | None = None) -> Act:
    """Take away a second factor; all sessions end. Nobody resets their own."""
    require(actor, Deed.MANAGE_STAFF, branch=None)
    if actor.name == command.username:
        raise NotAllowed(
            "{actor} may not reset their own second factor. Ask a second person.",
            actor=actor.name,
        )
    require_staff(tx.connection, command.username)
    this = _begin(tx, "reset_factor", command, actor, of=command.username, key=key)
    if this.repeated:
        return this
    row = (command.username, "reset", None, this.id, this.recorded_micros)
    insert_new(tx.connection, staff_factor, _FACTOR_COLUMNS, [row])
    seal_act(tx, this, (staff_factor,))
    end_sessions(tx, command.username)
    return this


def codes_left(connection: Connection, username: str) -> int:
    """Count the recovery codes that somebody can still use."""
    rows = select(func.count()).select_from(recovery_code).where(_holds(username))
    return connection.execute(rows).scalar_one()


def _begin(
    tx: Writing,
    kind: str,
    command: Enrol | GiveCode | RenewCodes | ResetFactor,
    actor: Actor,
    *,
    of: str,
    key: str | None = None,
) -> Act:
    return begin_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=f"staff {of}",
        chain=IDENTITY_CHAIN,
        key=key,
    )


def _nonce(connection: Connection, username: str) -> str | None:
    """Give the nonce of the factor that holds; None when there is none, or it was reset."""
    found: str | None = connection.execute(
        select(staff_factor.c.nonce)
        .where(staff_factor.c.username == username)
        .order_by(staff_factor.c.id.desc())
        .limit(1)
    ).scalar()
    return found


def _secret(connection: Connection, actor: Actor, factor_key: bytes) -> str:
    nonce = _nonce(connection, actor.name)
    if nonce is None:
        raise Refused("You have no second factor yet. Sign in anew and set it up.")
    return totp_secret(factor_key, actor.name, nonce)


def _use_step(tx: Writing, secret: str, actor: Actor, typed: str) -> None:
    """Use up the step that a code belongs to; it also keeps others of this name waiting."""
    step = matching_step(secret, plain_code(typed), tx.now)
    if step is None:
        raise Refused(
            "This code is wrong or too old. Type the one that the telephone shows now.",
            field="code",
        )
    if not _USE_STEP.run(tx.connection, {"username": actor.name, "step": step}):
        raise Refused("This code was used already. Wait for the next one.", field="code")


def _write_codes(tx: Writing, this: Act, actor: Actor, factor_key: bytes) -> tuple[str, ...]:
    codes = new_recovery_codes()
    digests = (recovery_digest(factor_key, actor.name, code) for code in codes)
    rows = [(actor.name, digest, this.id, this.recorded_micros) for digest in digests]
    insert_new(tx.connection, recovery_code, _CODE_COLUMNS, rows)
    return codes


def _unused_code(connection: Connection, typed: str, actor: Actor, factor_key: bytes) -> int | None:
    digest = recovery_digest(factor_key, actor.name, typed)
    rows = select(recovery_code.c.id).where(_holds(actor.name), recovery_code.c.digest == digest)
    found: int | None = connection.execute(rows).scalar()
    return found


def _holds(username: str) -> ColumnElement[bool]:
    """Keep the codes of somebody's newest set that were not used."""
    newest = (
        select(func.max(recovery_code.c.act_id))
        .where(recovery_code.c.username == username)
        .scalar_subquery()
    )
    used = exists().where(recovery_code_use.c.code_id == recovery_code.c.id)
    return (recovery_code.c.username == username) & (recovery_code.c.act_id == newest) & ~used


def _use_code(tx: Writing, this: Act, code_id: int) -> None:
    row = {"code_id": code_id, "act_id": this.id, "recorded_at": this.recorded_at}
    statement = upsert(tx.connection, recovery_code_use).values(row)
    new = statement.on_conflict_do_nothing(index_elements=["code_id"])
    if tx.connection.execute(new.returning(recovery_code_use.c.id)).first() is None:
        raise Refused("This recovery code was used already. Type another one.", field="code")
