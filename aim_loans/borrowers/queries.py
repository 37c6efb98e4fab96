"""What can be asked of borrowers; changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, func, select

from aim_loans.borrowers.models import enterprise, person_change
from aim_loans.borrowers.models import person as persons
from aim_loans.db.bulk import texts_as_rows
from aim_loans.errors import NotFound
from aim_loans.identity.models import act

MOST_SHOWN = 50


class KnownPerson(NamedTuple):
    """What the book holds of a person that an imported row can be compared with."""

    id: int
    name: str
    cnic: str | None
    gender: str
    birth_date: date | None


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the book holds them; None for what nobody told.

    `branch_code` is where somebody registered the person; an imported one has none, and
    belongs to the branches of the loans.
    """

    id: int
    ref: str | None
    name: str
    father_or_husband_name: str | None
    mother_name: str | None
    cnic: str | None
    cnic_issued_on: date | None
    cnic_expires_on: date | None
    gender: str
    birth_date: date | None
    mobile: str | None
    address: str | None
    district: str | None
    tehsil: str | None
    urban_rural: str | None
    disability: str | None
    household: str | None
    nominee_name: str | None
    nominee_cnic: str | None
    nominee_relation: str | None
    branch_code: str | None


class Enterprise(NamedTuple):
    """A micro enterprise of a person: sector and activity by key."""

    id: int
    name: str
    sector: str
    activity: str | None
    district: str | None
    started_on: date | None


class Change(NamedTuple):
    """A column of a person that somebody changed, with its value before and after."""

    id: int
    field: str
    old_value: str | None
    new_value: str | None
    recorded_at: datetime
    actor: str


def person(connection: Connection, person_id: int, *, lock: bool = False) -> Person:
    """Give a person; NotFound when there is none. `lock` holds the row for this act."""
    wanted = select(*person_columns()).where(persons.c.id == person_id)
    return require_found(connection.execute(wanted.with_for_update() if lock else wanted).first())


def person_columns() -> list[Column[Any]]:
    """Give the columns of `Person`, to be read together with others."""
    return [persons.c[name] for name in Person.__slots__]


def require_found(row: Sequence[Any] | None) -> Person:
    """Give the person of a row of `person_columns`; NotFound for no row."""
    if row is None:
        raise NotFound("There is no such borrower. Look for the CNIC or the name.")
    return Person(*row)


def enterprises_of(connection: Connection, person_id: int) -> list[Enterprise]:
    """Give the enterprises of a person, the first one first; 50 at most."""
    columns = (enterprise.c[name] for name in Enterprise._fields)
    mine = select(*columns).where(enterprise.c.owner_id == person_id)
    rows = connection.execute(mine.order_by(enterprise.c.id).limit(MOST_SHOWN))
    return [Enterprise(*row) for row in rows]


def owns_enterprise(connection: Connection, person_id: int, enterprise_id: int) -> bool:
    """Say whether an enterprise is this person's."""
    owned = select(enterprise.c.id).where(
        enterprise.c.id == enterprise_id, enterprise.c.owner_id == person_id
    )
    return connection.execute(owned).first() is not None


def changes_of(connection: Connection, person_id: int) -> list[Change]:
    """Give what was changed on a person and by whom, the newest first; 50 at most."""
    names = ("id", "field", "old_value", "new_value", "recorded_at")
    rows = connection.execute(
        select(*[person_change.c[name] for name in names], act.c.actor)
        .join(act, act.c.id == person_change.c.act_id)
        .where(person_change.c.person_id == person_id)
        .order_by(person_change.c.id.desc())
        .limit(MOST_SHOWN)
    )
    return [Change(*row[:5], row.actor) for row in rows]


def last_change(connection: Connection, person_id: int) -> int:
    """Give the number of the newest change of a person; 0 when nobody changed anything."""
    newest = select(func.max(person_change.c.id)).where(person_change.c.person_id == person_id)
    return connection.execute(newest).scalar() or 0


def persons_by_ref(connection: Connection, refs: Sequence[str]) -> dict[str, KnownPerson]:
    """Give those of the borrowers' references that are persons, by reference."""
    found = connection.execute(
        select(
            persons.c.ref,
            persons.c.id,
            persons.c.name,
            persons.c.cnic,
            persons.c.gender,
            persons.c.birth_date,
        ).where(persons.c.ref.in_(texts_as_rows(connection, refs)))
    )
    return {row[0]: KnownPerson(*row[1:]) for row in found}


def cnic_owners(connection: Connection, cnics: Sequence[str]) -> dict[str, int]:
    """Give the person that holds each of these CNICs, where one does."""
    given = texts_as_rows(connection, cnics)
    found = connection.execute(
        select(persons.c.cnic, persons.c.id).where(persons.c.cnic.in_(given))
    )
    return {row.cnic: row.id for row in found}
