"""How each loan stands at a day and a cut: one row a loan paid out by then, from three sources.

All sources give the same columns, so that one query goes over any: loan_id, borrower_id,
the dimensions asked for, disbursed, paid (on the principal), outstanding, due (by the version
in force), due_first (as first agreed, for recovery rates), arrears, what tells the oldest
unpaid due date. In detail also disbursed_on, credit, waived, written_off, recovery (on a
written-off claim) and refunded. Amounts are paisa.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
    union_all,
)

from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan_dimension, loan_position, schedule_version
from aim_loans.loans.positions import SUM_OF_KIND
from aim_loans.portfolio.due import (
    Number,
    View,
    due_by_rows,
    due_by_rule,
    first_version,
    late_days,
    reached,
    standing_on,
    unpaid_by_rows,
    unpaid_by_rule,
    version_in_force,
)
from aim_loans.portfolio.models import month_loan
from aim_loans.portfolio.months import ClosedMonth, unseen
from aim_loans.portfolio.sources import Source
from aim_loans.portfolio.sums import changed_since, sums_of_facts, sums_since

_COMMON = (
    *("loan_id", "borrower_id", "product_code"),
    *("disbursed", "paid", "outstanding", "due", "due_first"),
)
_ENDED = ("waived", "written_off", "refunded")
_PATTERN = ("instalment_count", "step_months", "first_month", "due_day", "step_days", "first_day")
_TERMS = ("loan_id", "borrower_id", "product_code", "base_amount", *_PATTERN)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question needs of each loan: dimension columns, and all that is `detailed`.

    A list is asked for `in_blocks` of loans, by the parameters `after` and `up_to` (loan ids).
    `among` narrows the loans to those that it selects; `sums` asks for the sums by kind too.
    """

    dimensions: Sequence[str] = ()
    detailed: bool = False
    in_blocks: bool = False
    among: Select[Any] | None = None
    sums: bool = False

    def of(self, loan_id: ColumnElement[int]) -> ColumnElement[bool]:
        """Tell whether a loan is one of those asked for."""
        within = true() if self.among is None else loan_id.in_(self.among)
        return and_(within, self.of_block(loan_id))

    def of_block(self, loan_id: ColumnElement[int]) -> ColumnElement[bool]:
        """Tell whether a loan belongs to the block asked for."""
        if not self.in_blocks:
            return true()
        return and_(loan_id > bindparam("after"), loan_id <= bindparam("up_to"))


def standing(source: Source, view: View, wanted: Wanted) -> Select[Any]:
    """Select how each loan paid out by then stands."""
    closed = source.closed
    if source is Source.POSITIONS:
        return _from_positions(view, wanted)
    if closed is None:
        sums = sums_of_facts(view, wanted.of, detailed=wanted.detailed)
        return _from_facts(sums, view, wanted)
    if source.worked_out:
        sums = sums_since(closed, view, wanted.of, detailed=wanted.detailed)
        return _from_facts(sums, view, wanted)
    return _from_close(closed, view, wanted)


def as_closed(source: Source, view: View, wanted: Wanted) -> Select[Any]:
    """Select what a closed month keeps of each loan, from facts or an earlier closed month.

    Also of loans whose disbursement was taken back: later sums start from these rows.
    """
    if source.closed is None:
        sums = sums_of_facts(view, wanted.of, detailed=wanted.detailed)
    else:
        sums = sums_since(source.closed, view, wanted.of, detailed=wanted.detailed)
    return _counted(_from_facts(sums, view, wanted, every=True), view)


def _from_positions(view: View, wanted: Wanted) -> Select[Any]:
    position = _contracts(wanted)
    ended = position.c.waived + position.c.written_off
    paid = position.c.disbursed - ended - position.c.outstanding
    known = select(*position.c, paid.label("paid")).where(position.c.disbursed > 0)
    rows = _with_due(known, view).subquery()
    unpaid_on = rows.c.oldest_unpaid_due_on
    arrears = case((unpaid_on <= view.as_of, rows.c.due - rows.c.paid), else_=0)
    # Most loans have paid all that fell due; the position tells it without asking what did.
    punctual = or_(rows.c.paid == rows.c.disbursed, unpaid_on > view.as_of)
    missed = case((and_(punctual, rows.c.base_amount.is_not(None)), 0), else_=_missed(rows))
    return select(
        *_common(rows, wanted),
        arrears.label("arrears"),
        missed.label("missed"),
        unpaid_on.label("unpaid_on"),
        *_details(rows, rows.c.disbursed_on, wanted),
    )


