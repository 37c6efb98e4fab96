"""What can be asked of issued files and of the requests for them; changes nothing."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from aim_loans.errors import NotFound
from aim_loans.identity.permissions import Actor
from aim_loans.identity.requests import already_answered, unanswered
from aim_loans.portfolio.downloads import taken_by
from aim_loans.portfolio.feeder.models import (
    file_download,
    file_request,
    issued_file,
    issued_part,
)

MOST_WAITING = 100


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
class FileRequest:
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


def issued_by_act(connection: Connection, act_id: int) -> Issued:
    """Give the file that an act issued."""
    return Issued(*connection.execute(_issued().where(issued_file.c.act_id == act_id)).one())


def issued_files(connection: Connection, day: date, *, most: int) -> list[Issued]:
    """Give the files issued for the month that ends on a day, the newest first."""
    rows = _issued().where(issued_file.c.month_end == day).order_by(issued_file.c.id.desc())
    return [Issued(*row) for row in connection.execute(rows.limit(most))]


def last_edition(connection: Connection, name: str, day: date) -> Issued | None:
    """Give the newest edition of a file of the month that ends on a day."""
    same = (issued_file.c.name == name, issued_file.c.month_end == day)
    rows = _issued().where(*same).order_by(issued_file.c.edition.desc()).limit(1)
    found = connection.execute(rows).first()
    return Issued(*found) if found else None


def open_file_requests(
    connection: Connection, *, request_id: int | None = None
) -> list[FileRequest]:
    """Give what waits to be released, or the one of a number, the oldest first, 100 at most."""
    names = ("id", "name", "month_end", "asked_by", "reason", "recorded_at")
    rows = select(*(file_request.c[name] for name in names))
    rows = rows.where(unanswered(file_request.c.answers_id))
    if request_id is not None:
        rows = rows.where(file_request.c.id == request_id)
    found = connection.execute(rows.order_by(file_request.c.id).limit(MOST_WAITING))
    return [FileRequest(*row) for row in found]


def open_file_request(connection: Connection, request_id: int) -> FileRequest:
    """Give a request that waits; Refused when somebody dealt with it meanwhile."""
    for request in open_file_requests(connection, request_id=request_id):
        return request
    raise already_answered()


def download(connection: Connection, download_id: int, *, actor: Actor, now: datetime) -> Issued:
    """Give the file of a download that this person began a short while ago, else NotFound."""
    issued_id = taken_by(connection, file_download.c.issued_id, download_id, actor=actor, now=now)
    if issued_id is None:
        raise NotFound("This download is over. Open the list of files and begin it again.")
    return issued_by_id(connection, issued_id)


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


def kept_digest(connection: Connection, issued_id: int) -> str:
    """Give the SHA-256 of the kept bytes of a file; that of nothing where none are kept."""
    digest = hashlib.sha256()
    for part in kept_parts(connection, issued_id):
        digest.update(part)
    return digest.hexdigest()


def _issued() -> Select[Any]:
    names = ("id", "name", "level", "month_end", "edition", "known_at", "state", "row_count")
    kept = select(issued_part.c.issued_id).where(issued_part.c.issued_id == issued_file.c.id)
    columns = [issued_file.c[name] for name in (*names, "sha256", "manifest")]
    return select(*columns, kept.exists().label("kept"))
