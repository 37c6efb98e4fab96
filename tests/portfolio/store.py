"""Puts plain loans into a database row by row, past every operation: whatever the rows say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Table, insert

from aim_loans.borrowers.models import person
from aim_loans.cash.models import money_in
from aim_loans.checks.tables import all_tables
from aim_loans.config.dated import DatedRow
from aim_loans.identity.models import act, branch, line, staff
from aim_loans.ledger.chart import KINDS
from aim_loans.ledger.models import account, fund
from aim_loans.loans.models import (
    instalment,
    loan,
    loan_dimension,
    loan_fact,
    schedule_version,
)
from aim_loans.loans.positions import refresh_positions
from aim_loans.loans.schedule import Pattern
from aim_loans.origination.models import dated_setting, product, programme
from tests.naive.book import Belonging, Fact, Loan, Version

FIRST_MOMENT = datetime(2024, 1, 1, tzinfo=UTC)
AREAS = {"LHR-01": "Centre", "MUL-01": "South", "KHI-01": "South"}
BRANCHES = (*AREAS, "ISB-01")
OFFICERS = ("asma", "bilal")
PROGRAMMES = ("general", "women")
FUNDS = ("general", "women")
PRODUCTS = ("crop", "family_enterprise")
_HAS_MONEY = ("receipt", "recovery", "credit")
_TEXTS = {"branch": "branch_code", "programme": "programme_code"}


@dataclass
class Stored:
    """A plain loan with the rule of each of its versions, None where there is none."""

    loan: Loan
    patterns: Sequence[Pattern | None]


def empty(connection: Connection) -> None:
    """Delete every row."""
    for table in reversed(all_tables().sorted_tables):
        connection.execute(table.delete())


def put_surroundings(connection: Connection, borrowers: Iterable[str]) -> None:
    """Put what loans point to: branches with their areas, staff, products, borrowers."""
    one = {"kind": "test", "actor": "test", "subject": "test", "command_digest": ""}
    connection.execute(insert(act).values(id=1, recorded_at=FIRST_MOMENT, **one))
    areas = {name: number for number, name in enumerate(sorted(set(AREAS.values())), 1)}
    _put(
        connection,
        line,
        ({"id": number, "level": "area", "name": name} for name, number in areas.items()),
    )
    _put(
        connection,
        branch,
        (
            {"code": code, "name": code, "area_id": areas.get(AREAS.get(code, "")), "act_id": 1}
            for code in BRANCHES
        ),
    )
    _put(connection, staff, ({"username": u, "full_name": u, "act_id": 1} for u in OFFICERS))
    _put(connection, fund, ({"code": code, "name": code, "act_id": 1} for code in FUNDS))
    _put(connection, account, ({"code": code, "kind": kind} for code, kind in KINDS.items()))
    _put(connection, product, ({"code": code, "name": code, "act_id": 1} for code in PRODUCTS))
    lent = {"fund_code": "general", "act_id": 1}
    _put(connection, programme, ({"code": code, "name": code, **lent} for code in PROGRAMMES))
    _put(
        connection,
        person,
        (
            {"id": number, "ref": ref, "name": ref, "gender": "unknown", "act_id": 1}
            for number, ref in enumerate(borrowers, 1)
        ),
    )


def put_setting(connection: Connection, row: DatedRow) -> None:
    """Put a dated setting, as if it was copied at the start."""
    values = {"table_name": row.table, "key": row.key, "effective_from": row.effective_from}
    values |= {"source": row.source, "verified": row.verified, "body": row.body, "act_id": 1}
    connection.execute(insert(dated_setting).values(**values))


def put_loans(connection: Connection, stored: Sequence[Stored], borrowers: Sequence[str]) -> None:
    """Put loans with all that happened to them, in the order recorded; positions follow."""
    _put_money(connection)
    numbers = {ref: number for number, ref in enumerate(borrowers, 1)}
    versions = _in_the_order_recorded(stored)
    for loan_id, each in enumerate(stored, 1):
        borrower_id = numbers[each.loan.borrower]
        _put_contract(connection, loan_id, each, versions, borrower_id=borrower_id)
    belongings = [(i, row) for i, each in enumerate(stored, 1) for row in each.loan.belongings]
    belongings.sort(key=lambda pair: pair[1].recorded_at)
    _put(
        connection,
        loan_dimension,
        (_dimension(n, loan_id, row) for n, (loan_id, row) in enumerate(belongings, 1)),
    )
    facts = [(i, fact) for i, each in enumerate(stored, 1) for fact in each.loan.facts]
    facts.sort(key=lambda pair: pair[1].recorded_at)
    ids = {id(fact): number for number, (_, fact) in enumerate(facts, 1)}
    funds = {i: each.loan.fund for i, each in enumerate(stored, 1)}
    rows = (_fact(loan_id, fact, ids, funds[loan_id]) for loan_id, fact in facts)
    _put(connection, loan_fact, rows)
    refresh_positions(connection, range(1, len(stored) + 1))


def _in_the_order_recorded(stored: Sequence[Stored]) -> dict[int, int]:
    """Number all versions, by the identity of each, as they were recorded."""
    versions = [version for each in stored for version in each.loan.versions]
    versions.sort(key=lambda version: version.recorded_at)
    return {id(version): number for number, version in enumerate(versions, 1)}


def _put_contract(
    connection: Connection,
    loan_id: int,
    stored: Stored,
    versions: Mapping[int, int],
    *,
    borrower_id: int,
) -> None:
    one = stored.loan
    first = one.versions[0]
    connection.execute(
        insert(loan).values(
            id=loan_id,
            ref=one.ref,
            borrower_id=borrower_id,
            product_code=one.product,
            fund_code=one.fund,
            principal=sum(amount for _, amount in first.instalments),
            instalments_asked=len(first.instalments),
            frequency="monthly",
            source="import",
            act_id=1,
            recorded_at=first.recorded_at,
        )
    )
    for version, pattern in zip(one.versions, stored.patterns, strict=True):
        version_id = versions[id(version)]
        row = _version(version_id, loan_id, version, pattern)
        connection.execute(insert(schedule_version).values(**row))
        _put(connection, instalment, _instalments(version_id, version.instalments))


def _version(
    version_id: int, loan_id: int, version: Version, pattern: Pattern | None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": version_id,
        "loan_id": loan_id,
        "number": version.number,
        "effective_on": version.effective_on,
        "instalment_count": len(version.instalments),
        "act_id": 1,
        "recorded_at": version.recorded_at,
    }
    if pattern is None:
        return row
    steps = pattern.steps
    if steps.step_days:
        return row | {
            "base_amount": pattern.base,
            "step_days": steps.step_days,
            "first_day": steps.first_day,
        }
    return row | {
        "base_amount": pattern.base,
        "step_months": steps.step_months,
        "first_month": steps.first_month,
        "due_day": steps.due_day,
    }


def _instalments(version_id: int, rows: Sequence[tuple[date, int]]) -> Iterable[dict[str, object]]:
    total = 0
    for number, (due_on, amount) in enumerate(rows, 1):
        total += amount
        yield {
            "version_id": version_id,
            "number": number,
            "due_on": due_on,
            "amount": amount,
            "due_total": total,
        }


def _dimension(row_id: int, loan_id: int, row: Belonging) -> dict[str, object]:
    values = {_TEXTS.get(name, name): text or None for name, text in row.values.items()}
    one = {"id": row_id, "loan_id": loan_id, "from_on": row.from_on, "act_id": 1}
    return {**one, **values, "recorded_at": row.recorded_at}


def _fact(loan_id: int, fact: Fact, ids: Mapping[int, int], fund_code: str) -> dict[str, object]:
    return {
        "id": ids[id(fact)],
        "loan_id": loan_id,
        "kind": fact.kind,
        "amount": fact.amount,
        "value_on": fact.value_on,
        "fund_code": fund_code,
        "contra": "vault",
        "contra_branch": BRANCHES[0],
        "money_in_id": 1 if fact.kind in _HAS_MONEY else None,
        "reverses_id": None if fact.undoes is None else ids[id(fact.undoes)],
        "act_id": 1,
        "recorded_at": fact.recorded_at,
    }


def _put_money(connection: Connection) -> None:
    connection.execute(
        insert(money_in).values(
            id=1,
            branch_code=BRANCHES[0],
            fund_code="general",
            account="",
            amount=1,
            number=1,
            received_on=FIRST_MOMENT.date(),
            act_id=1,
            recorded_at=FIRST_MOMENT,
        )
    )


def _put(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        connection.execute(insert(table), listed)
