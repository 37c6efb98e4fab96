"""Groups of three to six borrowers who guarantee each other: made, joined, left, asked for.

A group never splits a loan: each member has a loan of their own. Memberships are dated facts;
a guarantee that a group gave stays with the loan when somebody leaves later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, exists, func, literal, select

from aim_loans.borrowers.details import LEAST_MEMBERS, MOST_MEMBERS
from aim_loans.borrowers.models import borrower_group, group_membership, person
from aim_loans.borrowers.queries import person as person_with
from aim_loans.db.bulk import insert_new, stored_day
from aim_loans.db.engine import Writing, hold_row
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.identity.queries import require_branch

PAGE_ROWS = 50
MOST_CHOICES = 1_000

_MEMBERSHIP = ("group_id", "person_id", "value_on", "ends_id", "act_id", "recorded_at")
_GROUP = ("branch_code", "name", "meeting_place", "act_id", "recorded_at")


class Group(NamedTuple):
    """A group and how many belong to it now."""

    id: int
    branch_code: str
    name: str
    meeting_place: str
    members: int

    @property
    def ref(self) -> str:
        """Give the group's number as people write it."""
        return group_ref(self.branch_code, self.id)

    @property
    def is_complete(self) -> bool:
        """Say whether so many belong to it that they may guarantee each other."""
        return LEAST_MEMBERS <= self.members <= MOST_MEMBERS


class Member(NamedTuple):
    """Somebody's time in a group; `left_on` is None for who belongs to it now."""

    membership_id: int
    person_id: int
    name: str
    cnic: str | None
    mobile: str | None
    household: str | None
    joined_on: date
    left_on: date | None


@dataclass(frozen=True, slots=True)
class MakeGroup:
    """A new group of a branch, without members yet."""

    branch_code: str
    name: str
    meeting_place: str


def make_group(tx: Writing, command: MakeGroup, *, actor: Actor, key: str | None = None) -> int:
    """Make a group; gives its id."""
    require(actor, Deed.REGISTER, branch=command.branch_code)
    require_branch(tx.connection, command.branch_code)
    this = begin_branch_act(
        tx,
        kind="make_group",
        command=command,
        actor=actor,
        subject="new group",
        branch_code=command.branch_code,
        key=key,
    )
    if this.repeated:
        made = select(borrower_group.c.id).where(borrower_group.c.act_id == this.id)
        return int(tx.connection.execute(made).scalar_one())
    row = (command.branch_code, command.name, command.meeting_place, *_recorded(this))
    (new_id,) = insert_new(tx.connection, borrower_group, _GROUP, [row])
    seal_act(tx, this, (borrower_group,))
    return new_id


@dataclass(frozen=True, slots=True)
class JoinGroup:
    """A borrower joins a group on a day."""

    group_id: int
    person_id: int
    joined_on: date


