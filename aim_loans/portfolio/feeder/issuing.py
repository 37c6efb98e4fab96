"""What can happen to the files for regulators: issued, asked for, released, declined, taken."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from aim_loans.db.bulk import insert_new, stored_day
from aim_loans.db.engine import Writing
from aim_loans.db.tables import to_micros
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import audit_chain
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, Act, begin_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_two
from aim_loans.portfolio.feeder.models import (
    file_download,
    file_request,
    issued_file,
    issued_part,
)

PART_BYTES = 1024 * 1024
# So long after it was written down may a download begin.
DOWNLOAD_WITHIN = timedelta(minutes=15)
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


@dataclass(frozen=True, slots=True)
class Edition:
    """Which edition a file became, and the SHA-256 of the one before, if there was one."""

    issued_id: int
    number: int
    previous_sha256: str | None
    manifest: str


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
) -> Edition:
    """Write down that a file is issued, the next edition of its month, and keep its parts.

    A file of people needs the request of another person, which is answered by it. `parts` are
    the bytes to be kept for downloads; a file that goes to a folder keeps none here.
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
    made_by = (asked_by.name, actor.name) if asked_by else (actor.name,)
    edition = _insert_edition(tx, this, command, manifest, made_by)
    for number, part in enumerate(parts):
        kept = {"issued_id": edition.issued_id, "number": number, "packed": zlib.compress(part, 1)}
        tx.connection.execute(insert(issued_part).values(kept))
    if asked_by is not None:
        answer = (command.name, stored_day(command.day), asked_by.name, "released")
        _write_request(tx, this, (*answer, request_id, edition.issued_id))
    seal_act(tx, this, (issued_file, file_request))
    return edition


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
    waiting = open_requests(tx.connection)
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
    asked = open_request(tx.connection, command.request_id)
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
    """Take an issued file."""

    issued_id: int


def take_file(tx: Writing, command: TakeFile, *, actor: Actor) -> int:
    """Write down that somebody takes a file; gives the download's number, for that person alone.

    Refused for a file whose bytes are not kept, or are not those that were issued.
    """
    require(actor, Deed.MAKE_FILES, branch=None)
    issued = issued_by_id(tx.connection, command.issued_id)
    digest = hashlib.sha256()
    for part in kept_parts(tx.connection, issued.id):
        digest.update(part)
    if digest.hexdigest() != issued.sha256:
        raise Refused("The bytes of this file are not kept here. Make a new edition.")
    this = begin_act(
        tx,
        kind="take_file",
        command=command,
        actor=actor,
        subject=f"file {issued.name} of {issued.day:%Y-%m}, edition {issued.edition}",
        chain=HEAD_OFFICE_CHAIN,
    )
    columns = ("issued_id", "taken_by", "act_id", "recorded_at")
    row = (issued.id, actor.name, this.id, this.recorded_micros)
    (download_id,) = insert_new(tx.connection, file_download, columns, [row])
    seal_act(tx, this, (file_download,))
    return download_id


