"""Complaints: what came in, what was done about it, and how each stands on a day.

A complaint is received, answered as often as it takes, closed with an outcome, and opened again
where the complainant does not rest. How it stands is never stored: the last step tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Subquery, func, or_, select, true

from aim_loans.borrowers.models import complaint, complaint_step
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing, hold_row
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import act
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.identity.queries import require_branch
from aim_loans.value_words import WORDS

CHANNELS = tuple(WORDS["complaint_channel"])
CATEGORIES = tuple(WORDS["complaint_category"])
OUTCOMES = tuple(WORDS["complaint_outcome"])
GENDERS = tuple(WORDS["gender"])
RECEIVED, IN_PROGRESS, CLOSED = WORDS["complaint_status"]
ANSWER, CLOSE, REOPEN = WORDS["complaint_step"]
COMPLAINTS_A_PAGE = 50

_COLUMNS = (
    *("branch_code", "received_on", "channel", "category", "gender", "words", "contact"),
    *("act_id", "recorded_at"),
)
_STEP_COLUMNS = ("complaint_id", "kind", "done_on", "outcome", "note", "act_id", "recorded_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordComplaint:
    """A complaint about a branch: what it says, and whom to answer if that is known."""

    branch: str
    received_on: date
    channel: str
    category: str
    gender: str
    words: str
    contact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeStep:
    """What was done about a complaint (`ANSWER`, `CLOSE`, `REOPEN`); a close has an outcome."""

    complaint_id: int
    kind: str
    done_on: date
    note: str
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint as it stands on a day; `closed_on` and `outcome` only while it is closed."""

    id: int
    branch_code: str
    received_on: date
    channel: str
    category: str
    gender: str
    words: str
    contact: str | None
    status: str
    closed_on: date | None
    outcome: str | None

    def days_open(self, day: date) -> int:
        """Count the days from its receipt to its close, or to a day while it is open."""
        return ((self.closed_on or day) - self.received_on).days


class StepTaken(NamedTuple):
    """One step, and who took it."""

    kind: str
    done_on: date
    outcome: str | None
    note: str
    actor: str


def record_complaint(
    tx: Writing, command: RecordComplaint, *, actor: Actor, today: date, key: str | None = None
) -> int:
    """Write a complaint down; gives its number. Refused for what a complaint cannot be."""
    require(actor, Deed.RECORD_COMPLAINT, branch=command.branch)
    require_branch(tx.connection, command.branch)
    _check_choice("channel", command.channel, CHANNELS)
    _check_choice("category", command.category, CATEGORIES)
    _check_choice("gender", command.gender, GENDERS)
    _check_day("received_on", command.received_on, today)
    _check_text("words", command.words)
    this = begin_branch_act(
        tx,
        kind="record_complaint",
        command=command,
        actor=actor,
        subject="complaint",
        branch_code=command.branch,
        key=key,
    )
    if this.repeated:
        known = select(complaint.c.id).where(complaint.c.act_id == this.id)
        return int(tx.connection.execute(known).scalar_one())
    values = (
        *(command.branch, command.received_on, command.channel, command.category),
        *(command.gender, command.words, command.contact, this.id, this.recorded_micros),
    )
    (new,) = insert_new(tx.connection, complaint, _COLUMNS, [values])
    seal_act(tx, this, (complaint,))
    return new