def join_group(
    tx: Writing, command: JoinGroup, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Take a borrower of the branch into a group that has room; one group at a time."""
    group = _locked(tx.connection, command.group_id)
    require(actor, Deed.REGISTER, branch=group.branch_code)
    this = _begin(tx, group, "join_group", command, actor=actor, key=key)
    if this.repeated:
        return this
    _check_day(command.joined_on, today, field="joined_on")
    _check_newcomer(tx.connection, group, command)
    row = (group.id, command.person_id, stored_day(command.joined_on), None, *_recorded(this))
    insert_new(tx.connection, group_membership, _MEMBERSHIP, [row])
    seal_act(tx, this, (group_membership,))
    return this


@dataclass(frozen=True, slots=True)
class LeaveGroup:
    """A member leaves a group on a day."""

    group_id: int
    membership_id: int
    left_on: date


def leave_group(
    tx: Writing, command: LeaveGroup, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """End a membership; the guarantees that the member has given stay."""
    group = _locked(tx.connection, command.group_id)
    require(actor, Deed.REGISTER, branch=group.branch_code)
    this = _begin(tx, group, "leave_group", command, actor=actor, key=key)
    if this.repeated:
        return this
    _check_day(command.left_on, today, field="left_on")
    standing = [
        each
        for each in members_of(tx.connection, group.id)
        if each.membership_id == command.membership_id and each.left_on is None
    ]
    if not standing:
        raise NotFound("This member has left already. Open the group again.")
    if command.left_on < standing[0].joined_on:
        raise Refused(
            "The member joined on {day}. Choose that day or a later one.",
            field="left_on",
            day=standing[0].joined_on,
        )
    ended = (stored_day(command.left_on), command.membership_id)
    row = (group.id, standing[0].person_id, *ended, *_recorded(this))
    insert_new(tx.connection, group_membership, _MEMBERSHIP, [row])
    seal_act(tx, this, (group_membership,))
    return this


def group_by_id(connection: Connection, group_id: int) -> Group:
    """Give a group; NotFound when there is none."""
    row = connection.execute(_groups().where(borrower_group.c.id == group_id)).first()
    if row is None:
        raise NotFound("There is no such group. Look for it in the list of the branch.")
    return Group(*row)


def groups_page(
    connection: Connection, branches: frozenset[str] | None, *, page: int
) -> tuple[list[Group], bool]:
    """Give a page of the groups of these branches (None: of all), and whether more follow."""
    rows = _of_branches(branches).limit(PAGE_ROWS + 1).offset((page - 1) * PAGE_ROWS)
    found = [Group(*row) for row in connection.execute(rows)]
    return found[:PAGE_ROWS], len(found) > PAGE_ROWS


def groups_of(connection: Connection, branches: frozenset[str] | None) -> list[Group]:
    """Give the groups of these branches (None: of all) to choose from, 1,000 at most."""
    rows = _of_branches(branches).limit(MOST_CHOICES)
    return [Group(*row) for row in connection.execute(rows)]


def _of_branches(branches: frozenset[str] | None) -> Select[Any]:
    """Select groups by branch and name."""
    rows = _groups().order_by(borrower_group.c.branch_code, borrower_group.c.name)
    if branches is not None:
        rows = rows.where(borrower_group.c.branch_code.in_(branches))
    return rows.order_by(borrower_group.c.id)


def group_of_person(connection: Connection, person_id: int) -> Group | None:
    """Give the group that somebody belongs to now."""
    row = connection.execute(_groups().where(is_group_of(literal(person_id)))).first()
    return Group(*row) if row else None


def members_of(connection: Connection, group_id: int) -> Sequence[Member]:
    """Give who belongs to a group and who did before, by the day of joining."""
    ending = group_membership.alias("ending")
    rows = connection.execute(
        select(
            group_membership.c.id,
            group_membership.c.person_id,
            person.c.name,
            person.c.cnic,
            person.c.mobile,
            person.c.household,
            group_membership.c.value_on,
            ending.c.value_on,
        )
        .join(person, person.c.id == group_membership.c.person_id)
        .outerjoin(ending, ending.c.ends_id == group_membership.c.id)
        .where(group_membership.c.group_id == group_id, group_membership.c.ends_id.is_(None))
        .order_by(ending.c.id.is_not(None), group_membership.c.value_on, group_membership.c.id)
        .limit(PAGE_ROWS)
    )
    return [Member(*row) for row in rows]


def standing_membership() -> ColumnElement[bool]:
    """Say that a row of memberships is one that has not ended."""
    ending = group_membership.alias("ending")
    ended = exists().where(ending.c.ends_id == group_membership.c.id)
    return group_membership.c.ends_id.is_(None) & ~ended


def group_ref(branch: str, group_id: int) -> str:
    """Write a group's number."""
    return f"{branch}-G{group_id:06d}"


def group_columns() -> list[ColumnElement[Any]]:
    """Give the columns of a group, in the order of `Group`."""
    members = (
        select(func.count())
        .select_from(group_membership)
        .where(group_membership.c.group_id == borrower_group.c.id, standing_membership())
        .correlate(borrower_group)
        .scalar_subquery()
    )
    names = Group._fields[:-1]
    return [*(borrower_group.c[name] for name in names), members.label("members")]


def is_group_of(person_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Say that a group is the one that somebody belongs to now."""
    mine = select(func.max(group_membership.c.group_id)).where(
        group_membership.c.person_id == person_id, standing_membership()
    )
    return borrower_group.c.id == mine.scalar_subquery()


def _groups() -> Select[Any]:
    return select(*group_columns())


def _locked(connection: Connection, group_id: int) -> Group:
    """Give a group whose row is held for this act, so that a seventh cannot join meanwhile."""
    hold_row(connection, borrower_group.c.id, group_id)
    return group_by_id(connection, group_id)


def _check_day(day: date, today: date, *, field: str) -> None:
    if day > today:
        raise Refused("The day lies in the future. Give the day it happened.", field=field)


def _check_newcomer(connection: Connection, group: Group, command: JoinGroup) -> None:
    newcomer = person_with(connection, command.person_id, lock=True)
    if newcomer.branch_code not in (None, group.branch_code):
        raise Refused(
            "{name} belongs to another branch than the group. A group meets at one branch.",
            name=newcomer.name,
        )
    earlier = group_of_person(connection, newcomer.id)
    if earlier is not None:
        raise Refused(
            "{name} belongs to group {ref} already. Nobody is in two groups.",
            name=newcomer.name,
            ref=earlier.ref,
        )
    if group.members >= MOST_MEMBERS:
        raise Refused("The group is full: {most} members at most.", most=MOST_MEMBERS)
    for each in members_of(connection, group.id):
        if each.left_on is None and each.household and each.household == newcomer.household:
            raise Refused(
                "{name} lives in the same household. Only different households guarantee "
                "each other.",
                name=each.name,
            )


def _begin(
    tx: Writing,
    group: Group,
    kind: str,
    command: JoinGroup | LeaveGroup,
    *,
    actor: Actor,
    key: str | None,
) -> Act:
    return begin_branch_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=f"group {group.ref}",
        branch_code=group.branch_code,
        key=key,
    )


def _recorded(this: Act) -> tuple[int, int]:
    return (this.id, this.recorded_micros)
