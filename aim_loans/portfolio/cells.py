"""The book as one statement: loans added up by group and by how late they are.

Loans of one group and one level (`lateness.Scale`) are alike in every measure, so the
database only adds up a few columns a cell, and buckets, PAR and classes follow from the
cells. Persons with several loans do not add up that way: each cell counts loans, and one
more row a group says how many of them belong to a person counted already.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Label,
    Select,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from aim_loans.db.bulk import whole_sum
from aim_loans.identity.models import branch, line
from aim_loans.loans.models import loan_position
from aim_loans.portfolio.due import View, back
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

# Levels below those of the scale: loans with nothing outstanding, and loans of persons who
# stand in the group with another loan.
SETTLED = -1
SHARED = -2

MEASURES = ("loans", "outstanding", "arrears", "missed", "due")


def cells(source: Source, view: View, by: Sequence[str], scale: Scale) -> CompoundSelect[Any]:
    """Select the dimensions, the level, and `MEASURES` (a count, then paisa) of each cell."""
    columns = {_COLUMN[name] for name in by}
    wanted = Wanted(dimensions=sorted(columns - {"product_code"}))
    loans = _grouped(standing(source, view, wanted).subquery("loans"), by, _measured(source))
    if source is Source.FACTS:
        # What facts add up to is worked out once, though the statement asks for it thrice.
        book: FromClause = loans.cte("book").prefix_with("MATERIALIZED")
        persons = book
    else:
        book = loans.subquery("book")
        persons = _grouped(loan_position, by, ("borrower_id", "outstanding")).subquery("persons")
    return union_all(_added_up(book, source, view, by, scale), _shared(persons, by))


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


def _added_up(
    book: FromClause, source: Source, view: View, by: Sequence[str], scale: Scale
) -> Select[Any]:
    groups = [book.c[name] for name in by]
    return (
        select(
            *groups,
            _level(book, source, view, scale).label("level"),
            func.count().label("loans"),
            whole_sum(book.c.outstanding).label("outstanding"),
            whole_sum(book.c.arrears).label("arrears"),
            whole_sum(book.c.missed).label("missed"),
            whole_sum(book.c.due_first).label("due"),
        )
        .select_from(book)
        .group_by(*groups, "level")
    )


def _group(name: str, loans: FromClause) -> Label[str]:
    """Give the text of a dimension; what nobody entered is an empty text."""
    column: ColumnElement[str] = line.c.name if name == "area" else loans.c[_COLUMN[name]]
    if name in _ALWAYS_ENTERED:
        return column.label(name)
    return func.coalesce(column, "").label(name)


def _level(book: FromClause, source: Source, view: View, scale: Scale) -> ColumnElement[int]:
    """Tell how many edges of the scale a loan has reached: most loans none, so that is first."""
    steps: list[tuple[ColumnElement[bool], int]] = []
    for level in range(len(scale.edges), 0, -1):
        latest = back(view.as_of, scale.edges[level - 1])
        by_column = {
            "unpaid_on": latest.day,
            "unpaid_key": latest.key,
            "unpaid_number": latest.number,
        }
        late = or_(*(book.c[name] <= by_column[name] for name in source.value))
        steps.append((late, level))
    punctual = {
        Source.POSITIONS: book.c.unpaid_on >= view.as_of,
        Source.FACTS: book.c.arrears == 0,
    }
    return case((book.c.outstanding == 0, SETTLED), (punctual[source], 0), *steps, else_=0)


def _shared(loans: FromClause, by: Sequence[str]) -> Select[Any]:
    """Count, a group, the active loans of persons beyond the first loan of each."""
    active = loans.c.outstanding > 0
    several = (
        select(loans.c.borrower_id)
        .where(active)
        .group_by(loans.c.borrower_id)
        .having(func.count() > 1)
    )
    groups = [loans.c[name] for name in by]
    persons = (
        select(*groups, func.count().label("loans"))
        .where(active, loans.c.borrower_id.in_(several))
        .group_by(*groups, loans.c.borrower_id)
        .having(func.count() > 1)
        .subquery("shared")
    )
    named = [persons.c[name] for name in by]
    return select(
        *named,
        literal_column(str(SHARED)).label("level"),
        whole_sum(persons.c.loans - 1),
        *(literal_column("0") for _ in MEASURES[1:]),
    ).group_by(*named)
