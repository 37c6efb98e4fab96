"""What a closed month adds up to by branch and month of payout, and its persons: kept, read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Text,
    case,
    cast,
    extract,
    func,
    insert,
    literal,
    literal_column,
    select,
    union_all,
)

from aim_loans.dates import month_end, month_step
from aim_loans.db.bulk import ids_as_rows, same_rows, whole_sum
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act
from aim_loans.loans.models import loan_position
from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.due import sum_where
from aim_loans.portfolio.lateness import PAR_DAYS
from aim_loans.portfolio.models import month_cohort, month_loan, month_person
from aim_loans.portfolio.months import ClosedMonth
from aim_loans.portfolio.statement_reads import within

# Counts, then paisa: what is added up of a month end, and the persons, who do not add up.
SUMS = (
    *("loans_made", "active_loans", "disbursed", "received", "waived", "written_off"),
    *("outstanding", "due", "missed", "arrears"),
    *(f"par{days}" for days in PAR_DAYS),
)
PERSONS = ("members", "active_borrowers", "active_women")
# The sums by the last day of the month in which loans were paid out; under None the persons.
Tally = dict[date | None, Counter[str]]

_ALL = ""
_COHORT = ("close_id", "branch_code", "paid_out_in", *SUMS)
_PERSON = ("close_id", "branch_code", *PERSONS)


def freeze_standings(tx: Writing, act: Act, close_id: int) -> None:
    """Keep the cohorts and the persons of a month whose loans are frozen."""
    for table, names, rows in (
        (month_cohort, _COHORT, _cohorts(close_id)),
        (month_person, _PERSON, _persons(close_id)),
    ):
        found = rows.subquery("found")
        signed = select(*found.c, literal(act.id))
        tx.connection.execute(insert(table).from_select([*names, "act_id"], signed))


def standings_are_whole(connection: Connection, close_id: int) -> bool:
    """Say whether the cohorts and persons of a month are those of its frozen loans.

    A month closed before they were kept has none.
    """
    for table, names, rows in (
        (month_cohort, _COHORT, _cohorts(close_id)),
        (month_person, _PERSON, _persons(close_id)),
    ):
        kept = select(*(table.c[name] for name in names)).where(table.c.close_id == close_id)
        if connection.execute(kept.limit(1)).first() is None:
            continue
        if not same_rows(connection, kept, select(*rows.subquery("made").c)):
            return False
    return True


def frozen_tallies(
    connection: Connection, closes: Sequence[ClosedMonth], kept: Kept
) -> Mapping[int, Tally]:
    """Give, by the close's id, how the loans of the kept branches stood when it was closed.

    Months closed before this was kept are left out.
    """
    tallies: dict[int, Tally] = {}
    for close_id, persons in _kept_persons(connection, closes, kept).items():
        tallies[close_id] = {None: persons}
    cohort = month_cohort.c
    mine = [cohort.close_id.in_(list(tallies)), *within(cohort.branch_code, kept)]
    sums = (whole_sum(cohort[name]).label(name) for name in SUMS)
    by = (cohort.close_id, cohort.paid_out_in)
    for close_id, index, *amounts in connection.execute(
        select(*by, *sums).where(*mine).group_by(*by)
    ):
        month = month_end(month_step(index, 1))
        tallies[close_id][month] = Counter(dict(zip(SUMS, amounts, strict=True)))
    return tallies


def concerned(connection: Connection, loan_ids: Sequence[int]) -> Select[Any]:
    """Select all loans of the persons of some loans.

    So that persons add up as well: each is there with all loans, or not at all.
    """
    mine, every = loan_position.alias("mine"), loan_position.alias("every")
    persons = select(mine.c.borrower_id).where(
        mine.c.loan_id.in_(ids_as_rows(connection, loan_ids))
    )
    among = select(every.c.loan_id).where(every.c.borrower_id.in_(persons)).cte()
    return select(among.prefix_with("MATERIALIZED").c.loan_id)


def person_counts(loans: FromClause) -> list[ColumnElement[Any]]:
    """Count the `PERSONS` of some loans, each once: all, the active ones, women among these."""
    borrower, active = loans.c.borrower_id, loans.c.outstanding > 0
    women = active & (loans.c.gender == "female")
    counts = (
        func.count(borrower.distinct()),
        *(func.count(case((which, borrower)).distinct()) for which in (active, women)),
    )
    return [count.label(name) for name, count in zip(PERSONS, counts, strict=True)]


def _kept_persons(
    connection: Connection, closes: Sequence[ClosedMonth], kept: Kept
) -> Mapping[int, Counter[str]]:
    """Give the persons of a scope by close: kept for all and for one branch, else counted anew."""
    person = month_person.c
    asked = [each.id for each in closes]
    where = {_ALL} | (kept.branches or frozenset())
    rows = select(person.close_id, person.branch_code, *(person[name] for name in PERSONS)).where(
        person.close_id.in_(asked), person.branch_code.in_(where)
    )
    found = {
        (row[0], row[1]): Counter(dict(zip(PERSONS, row[2:], strict=True)))
        for row in connection.execute(rows)
    }
    ids = [each for each in asked if (each, _ALL) in found]
    if kept.branches is None or len(kept.branches) == 1:
        (code,) = kept.branches or (_ALL,)
        return {each: found.get((each, code), Counter()) for each in ids}
    return {each: _counted_anew(connection, each, kept) for each in ids}


def _counted_anew(connection: Connection, close_id: int, kept: Kept) -> Counter[str]:
    mine = (*_lent(close_id), *within(month_loan.c.branch_code, kept))
    rows = select(*person_counts(month_loan)).where(*mine)
    return Counter(connection.execute(rows).one()._asdict())


def _cohorts(close_id: int) -> Select[Any]:
    rows = month_loan.c
    year, month = extract("year", rows.disbursed_on), extract("month", rows.disbursed_on)
    paid_out_in = (cast(year, Integer) * 12 + cast(month, Integer) - 1).label("paid_out_in")
    named = {"received": "paid", "due": "due_first"}
    counted: dict[str, ColumnElement[Any]] = {
        "loans_made": func.count(),
        "active_loans": func.count().filter(rows.outstanding > 0),
        **{f"par{days}": sum_where(rows.outstanding, rows.late_days > days) for days in PAR_DAYS},
    }
    sums = (
        counted[name] if name in counted else whole_sum(rows[named.get(name, name)])
        for name in SUMS
    )
    return (
        select(
            rows.close_id,
            rows.branch_code,
            paid_out_in,
            *(amount.label(name) for name, amount in zip(SUMS, sums, strict=True)),
        )
        .where(*_lent(close_id))
        .group_by(rows.close_id, rows.branch_code, paid_out_in)
    )


def _persons(close_id: int) -> Any:
    rows = month_loan.c
    everywhere = literal_column(f"'{_ALL}'", Text).label("branch_code")
    number = literal_column(str(close_id), Integer).label("close_id")
    counts = person_counts(month_loan)
    of_all = select(number, everywhere, *counts).where(*_lent(close_id))
    of_each = select(number, rows.branch_code, *counts).where(*_lent(close_id))
    return union_all(of_all, of_each.group_by(rows.branch_code))


def _lent(close_id: int) -> tuple[ColumnElement[bool], ...]:
    rows = month_loan.c
    return (rows.close_id == close_id, rows.disbursed > 0)
