"""Looks at an enterprise: at its entry, after 12 and after 24 months, and in between."""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, select

from aim_loans.borrowers.models import enterprise, enterprise_review, person
from aim_loans.borrowers.sizes import BANDS
from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import act
from aim_loans.identity.operations import Act, begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.value_words import WORDS

MOST_SHOWN = 20
MOST_WORKERS = 100_000
RUN_BY = tuple(WORDS["run_by"])
WORKERS = (
    "paid_women",
    "paid_men",
    "paid_others",
    "family_women",
    "family_men",
    "family_others",
)


class OwnedEnterprise(NamedTuple):
    """An enterprise with its owner, and the branch that registered the owner (None: imported)."""

    id: int
    name: str
    sector: str
    activity: str | None
    district: str | None
    started_on: date | None
    owner_id: int
    owner: str
    branch_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEnterprise:
    """What somebody found; workers are heads, paid or of the family, without the owner.

    `turnover` is a band of `sizes.BANDS` as the owner tells it. The act is one of the owner's
    branch; of `branch_code` for an imported owner, who has none.
    """

    enterprise_id: int
    branch_code: str
    kind: str
    reviewed_on: date
    running: bool
    ownership: str
    run_by: str
    turnover: str
    premises: str
    digital: str
    started_on: date | None = None
    paid_women: int = 0
    paid_men: int = 0
    paid_others: int = 0
    family_women: int = 0
    family_men: int = 0
    family_others: int = 0


class Review(NamedTuple):
    """A review as recorded, and who recorded it."""

    id: int
    kind: str
    reviewed_on: date
    running: bool
    started_on: date | None
    ownership: str
    run_by: str
    paid_women: int
    paid_men: int
    paid_others: int
    family_women: int
    family_men: int
    family_others: int
    turnover: str
    premises: str
    digital: str
    actor: str

    @property
    def paid(self) -> int:
        """Give the paid workers."""
        return self.paid_women + self.paid_men + self.paid_others

    @property
    def family(self) -> int:
        """Give the workers of the family."""
        return self.family_women + self.family_men + self.family_others


_OF_REVIEW = Review._fields[1:-1]
# What of a review is one of a list, by its name.
LISTED = {
    "kind": tuple(WORDS["review"]),
    "ownership": tuple(WORDS["ownership"]),
    "run_by": RUN_BY,
    "turnover": tuple(BANDS),
    "premises": tuple(WORDS["premises"]),
    "digital": tuple(WORDS["digital"]),
}


def owned_enterprise(
    connection: Connection, enterprise_id: int, *, lock: bool = False
) -> OwnedEnterprise:
    """Give an enterprise with its owner; NotFound when there is none. `lock` holds its row."""
    names = ("id", "name", "sector", "activity", "district", "started_on", "owner_id")
    columns: list[Column[Any]] = [enterprise.c[name] for name in names]
    wanted = (
        select(*columns, *(person.c[name] for name in ("name", "branch_code")))
        .join(person, person.c.id == enterprise.c.owner_id)
        .where(enterprise.c.id == enterprise_id)
    )
    row = connection.execute(wanted.with_for_update(of=enterprise) if lock else wanted).first()
    if row is None:
        raise NotFound("There is no such enterprise. Open it from its owner's page.")
    return OwnedEnterprise(*row)


def begin_on_enterprise(
    tx: Writing,
    known: OwnedEnterprise,
    kind: str,
    command: object,
    *,
    actor: Actor,
    branch: str,
    key: str | None,
    reason: str | None = None,
) -> Act:
    """Begin an act on an enterprise, in the chain of the branch that looks after its owner."""
    return begin_branch_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        reason=reason,
        subject=f"enterprise {known.id}",
        branch_code=branch,
        key=key,
    )


def review_enterprise(
    tx: Writing, command: ReviewEnterprise, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Write a review down; Refused at the field that is wrong."""
    known = owned_enterprise(tx.connection, command.enterprise_id)
    branch = known.branch_code or command.branch_code
    require(actor, Deed.RECORD_SUPPORT, branch=branch)
    _check(command, today=today)
    this = begin_on_enterprise(
        tx, known, "review_enterprise", command, actor=actor, branch=branch, key=key
    )
    if this.repeated:
        return
    values = (known.id, *(getattr(command, name) for name in _OF_REVIEW))
    columns = ("enterprise_id", *_OF_REVIEW, "act_id", "recorded_at")
    row = (*values, this.id, this.recorded_micros)
    insert_new(tx.connection, enterprise_review, columns, [row])
    seal_act(tx, this, (enterprise_review,))


def reviews_of(connection: Connection, enterprise_id: int) -> list[Review]:
    """Give the reviews of an enterprise, the newest first; 20 at most."""
    columns = [*(enterprise_review.c[name] for name in ("id", *_OF_REVIEW)), act.c.actor]
    rows = connection.execute(
        select(*columns)
        .join(act, act.c.id == enterprise_review.c.act_id)
        .where(enterprise_review.c.enterprise_id == enterprise_id)
        .order_by(enterprise_review.c.reviewed_on.desc(), enterprise_review.c.id.desc())
        .limit(MOST_SHOWN)
    )
    return [Review(*row) for row in rows]


def _check(command: ReviewEnterprise, *, today: date) -> None:
    for field, known in LISTED.items():
        if getattr(command, field) not in known:
            raise Refused("Choose one of the list.", field=field)
    for field in ("reviewed_on", "started_on"):
        if (getattr(command, field) or today) > today:
            raise Refused("This day lies in the future.", field=field)
    if command.started_on and command.started_on > command.reviewed_on:
        raise Refused("An enterprise starts before it is looked at.", field="started_on")
    for field in WORKERS:
        if not 0 <= getattr(command, field) <= MOST_WORKERS:
            raise Refused(
                "Give a whole number from {least} to {most}.",
                field=field,
                least=0,
                most=MOST_WORKERS,
            )
    if not command.running and any(getattr(command, field) for field in WORKERS):
        raise Refused("A closed enterprise has no workers. Check both.", field="running")
