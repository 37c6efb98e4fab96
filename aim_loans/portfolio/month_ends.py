"""The book at a month end with all that had happened by then, and its cohorts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Select,
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
from aim_loans.portfolio.changes import Since
from aim_loans.portfolio.due import View, sum_where
from aim_loans.portfolio.frozen_standings import (
    PERSONS,
    SUMS,
    Tally,
    concerned,
    frozen_tallies,
    person_counts,
)
from aim_loans.portfolio.lateness import PAR_DAYS
from aim_loans.portfolio.months import ClosedMonth
from aim_loans.portfolio.sources import Source, since_close, source_for
from aim_loans.portfolio.statement_figures import MonthEnd

_DETAILS = ("disbursed_on", "disbursed", "paid", "waived", "written_off")
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


def month_standings(
    connection: Connection, days: Sequence[date], known_at: datetime, kept: Kept, since: Since
) -> list[MonthStanding]:
    """Give how the loans of the kept branches stand at month ends, as known at a moment.

    Closed months answer from what was kept of them. Where something was recorded since, the
    loans of the persons concerned are taken off as they stood and added as they stand.
    """
    tallies = frozen_tallies(connection, list(since.closes.values()), kept)
    found = []
    for day in days:
        view, closed = View(day, known_at), since.closes.get(day)
        if closed is None or closed.id not in tallies:
            tally = _tally(connection, source_for(connection, view), view, kept)
        else:
            tally = tallies[closed.id]
            if loans := since.loans.get(closed.id):
                _correct(
                    connection,
                    tally,
                    closed,
                    view,
                    replace(kept, among=concerned(connection, loans)),
                )
        found.append(_standing(day, tally))
    return found


def _correct(
    connection: Connection, tally: Tally, closed: ClosedMonth, view: View, kept: Kept
) -> None:
    """Bring what was kept of a month to what is known later of the loans concerned."""
    then = View(closed.month, closed.known_at)
    _add(tally, _tally(connection, since_close(closed, then), then, kept), times=-1)
    _add(tally, _tally(connection, Source.FACTS, view, kept), times=1)


def _standing(day: date, tally: Tally) -> MonthStanding:
    totals: Counter[str] = Counter()
    for sums in tally.values():
        totals.update(sums)
    found = {name: totals[name] for name in (*SUMS, *PERSONS)}
    missed = found.pop("missed")
    whole = MonthEnd(day=day, due_met=found["due"] - missed, **found)
    bad = f"par{_BAD_DAYS}"
    cohorts = {
        month: Cohort(sums[bad] + sums["written_off"], sums["disbursed"])
        for month, sums in tally.items()
        if month is not None and sums["loans_made"]
    }
    return MonthStanding(whole, cohorts)


def _add(tally: Tally, other: Tally, *, times: int) -> None:
    for month, sums in other.items():
        mine = tally.setdefault(month, Counter())
        mine.update({name: times * amount for name, amount in sums.items()})


def _tally(connection: Connection, source: Source, view: View, kept: Kept) -> Tally:
    """Add the kept loans up by the month in which they were paid out; persons stand apart."""
    loans = kept_loans(source, view, ("gender",), kept, details=_DETAILS)
    book = loans.cte("book").prefix_with("MATERIALIZED")
    late = {f"par{days}": late_by(book, source, view, days + 1) for days in PAR_DAYS}
    rows = connection.execute(union_all(_by_day(book, late), _persons(book))).mappings().all()
    found: Tally = {}
    for row in rows:
        day = row["disbursed_on"]
        sums = found.setdefault(None if day is None else month_end(day), Counter())
        sums.update({name: row[name] for name in (*SUMS, *PERSONS)})
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
    labelled = [amount.label(name) for name, amount in zip(SUMS, sums, strict=True)]
    blanks = [_NOUGHT.label(name) for name in PERSONS]
    return select(book.c.disbursed_on, *labelled, *blanks).group_by(book.c.disbursed_on)


def _persons(book: CTE) -> Select[Any]:
    """Select how many persons there are, each counted once."""
    blanks: list[ColumnElement[Any]] = [cast(null(), Date), *(_NOUGHT for _ in SUMS)]
    return select(*blanks, *person_counts(book)).select_from(book)