def _from_close(closed: ClosedMonth, view: View, wanted: Wanted) -> Select[Any]:
    """Take the frozen loans as they are, and work out anew those that changed since."""
    held = month_loan.alias("held")
    names = [*_COMMON, *wanted.dimensions, "arrears", "missed", "late_days"]
    names += ["disbursed_on", "credit"] if wanted.detailed else []
    mine = and_(_of_close(held, closed, wanted), held.c.disbursed > 0, wanted.of(held.c.loan_id))
    columns: list[ColumnElement[Any]] = [held.c[name] for name in names]
    columns += _ended(held) if wanted.detailed else []
    if view.known_at == closed.known_at:
        return select(*columns).where(mine)
    changed = changed_since(closed, view).cte()
    same = held.outerjoin(changed, changed.c.loan_id == held.c.loan_id)
    kept = select(*columns).select_from(same).where(mine, changed.c.loan_id.is_(None))
    mine_too = true() if wanted.among is None else changed.c.loan_id.in_(wanted.among)
    among = replace(wanted, among=select(changed.c.loan_id).where(mine_too))
    sums = sums_of_facts(view, among.of, detailed=wanted.detailed)
    anew = _counted(_from_facts(sums, view, among), view).subquery("anew")
    worked_out = select(*(anew.c[column.name] for column in columns))
    return select(union_all(kept, worked_out).subquery("standing"))


def _of_close(held: FromClause, closed: ClosedMonth, wanted: Wanted) -> ColumnElement[bool]:
    """Tell the rows of a closed month.

    For one number SQLite expects ten rows, and would then look through all loans for each of
    them where the month is joined; for a range it expects as many as there are.
    """
    asked = unseen(closed.id)
    if wanted.among is None and not wanted.in_blocks:
        return held.c.close_id.between(asked, asked)
    return held.c.close_id == asked


def _counted(rows: Select[Any], view: View) -> Select[Any]:
    """Count the days late in place of what tells the oldest unpaid due date.

    The rows are worked out once, before they are counted with: each of their columns stands
    many times in the arithmetic of days.
    """
    found = rows.cte().prefix_with("MATERIALIZED")
    unpaid = (found.c[name] for name in Source.FACTS.value)
    kept = (column for column in found.c if column.name not in Source.FACTS.value)
    return select(*kept, late_days(view.as_of, *unpaid).label("late_days"))


def _from_facts(sums: Subquery, view: View, wanted: Wanted, *, every: bool = False) -> Select[Any]:
    """Work out how loans stand from their sums; `every` takes in what is paid out no more."""
    due = _with_due(_known(sums, view, wanted, every=every), view)
    # Worked out once, for what is due stands many times in what follows; not where rows are to be
    # joined: SQLite expects so few of what is materialized that it looks for none by an index.
    joined = wanted.detailed or wanted.in_blocks
    rows: FromClause = due.subquery() if joined else due.cte().prefix_with("MATERIALIZED")
    late = and_(rows.c.outstanding > 0, rows.c.due > rows.c.paid)
    return select(
        *_common(rows, wanted),
        case((late, rows.c.due - rows.c.paid), else_=0).label("arrears"),
        _missed(rows).label("missed"),
        *_unpaid(rows, late, view),
        *_details(rows, _disbursed_on(rows, view) if wanted.detailed else None, wanted),
    )


def _known(sums: Subquery, view: View, wanted: Wanted, *, every: bool) -> Select[Any]:
    """Join the sums with the contracts and what the loans belonged to."""
    contract = _contracts(wanted)
    payable = sums.c.disbursed - sums.c.waived - sums.c.written_off
    paid = case((sums.c.applied < payable, sums.c.applied), else_=payable)
    tables = sums.join(contract, contract.c.loan_id == sums.c.loan_id)
    dimensions = [contract.c[name] for name in wanted.dimensions]
    if wanted.dimensions:
        then = _dimensions_then(view, wanted)
        tables = tables.outerjoin(then, then.c.loan_id == sums.c.loan_id)
        moved = then.c.loan_id.is_not(None)
        dimensions = [
            case((moved, then.c[column.name]), else_=column).label(column.name)
            for column in dimensions
        ]
    return (
        select(
            *(contract.c[name] for name in _TERMS),
            *(column for column in sums.c if column.name != "loan_id"),
            *dimensions,
            paid.label("paid"),
            (payable - paid).label("outstanding"),
        )
        .select_from(tables)
        .where(true() if every else sums.c.disbursed > 0)
    )


def _contracts(wanted: Wanted) -> Subquery:
    """Select positions with the rule of their schedule, for what of them never changes.

    The rule of a loan with more than one version is left out: its instalments are asked.
    """
    version = schedule_version
    unasked = set(loan_dimension.c.keys()) - {"loan_id", *wanted.dimensions}
    return (
        select(
            *(column for column in loan_position.c if column.name not in unasked),
            case((version.c.number == 1, version.c.base_amount)).label("base_amount"),
            *(version.c[name] for name in _PATTERN),
        )
        .join(version, version.c.id == loan_position.c.version_id)
        .where(wanted.of_block(loan_position.c.loan_id), wanted.of_block(version.c.loan_id))
        .subquery("contract")
    )


