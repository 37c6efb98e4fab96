"""Trainings: planned, a set of borrowers invited at once, attendance entered together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from aim_loans.borrowers.details import tidy
from aim_loans.borrowers.models import person
from aim_loans.borrowers.referrals import checked_code, code_once
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing, hold_row
from aim_loans.db.tables import stands
from aim_loans.errors import Conflict, NotFound, Refused
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, reach, require
from aim_loans.identity.queries import require_branch
from aim_loans.mou.belonging import branch_of_person
from aim_loans.mou.inviting import FILTERS, STAGES, invitable
from aim_loans.mou.models import (
    training,
    training_attendance,
    training_attendance_undoing,
    training_invitation,
    training_undoing,
)

MOST_SEATS = 200
MOST_DAYS = 60
MOST_SHOWN = 100
HIGHEST_SATISFACTION = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTraining:
    """A training at a branch: where, from which day on, for how many days and people.

    With `smeda_code` it is one of SMEDA's, which then confirms it.
    """

    branch_code: str
    title: str
    place: str
    begins_on: date
    days: int
    seats: int
    smeda_code: str | None = None


@dataclass(frozen=True, slots=True)
class Invite:
    """Invite the borrowers with a running loan that the filters keep, up to the free seats.

    `filters` are values by names of `inviting.FILTERS`.
    """

    training_id: int
    filters: Mapping[str, str] = field(default_factory=dict)


class Present(NamedTuple):
    """Of somebody invited: the days attended, whether completed, and satisfaction 1 to 5."""

    invitation_id: int
    days: int
    completed: bool
    satisfaction: int | None = None


@dataclass(frozen=True, slots=True)
class EnterAttendance:
    """Who came, of those invited to a training; who is not named stays as entered before."""

    training_id: int
    present: tuple[Present, ...]


class Training(NamedTuple):
    """A training with the numbers of invited and of those who came and completed it.

    `taken_back` says why it was; None while it stands.
    """

    id: int
    branch_code: str
    title: str
    place: str
    begins_on: date
    days: int
    seats: int
    smeda_code: str | None
    taken_back: str | None
    invited: int
    came: int
    completed: int


class Invited(NamedTuple):
    """Somebody invited, with the attendance entered last (None: not entered yet)."""

    invitation_id: int
    person_id: int
    name: str
    father_or_husband_name: str | None
    gender: str
    branch_code: str
    attendance_id: int | None
    days: int | None
    completed: bool | None
    satisfaction: int | None


def plan_training(
    tx: Writing, command: PlanTraining, *, actor: Actor, key: str | None = None
) -> int:
    """Plan a training; gives its id. Conflict when SMEDA's code stands on another one."""
    require(actor, Deed.PLAN_TRAINING, branch=command.branch_code)
    require_branch(tx.connection, command.branch_code)
    title, place, code = _checked(command)
    this = _begin(tx, "plan_training", command, command.branch_code, actor=actor, key=key)
    if this.repeated:
        made = select(training.c.id).where(training.c.act_id == this.id)
        return int(tx.connection.execute(made).scalar_one())
    taken = Conflict(
        "The code {code} stands on another training. Check it.", field="smeda_code", code=code
    )
    if code and training_by_code(tx.connection, code):
        raise taken
    columns = ("branch_code", "title", "place", "begins_on", "days", "seats", "smeda_code")
    values = (command.branch_code, title, place, command.begins_on, command.days, command.seats)
    row = (*values, code, this.id, this.recorded_micros)
    with code_once(taken):
        (new_id,) = insert_new(tx.connection, training, (*columns, "act_id", "recorded_at"), [row])
    seal_act(tx, this, (training,))
    return new_id


def invite(tx: Writing, command: Invite, *, actor: Actor, key: str | None = None) -> int:
    """Invite everybody whom the filters keep, up to the free seats; gives how many."""
    known = training_by_id(tx.connection, command.training_id, lock=True)
    require(actor, Deed.PLAN_TRAINING, branch=known.branch_code)
    _check_stands(known)
    for name in command.filters:
        if name not in FILTERS:
            raise Refused("Choose one of the list.", field=name)
    if command.filters.get("stage", STAGES[0]) not in STAGES:
        raise Refused("Choose one of the list.", field="stage")
    this = _begin(tx, "invite", command, known.branch_code, actor=actor, key=key)
    if this.repeated:
        mine = training_invitation.c.act_id == this.id
        counted = select(func.count()).select_from(training_invitation).where(mine)
        return int(tx.connection.execute(counted).scalar_one())
    free = known.seats - known.invited
    wanted = invitable(known.id, command.filters, reach(actor, Deed.PLAN_TRAINING)).limit(free)
    people = list(tx.connection.execute(wanted).scalars()) if free else []
    if not people:
        raise Refused(
            "Nobody is left to invite: the seats are taken, or no borrower fits. Change the "
            "filters, or plan another training."
        )
    rows = [(known.id, person_id, this.id, this.recorded_micros) for person_id in people]
    columns = ("training_id", "person_id", "act_id", "recorded_at")
    insert_new(tx.connection, training_invitation, columns, rows)
    seal_act(tx, this, (training_invitation,))
    return len(rows)


