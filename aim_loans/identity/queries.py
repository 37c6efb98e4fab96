"""What can be asked of identity; changes nothing."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import CTE, ColumnElement, Connection, Select, exists, literal, select

from aim_loans.errors import NotFound
from aim_loans.identity.models import act, branch, cut, line, staff, staff_grant
from aim_loans.identity.permissions import Actor, Grant, Role

# The purpose of the cut that a made-up book begins with.
SYNTHETIC_BOOK = "synthetic book"


def branch_exists(connection: Connection, code: str) -> bool:
    """Say whether a branch has this code."""
    return known_branches(connection, [code]) == {code}


def require_branch(connection: Connection, code: str) -> None:
    """Refuse with NotFound a branch that is not there."""
    if not branch_exists(connection, code):
        raise NotFound("There is no branch {code}.", field="branch", code=code)


def known_area(connection: Connection, name: str) -> int | None:
    """Give the number of an area; None when there is none of this name."""
    found = select(line.c.id).where(line.c.level == "area", line.c.name == name)
    number: int | None = connection.execute(found).scalar()
    return number


def require_area(connection: Connection, name: str) -> int:
    """Give the number of an area; NotFound when there is none of this name."""
    found = known_area(connection, name)
    if found is None:
        raise NotFound("There is no area {name}.", field="area", name=name)
    return found


def known_branches(connection: Connection, codes: Iterable[str]) -> set[str]:
    """Give those of the codes that are branches."""
    found = connection.execute(select(branch.c.code).where(branch.c.code.in_(list(codes))))
    return set(found.scalars())


def branch_codes(connection: Connection) -> list[str]:
    """Give the codes of all branches."""
    return list(connection.execute(select(branch.c.code).order_by(branch.c.code)).scalars())


def key_used(connection: Connection, key: str) -> bool:
    """Say whether an act was recorded under this one-time key."""
    found = connection.execute(select(act.c.id).where(act.c.command_key == key))
    return found.first() is not None


def staff_exists(connection: Connection, username: str) -> bool:
    """Say whether a member of staff has this user name."""
    found = connection.execute(select(staff.c.username).where(staff.c.username == username))
    return found.first() is not None


def require_staff(connection: Connection, username: str) -> None:
    """Refuse with NotFound a user name that nobody has."""
    if not staff_exists(connection, username):
        raise NotFound(
            "There is nobody with the user name {username}.", field="username", username=username
        )


def actor_of(connection: Connection, username: str, *, today: date) -> Actor:
    """Give somebody as they may act today, also who asked for an act earlier."""
    return Actor(username, grants_of(connection, username, today=today))


def grants_of(connection: Connection, username: str, *, today: date) -> tuple[Grant, ...]:
    """Give the roles that somebody holds today, each with the branches that it reaches."""
    return as_grants(connection.execute(held_grants(literal(username), today)).all())


def held_grants(username: ColumnElement[str], today: date) -> Select[Any]:
    """Select the roles that somebody holds on a day: a row a role, or one a branch of its line."""
    revoking = staff_grant.alias("revoking")
    revoked = exists().where(
        revoking.c.revokes_id == staff_grant.c.id, revoking.c.valid_from <= today
    )
    mine = select(staff_grant.c.line_id).where(staff_grant.c.username == username)
    below = _below(line.c.id.in_(mine))
    return (
        select(
            staff_grant.c.id.label("grant_id"),
            staff_grant.c.username,
            staff_grant.c.role,
            staff_grant.c.branch_code,
            staff_grant.c.line_id,
            branch.c.code.label("within"),
        )
        .outerjoin(below, below.c.top == staff_grant.c.line_id)
        .outerjoin(branch, branch.c.area_id == below.c.id)
        .where(
            staff_grant.c.username == username,
            staff_grant.c.valid_from <= today,
            staff_grant.c.revokes_id.is_(None),
            ~revoked,
        )
        .order_by(staff_grant.c.id)
    )


def as_grants(rows: Iterable[Any]) -> tuple[Grant, ...]:
    """Make grants of the rows of `held_grants`, in their order."""
    return tuple(_grant(list(held)) for _, held in groupby(rows, key=attrgetter("grant_id")))


def _grant(rows: list[Any]) -> Grant:
    first = rows[0]
    if first.branch_code is None and first.line_id is None:
        return Grant(Role(first.role))
    reached = frozenset(row.branch_code or row.within for row in rows)
    return Grant(Role(first.role), reached - {None})


def _below(where: ColumnElement[bool]) -> CTE:
    """Select each of these lines (`top`) with itself and the lines below it."""
    tops = select(line.c.id.label("top"), line.c.id).where(where)
    below = tops.cte("below", recursive=True)
    return below.union_all(
        select(below.c.top, line.c.id).join(below, line.c.parent_id == below.c.id)
    )


def branches_within(connection: Connection, line_id: int) -> frozenset[str]:
    """Give the codes of the branches of a line: of an area, or of the areas below it."""
    below = _below(line.c.id == line_id)
    within = select(branch.c.code).where(branch.c.area_id.in_(select(below.c.id)))
    return frozenset(connection.execute(within).scalars())


def is_synthetic(connection: Connection) -> bool:
    """Say whether the book was made up for a demonstration: its first cut says so."""
    found = select(cut.c.number).where(cut.c.purpose == SYNTHETIC_BOOK).limit(1)
    return connection.execute(found).first() is not None


class Cut(NamedTuple):
    """A cut: its number, its moment K, and the seal over the heads of all chains."""

    number: int
    taken_at: datetime
    seal: str


def last_cut(connection: Connection) -> Cut:
    """Give the newest cut; NotFound in a book that has none."""
    columns = (cut.c.number, cut.c.taken_at, cut.c.seal)
    found = connection.execute(select(*columns).order_by(cut.c.number.desc()).limit(1)).first()
    if found is None:
        raise NotFound("Nothing was sealed in this book yet.")
    return Cut(*found)
