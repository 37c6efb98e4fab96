"""The book as one statement: the loans of each group added up.

A few sums a group are enough: of what is outstanding, the part that has reached each edge of
the lateness scale. Buckets, PAR and classes are differences of those parts (`frames`).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Select,
    and_,
    case,
    func,
    or_,
    select,
)

from aim_loans.db.bulk import whole_sum
from aim_loans.identity.models import branch, line
from aim_loans.portfolio.due import View, back, sum_where
from aim_loans.portfolio.lateness import Scale
from aim_loans.portfolio.standing import Source, Wanted, standing

# Dimensions of a loan by the name that files and commands use, with their columns.
_COLUMN = {
    "sector": "sector",
    "activity": "activity",
    "branch": "branch_code",
    "area": "branch_code",
    "district": "district",
    "officer": "officer",
    "product": "product_code",
    "programme": "programme_code",
    "gender": "gender",
    "urban_rural": "urban_rural",
}
DIMENSIONS = tuple(_COLUMN)
_ALWAYS_ENTERED = ("sector", "branch", "product", "programme", "gender")

# What every group is asked for: counts, then paisa; after these the parts that are late.
MEASURES = ("active_loans", "active_borrowers", "outstanding", "arrears", "missed", "due")


def groups(
    source: Source,
    view: View,
    by: Sequence[str],
    scale: Scale,
    branches: frozenset[str] | None = None,
) -> Select[Any]:
    """Select the dimensions, `MEASURES`, and the outstanding that reached each edge."""
    columns = {_COLUMN[name] for name in by}
    if branches is not None:
        columns.add("branch_code")
    wanted = Wanted(dimensions=sorted(columns - {"product_code"}))
    each = standing(source, view, wanted).subquery("loans")
    loans = _grouped(each, by, _measured(source))
    if branches is not None:
        loans = loans.where(each.c.branch_code.in_(branches))
    if source is Source.FACTS:
        # Each sum asks for the same columns: without this they are worked out anew each time.
        book: FromClause = loans.cte("book").prefix_with("MATERIALIZED")
    else:
        book = loans.subquery("book")
    active = book.c.outstanding > 0
    named = [book.c[name] for name in by]
    late = (sum_where(book.c.outstanding, _late(book, source, view, days)) for days in scale.edges)
    return (
        select(
            *named,
            func.count().filter(active).label("active_loans"),
            func.count(case((active, book.c.borrower_id)).distinct()).label("active_borrowers"),
            whole_sum(book.c.outstanding).label("outstanding"),
            whole_sum(book.c.arrears).label("arrears"),
            whole_sum(book.c.missed).label("missed"),
            whole_sum(book.c.due_first).label("due"),
            *(sums.label(f"late_{days}") for sums, days in zip(late, scale.edges, strict=True)),
        )
        .select_from(book)
        .group_by(*named)
    )


def _measured(source: Source) -> tuple[str, ...]:
    return ("borrower_id", "outstanding", "arrears", "missed", "due_first", *source.value)


def _grouped(loans: FromClause, by: Sequence[str], columns: Sequence[str]) -> Select[Any]:
    """Select columns of loans with their dimensions under the names asked for."""
    tables = loans
    if "area" in by:
        area = and_(line.c.id == branch.c.area_id, line.c.level == "area")
        tables = loans.outerjoin(branch, branch.c.code == loans.c.branch_code).outerjoin(line, area)
    chosen: list[ColumnElement[Any]] = [_group(name, loans) for name in by]
    chosen += [loans.c[name] for name in columns]
    return select(*chosen).select_from(tables)


def _group(name: str, loans: FromClause) -> Label[str]:
    """Give the text of a dimension; what nobody entered is an empty text."""
    column: ColumnElement[str] = line.c.name if name == "area" else loans.c[_COLUMN[name]]
    if name in _ALWAYS_ENTERED:
        return column.label(name)
    return func.coalesce(column, "").label(name)


def _late(book: FromClause, source: Source, view: View, days: int) -> ColumnElement[bool]:
    """Tell whether a loan is so many days past due or more."""
    latest = back(view.as_of, days)
    if source is Source.POSITIONS:
        return book.c.unpaid_on <= latest.day
    unpaid = or_(
        book.c.unpaid_key <= latest.key,
        book.c.unpaid_number <= latest.number,
        book.c.unpaid_on <= latest.day,
    )
    # Most loans have nothing in arrears, and the rest is then not looked at.
    return and_(book.c.arrears > 0, unpaid)