def _dimensions_then(view: View, wanted: Wanted) -> FromClause:
    """Select what loans with several dimension rows belonged to: the row that held.

    That is the newest begun by then, of one day's rows the last recorded; before the first
    day of all, the first row.
    """
    row = loan_dimension
    asked = wanted.of(row.c.loan_id)
    several = select(row.c.loan_id).where(asked).group_by(row.c.loan_id).having(func.count() > 1)
    begun = row.c.from_on <= view.as_of
    order = (
        case((begun, 0), else_=1),
        case((begun, row.c.from_on)).desc(),
        row.c.from_on,
        row.c.id.desc(),
    )
    place = func.row_number().over(partition_by=row.c.loan_id, order_by=order)
    ranked = (
        select(row.c.loan_id, *(row.c[name] for name in wanted.dimensions), place.label("place"))
        .where(view.known(row), row.c.loan_id.in_(several))
        .subquery()
    )
    held = select(ranked).where(ranked.c.place == 1)
    if wanted.among is None:
        return held.subquery("dimensions_then")
    # PostgreSQL guesses too few loans, and would look for these rows anew for each of them.
    return held.cte().prefix_with("MATERIALIZED")


def _with_due(known: Select[Any], view: View) -> Select[Any]:
    """Add what is due; a waiver takes away only what falls due after its day."""
    rows = known.subquery()
    waived = rows.c.waived > 0
    asked = or_(waived, rows.c.base_amount.is_(None))
    waived_on = standing_on(Kind.WAIVER, rows.c.loan_id, view)
    until = case((waived, waived_on), else_=view.as_of)
    by_rule = due_by_rule(rows, rows.c.disbursed, reached(view.as_of))
    versions = {
        "due": version_in_force(rows.c.loan_id, view),
        "due_first": first_version(rows.c.loan_id),
    }
    due = [
        case((asked, due_by_rows(version, until)), else_=by_rule).label(name)
        for name, version in versions.items()
    ]
    return select(*rows.c, *due)


def _missed(rows: FromClause) -> Number:
    """Give what fell due as first agreed and was not paid."""
    return case((rows.c.paid < rows.c.due_first, rows.c.due_first - rows.c.paid), else_=0)


def _unpaid(rows: FromClause, late: ColumnElement[bool], view: View) -> list[Label[Any]]:
    """Tell the oldest unpaid due date of the late loans (the columns of `Source.FACTS`)."""
    regular = rows.c.base_amount.is_not(None)
    key, number = unpaid_by_rule(rows, rows.c.paid)
    version = version_in_force(rows.c.loan_id, view)
    return [
        case((and_(late, regular), key)).label("unpaid_key"),
        case((and_(late, regular), number)).label("unpaid_number"),
        case((and_(late, ~regular), unpaid_by_rows(version, rows.c.paid))).label("unpaid_on"),
    ]


def _common(rows: FromClause, wanted: Wanted) -> list[ColumnElement[Any]]:
    sums: list[str] = []
    if wanted.sums:
        given = (*_COMMON, *(_ENDED if wanted.detailed else ()))
        sums = [name for name in SUM_OF_KIND if name in rows.c and name not in given]
    return [rows.c[name] for name in (*_COMMON, *wanted.dimensions, *sums)]


def _details(
    rows: FromClause, disbursed_on: ColumnElement[Any] | None, wanted: Wanted
) -> list[ColumnElement[Any]]:
    """Give what only lists and statements show: the day paid out, credit, what ended the loan.

    The credit is the money above the balance, or above the claim of a write-off, and what
    came in after a waiver, less what was paid back.
    """
    if not wanted.detailed or disbursed_on is None:
        return []
    over_claim = rows.c.recovered - rows.c.written_off
    credit = (
        rows.c.applied
        - rows.c.paid
        + case((over_claim > 0, over_claim), else_=0)
        + rows.c.credited
        - rows.c.refunded
    )
    return [disbursed_on.label("disbursed_on"), credit.label("credit"), *_ended(rows)]


def _ended(rows: FromClause) -> list[ColumnElement[Any]]:
    """Give what ended or left the loan: waived, written off, recovered of that, paid back."""
    claim, recovered = rows.c.written_off, rows.c.recovered
    recovery = case((recovered > claim, claim), else_=recovered)
    return [*(rows.c[name] for name in _ENDED), recovery.label("recovery")]


def _disbursed_on(rows: FromClause, view: View) -> ColumnElement[Any]:
    """Give the day of the disbursement that stands; few loans are paid out twice."""
    standing_day = standing_on(Kind.DISBURSEMENT, rows.c.loan_id, view)
    return case((rows.c.undone == 0, rows.c.last_paid_out), else_=standing_day)
