"""Writes the plan of one chunk as one act: everything of it, or nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aim_loans.borrowers.models import person
from aim_loans.borrowers.operations import PersonDraft, ensure_persons
from aim_loans.borrowers.queries import KnownPerson, cnic_owners
from aim_loans.cash.models import money_in
from aim_loans.cash.operations import take_imported
from aim_loans.dates import business_date
from aim_loans.db.bulk import insert_rows, next_ids
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, Act, begin_act, seal_act
from aim_loans.identity.permissions import Actor
from aim_loans.intake.catalogue import Catalogue
from aim_loans.intake.chunks import NewLoan, Plan
from aim_loans.intake.models import data_gap
from aim_loans.intake.persons import person_gaps
from aim_loans.ledger.models import journal_line
from aim_loans.loans.history import History
from aim_loans.loans.models import loan_fact
from aim_loans.loans.operations import (
    CONTRACT_TABLES,
    Contract,
    Dimensions,
    FactDraft,
    open_loans,
    post_facts,
)
from aim_loans.loans.queries import load_histories
from aim_loans.origination.models import dated_setting

_TABLES = (*CONTRACT_TABLES, loan_fact, money_in, journal_line, data_gap, dated_setting, person)


@dataclass(frozen=True, slots=True)
class ImportChunk:
    """What one act of an import wrote: the names of its files, and how much."""

    files: tuple[str, ...]
    loans: int
    facts: int


def post(
    tx: Writing,
    command: ImportChunk,
    plan: Plan,
    catalogue: Catalogue,
    *,
    actor: Actor,
    zone: ZoneInfo,
) -> Counter[str]:
    """Write a plan; gives the gaps of its new loans by field."""
    this = begin_act(
        tx,
        kind="import_book",
        command=command,
        actor=actor,
        subject=f"book {command.files[0]}",
        chain=HEAD_OFFICE_CHAIN,
    )
    catalogue.make(tx, this, plan.missing, actor=actor)
    opened = _open_loans(tx, this, plan.loans) if plan.loans else _Opened([], Counter())
    today = business_date(tx.now, zone)
    money_ids = take_imported(tx, this, plan.money, today=today)
    drafts = [
        FactDraft(
            target.opened(),
            str(kind),
            amount,
            day,
            contra,
            None if money is None else money_ids[money],
        )
        for target, kind, amount, day, contra, money in plan.facts
    ]
    # Those of the book have taken the plan's facts in already, to decide on them: read anew.
    older = {draft.loan_id for draft in drafts}.difference(new.loan_id for new in opened.loans)
    known = load_histories(tx.connection, older).values() if older else ()
    post_facts(tx, this, drafts, [*opened.loans, *known])
    seal_act(tx, this, _TABLES)
    return opened.gaps


class _Opened(NamedTuple):
    """New loans, and their gaps by field."""

    loans: list[History]
    gaps: Counter[str]


def _open_loans(tx: Writing, this: Act, loans: Sequence[NewLoan]) -> _Opened:
    """Open the new loans with their persons, and record their gaps."""
    persons = ensure_persons(tx, this, [_person(new) for new in loans])
    opened = open_loans(tx, this, [_contract(new, persons) for new in loans])
    for new, history in zip(loans, opened, strict=True):
        new.target.loan_id = history.loan_id
    return _Opened(opened, _record_gaps(tx, this, loans, persons))


def _person(new: NewLoan) -> PersonDraft:
    first = new.staged.person
    return PersonDraft(
        new.staged.row.borrower_ref,
        first.name,
        first.gender,
        first.cnic,
        first.birth_date,
        first.district,
    )


def _contract(new: NewLoan, persons: dict[str, KnownPerson]) -> Contract:
    row = new.staged.row
    borrower = persons[row.borrower_ref]
    return Contract(
        ref=row.loan_ref,
        borrower_id=borrower.id,
        product=new.belongs.product,
        fund=new.belongs.fund,
        principal=row.principal,
        instalments_asked=new.schedule.asked,
        frequency=row.frequency,
        source="import",
        from_on=row.disbursed_on,
        schedule=new.schedule,
        dimensions=Dimensions(
            row.branch,
            row.sector,
            new.belongs.programme,
            borrower.gender,
            activity=row.activity,
            district=row.district,
        ),
        purpose=row.purpose,
        source_digest=row.fingerprint,
    )


def _record_gaps(
    tx: Writing, this: Act, loans: Sequence[NewLoan], persons: dict[str, KnownPerson]
) -> Counter[str]:
    rows = [new.staged.row for new in loans]
    owners = cnic_owners(tx.connection, [row.cnic for row in rows if row.cnic])
    found = [
        (new.staged.row.loan_ref, gap)
        for new in loans
        for gap in (
            *new.staged.row.gaps,
            *person_gaps(new.staged.row, persons[new.staged.row.borrower_ref], owners),
        )
    ]
    ids = next_ids(tx.connection, data_gap, len(found))
    values = [
        (new_id, ref, gap.field, gap.reason, this.id, this.recorded_micros)
        for new_id, (ref, gap) in zip(ids, found, strict=True)
    ]
    insert_rows(tx.connection, data_gap, data_gap.columns.keys(), values)
    return Counter(gap.field for _, gap in found)
