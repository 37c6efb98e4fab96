"""What can happen to borrowers: registered, changed, given an enterprise, imported."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from aim_loans.borrowers.details import (
    EnterpriseDetails,
    PersonDetails,
    checked_enterprise,
    checked_person,
)
from aim_loans.borrowers.models import enterprise, person, person_change, person_name_key
from aim_loans.borrowers.queries import (
    KnownPerson,
    Person,
    cnic_owners,
    last_change,
    persons_by_ref,
)
from aim_loans.borrowers.queries import person as person_with
from aim_loans.borrowers.spelling import name_keys
from aim_loans.db.bulk import insert_new, insert_rows, next_ids, stored_day
from aim_loans.db.engine import Writing
from aim_loans.errors import Conflict, Refused
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, reach, require
from aim_loans.identity.queries import require_branch

_COLUMNS = ("id", "ref", "name", "cnic", "gender", "birth_date", "district", "act_id")
_DETAILS = tuple(field.name for field in fields(PersonDetails))
_OF_ENTERPRISE = tuple(field.name for field in fields(EnterpriseDetails))
_OF_CHANGE = ("person_id", "field", "old_value", "new_value", "act_id", "recorded_at")


@dataclass(frozen=True, slots=True)
class RegisterPerson:
    """A new person at a branch, with the first enterprise where there is one."""

    branch_code: str
    details: PersonDetails
    enterprise: EnterpriseDetails | None = None


def register_person(
    tx: Writing,
    command: RegisterPerson,
    *,
    actor: Actor,
    today: date,
    sectors: Collection[str],
    key: str | None = None,
) -> int:
    """Register a person; gives the id. Conflict when the CNIC belongs to somebody already.

    `sectors` are those of the settings.
    """
    require(actor, Deed.REGISTER, branch=command.branch_code)
    details = checked_person(command.details, today=today)
    if details.cnic is None:
        raise Refused("Enter the CNIC, for example 35201-1234567-1.", field="cnic")
    owned = command.enterprise
    if owned is not None:
        owned = checked_enterprise(owned, today=today, sectors=sectors)
    require_branch(tx.connection, command.branch_code)
    this = _begin(tx, "register_person", command, actor=actor, branch=command.branch_code, key=key)
    if this.repeated:
        return _registered_by(tx.connection, this)
    _check_cnic(tx.connection, details.cnic, actor=actor)
    values = tuple(getattr(details, name) for name in _DETAILS)
    columns = (*_DETAILS, "branch_code", "act_id")
    try:
        with tx.connection.begin_nested():
            (person_id,) = insert_new(
                tx.connection, person, columns, [(*values, command.branch_code, this.id)]
            )
    except IntegrityError as fault:
        raise _taken_meanwhile() from fault
    write_name_keys(tx.connection, [(person_id, details.name)])
    if owned is not None:
        _write_enterprise(tx, this, person_id, owned)
    seal_act(tx, this, (person, enterprise))
    return person_id


@dataclass(frozen=True, slots=True)
class ChangePerson:
    """A person with other details.

    `seen_change` is the newest change that whoever typed them had seen. The act is one of the
    person's branch; of `branch_code` for an imported person, who has none.
    """

    person_id: int
    details: PersonDetails
    branch_code: str
    seen_change: int = 0


def change_person(
    tx: Writing,
    command: ChangePerson,
    *,
    actor: Actor,
    today: date,
    key: str | None = None,
) -> None:
    """Change a person, and keep what each changed column held; Conflict when overtaken."""
    known = person_with(tx.connection, command.person_id, lock=True)
    branch = known.branch_code or command.branch_code
    require(actor, Deed.REGISTER, branch=branch)
    details = checked_person(command.details, today=today)
    if known.cnic and not details.cnic:
        raise Refused("A CNIC that is written down is not taken away. Check it.", field="cnic")
    this = _begin(tx, "change_person", command, actor=actor, branch=branch, key=key)
    if this.repeated:
        return
    if last_change(tx.connection, known.id) != command.seen_change:
        raise Conflict(
            "Somebody else changed this borrower meanwhile. Open the page again and repeat what "
            "is still to be changed."
        )
    if details.cnic and details.cnic != known.cnic:
        _check_cnic(tx.connection, details.cnic, actor=actor)
    changed = {
        name: getattr(details, name)
        for name in _DETAILS
        if getattr(details, name) != getattr(known, name)
    }
    if changed:
        _write_changes(tx, this, known, changed)
    seal_act(tx, this, (person_change,))


@dataclass(frozen=True, slots=True)
class AddEnterprise:
    """A further enterprise of a person; `branch_code` as in ChangePerson."""

    person_id: int
    details: EnterpriseDetails
    branch_code: str


def add_enterprise(
    tx: Writing,
    command: AddEnterprise,
    *,
    actor: Actor,
    today: date,
    sectors: Collection[str],
    key: str | None = None,
) -> int:
    """Add an enterprise to a person; gives its id. `sectors` are those of the settings."""
    known = person_with(tx.connection, command.person_id, lock=True)
    branch = known.branch_code or command.branch_code
    require(actor, Deed.REGISTER, branch=branch)
    details = checked_enterprise(command.details, today=today, sectors=sectors)
    this = _begin(tx, "add_enterprise", command, actor=actor, branch=branch, key=key)
    if this.repeated:
        return _enterprise_of(tx.connection, this, known.id)
    enterprise_id = _write_enterprise(tx, this, known.id, details)
    seal_act(tx, this, (enterprise,))
    return enterprise_id


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """A person as the first row of a file names them; `ref` is the borrower's reference."""

    ref: str
    name: str
    gender: str
    cnic: str | None = None
    birth_date: date | None = None
    district: str | None = None