def enter_attendance(
    tx: Writing, command: EnterAttendance, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write down who came, all of it or nothing; entered again, the last one holds."""
    known = training_by_id(tx.connection, command.training_id, lock=True)
    require(actor, Deed.RECORD_SUPPORT, branch=known.branch_code)
    _check_stands(known)
    if known.begins_on > today:
        raise Refused("The training begins on {day}. Enter it then.", day=known.begins_on)
    invited = {each.invitation_id for each in invited_to(tx.connection, known.id)}
    for each in command.present:
        _check_present(each, known, invited, today=today)
    this = _begin(tx, "enter_attendance", command, known.branch_code, actor=actor, key=key)
    if this.repeated:
        return
    if not command.present:
        raise Refused("Nobody is marked. Tick who came.")
    rows = [(*each, this.id, this.recorded_micros) for each in command.present]
    columns = (*Present._fields, "act_id", "recorded_at")
    insert_new(tx.connection, training_attendance, columns, rows)
    seal_act(tx, this, (training_attendance,))


def training_by_id(connection: Connection, training_id: int, *, lock: bool = False) -> Training:
    """Give a training; NotFound when there is none. `lock` holds its row for this act."""
    if lock:
        hold_row(connection, training.c.id, training_id)
    row = connection.execute(_trainings().where(training.c.id == training_id)).first()
    if row is None:
        raise NotFound("There is no such training. Open the list again.")
    return Training(*row)


def training_by_code(connection: Connection, code: str) -> Training | None:
    """Give the training that a code of SMEDA stands on; None where it stands on none."""
    coded = _trainings().where(training.c.smeda_code == code, stands(training, training_undoing))
    row = connection.execute(coded).first()
    return Training(*row) if row else None


def trainings(connection: Connection, *, branches: frozenset[str] | None) -> list[Training]:
    """Give the trainings at these branches (None: all), the latest first; 100 at most."""
    rows = _trainings().order_by(training.c.begins_on.desc(), training.c.id.desc())
    if branches is not None:
        rows = rows.where(training.c.branch_code.in_(branches))
    return [Training(*row) for row in connection.execute(rows.limit(MOST_SHOWN))]


def invited_to(connection: Connection, training_id: int) -> list[Invited]:
    """Give who is invited to a training, by the order of invitation."""
    last = _last_attendance()
    columns = [
        training_invitation.c.id,
        *(person.c[name] for name in ("id", "name", "father_or_husband_name", "gender")),
        branch_of_person().label("branch"),
        *(last.c[name] for name in ("id", "days", "completed", "satisfaction")),
    ]
    rows = connection.execute(
        select(*columns)
        .join(person, person.c.id == training_invitation.c.person_id)
        .outerjoin(last, last.c.invitation_id == training_invitation.c.id)
        .where(training_invitation.c.training_id == training_id)
        .order_by(training_invitation.c.id)
        .limit(MOST_SEATS)
    )
    return [Invited(*row) for row in rows]


def _checked(command: PlanTraining) -> tuple[str, str, str | None]:
    title, place = tidy(command.title), tidy(command.place)
    for name, text in (("title", title), ("place", place)):
        if not text:
            raise Refused("Fill this in.", field=name)
    for name, most in (("days", MOST_DAYS), ("seats", MOST_SEATS)):
        if not 1 <= getattr(command, name) <= most:
            raise Refused(
                "Give a whole number from {least} to {most}.", field=name, least=1, most=most
            )
    return title, place, checked_code(command.smeda_code)


def _check_stands(known: Training) -> None:
    if known.taken_back is not None:
        raise Refused("This training was taken back. Plan another one.")


def _check_present(each: Present, known: Training, invited: set[int], *, today: date) -> None:
    passed = min(known.days, (today - known.begins_on).days + 1)
    row = f"days-{each.invitation_id}"
    if each.invitation_id not in invited:
        raise Refused("Somebody here is not invited to this training. Open the sheet again.")
    if not 0 <= each.days <= passed:
        raise Refused(
            "Give a whole number from 0 to {most}: so many days of the training have passed.",
            field=row,
            most=passed,
        )
    if each.completed and passed < known.days:
        raise Refused("The training is not over, so nobody has completed it yet.", field=row)
    if each.completed and not each.days:
        raise Refused("Who never came has not completed it. Check the days.", field=row)
    if each.satisfaction is not None and not 1 <= each.satisfaction <= HIGHEST_SATISFACTION:
        raise Refused(
            "Give a whole number from {least} to {most}.",
            field=f"satisfaction-{each.invitation_id}",
            least=1,
            most=HIGHEST_SATISFACTION,
        )


def _last_attendance() -> Any:
    row = training_attendance
    standing = stands(row, training_attendance_undoing)
    newest = select(func.max(row.c.id)).where(standing).group_by(row.c.invitation_id)
    return select(row).where(row.c.id.in_(newest)).subquery("last")


def _trainings() -> Select[Any]:
    last = _last_attendance()
    columns = [
        *(training.c[name] for name in Training._fields[:-4]),
        training_undoing.c.reason.label("taken_back"),
    ]
    return (
        select(
            *columns,
            func.count(training_invitation.c.id),
            func.count().filter(last.c.days > 0),
            func.count().filter(last.c.completed),
        )
        .outerjoin(training_undoing, training_undoing.c.undoes_id == training.c.id)
        .outerjoin(training_invitation, training_invitation.c.training_id == training.c.id)
        .outerjoin(last, last.c.invitation_id == training_invitation.c.id)
        .group_by(*columns)
    )


def _begin(
    tx: Writing,
    kind: str,
    command: PlanTraining | Invite | EnterAttendance,
    branch: str,
    *,
    actor: Actor,
    key: str | None,
) -> Act:
    planned = None if isinstance(command, PlanTraining) else command.training_id
    return begin_branch_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=f"training {planned}" if planned else "new training",
        branch_code=branch,
        key=key,
    )
