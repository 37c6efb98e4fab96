"""Files attached to a person: kept, listed, taken off; whoever opens one leaves a fact.

The bytes lie in the store. Taking one off hides it from the pages; the bytes stay, as the fact
that it was attached does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, select

from aim_loans.borrowers.models import (
    ATTACHMENT_KINDS,
    attachment_opening,
    person_attachment,
)
from aim_loans.borrowers.queries import person
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import Conflict, NotFound, Refused
from aim_loans.files.media import MediaType, media_type
from aim_loans.files.store import Store
from aim_loans.identity.models import act
from aim_loans.identity.operations import begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require

MOST_OF_ONE = 30
_ROWS_TOGETHER = 1_000
_COLUMNS = (
    *("person_id", "kind", "media_type", "size", "file_name", "removes_id"),
    *("act_id", "recorded_at"),
)
_OF_OPENING = ("attachment_id", "opened_by", "act_id", "recorded_at")


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in the store: its name there, its kind by content, its size in bytes."""

    name: str
    media_type: MediaType
    size: int


class Attachment(NamedTuple):
    """A file attached to a person, and by whom; `standing` is false once it was taken off."""

    id: int
    person_id: int
    kind: str
    file: KeptFile
    added_by: str
    added_at: datetime
    standing: bool


class Opening(NamedTuple):
    """An attachment that somebody opened."""

    attachment: Attachment
    opened_by: str
    opened_at: datetime


def keep_file(store: Store, content: bytes, *, most_bytes: int) -> KeptFile:
    """Keep a photograph or a PDF; Refused for another kind, or more than `most_bytes`.

    Before the transaction that attaches it: bytes that nothing refers to do no harm, a fact
    without its bytes would.
    """
    kind = media_type(content, most_bytes=most_bytes)
    return KeptFile(store.put(content), kind, len(content))


@dataclass(frozen=True, slots=True)
class AttachFile:
    """A file for a person; `branch_code` as in ChangePerson."""

    person_id: int
    kind: str
    file: KeptFile
    branch_code: str


def attach_file(tx: Writing, command: AttachFile, *, actor: Actor, key: str | None = None) -> None:
    """Attach a file; Refused for one that is attached so already."""
    known = person(tx.connection, command.person_id, lock=True)
    branch = known.branch_code or command.branch_code
    require(actor, Deed.REGISTER, branch=branch)
    if command.kind not in ATTACHMENT_KINDS:
        raise Refused("Choose one of the list.", field="kind")
    this = begin_branch_act(
        tx,
        kind="attach_file",
        command=command,
        actor=actor,
        subject=f"borrower {known.id}",
        branch_code=branch,
        key=key,
    )
    if this.repeated:
        return
    _check_new(attachments_of(tx.connection, known.id), command)
    file = command.file
    values = (known.id, command.kind, file.media_type.value, file.size, file.name, None)
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, person_attachment, _COLUMNS, [row])
    seal_act(tx, this, (person_attachment,))


def _check_new(standing: list[Attachment], command: AttachFile) -> None:
    if any((each.kind, each.file.name) == (command.kind, command.file.name) for each in standing):
        raise Refused("This very file is attached already.", field="file")
    if len(standing) >= MOST_OF_ONE:
        raise Refused(
            "There are {most} attachments already. Take one off that is not needed.",
            most=MOST_OF_ONE,
        )


@dataclass(frozen=True, slots=True)
class RemoveAttachment:
    """An attachment is taken off; `branch_code` as in ChangePerson."""

    attachment_id: int
    reason: str
    branch_code: str


def remove_attachment(
    tx: Writing, command: RemoveAttachment, *, actor: Actor, key: str | None = None
) -> None:
    """Take an attachment off; Conflict when somebody did so before."""
    taken = attachment(tx.connection, command.attachment_id)
    known = person(tx.connection, taken.person_id, lock=True)
    branch = known.branch_code or command.branch_code
    require(actor, Deed.REGISTER, branch=branch)
    this = begin_branch_act(
        tx,
        kind="remove_attachment",
        command=command,
        actor=actor,
        subject=f"borrower {known.id}",
        branch_code=branch,
        reason=command.reason,
        key=key,
    )
    if this.repeated:
        return
    # Read once more, as the person is locked only now.
    if not attachment(tx.connection, taken.id).standing:
        raise Conflict("This attachment was taken off already.")
    file = taken.file
    values = (known.id, taken.kind, file.media_type.value, file.size, file.name, taken.id)
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, person_attachment, _COLUMNS, [row])
    seal_act(tx, this, (person_attachment,))


