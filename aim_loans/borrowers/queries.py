"""What can be asked of borrowers; changes nothing."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from aim_loans.borrowers.models import person


class KnownPerson(NamedTuple):
    """What the book holds of a person that an imported row can be compared with."""

    id: int
    name: str
    cnic: str | None
    gender: str
    birth_date: date | None


def persons_by_ref(connection: Connection, refs: Iterable[str]) -> dict[str, KnownPerson]:
    """Give those of the borrowers' references that are persons, by reference."""
    found = connection.execute(
        select(
            person.c.ref,
            person.c.id,
            person.c.name,
            person.c.cnic,
            person.c.gender,
            person.c.birth_date,
        ).where(person.c.ref.in_(list(refs)))
    )
    return {row[0]: KnownPerson(*row[1:]) for row in found}


def cnic_owners(connection: Connection, cnics: Iterable[str]) -> dict[str, int]:
    """Give the person that holds each of these CNICs, where one does."""
    found = connection.execute(
        select(person.c.cnic, person.c.id).where(person.c.cnic.in_(list(cnics)))
    )
    return {row.cnic: row.id for row in found}
