"""What can happen at the door: passwords are set, staff sign in and out, attempts fail.

A session is a row that can be ended at any time; the browser holds a random token, the
database its digest. It ends after half an hour without a page, and after twelve hours.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.models import (
    sign_in_failure,
    staff,
    staff_factor,
    staff_password,
    web_session,
)
from aim_loans.identity.operations import IDENTITY_CHAIN, begin_act, seal_act
from aim_loans.identity.passwords import check_password, hash_password
from aim_loans.identity.permissions import Actor, Deed, needs_second_factor, require
from aim_loans.identity.queries import as_grants, held_grants, require_staff

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
# How stale the moment of the last page may get, so that not every page writes.
SEEN_EVERY = timedelta(minutes=5)
FAILURE_WINDOW = timedelta(minutes=15)
MOST_FAILURES_OF_A_NAME = 5
MOST_FAILURES_OF_AN_ADDRESS = 50
# From anywhere: whoever comes as far as the codes knows the password, so it locks no stranger's
# victim out, and a million codes cannot be tried from a thousand addresses.
MOST_WRONG_CODES = 10

_PASSWORD_COLUMNS = ("username", "hash", "temporary", "act_id", "recorded_at")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a session belongs to, with the roles held today."""

    actor: Actor
    full_name: str
    must_change_password: bool
    has_factor: bool
    factor_given: bool
    seen_at: datetime

    @property
    def must_give_factor(self) -> bool:
        """Say whether a second factor is asked for, and was not given in this session."""
        asked = self.has_factor or needs_second_factor(self.actor)
        return asked and not self.factor_given

    @property
    def through_the_door(self) -> bool:
        """Say whether the pages are open: nothing more is asked for before them."""
        return not (self.must_change_password or self.must_give_factor)


@dataclass(frozen=True, slots=True)
class SetPassword:
    """A new password of a member of staff; the hash is never part of the command's digest."""

    username: str
    temporary: bool


def set_password(tx: Writing, command: SetPassword, password: str, *, actor: Actor) -> None:
    """Set a password: one's own, or a temporary one for another. All sessions of it end."""
    if actor.name != command.username or command.temporary:
        require(actor, Deed.MANAGE_STAFF, branch=None)
    require_staff(tx.connection, command.username)
    check_password(password, username=command.username)
    this = begin_act(
        tx,
        kind="set_password",
        command=command,
        actor=actor,
        subject=f"staff {command.username}",
        chain=IDENTITY_CHAIN,
    )
    row = (
        command.username,
        hash_password(password),
        int(command.temporary),
        this.id,
        this.recorded_micros,
    )
    insert_new(tx.connection, staff_password, _PASSWORD_COLUMNS, [row])
    seal_act(tx, this, (staff_password,))
    end_sessions(tx, command.username)


def password_hash(connection: Connection, username: str) -> str | None:
    """Give the newest password hash of a name; None for nobody, or nobody who may sign in."""
    found: str | None = connection.execute(
        select(staff_password.c.hash)
        .where(staff_password.c.username == username)
        .order_by(staff_password.c.id.desc())
        .limit(1)
    ).scalar()
    return found


def check_attempts(connection: Connection, username: str, address: str, *, now: datetime) -> None:
    """Refuse another attempt after too many failures from this address.

    The same name stays open from every other address: nobody can lock another one out.
    """
    recent = select(func.count()).where(
        sign_in_failure.c.address == address, sign_in_failure.c.failed_at > now - FAILURE_WINDOW
    )
    of_name = connection.execute(recent.where(sign_in_failure.c.username == username)).scalar_one()
    of_address = connection.execute(recent).scalar_one()
    if of_name >= MOST_FAILURES_OF_A_NAME or of_address >= MOST_FAILURES_OF_AN_ADDRESS:
        raise Refused(
            "Too many wrong attempts came from here. Wait {minutes} minutes, or ask head office "
            "for a new password.",
            minutes=FAILURE_WINDOW // timedelta(minutes=1),
        )


def check_code_attempts(connection: Connection, username: str, *, now: datetime) -> None:
    """Refuse another code after too many wrong ones, wherever they came from."""
    wrong = select(func.count()).where(
        sign_in_failure.c.username == username,
        sign_in_failure.c.of_code,
        sign_in_failure.c.failed_at > now - FAILURE_WINDOW,
    )
    if connection.execute(wrong).scalar_one() >= MOST_WRONG_CODES:
        raise Refused(
            "Too many wrong codes were tried. Wait {minutes} minutes, or ask head office to reset "
            "the second factor.",
            minutes=FAILURE_WINDOW // timedelta(minutes=1),
        )