@dataclass(frozen=True, slots=True)
class OpenAttachment:
    """Somebody opens an attachment at a branch that has the person, as the door has found."""

    attachment_id: int
    branch_code: str


def open_attachment(tx: Writing, command: OpenAttachment, *, actor: Actor) -> int:
    """Write down who opens an attachment; gives the number of this opening."""
    require(actor, Deed.READ_BOOK, branch=command.branch_code)
    wanted = attachment(tx.connection, command.attachment_id)
    if not wanted.standing:
        raise _none_such()
    this = begin_branch_act(
        tx,
        kind="open_attachment",
        command=command,
        actor=actor,
        subject=f"borrower {wanted.person_id}",
        branch_code=command.branch_code,
    )
    row = (wanted.id, actor.name, this.id, this.recorded_micros)
    (new_id,) = insert_new(tx.connection, attachment_opening, _OF_OPENING, [row])
    seal_act(tx, this, (attachment_opening,))
    return new_id


def attachment(connection: Connection, attachment_id: int) -> Attachment:
    """Give an attachment, taken off or not; NotFound when there is none."""
    row = connection.execute(_attachments().where(person_attachment.c.id == attachment_id)).first()
    if row is None:
        raise _none_such()
    return _attachment(row)


def attachments_of(connection: Connection, person_id: int) -> list[Attachment]:
    """Give what is attached to a person and was not taken off, the oldest first; 30 at most."""
    mine = _attachments().where(person_attachment.c.person_id == person_id, ~_taken_off())
    rows = connection.execute(mine.order_by(person_attachment.c.id).limit(MOST_OF_ONE))
    return [_attachment(row) for row in rows]


def kept_names(connection: Connection) -> Iterator[tuple[int, str]]:
    """Give each attachment that ever was, with the name of its file in the store."""
    names = select(person_attachment.c.id, person_attachment.c.file_name)
    rows = connection.execute(
        names.where(person_attachment.c.removes_id.is_(None)).order_by(person_attachment.c.id),
        execution_options={"yield_per": _ROWS_TOGETHER},
    )
    return ((row.id, row.file_name) for row in rows)


def opening(connection: Connection, opening_id: int) -> Opening:
    """Give an opening with its attachment; NotFound when there is none."""
    opened = attachment_opening
    row = connection.execute(
        _attachments()
        .add_columns(opened.c.opened_by, opened.c.recorded_at.label("opened_at"))
        .join(opened, opened.c.attachment_id == person_attachment.c.id)
        .where(opened.c.id == opening_id)
    ).first()
    if row is None:
        raise _none_such()
    return Opening(_attachment(row), row.opened_by, row.opened_at)


def _attachments() -> Select[Any]:
    names = ("id", "person_id", "kind", "media_type", "size", "file_name", "recorded_at")
    return (
        select(
            *(person_attachment.c[name] for name in names),
            act.c.actor,
            _taken_off().label("taken_off"),
        )
        .join(act, act.c.id == person_attachment.c.act_id)
        .where(person_attachment.c.removes_id.is_(None))
    )


def _taken_off() -> Any:
    taking = person_attachment.alias("taking")
    return exists(select(taking.c.id).where(taking.c.removes_id == person_attachment.c.id))


def _attachment(row: Any) -> Attachment:
    file = KeptFile(row.file_name, MediaType(row.media_type), row.size)
    return Attachment(
        row.id,
        row.person_id,
        row.kind,
        file,
        row.actor,
        row.recorded_at,
        standing=not row.taken_off,
    )


def _none_such() -> NotFound:
    return NotFound("There is no such attachment. Open the borrower's page again.")
