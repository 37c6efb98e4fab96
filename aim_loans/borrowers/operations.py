"""What can happen to borrowers: persons come in with an imported book."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aim_loans.borrowers.models import person
from aim_loans.borrowers.queries import KnownPerson, cnic_owners, persons_by_ref
from aim_loans.db.bulk import insert_rows, next_ids
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act

_COLUMNS = ("id", "ref", "name", "cnic", "gender", "birth_date", "district", "act_id")


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
                draft.birth_date,
                draft.district,
                act.id,
            )
        )
        known[draft.ref] = KnownPerson(new_id, draft.name, cnic, draft.gender, draft.birth_date)
    insert_rows(tx.connection, person, _COLUMNS, rows)
    return known
