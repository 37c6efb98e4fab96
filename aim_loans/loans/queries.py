"""What can be asked of loans; changes nothing (a lock is no change)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Text,
    bindparam,
    cast,
    null,
    select,
    union_all,
)

from aim_loans.db.bulk import read_day
from aim_loans.db.statements import Rows, Statement, among
from aim_loans.errors import NotFound
from aim_loans.loans.facts import BranchFrom, Fact
from aim_loans.loans.history import History
from aim_loans.loans.models import loan, loan_dimension, loan_fact, loan_position

# Written out once: to build them costs more than to run them for one loan.
_IDS, _ID = "loan_ids", "loan_id_asked"
_LOCKED = (
    select(loan.c.id, loan.c.ref, loan.c.fund_code, loan.c.principal)
    .join(loan_position, loan_position.c.loan_id == loan.c.id)
    .order_by(loan_position.c.loan_id)
    .with_for_update(of=loan_position)
)
_LOCKED_BY_REF = Statement(_LOCKED.where(loan.c.ref == bindparam("ref")))
_LOCKED_BY_IDS = _LOCKED.where(loan_position.c.loan_id.in_(bindparam(_IDS, expanding=True)))


# What must be read after the lock, in one statement: the facts in the order recorded, and
# the branches (rows without a kind) by day.
def _story(ids: BindParameter[Any]) -> CompoundSelect[Any]:
    fact, held = loan_fact.c, loan_dimension.c
    return union_all(
        select(
            fact.loan_id,
            fact.kind,
            fact.amount,
            cast(fact.value_on, Text).label("day"),
            fact.id,
            null().label("branch"),
        ).where(among(fact.loan_id, ids)),
        select(
            held.loan_id, null(), null(), cast(held.from_on, Text), held.id, held.branch_code
        ).where(among(held.loan_id, ids)),
    )


_STORIES = _story(bindparam(_IDS, expanding=True))
_STORY_OF_ONE = Statement(_story(bindparam(_ID)))


class StoredFact(NamedTuple):
    """A fact as recorded: amounts in paisa."""

    id: int
    loan_id: int
    kind: str
    amount: int
    value_on: date
    fund_code: str
    contra: str
    contra_branch: str
    money_in_id: int | None
    reverses_id: int | None
    act_id: int


def loan_id_of(connection: Connection, ref: str) -> int:
    """Give the id of a loan; NotFound when there is none with this reference."""
    found = connection.execute(select(loan.c.id).where(loan.c.ref == ref)).scalar()
    if found is None:
        raise _no_loan(ref)
    return int(found)


def load_history(connection: Connection, ref: str) -> History:
    """Lock the loan with this reference and read its facts; NotFound when there is none."""
    contracts = _LOCKED_BY_REF.run(connection, {"ref": ref})
    if not contracts:
        raise _no_loan(ref)
    loan_id = contracts[0][0]
    return _with_facts(contracts, _STORY_OF_ONE.run(connection, {_ID: loan_id}))[loan_id]


def load_histories(connection: Connection, loan_ids: Iterable[int]) -> dict[int, History]:
    """Lock these loans, in the order of their ids, and read their facts.

    The lock comes first and the facts are read after it, so that nothing committed in
    between is missed.
    """
    ids = {_IDS: sorted(set(loan_ids))}
    contracts = connection.execute(_LOCKED_BY_IDS, ids).all()
    return _with_facts(contracts, connection.execute(_STORIES, ids).all())


def dimension_rows(connection: Connection, loan_ids: Sequence[int]) -> Sequence[Any]:
    """Give the dimension rows that hold, by loan and day; of one day's rows the latest."""
    rows = connection.execute(
        select(loan_dimension)
        .where(loan_dimension.c.loan_id.in_(loan_ids))
        .order_by(loan_dimension.c.loan_id, loan_dimension.c.from_on, loan_dimension.c.id)
    )
    return list({(row.loan_id, row.from_on): row for row in rows}.values())


def facts_of_money(connection: Connection, money_in_id: int) -> list[StoredFact]:
    """Give the applications of one money in, reversals included, in the order recorded."""
    columns = [loan_fact.c[name] for name in StoredFact._fields]
    rows = connection.execute(
        select(*columns).where(loan_fact.c.money_in_id == money_in_id).order_by(loan_fact.c.id)
    )
    return [StoredFact(*row) for row in rows]


def fact_by_id(connection: Connection, fact_id: int) -> StoredFact:
    """Give one fact; NotFound when there is none."""
    columns = [loan_fact.c[name] for name in StoredFact._fields]
    row = connection.execute(select(*columns).where(loan_fact.c.id == fact_id)).first()
    if row is None:
        raise NotFound("There is no such entry on any loan. Open the loan again.", field="fact")
    return StoredFact(*row)


def reversal_of(connection: Connection, fact_id: int) -> int | None:
    """Give the id of the fact that reverses this one, if any."""
    found = select(loan_fact.c.id).where(loan_fact.c.reverses_id == fact_id)
    return connection.execute(found).scalar()


def standing_facts(facts: Sequence[StoredFact]) -> list[StoredFact]:
    """Give the facts that no other of these reverses. Pure."""
    undone = {fact.reverses_id for fact in facts}
    return [fact for fact in facts if fact.reverses_id is None and fact.id not in undone]


def _with_facts(contracts: Rows, stories: Rows) -> dict[int, History]:
    story = sorted(stories, key=itemgetter(4))
    branches: dict[int, dict[date, str]] = {contract[0]: {} for contract in contracts}
    for loan_id, kind, _, day, _, branch in story:
        if kind is None:
            branches[loan_id][read_day(day)] = branch
    histories = {
        loan_id: History(loan_id, ref, fund, principal, _in_order(branches[loan_id]))
        for loan_id, ref, fund, principal in contracts
    }
    for loan_id, kind, amount, day, _, _ in story:
        if kind is not None:
            histories[loan_id].add(Fact(kind, amount, read_day(day)))
    return histories


def _in_order(branches: Mapping[date, str]) -> list[BranchFrom]:
    return [BranchFrom(day, branches[day]) for day in sorted(branches)]


def _no_loan(ref: str) -> NotFound:
    return NotFound("There is no loan {ref}. Check the number.", field="loan_ref", ref=ref)
