"""What can happen to the files for regulators: issued, asked for, released, declined, taken."""

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert

from aim_loans.db.bulk import insert_new, stored_day
from aim_loans.db.engine import Writing
from aim_loans.db.tables import to_micros
from aim_loans.errors import Refused
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, Act, begin_act, hold_chain, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_two
from aim_loans.identity.requests import hold_unanswered
from aim_loans.portfolio.downloads import write_download
from aim_loans.portfolio.feeder.issued import (
    Issued,
    issued_by_act,
    issued_by_id,
    last_edition,
    open_file_request,
    open_file_requests,
)
from aim_loans.portfolio.feeder.models import (
    file_download,
    file_request,
    issued_file,
    issued_part,
)

PART_BYTES = 1024 * 1024
PEOPLE = "C"

_ISSUED_COLUMNS = (
    *("name", "level", "month_end", "edition", "previous_id", "known_at", "state"),
    *("row_count", "sha256", "manifest", "act_id", "recorded_at"),
)
_REQUEST_COLUMNS = (
    *("name", "month_end", "asked_by", "reason", "answers_id", "issued_id"),
    *("act_id", "recorded_at"),
)


@dataclass(frozen=True, slots=True)
class IssueFile:
    """A file as written and read back: name, privacy level, the month's last day, its SHA-256."""

    name: str
    level: str
    day: date
    known_at: datetime
    state: str
    rows: int
    sha256: str


Names = tuple[str, ...]
# Writes the manifest of an edition: its number, the digest before it, when and by whom it is made.
Manifest = Callable[[int, str | None, datetime, Names], str]


def issue_file(
    tx: Writing,
    command: IssueFile,
    *,
    manifest: Manifest,
    parts: Iterable[bytes],
    actor: Actor,
    request_id: int | None = None,
    key: str | None = None,
) -> Issued:
    """Write down that a file is issued, the next edition of its month, and keep its parts.

    A file of people needs the request of another person, which is answered by it. `parts` are
    the bytes to be kept for downloads; a file that goes to a folder keeps none here. The same
    key again gives the edition that it made.
    """
    asked_by = _released(tx, command, request_id, actor)
    this = begin_act(
        tx,
        kind="issue_file",
        command=command,
        actor=actor,
        second=asked_by,
        subject=f"file {command.name} of {command.day:%Y-%m}",
        chain=HEAD_OFFICE_CHAIN,
        key=key,
    )
    if this.repeated:
        return issued_by_act(tx.connection, this.id)
    made_by = (asked_by.name, actor.name) if asked_by else (actor.name,)
    issued_id = _insert_edition(tx, this, command, manifest, made_by)
    for number, part in enumerate(parts):
        kept = {"issued_id": issued_id, "number": number, "packed": zlib.compress(part, 1)}
        tx.connection.execute(insert(issued_part).values(kept))
    if asked_by is not None:
        answer = (command.name, stored_day(command.day), asked_by.name, "released")
        _write_request(tx, this, (*answer, request_id, issued_id))
    seal_act(tx, this, (issued_file, file_request))
    return issued_by_id(tx.connection, issued_id)


@dataclass(frozen=True, slots=True)
class AskFile:
    """Ask for the file of people of a month, and say what for."""

    name: str
    day: date
    reason: str


def ask_file(tx: Writing, command: AskFile, *, actor: Actor, key: str | None = None) -> Act:
    """Ask; another person releases. Refused without a reason, or when it was asked already."""
    require(actor, Deed.MAKE_FILES, branch=None)
    if not command.reason.strip():
        raise Refused("Give the reason.", field="reason")
    this = begin_act(
        tx,
        kind="ask_file",
        command=command,
        actor=actor,
        reason=command.reason,
        subject=f"file {command.name} of {command.day:%Y-%m}",
        chain=HEAD_OFFICE_CHAIN,
        key=key,
    )
    if this.repeated:
        return this
    hold_chain(tx, HEAD_OFFICE_CHAIN)
    waiting = open_file_requests(tx.connection)
    if any((one.name, one.day) == (command.name, command.day) for one in waiting):
        raise Refused("Somebody asked for this file already. It waits to be released.")
    row = (command.name, stored_day(command.day), actor.name, command.reason, None, None)
    _write_request(tx, this, row)
    seal_act(tx, this, (file_request,))
    return this