def record_failure(tx: Writing, username: str, address: str, *, of_code: bool = False) -> None:
    """Count a wrong attempt: of the password, or of the second factor's code."""
    row = {
        "username": username[:200],
        "address": address,
        "of_code": of_code,
        "failed_at": tx.now,
    }
    tx.connection.execute(insert(sign_in_failure).values(row))


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """A page that somebody asked for without the right to it."""

    page: str


def record_refusal(tx: Writing, *, actor: Actor, page: str) -> None:
    """Write down that somebody was refused; nothing else of it stays."""
    this = begin_act(
        tx,
        kind="refused",
        command=RefusedPage(page),
        actor=actor,
        subject=page,
        chain=IDENTITY_CHAIN,
    )
    seal_act(tx, this, ())


@dataclass(frozen=True, slots=True)
class StartSession:
    """Somebody signed in with the right password.

    `factor_given`: the second factor was given in the session that this one goes on from.
    """

    username: str
    factor_given: bool = False


def start_session(tx: Writing, command: StartSession) -> str:
    """Start a session; gives the token that the browser keeps."""
    this = begin_act(
        tx,
        kind="sign_in",
        command=command,
        actor=Actor(command.username, ()),
        subject=f"staff {command.username}",
        chain=IDENTITY_CHAIN,
    )
    token = secrets.token_urlsafe(32)
    tx.connection.execute(
        insert(web_session).values(
            token_digest=_digest(token),
            username=command.username,
            started_at=tx.now,
            seen_at=tx.now,
            factor_at=tx.now if command.factor_given else None,
        )
    )
    seal_act(tx, this, ())
    return token


def signed_in(connection: Connection, token: str, *, now: datetime, today: date) -> SignedIn | None:
    """Give who holds a session's token; None when it has ended or grown too old."""
    temporary = (
        select(staff_password.c.temporary)
        .where(staff_password.c.username == staff.c.username)
        .order_by(staff_password.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    factor = (
        select(staff_factor.c.nonce)
        .where(staff_factor.c.username == staff.c.username)
        .order_by(staff_factor.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    of_token = web_session.c.token_digest == _digest(token)
    session = (web_session.c.seen_at, web_session.c.factor_at)
    name = select(web_session.c.username).where(of_token).correlate(None).scalar_subquery()
    held = held_grants(name, today).subquery("held")
    # With the roles in the same statement: this is asked for every page.
    rows = connection.execute(
        select(staff.c.username, staff.c.full_name, *session)
        .add_columns(temporary.label("temporary"), factor.label("factor"))
        .add_columns(*(each for each in held.c if each.name != "username"))
        .join(web_session, web_session.c.username == staff.c.username)
        .outerjoin(held, held.c.username == staff.c.username)
        .where(
            of_token,
            web_session.c.ended_at.is_(None),
            web_session.c.seen_at > now - IDLE,
            web_session.c.started_at > now - ABSOLUTE,
        )
        .order_by(held.c.grant_id)
    ).all()
    if not rows:
        return None
    row = rows[0]
    actor = Actor(row.username, as_grants(each for each in rows if each.role))
    return SignedIn(
        actor,
        row.full_name,
        must_change_password=bool(row.temporary),
        has_factor=row.factor is not None,
        factor_given=row.factor_at is not None,
        seen_at=row.seen_at,
    )


def touch_session(tx: Writing, token: str) -> None:
    """Note that a session was used."""
    tx.connection.execute(
        update(web_session)
        .where(web_session.c.token_digest == _digest(token))
        .values(seen_at=tx.now)
    )


def give_factor(tx: Writing, token: str) -> None:
    """Note that the second factor was given in a session."""
    tx.connection.execute(
        update(web_session)
        .where(web_session.c.token_digest == _digest(token))
        .values(factor_at=tx.now)
    )


def end_session(tx: Writing, token: str) -> None:
    """Sign out here."""
    _end(tx, web_session.c.token_digest == _digest(token))


def end_sessions(tx: Writing, username: str) -> None:
    """Sign somebody out everywhere."""
    _end(tx, web_session.c.username == username)


def _end(tx: Writing, which: ColumnElement[bool]) -> None:
    running = web_session.c.ended_at.is_(None)
    tx.connection.execute(update(web_session).where(which, running).values(ended_at=tx.now))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