def take_step(
    tx: Writing, command: TakeStep, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Write down what was done; Refused for a step that its state does not allow."""
    before = complaint_by_id(tx.connection, command.complaint_id, lock=True)
    require(actor, Deed.ANSWER_COMPLAINT, branch=before.branch_code)
    this = begin_branch_act(
        tx,
        kind="complaint_step",
        command=command,
        actor=actor,
        subject=f"complaint {before.id}",
        branch_code=before.branch_code,
        key=key,
    )
    if this.repeated:
        return this
    _check_step(command, before, steps_of(tx.connection, before.id), today)
    values = (
        *(before.id, command.kind, command.done_on, command.outcome, command.note),
        *(this.id, this.recorded_micros),
    )
    insert_new(tx.connection, complaint_step, _STEP_COLUMNS, [values])
    seal_act(tx, this, (complaint_step,))
    return this


def complaint_by_id(connection: Connection, complaint_id: int, *, lock: bool = False) -> Complaint:
    """Give a complaint as it stands now; NotFound when there is none of this number."""
    if lock:
        hold_row(connection, complaint.c.id, complaint_id)
    found = connection.execute(
        _standing(_last_steps()).where(complaint.c.id == complaint_id)
    ).first()
    if found is None:
        raise NotFound("There is no such complaint. Open the list again.")
    return _complaint(found)


def complaints(
    connection: Connection, *, branches: frozenset[str] | None, closed: bool, page: int
) -> tuple[list[Complaint], bool]:
    """Give a page of the open complaints of these branches (None: all), or of the closed ones.

    The latest received come first; the second value says whether a page follows.
    """
    steps = _last_steps()
    rows = _standing(steps).where(
        steps.c.kind == CLOSE if closed else func.coalesce(steps.c.kind, "") != CLOSE
    )
    if branches is not None:
        rows = rows.where(complaint.c.branch_code.in_(branches))
    rows = rows.order_by(complaint.c.received_on.desc(), complaint.c.id.desc())
    rows = rows.offset((page - 1) * COMPLAINTS_A_PAGE).limit(COMPLAINTS_A_PAGE + 1)
    found = [_complaint(row) for row in connection.execute(rows)]
    return found[:COMPLAINTS_A_PAGE], len(found) > COMPLAINTS_A_PAGE


def complaints_on(
    connection: Connection, day: date, *, closed_from: date, known_at: datetime
) -> list[Complaint]:
    """Give the complaints that were open on a day or closed since `closed_from`, as known at K."""
    steps = _last_steps(day, known_at)
    rows = _standing(steps).where(
        complaint.c.received_on <= day,
        complaint.c.recorded_at <= known_at,
        or_(func.coalesce(steps.c.kind, "") != CLOSE, steps.c.done_on >= closed_from),
    )
    return [_complaint(row) for row in connection.execute(rows.order_by(complaint.c.id))]


def steps_of(connection: Connection, complaint_id: int) -> list[StepTaken]:
    """Give what was done about a complaint, in its order."""
    step = complaint_step
    rows = (
        select(step.c.kind, step.c.done_on, step.c.outcome, step.c.note, act.c.actor)
        .join(act, act.c.id == step.c.act_id)
        .where(step.c.complaint_id == complaint_id)
        .order_by(step.c.done_on, step.c.id)
    )
    return [StepTaken(*row) for row in connection.execute(rows)]


def _last_steps(day: date | None = None, known_at: datetime | None = None) -> Subquery:
    """Select the last step of each complaint by a day, as known at a moment."""
    step = complaint_step
    place = func.row_number().over(
        partition_by=step.c.complaint_id, order_by=(step.c.done_on.desc(), step.c.id.desc())
    )
    ranked = select(step, place.label("place")).where(
        step.c.done_on <= day if day else true(),
        step.c.recorded_at <= known_at if known_at else true(),
    )
    ranked_steps = ranked.subquery()
    return select(ranked_steps).where(ranked_steps.c.place == 1).subquery("last_step")


def _standing(last: Subquery) -> Select[Any]:
    """Select complaints, each with its last step."""
    return select(complaint, last.c.kind, last.c.done_on, last.c.outcome).outerjoin(
        last, last.c.complaint_id == complaint.c.id
    )


def _complaint(row: Any) -> Complaint:
    closed = row.kind == CLOSE
    status = CLOSED if closed else RECEIVED if row.kind is None else IN_PROGRESS
    return Complaint(
        *(row.id, row.branch_code, row.received_on, row.channel, row.category, row.gender),
        *(row.words, row.contact, status, row.done_on if closed else None, row.outcome),
    )


def _check_step(
    command: TakeStep, before: Complaint, taken: Sequence[StepTaken], today: date
) -> None:
    _check_choice("kind", command.kind, (ANSWER, CLOSE, REOPEN))
    _check_day("done_on", command.done_on, today)
    _check_text("note", command.note)
    closed = before.status == CLOSED
    if closed and command.kind != REOPEN:
        raise Refused("This complaint is closed. Open it again first.", field="kind")
    if command.kind == REOPEN and not closed:
        raise Refused("This complaint is open; only a closed one is opened again.", field="kind")
    earliest = max([before.received_on, *(step.done_on for step in taken)])
    if command.done_on < earliest:
        raise Refused(
            "The day lies before {day}, when the complaint came in or was last dealt with.",
            field="done_on",
            day=earliest,
        )
    if command.kind == CLOSE and command.outcome not in OUTCOMES:
        raise Refused("Say what came of the complaint.", field="outcome")
    if command.kind != CLOSE and command.outcome is not None:
        raise Refused("Only a closed complaint has an outcome. Leave it out.", field="outcome")


def _check_choice(field: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        raise Refused("Choose one of the list.", field=field)


def _check_day(field: str, day: date, today: date) -> None:
    if day > today:
        raise Refused("The day {day} lies in the future.", field=field, day=day.isoformat())


def _check_text(field: str, text: str) -> None:
    if not text.strip():
        raise Refused("Fill this in.", field=field)