@dataclass(frozen=True, slots=True)
class Issued:
    """An issued file: which edition, of which month, with its manifest; `kept` if its bytes are."""

    id: int
    name: str
    level: str
    day: date
    edition: int
    known_at: datetime
    state: str
    rows: int
    sha256: str
    manifest: str
    kept: bool


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A file of people that somebody asked for, and nobody released or declined yet."""

    id: int
    name: str
    day: date
    asked_by: str
    reason: str
    asked_at: datetime


def issued_by_id(connection: Connection, issued_id: int) -> Issued:
    """Give an issued file; NotFound when there is none of this number."""
    rows = connection.execute(_issued().where(issued_file.c.id == issued_id)).all()
    if not rows:
        raise NotFound("There is no such file. Open the list again.")
    return Issued(*rows[0])


def issued_files(connection: Connection, day: date, *, most: int) -> list[Issued]:
    """Give the files issued for the month that ends on a day, the newest first."""
    rows = _issued().where(issued_file.c.month_end == day).order_by(issued_file.c.id.desc())
    return [Issued(*row) for row in connection.execute(rows.limit(most))]


def open_requests(connection: Connection) -> list[OpenRequest]:
    """Give what waits to be released, the oldest first."""
    answer = file_request.alias()
    names = ("id", "name", "month_end", "asked_by", "reason", "recorded_at")
    rows = (
        select(*(file_request.c[name] for name in names))
        .where(
            file_request.c.answers_id.is_(None),
            ~select(answer.c.id).where(answer.c.answers_id == file_request.c.id).exists(),
        )
        .order_by(file_request.c.id)
    )
    return [OpenRequest(*row) for row in connection.execute(rows)]


def open_request(connection: Connection, request_id: int) -> OpenRequest:
    """Give a request that waits; Refused when somebody dealt with it meanwhile."""
    for request in open_requests(connection):
        if request.id == request_id:
            return request
    raise Refused("Somebody dealt with this request already. Open the list again.")


def download(connection: Connection, download_id: int, *, actor: Actor, now: datetime) -> Issued:
    """Give the file of a download that this person began a short while ago, else NotFound."""
    row = connection.execute(
        select(file_download).where(
            file_download.c.id == download_id,
            file_download.c.taken_by == actor.name,
            file_download.c.recorded_at >= now - DOWNLOAD_WITHIN,
        )
    ).first()
    if row is None:
        raise NotFound("This download is over. Open the list of files and begin it again.")
    return issued_by_id(connection, row.issued_id)


def kept_parts(connection: Connection, issued_id: int) -> Iterator[bytes]:
    """Give the kept bytes of a file, part by part."""
    number = 0
    while True:
        wanted = (issued_part.c.issued_id == issued_id, issued_part.c.number == number)
        packed = connection.execute(select(issued_part.c.packed).where(*wanted)).scalar()
        if packed is None:
            return
        yield zlib.decompress(packed)
        number += 1


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
    asked = open_request(tx.connection, request_id)
    if (asked.name, asked.day) != (command.name, command.day):
        raise Refused("Another file was asked for. Open the list again.")
    asked_by = Actor(asked.asked_by, ())
    require_two(asked_by, actor)
    return asked_by


def _insert_edition(
    tx: Writing, this: Act, command: IssueFile, manifest: Manifest, made_by: Names
) -> Edition:
    # Whoever issues another file at the same time waits here, so that editions have no gap.
    head = select(audit_chain).where(audit_chain.c.name == HEAD_OFFICE_CHAIN).with_for_update()
    tx.connection.execute(head)
    same = (issued_file.c.name == command.name, issued_file.c.month_end == command.day)
    last = tx.connection.execute(
        _issued().where(*same).order_by(issued_file.c.edition.desc()).limit(1)
    ).first()
    before = Issued(*last) if last else None
    number = before.edition + 1 if before else 1
    previous = before.sha256 if before else None
    text = manifest(number, previous, this.recorded_at, made_by)
    row = (
        *(command.name, command.level, stored_day(command.day), number),
        *(before.id if before else None, to_micros(command.known_at), command.state),
        *(command.rows, command.sha256, text, this.id, this.recorded_micros),
    )
    (issued_id,) = insert_new(tx.connection, issued_file, _ISSUED_COLUMNS, [row])
    return Edition(issued_id, number, previous, text)


def _issued() -> Select[Any]:
    names = ("id", "name", "level", "month_end", "edition", "known_at", "state", "row_count")
    kept = select(issued_part.c.issued_id).where(issued_part.c.issued_id == issued_file.c.id)
    columns = [issued_file.c[name] for name in (*names, "sha256", "manifest")]
    return select(*columns, kept.exists().label("kept"))


def _write_request(tx: Writing, this: Act, values: tuple[object, ...]) -> None:
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, file_request, _REQUEST_COLUMNS, [row])
