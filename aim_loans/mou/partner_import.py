"""A file of SMEDA goes in: its good rows in one act, and what became of all of them kept.

What SMEDA sends under its own sign-in is confirmed by that. What AIM imports for SMEDA waits for
SMEDA's answer like any other of its events.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from aim_loans.borrowers.referrals import code_once
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import Conflict, NotFound, Refused
from aim_loans.files.store import Store
from aim_loans.identity.models import act
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, Act, begin_act, hold_chain, seal_act
from aim_loans.identity.permissions import Actor, Deed, allows, require
from aim_loans.intake.report import ImportReport
from aim_loans.mou.events import CONFIRMED
from aim_loans.mou.models import (
    partner_answer,
    training,
    training_attendance,
    training_invitation,
)
from aim_loans.mou.partner_files import ReferralRow, participants_text
from aim_loans.mou.partner_models import (
    partner_training,
    partner_upload,
    sent_referral,
)
from aim_loans.mou.partner_reading import NewTraining, SentFile
from aim_loans.mou.partner_rejects import write_rejects

MOST_FAULTS = 200
MOST_SHOWN = 20

_TABLES = (
    partner_answer,
    partner_training,
    partner_upload,
    sent_referral,
    training,
    training_attendance,
    training_invitation,
)


@dataclass(frozen=True, slots=True)
class SendFile:
    """A file of SMEDA: its kind, and the digest of its bytes."""

    kind: str
    sha256: str


class RowFault(NamedTuple):
    """Why a row was refused: its line, the column ("" for the whole row), the sentence."""

    line: int
    column: str
    error: Refused


class Upload(NamedTuple):
    """A file that came in, and what became of its rows; at most 200 faults are kept."""

    id: int
    kind: str
    added: int
    already_there: int
    refused: int
    rejects: str | None
    recorded_at: datetime
    sent_by: str
    faults: tuple[RowFault, ...]

    @property
    def found(self) -> int:
        """Count the rows of the file."""
        return self.added + self.already_there + self.refused


def import_events(
    tx: Writing,
    sent: SentFile,
    *,
    actor: Actor,
    language: str,
    store: Store | None = None,
    key: str | None = None,
) -> int:
    """Write the good rows of a file down; gives the id of the upload, which says the rest.

    The refused rows are kept in `store`, if there is one, with their reasons in a language.
    """
    require(actor, Deed.SEND_EVENTS, branch=None)
    this = begin_act(
        tx,
        kind="import_events",
        command=SendFile(sent.kind, sent.sha256),
        actor=actor,
        subject=f"{sent.kind} of SMEDA",
        chain=HEAD_OFFICE_CHAIN,
        key=key,
    )
    if this.repeated:
        made = select(partner_upload.c.id).where(partner_upload.c.act_id == this.id)
        return int(tx.connection.execute(made).scalar_one())
    # Of two files at once the second is decided about with the first in the book.
    hold_chain(tx, HEAD_OFFICE_CHAIN)
    news = sent.decide(tx.connection)
    confirmed = allows(actor, Deed.CONFIRM_EVENT, branch=None)
    _write_referrals(tx, this, news.referrals)
    meanwhile = Conflict("A branch wrote one of these codes at this moment. Send the file again.")
    with code_once(meanwhile):
        _write_trainings(tx, this, news.trainings, confirmed=confirmed)
    upload_id = _write_upload(tx, this, sent, _kept(sent.report(), store, language))
    seal_act(tx, this, _TABLES)
    return upload_id


def uploads(connection: Connection) -> list[Upload]:
    """Give the files that came in, the newest first; 20 at most."""
    rows = _uploads().order_by(partner_upload.c.id.desc()).limit(MOST_SHOWN)
    return [_upload(row) for row in connection.execute(rows)]


def upload_by_id(connection: Connection, upload_id: int) -> Upload:
    """Give a file that came in; NotFound when there is none."""
    row = connection.execute(_uploads().where(partner_upload.c.id == upload_id)).first()
    if row is None:
        raise NotFound("There is no such file. Open the list again.")
    return _upload(row)


def kept_rejects(connection: Connection) -> list[tuple[int, str]]:
    """Give the uploads with refused rows: their numbers, and the names in the folder of files."""
    row = partner_upload
    kept = select(row.c.id, row.c.rejects).where(row.c.rejects.is_not(None))
    return [(found.id, found.rejects) for found in connection.execute(kept)]


def _write_referrals(tx: Writing, this: Act, rows: Sequence[ReferralRow]) -> None:
    names = ("smeda_code", "reference", "district", "on_day", "purpose")
    _insert(tx, this, sent_referral, names, [tuple(row) for row in rows])


def _write_trainings(
    tx: Writing, this: Act, news: Sequence[NewTraining], *, confirmed: bool
) -> None:
    """Write trainings with those who came, who are invited by that."""
    plans = [
        (
            *(new.row.branch, new.row.title, new.row.place, new.row.first, new.row.days),
            *(new.row.seats, new.row.code),
        )
        for new in news
    ]
    names = ("branch_code", "title", "place", "begins_on", "days", "seats", "smeda_code")
    ids = _insert(tx, this, training, names, plans)
    told = [
        (new_id, new.row.subject, new.row.district, participants_text(new.row.participants))
        for new_id, new in zip(ids, news, strict=True)
    ]
    columns = ("training_id", "subject", "district", "participants")
    _insert(tx, this, partner_training, columns, told)
    _write_attendance(tx, this, list(zip(ids, news, strict=True)))
    if confirmed:
        answers = [(new_id, CONFIRMED) for new_id in ids]
        _insert(tx, this, partner_answer, ("training_id", "answer"), answers)


def _write_attendance(tx: Writing, this: Act, trainings: Sequence[tuple[int, NewTraining]]) -> None:
    invited = [
        (training_id, person_id) for training_id, new in trainings for person_id in new.persons
    ]
    names = ("training_id", "person_id")
    ids = iter(_insert(tx, this, training_invitation, names, invited))
    came = [
        (next(ids), each.days or new.row.days, (each.days or new.row.days) == new.row.days)
        for _, new in trainings
        for each in new.row.participants
    ]
    _insert(tx, this, training_attendance, ("invitation_id", "days", "completed"), came)


def _insert(
    tx: Writing, this: Act, table: Any, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> list[int]:
    """Insert rows of this act, if there are any; gives their ids."""
    if not rows:
        return []
    marked = [(*row, this.id, this.recorded_micros) for row in rows]
    return insert_new(tx.connection, table, (*names, "act_id", "recorded_at"), marked)


def _write_upload(tx: Writing, this: Act, sent: SentFile, rejects: str | None) -> int:
    report = sent.report()
    (totals,) = report.files
    faults = [
        (fault.line, fault.column, fault.error.message, fault.error.values)
        for fault in islice(report.faults(), MOST_FAULTS)
    ]
    counts = (totals.added.rows, totals.already_there.rows, totals.refused.rows)
    names = ("kind", "sha256", "added", "already_there", "refused", "faults", "rejects")
    said = json.dumps(faults, ensure_ascii=False, default=str)
    row = (sent.kind, sent.sha256, *counts, said, rejects)
    (upload_id,) = _insert(tx, this, partner_upload, names, [row])
    return upload_id


def _kept(report: ImportReport, store: Store | None, language: str) -> str | None:
    """Keep the file of refused rows; gives its name in the store."""
    if store is None or not report.refused:
        return None
    with tempfile.TemporaryDirectory() as folder:
        (path,) = write_rejects(report, Path(folder), language=language)
        return store.put(path.read_bytes())


def _uploads() -> Select[Any]:
    row = partner_upload
    names = ("id", "kind", "added", "already_there", "refused", "rejects", "recorded_at")
    return select(*(row.c[name] for name in names), act.c.actor, row.c.faults).join(
        act, act.c.id == row.c.act_id
    )


def _upload(row: Any) -> Upload:
    faults = tuple(
        RowFault(line, column, Refused(message, field=column, **values))
        for line, column, message, values in json.loads(row.faults)
    )
    return Upload(*[*row[:-1], faults])
