"""What can happen to the contract and the facts of loans; one loan and many the same way.

Acts belong to origination and repayment: they decide; this writes facts, journal entries
and positions together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from aim_loans.db.bulk import Row, insert_new, insert_rows, next_ids, stored_day
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import Act
from aim_loans.identity.queries import require_branch
from aim_loans.ledger.chart import Account
from aim_loans.ledger.lines import Line, Side, bridge
from aim_loans.ledger.operations import Entry, post_entries
from aim_loans.loans.facts import (
    BranchFrom,
    Fact,
    Kind,
    difference,
    entry_lines,
    required_changes,
    with_contra,
)
from aim_loans.loans.history import History
from aim_loans.loans.models import (
    instalment,
    loan,
    loan_dimension,
    loan_fact,
    schedule_version,
)
from aim_loans.loans.positions import refresh_positions
from aim_loans.loans.queries import StoredFact, dimension_rows, load_histories
from aim_loans.loans.schedule import Pattern, Schedule

# The member itself takes ten times as long to look up, and every fact asks for it.
_LOANS = Account.LOANS.value
CONTRACT_TABLES = (loan, schedule_version, instalment, loan_dimension)


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What a loan belongs to from a day on."""

    branch_code: str
    sector: str
    programme_code: str
    gender: str
    officer: str | None = None
    activity: str | None = None
    district: str | None = None
    urban_rural: str | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A loan as agreed, with its first schedule; principal in paisa."""

    ref: str
    borrower_id: int
    product: str
    fund: str
    principal: int
    instalments_asked: int
    frequency: str
    source: str
    from_on: date
    schedule: Schedule
    dimensions: Dimensions
    purpose: str | None = None
    source_digest: str | None = None


class FactDraft(NamedTuple):
    """A fact before it is recorded; `amount` in paisa, negative when it reverses another.

    `contra` is where the money comes from or goes to: an account of a branch and a fund.
    """

    loan_id: int
    kind: str
    amount: int
    value_on: date
    contra: Side
    money_in_id: int | None = None
    reverses_id: int | None = None


def opposite(fact: StoredFact, value_on: date) -> FactDraft:
    """Draft the reversal of a fact, valued on a day (its own, or that of a dishonoured cheque)."""
    return FactDraft(
        loan_id=fact.loan_id,
        kind=fact.kind,
        amount=-fact.amount,
        value_on=value_on,
        contra=Side(fact.contra, fact.contra_branch, fact.fund_code),
        money_in_id=fact.money_in_id,
        reverses_id=fact.id,
    )


def open_loans(tx: Writing, act: Act, contracts: Sequence[Contract]) -> list[History]:
    """Record contracts with their first schedules and dimensions; nothing has happened yet.

    Their positions come with their first facts, which the same act posts.
    """
    ids = next_ids(tx.connection, loan, len(contracts))
    rows = [
        (
            loan_id,
            contract.ref,
            contract.borrower_id,
            contract.product,
            contract.fund,
            contract.principal,
            contract.instalments_asked,
            contract.frequency,
            contract.purpose,
            contract.source,
            contract.source_digest,
            act.id,
            act.recorded_micros,
        )
        for loan_id, contract in zip(ids, contracts, strict=True)
    ]
    insert_rows(tx.connection, loan, loan.columns.keys(), rows)
    _add_first_versions(tx, act, dict(zip(ids, contracts, strict=True)))
    _insert_dimensions(
        tx,
        act,
        [
            (new, agreed.from_on, agreed.dimensions)
            for new, agreed in zip(ids, contracts, strict=True)
        ],
    )
    return [
        History(
            new,
            agreed.ref,
            agreed.fund,
            agreed.principal,
            [BranchFrom(agreed.from_on, agreed.dimensions.branch_code)],
        )
        for new, agreed in zip(ids, contracts, strict=True)
    ]


def post_facts(
    tx: Writing,
    act: Act,
    drafts: Sequence[FactDraft],
    histories: Iterable[History],
    *,
    before: Sequence[Entry] = (),
) -> None:
    """Record facts with their journal entries, and bring the positions up to date.

    `histories` are those of the loans concerned, locked and read (or just opened) in this
    transaction; they take the facts in. Each fact is checked against the state that those
    before it leave its loan in; the first that is not allowed raises Refused, and the caller
    rolls back. `before` are entries of the same act that go into the journal with theirs.
    """
    of_loan = {history.loan_id: history for history in histories}
    entries = [_journalise(of_loan[draft.loan_id], draft) for draft in drafts]
    rows = [_fact_row(draft, act) for draft in drafts]
    ids = insert_new(tx.connection, loan_fact, loan_fact.columns.keys()[1:], rows)
    of_facts = [Entry("loan_fact", new, lines) for new, lines in zip(ids, entries, strict=True)]
    post_entries(tx, act, [*before, *of_facts])
    refresh_positions(tx.connection, sorted({draft.loan_id for draft in drafts}))


def change_dimensions(
    tx: Writing, act: Act, loan_id: int, changes: Mapping[str, Any], *, from_on: date, today: date
) -> None:
    """Let a loan belong elsewhere from a day on; from its first day, that is a correction.

    `changes` names dimension columns. Rows of later days that still hold the value replaced
    follow; those that had changed it themselves stay. The balance moves between branches
    through the inter-branch account. Refused for a day in the future or an unknown branch.
    """
    if from_on > today:
        raise Refused("The day {day} lies in the future.", field="from_on", day=from_on.isoformat())
    if "branch_code" in changes:
        require_branch(tx.connection, changes["branch_code"])
    history = load_histories(tx.connection, [loan_id])[loan_id]
    dated = _dated(tx, loan_id)
    new = changed_rows(dated, changes, from_on=from_on)
    ids = _insert_dimensions(tx, act, [(loan_id, day, row) for day, row in new.items()])
    after = {**dated, **new}
    branches = [BranchFrom(day, after[day].branch_code) for day in sorted(after)]
    moved = difference(
        required_changes(history.facts, branches, fund=history.fund), history.required()
    )
    post_entries(tx, act, [Entry("loan_dimension", ids[0], entry_lines(moved))])
    refresh_positions(tx.connection, [loan_id])


def changed_rows(
    dated: Mapping[date, Dimensions], changes: Mapping[str, Any], *, from_on: date
) -> dict[date, Dimensions]:
    """Give the dimension rows that a change from a day on adds. Pure.

    A later row takes the new value over as long as it holds the old one.
    """
    days = sorted(dated)
    start = max([day for day in days if day <= from_on], default=days[0])
    old = dated[start]
    new = {from_on: replace(old, **changes)}
    for name, value in changes.items():
        for day in (day for day in days if day > from_on):
            if getattr(dated[day], name) != getattr(old, name):
                break
            new[day] = replace(new.get(day, dated[day]), **{name: value})
    return new


def _journalise(history: History, draft: FactDraft) -> list[Line]:
    """Check the fact, take it into the history, and give its journal lines."""
    fact = Fact(draft.kind, draft.amount, draft.value_on)
    if history.add_simply(fact):
        return _simple_lines(history, draft)
    before = history.required()
    history.check(fact)
    history.add(fact)
    changes = difference(history.required(), before)
    return entry_lines(with_contra(changes, draft.contra, draft.value_on))


def _simple_lines(history: History, draft: FactDraft) -> list[Line]:
    loans = Side(_LOANS, history.branches[0].branch, history.fund)
    if draft.kind == Kind.DISBURSEMENT:
        return bridge(draft.value_on, loans, draft.contra, draft.amount)
    return bridge(draft.value_on, draft.contra, loans, draft.amount)


def _fact_row(draft: FactDraft, act: Act) -> Row:
    loan_id, kind, amount, value_on, (account, branch, fund), money_in_id, reverses_id = draft
    return (
        loan_id,
        kind,
        amount,
        stored_day(value_on),
        fund,
        account,
        branch,
        money_in_id,
        reverses_id,
        act.id,
        act.recorded_micros,
    )


def _add_first_versions(tx: Writing, act: Act, contracts: Mapping[int, Contract]) -> None:
    versions = dict(
        zip(contracts, next_ids(tx.connection, schedule_version, len(contracts)), strict=True)
    )
    rows = [
        (
            versions[loan_id],
            loan_id,
            1,
            stored_day(contract.from_on),
            None,
            len(contract.schedule.instalments),
            *_pattern_columns(contract.schedule.pattern),
            act.id,
            act.recorded_micros,
        )
        for loan_id, contract in contracts.items()
    ]
    insert_rows(tx.connection, schedule_version, schedule_version.columns.keys(), rows)
    instalments = [
        (versions[loan_id], number, stored_day(due_on), amount, due_total)
        for loan_id, contract in contracts.items()
        for number, due_on, amount, due_total in contract.schedule.instalments
    ]
    insert_rows(tx.connection, instalment, instalment.columns.keys(), instalments)


def _pattern_columns(pattern: Pattern | None) -> tuple[int | None, ...]:
    if pattern is None:
        return (None,) * 6
    steps = pattern.steps
    if steps.step_days:
        return (pattern.base, None, None, None, steps.step_days, steps.first_day)
    return (pattern.base, steps.step_months, steps.first_month, steps.due_day, None, None)


def _dated(tx: Writing, loan_id: int) -> dict[date, Dimensions]:
    names = Dimensions.__dataclass_fields__
    return {
        row.from_on: Dimensions(*(getattr(row, name) for name in names))
        for row in dimension_rows(tx.connection, [loan_id])
    }


def _insert_dimensions(
    tx: Writing, act: Act, rows: Iterable[tuple[int, date, Dimensions]]
) -> list[int]:
    rows = list(rows)
    ids = next_ids(tx.connection, loan_dimension, len(rows))
    values = [
        (
            new_id,
            loan_id,
            stored_day(from_on),
            row.branch_code,
            row.officer,
            row.sector,
            row.activity,
            row.programme_code,
            row.district,
            row.urban_rural,
            row.gender,
            act.id,
            act.recorded_micros,
        )
        for new_id, (loan_id, from_on, row) in zip(ids, rows, strict=True)
    ]
    insert_rows(tx.connection, loan_dimension, loan_dimension.columns.keys(), values)
    return ids