@dataclass(frozen=True, slots=True)
class DeclineFile:
    """Say no to a request, with the reason."""

    request_id: int
    reason: str


def decline_file(tx: Writing, command: DeclineFile, *, actor: Actor) -> Act:
    """Decline what another person asked for; nothing is made."""
    require(actor, Deed.RELEASE_FILES, branch=None)
    hold_unanswered(tx.connection, file_request.c.answers_id, command.request_id)
    asked = open_file_request(tx.connection, command.request_id)
    require_two(Actor(asked.asked_by, ()), actor)
    if not command.reason.strip():
        raise Refused("Give the reason.", field="reason")
    this = begin_act(
        tx,
        kind="decline_file",
        command=command,
        actor=actor,
        reason=command.reason,
        subject=f"file {asked.name} of {asked.day:%Y-%m}",
        chain=HEAD_OFFICE_CHAIN,
    )
    row = (asked.name, stored_day(asked.day), asked.asked_by, command.reason, asked.id, None)
    _write_request(tx, this, row)
    seal_act(tx, this, (file_request,))
    return this


@dataclass(frozen=True, slots=True)
class TakeFile:
    """Take an issued file; `kept_sha256` is the digest of its bytes as the door has read them."""

    issued_id: int
    kept_sha256: str


def take_file(tx: Writing, command: TakeFile, *, actor: Actor) -> int:
    """Write down that somebody takes a file; gives the download's number, for that person alone.

    Refused for a file whose bytes are not kept, or are not those that were issued. They never
    change, so the door reads them before the transaction: a slow disk then holds no lock.
    """
    issued = issued_by_id(tx.connection, command.issued_id)
    require_taker(actor, issued)
    if command.kept_sha256 != issued.sha256:
        raise Refused("The bytes of this file are not kept here. Make a new edition.")
    this = begin_act(
        tx,
        kind="take_file",
        command=command,
        actor=actor,
        subject=f"file {issued.name} of {issued.day:%Y-%m}, edition {issued.edition}",
        chain=HEAD_OFFICE_CHAIN,
    )
    return write_download(tx, this, file_download.c.issued_id, issued.id, actor)


def require_taker(actor: Actor, issued: Issued) -> None:
    """Refuse whoever may not take a file: one of people goes to those who make it alone."""
    deed = Deed.MAKE_FILES if issued.level == PEOPLE else Deed.VERIFY
    require(actor, deed, branch=None)


def _released(
    tx: Writing, command: IssueFile, request_id: int | None, actor: Actor
) -> Actor | None:
    """Give who asked for a file of people; the others need nobody else."""
    if command.level != PEOPLE:
        require(actor, Deed.MAKE_FILES, branch=None)
        return None
    require(actor, Deed.RELEASE_FILES, branch=None)
    if request_id is None:
        raise Refused(
            "{file} holds rows of people: one person asks for it in the browser, and another "
            "releases it.",
            file=command.name,
        )
    hold_unanswered(tx.connection, file_request.c.answers_id, request_id)
    asked = open_file_request(tx.connection, request_id)
    if (asked.name, asked.day) != (command.name, command.day):
        raise Refused("Another file was asked for. Open the list again.")
    asked_by = Actor(asked.asked_by, ())
    require_two(asked_by, actor)
    return asked_by


def _insert_edition(
    tx: Writing, this: Act, command: IssueFile, manifest: Manifest, made_by: Names
) -> int:
    hold_chain(tx, HEAD_OFFICE_CHAIN)
    before = last_edition(tx.connection, command.name, command.day)
    number = before.edition + 1 if before else 1
    previous = before.sha256 if before else None
    text = manifest(number, previous, this.recorded_at, made_by)
    row = (
        *(command.name, command.level, stored_day(command.day), number),
        *(before.id if before else None, to_micros(command.known_at), command.state),
        *(command.rows, command.sha256, text, this.id, this.recorded_micros),
    )
    (issued_id,) = insert_new(tx.connection, issued_file, _ISSUED_COLUMNS, [row])
    return issued_id


def _write_request(tx: Writing, this: Act, values: tuple[object, ...]) -> None:
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, file_request, _REQUEST_COLUMNS, [row])
