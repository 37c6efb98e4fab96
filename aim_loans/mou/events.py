"""SMEDA's own events, by its codes: confirmed or disputed by SMEDA, and by nobody else.

A referral, a training, help given or a registration is SMEDA's where it carries SMEDA's code.
What the partner reads is a code, a kind and a day. A row about a person is shown only while
the person consents to it; a training is about no single person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    func,
    literal,
    select,
    union_all,
)

from aim_loans.borrowers.consents import consenting
from aim_loans.borrowers.models import enterprise, referral, referral_undoing
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.db.tables import stands
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, begin_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.mou.models import (
    partner_answer,
    registration,
    support,
    training,
    training_undoing,
)
from aim_loans.mou.standing import not_undone

CONFIRMED = "confirmed"
DISPUTED = "disputed"
WAITING = "waiting"
PAGE_ROWS = 50

# The tables of the events by their kind, and the column of an answer that names the event.
_TABLE: Mapping[str, Table] = {
    "referral": referral,
    "training": training,
    "support": support,
    "registration": registration,
}
# Where rows are taken back by those of another table.
_UNDOING: Mapping[str, Table] = {"referral": referral_undoing, "training": training_undoing}
KINDS = tuple(_TABLE)


class Event(NamedTuple):
    """An event of SMEDA as SMEDA reads it; `detail` is the kind of help, or the registration."""

    kind: str
    id: int
    smeda_code: str
    detail: str
    on_day: date
    answer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """SMEDA confirms one of its events, or disputes it with the reason."""

    kind: str
    event_id: int
    answer: str
    reason: str | None = None


def answer_event(
    tx: Writing, command: Answer, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write SMEDA's answer down; a later one replaces it."""
    require(actor, Deed.CONFIRM_EVENT, branch=None)
    if command.answer not in (CONFIRMED, DISPUTED):
        raise Refused("Choose one of the list.", field="answer")
    disputed = command.answer == DISPUTED
    reason = (command.reason or "").strip() or None
    if disputed and reason is None:
        raise Refused("Give the reason, so that the branch can look again.", field="reason")
    found = _found(tx.connection, command, today=today)
    this = begin_act(
        tx,
        kind="answer_event",
        command=command,
        actor=actor,
        subject=f"{found.kind} {found.smeda_code}",
        chain=HEAD_OFFICE_CHAIN,
        reason=reason if disputed else None,
        key=key,
    )
    if this.repeated:
        return
    columns = (f"{found.kind}_id", "answer", "reason", "act_id", "recorded_at")
    given = (found.id, command.answer, reason if disputed else None)
    row = (*given, this.id, this.recorded_micros)
    insert_new(tx.connection, partner_answer, columns, [row])
    seal_act(tx, this, (partner_answer,))


def events(connection: Connection, *, today: date, page: int) -> list[Event]:
    """Give a page of SMEDA's events that it may read today, the latest first.

    One row more than `PAGE_ROWS` tells that a page follows.
    """
    rows = _events(today).subquery()
    listed = (
        select(*(rows.c[name] for name in Event._fields))
        .order_by(rows.c.on_day.desc(), rows.c.kind, rows.c.id.desc())
        .limit(PAGE_ROWS + 1)
        .offset((page - 1) * PAGE_ROWS)
    )
    return [Event(*row) for row in connection.execute(listed)]


def waiting_between(connection: Connection, first: date, last: date, *, today: date) -> int:
    """Count SMEDA's events of these days that it may read today and has not answered."""
    rows = _events(today).subquery()
    within = (rows.c.on_day >= first, rows.c.on_day <= last, rows.c.answer == WAITING)
    count = select(func.count()).select_from(rows).where(*within)
    return int(connection.execute(count).scalar_one())


def answers_to(connection: Connection, kind: str, ids: list[int]) -> dict[int, str]:
    """Give the last answer to each of these events; an event without one is left out."""
    column = partner_answer.c[f"{kind}_id"]
    rows = select(column, partner_answer.c.answer).where(column.in_(ids))
    return dict(connection.execute(rows.order_by(partner_answer.c.id)).all())


def last_answer(table: Table, kind: str) -> ColumnElement[Any]:
    """Give the last answer to an event of the table; NULL while it waits."""
    return (
        select(partner_answer.c.answer)
        .where(partner_answer.c[f"{kind}_id"] == table.c.id)
        .order_by(partner_answer.c.id.desc())
        .limit(1)
        .correlate(table)
        .scalar_subquery()
    )


def _found(connection: Connection, command: Answer, *, today: date) -> Event:
    rows = _events(today).subquery()
    wanted = and_(rows.c.kind == command.kind, rows.c.id == command.event_id)
    row = connection.execute(
        select(*(rows.c[name] for name in Event._fields)).where(wanted)
    ).first()
    if row is None:
        raise NotFound("There is no such event of SMEDA. Open the list again.")
    return Event(*row)


def _events(today: date) -> Any:
    consents = consenting("smeda", today)
    owned = select(enterprise.c.id).where(enterprise.c.owner_id.in_(consents))
    return union_all(
        _of("referral", literal(""), referral.c.on_day).where(referral.c.person_id.in_(consents)),
        _of("training", literal(""), training.c.begins_on),
        _of("support", support.c.kind, support.c.on_day).where(
            support.c.enterprise_id.is_(None) | support.c.enterprise_id.in_(owned)
        ),
        _of("registration", registration.c.type, registration.c.on_day).where(
            registration.c.enterprise_id.in_(owned)
        ),
    )


def _of(kind: str, detail: ColumnElement[Any], day: Column[Any]) -> Select[Any]:
    """Select the events of one kind that carry SMEDA's code and were not undone."""
    table = _TABLE[kind]
    rows = select(
        literal(kind).label("kind"),
        table.c.id,
        table.c.smeda_code,
        detail.label("detail"),
        day.label("on_day"),
        func.coalesce(last_answer(table, kind), WAITING).label("answer"),
    ).where(table.c.smeda_code.is_not(None))
    undoing = _UNDOING.get(kind)
    return rows.where(not_undone(table) if undoing is None else stands(table, undoing))
