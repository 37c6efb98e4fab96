"""What can be asked of staff: who they are, what they hold, when they were last seen."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from aim_loans.db.engine import hold_row
from aim_loans.errors import NotFound
from aim_loans.identity.models import (
    branch,
    line,
    staff,
    staff_factor,
    staff_grant,
    staff_password,
    web_session,
)
from aim_loans.identity.permissions import Role

PAGE = 50


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that somebody holds, from a day on; `ends_on` is the first day without it."""

    grant_id: int
    username: str
    role: Role
    branch_code: str | None
    line_id: int | None
    area: str | None
    valid_from: date
    ends_on: date | None

    def holds_on(self, day: date) -> bool:
        """Say whether it is held on a day."""
        return self.valid_from <= day and (self.ends_on is None or day < self.ends_on)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff; `id` is the number of the act that added them."""

    id: int
    username: str
    full_name: str
    branch_code: str | None
    has_password: bool
    has_factor: bool
    last_seen: datetime | None
    roles: tuple[HeldRole, ...]

    def may_sign_in(self, day: date) -> bool:
        """Say whether there is a password, and a role that holds on this day."""
        return self.has_password and any(role.holds_on(day) for role in self.roles)


@dataclass(frozen=True, slots=True)
class BranchLine:
    """A branch with its area."""

    code: str
    name: str
    area: str | None
    district: str | None


def members(
    connection: Connection, *, branch_code: str | None = None, page: int = 1
) -> tuple[list[Member], bool]:
    """Give a page of the staff by user name, and whether more follow.

    With a branch: those who belong to it or hold a role at it.
    """
    rows = _members().order_by(staff.c.username).offset((page - 1) * PAGE).limit(PAGE + 1)
    if branch_code is not None:
        there = select(staff_grant.c.username).where(staff_grant.c.branch_code == branch_code)
        rows = rows.where(or_(staff.c.branch_code == branch_code, staff.c.username.in_(there)))
    found = connection.execute(rows).all()
    return _with_roles(connection, found[:PAGE]), len(found) > PAGE


def member(connection: Connection, member_id: int) -> Member:
    """Give one member of staff; NotFound when there is none."""
    found = connection.execute(_members().where(staff.c.act_id == member_id)).all()
    if not found:
        raise NotFound("There is no such member of staff. Open the list again.")
    return _with_roles(connection, found)[0]


def held_roles(connection: Connection, usernames: Iterable[str]) -> list[HeldRole]:
    """Give all roles that these hold, held, or will hold, in the order they were given."""
    rows = _roles().where(staff_grant.c.username.in_(list(usernames)))
    return [_held(row) for row in connection.execute(rows.order_by(staff_grant.c.id))]


def role_of_grant(connection: Connection, grant_id: int) -> HeldRole:
    """Give one role, locked so that it ends once; NotFound when there is none."""
    rows = _roles().where(staff_grant.c.id == grant_id)
    hold_row(connection, staff_grant.c.id, grant_id)
    found = connection.execute(rows).first()
    if found is None:
        raise NotFound("There is no such role. Open the page again.")
    return _held(found)


def branches(connection: Connection, *, page: int = 1) -> tuple[list[BranchLine], bool]:
    """Give a page of the branches by code, and whether more follow."""
    rows = (
        select(branch.c.code, branch.c.name, line.c.name.label("area"), branch.c.district)
        .outerjoin(line, line.c.id == branch.c.area_id)
        .order_by(branch.c.code)
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    found = [BranchLine(*row) for row in connection.execute(rows)]
    return found[:PAGE], len(found) > PAGE


def _members() -> Select[Any]:
    own = staff.c.username
    password = select(staff_password.c.id).where(staff_password.c.username == own).limit(1)
    seen = select(func.max(web_session.c.seen_at)).where(web_session.c.username == own)
    factor = (
        select(staff_factor.c.nonce)
        .where(staff_factor.c.username == own)
        .order_by(staff_factor.c.id.desc())
        .limit(1)
    )
    return select(
        staff,
        password.scalar_subquery().label("password"),
        factor.scalar_subquery().label("factor"),
        seen.scalar_subquery().label("seen"),
    )


def _with_roles(connection: Connection, rows: Iterable[Any]) -> list[Member]:
    found = list(rows)
    roles = defaultdict(list)
    for held in held_roles(connection, [row.username for row in found]):
        roles[held.username].append(held)
    return [
        Member(
            id=row.act_id,
            username=row.username,
            full_name=row.full_name,
            branch_code=row.branch_code,
            has_password=row.password is not None,
            has_factor=row.factor is not None,
            last_seen=row.seen,
            roles=tuple(roles[row.username]),
        )
        for row in found
    ]


def _roles() -> Select[Any]:
    end = staff_grant.alias("ending")
    return (
        select(staff_grant, line.c.name.label("area"), end.c.valid_from.label("ends_on"))
        .outerjoin(line, line.c.id == staff_grant.c.line_id)
        .outerjoin(end, end.c.revokes_id == staff_grant.c.id)
        .where(staff_grant.c.revokes_id.is_(None))
    )


def _held(row: Any) -> HeldRole:
    return HeldRole(
        grant_id=row.id,
        username=row.username,
        role=Role(row.role),
        branch_code=row.branch_code,
        line_id=row.line_id,
        area=row.area,
        valid_from=row.valid_from,
        ends_on=row.ends_on,
    )
