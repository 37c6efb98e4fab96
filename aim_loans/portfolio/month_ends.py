"""The book at a month end with all that had happened by then, and its cohorts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    RowMapping,
    Select,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from aim_loans.dates import month_end
from aim_loans.db.bulk import whole_sum
from aim_loans.portfolio.cells import Kept, kept_loans, late_by
from aim_loans.portfolio.due import View, sum_where
from aim_loans.portfolio.lateness import PAR_DAYS
from aim_loans.portfolio.standing import source_for
from aim_loans.portfolio.statement_figures import MonthEnd

_DETAILS = ("disbursed_on", "disbursed", "paid", "waived", "written_off")
_SUMS = (
    "loans_made",
    "active_loans",
    "disbursed",
    "received",
    "waived",
    "written_off",
    "outstanding",
    "due",
    "missed",
    "arrears",
    *(f"par{days}" for days in PAR_DAYS),
)
_PERSONS = ("members", "active_borrowers", "active_women")
_NOUGHT = literal_column("0", BigInteger)
_BAD_DAYS = 30


class Cohort(NamedTuple):
    """The loans first paid out in one month (paisa): what went bad, and all that was lent.

    Bad is what is more than 30 days late or was written off.
    """

    bad: int
    disbursed: int


@dataclass(frozen=True, slots=True)
class MonthStanding:
    """A month end and its cohorts, by the last day of the month of their first tranche."""

    whole: MonthEnd
    cohorts: Mapping[date, Cohort]


def month_standing(connection: Connection, view: View, kept: Kept) -> MonthStanding:
    """Give how the kept loans stand at a month end.

    This is the one place that asks for the months of a trend: a closed month may answer from
    its frozen cells.
    """
    source = source_for(connection, view)
    loans = kept_loans(source, view, ("gender",), kept, details=_DETAILS)
    book = loans.cte("book").prefix_with("MATERIALIZED")
    late = {f"par{days}": late_by(book, source, view, days + 1) for days in PAR_DAYS}
    rows = connection.execute(union_all(_by_day(book, late), _persons(book))).mappings().all()
    totals = {name: sum(row[name] for row in rows) for name in (*_SUMS, *_PERSONS)}
    missed = totals.pop("missed")
    whole = MonthEnd(day=view.as_of, due_met=totals["due"] - missed, **totals)
    return MonthStanding(whole, _cohorts(row for row in rows if row["disbursed_on"] is not None))


def _cohorts(days: Iterable[RowMapping]) -> dict[date, Cohort]:
    """Add the days of disbursement up to months."""
    found: dict[date, Cohort] = {}
    for row in days:
        month = month_end(row["disbursed_on"])
        bad, disbursed = found.get(month, Cohort(0, 0))
        bad += row[f"par{_BAD_DAYS}"] + row["written_off"]
        found[month] = Cohort(bad, disbursed + row["disbursed"])
    return found


def _by_day(book: CTE, late: Mapping[str, ColumnElement[bool]]) -> Select[Any]:
    """Select the sums of the loans by the day of their disbursement."""
    sums = [
        func.count(),
        func.count().filter(book.c.outstanding > 0),
        *(
            whole_sum(book.c[name])
            for name in ("disbursed", "paid", "waived", "written_off", "outstanding")
        ),
        *(whole_sum(book.c[name]) for name in ("due_first", "missed", "arrears")),
        *(sum_where(book.c.outstanding, late[f"par{days}"]) for days in PAR_DAYS),
    ]
    labelled = [amount.label(name) for name, amount in zip(_SUMS, sums, strict=True)]
    blanks = [_NOUGHT.label(name) for name in _PERSONS]
    return select(book.c.disbursed_on, *labelled, *blanks).group_by(book.c.disbursed_on)


def _persons(book: CTE) -> Select[Any]:
    """Select how many persons there are, each counted once."""
    active = book.c.outstanding > 0
    women = active & (book.c.gender == "female")
    counts = [
        func.count(book.c.borrower_id.distinct()),
        *(func.count(case((which, book.c.borrower_id)).distinct()) for which in (active, women)),
    ]
    columns: list[ColumnElement[Any]] = [cast(null(), Date), *(_NOUGHT for _ in _SUMS), *counts]
    return select(*columns).select_from(book)