def ensure_persons(tx: Writing, act: Act, drafts: Sequence[PersonDraft]) -> dict[str, KnownPerson]:
    """Add the persons whose reference is new; give all of them as the book holds them.

    A person that is there stays as it is. A CNIC belongs to one person: where another one
    holds it already, in the book or earlier among the drafts, the new person is added
    without it.
    """
    known = persons_by_ref(tx.connection, [draft.ref for draft in drafts])
    new: dict[str, PersonDraft] = {}
    for draft in drafts:
        if draft.ref not in known:
            new.setdefault(draft.ref, draft)
    taken = set(cnic_owners(tx.connection, [d.cnic for d in new.values() if d.cnic]))
    rows = []
    ids = next_ids(tx.connection, person, len(new))
    for new_id, draft in zip(ids, new.values(), strict=True):
        cnic = None if draft.cnic in taken else draft.cnic
        if cnic is not None:
            taken.add(cnic)
        rows.append(
            (
                new_id,
                draft.ref,
                draft.name,
                cnic,
                draft.gender,
                draft.birth_date and stored_day(draft.birth_date),
                draft.district,
                act.id,
            )
        )
        known[draft.ref] = KnownPerson(new_id, draft.name, cnic, draft.gender, draft.birth_date)
    insert_rows(tx.connection, person, _COLUMNS, rows)
    write_name_keys(tx.connection, [(row[0], row[2]) for row in rows])
    return known


def write_name_keys(connection: Connection, names: Iterable[tuple[int, str]]) -> None:
    """Write the search keys of persons that have none yet: id and name of each."""
    rows = [(key, person_id) for person_id, name in names for key in name_keys(name)]
    insert_rows(connection, person_name_key, ("key", "person_id"), rows)


def _begin(
    tx: Writing,
    kind: str,
    command: RegisterPerson | ChangePerson | AddEnterprise,
    *,
    actor: Actor,
    branch: str,
    key: str | None,
) -> Act:
    # A name or a CNIC does not belong in the list of acts, which more people read.
    person_id = None if isinstance(command, RegisterPerson) else command.person_id
    return begin_branch_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=f"borrower {person_id}" if person_id else "new borrower",
        branch_code=branch,
        key=key,
    )


def _registered_by(connection: Connection, this: Act) -> int:
    return int(
        connection.execute(select(person.c.id).where(person.c.act_id == this.id)).scalar_one()
    )


def _enterprise_of(connection: Connection, this: Act, owner_id: int) -> int:
    mine = enterprise.c.owner_id == owner_id
    found = select(enterprise.c.id).where(mine, enterprise.c.act_id == this.id)
    return int(connection.execute(found).scalar_one())


def _check_cnic(connection: Connection, cnic: str, *, actor: Actor) -> None:
    """Refuse a CNIC that somebody holds; whose it is learn only those who may see the person."""
    owner = cnic_owners(connection, [cnic]).get(cnic)
    if owner is None:
        return
    held = person_with(connection, owner)
    if held.branch_code is None:
        raise Conflict(
            "This CNIC already belongs to a borrower of the book. Look for the number, or check "
            "it.",
            field="cnic",
        )
    seen = reach(actor, Deed.READ_BOOK)
    if seen is not None and held.branch_code not in seen:
        raise Conflict(
            "This CNIC already belongs to a borrower of another branch. Check the number, or ask "
            "head office.",
            field="cnic",
        )
    raise Conflict(
        "This CNIC already belongs to {name}, branch {branch}. Open that page, or check the "
        "number.",
        field="cnic",
        name=held.name,
        branch=held.branch_code,
    )


def _taken_meanwhile() -> Conflict:
    return Conflict(
        "This CNIC was written down for somebody else just now. Look for the number.",
        field="cnic",
    )


def _write_changes(
    tx: Writing, this: Act, known: Person, changed: dict[str, str | date | None]
) -> None:
    connection = tx.connection
    try:
        with connection.begin_nested():
            connection.execute(update(person).where(person.c.id == known.id).values(changed))
    except IntegrityError as fault:
        raise _taken_meanwhile() from fault
    rows = [
        (known.id, name, _written(getattr(known, name)), _written(value), this.id)
        for name, value in changed.items()
    ]
    moment = this.recorded_micros
    insert_new(connection, person_change, _OF_CHANGE, [(*row, moment) for row in rows])
    if "name" in changed:
        _drop_keys(connection, known.id)
        write_name_keys(connection, [(known.id, str(changed["name"]))])


def _written(value: str | date | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _write_enterprise(tx: Writing, this: Act, owner_id: int, given: EnterpriseDetails) -> int:
    values = tuple(getattr(given, name) for name in _OF_ENTERPRISE)
    columns = ("owner_id", *_OF_ENTERPRISE, "act_id")
    (new_id,) = insert_new(tx.connection, enterprise, columns, [(owner_id, *values, this.id)])
    return new_id


def _drop_keys(connection: Connection, person_id: int) -> None:
    connection.execute(delete(person_name_key).where(person_name_key.c.person_id == person_id))
