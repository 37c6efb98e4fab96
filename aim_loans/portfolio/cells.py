"""The book as one statement: the loans of each group added up.

A few sums a group are enough: of what is outstanding, the part that has reached each edge of
the lateness scale. Buckets, PAR and classes are differences of those parts (`frames`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Label,
    Select,
    Text,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from aim_loans.db.bulk import whole_sum
from aim_loans.errors import Refused
from aim_loans.identity.models import branch, line
from aim_loans.loans.models import loan_dimension
from aim_loans.portfolio.due import View, back, sum_where
from aim_loans.portfolio.lateness import Scale
from aim_loans.portfolio.sources import Source
from aim_loans.portfolio.standing import Wanted, standing

# Dimensions of a loan by the name that files and commands use, with their columns.
COLUMN_OF = {
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
DIMENSIONS = tuple(COLUMN_OF)
_ALWAYS_ENTERED = ("sector", "branch", "product", "programme", "gender")

# What every group is asked for: counts, then paisa; after these the parts that are late.
MEASURES = ("active_loans", "active_borrowers", "outstanding", "arrears", "missed", "due")
# What each loan is asked for, beside what tells its oldest unpaid due date.
_STANDING = ("loan_id", "borrower_id", "outstanding", "arrears", "missed", "due_first")


@dataclass(frozen=True, slots=True)
class Kept:
    """Which loans a question keeps: those of some branches, and of these dimension values.

    `branches` None keeps all branches; an empty text keeps what nobody entered; `among` keeps
    the loans that it selects.
    """

    branches: frozenset[str] | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    among: Select[Any] | None = None


def check_dimensions(by: Sequence[str]) -> None:
    """Refuse a dimension that there is not, or that comes twice."""
    for place, name in enumerate(by):
        if name not in DIMENSIONS:
            raise Refused(
                "The book cannot be shown by {name}. Use any of: {known}.",
                field="by",
                name=name,
                known=", ".join(DIMENSIONS),
            )
        if name in by[:place]:
            raise Refused(
                "{name} stands twice in the grouping. Name it once.", field="by", name=name
            )


def books(
    source: Source,
    view: View,
    groupings: Sequence[Sequence[str]],
    scale: Scale,
    kept: Kept,
    *,
    counted: bool = False,
) -> Select[Any] | CompoundSelect[Any]:
    """Select the groups of each grouping: `MEASURES` and the outstanding at each edge.

    A row begins with the place of its grouping, then the texts of its dimensions, filled up
    with empty ones to the number of the widest grouping. `counted` adds at its end how many
    loans are in arrears, and how many have reached each edge.
    """
    names = dict.fromkeys(name for by in groupings for name in by)
    loans = kept_loans(source, view, tuple(names), kept)
    if source.worked_out or len(groupings) > 1:
        # Each sum asks for the same columns: without this they are worked out anew each time.
        book: FromClause = loans.cte().prefix_with("MATERIALIZED")
    else:
        book = loans.subquery("book")
    late = [late_by(book, source, view, days) for days in scale.edges]
    counts = [book.c.arrears > 0, *late] if counted else []
    return grouped(book, groupings, _measures(book, late, counts))


def grouped(
    rows: FromClause, groupings: Sequence[Sequence[str]], measures: Sequence[Label[Any]]
) -> Select[Any] | CompoundSelect[Any]:
    """Select measures by each grouping of rows that have its dimensions' texts."""
    widest = max(len(by) for by in groupings)
    parts = [_groups(rows, place, by, widest, measures) for place, by in enumerate(groupings)]
    return parts[0] if len(parts) == 1 else union_all(*parts)


def kept_loans(
    source: Source,
    view: View,
    by: Sequence[str],
    kept: Kept,
    *,
    details: Sequence[str] = (),
    in_blocks: bool = False,
) -> Select[Any]:
    """Select how each kept loan stands, with the text of dimensions under their names.

    `details` are further columns of `standing`; `in_blocks` as in `standing.Wanted`.
    """
    names = {*by, *kept.filters}
    columns = {COLUMN_OF[name] for name in names}
    if kept.branches is not None:
        columns.add("branch_code")
    wanted = Wanted(
        dimensions=sorted(columns - {"product_code"}),
        detailed=bool(details),
        in_blocks=in_blocks,
        among=kept.among if source is Source.POSITIONS else _ever_kept(kept),
    )
    loans = standing(source, view, wanted).subquery("loans")
    return kept_rows(loans, by, kept, (*_STANDING, *source.value, *details))


def kept_rows(
    rows: FromClause, by: Sequence[str], kept: Kept, columns: Sequence[str]
) -> Select[Any]:
    """Select columns of the kept rows, with the text of dimensions under their names."""
    names = {*by, *kept.filters}
    tables: FromClause = rows
    if "area" in names:
        area = and_(line.c.id == branch.c.area_id, line.c.level == "area")
        tables = rows.outerjoin(branch, branch.c.code == rows.c.branch_code).outerjoin(line, area)
    chosen: list[ColumnElement[Any]] = [_text(name, rows).label(name) for name in by]
    chosen += [rows.c[name] for name in columns]
    filters = [_text(name, rows) == value for name, value in kept.filters.items()]
    if kept.branches is not None:
        filters.append(rows.c.branch_code.in_(kept.branches))
    return select(*chosen).select_from(tables).where(*filters)


def _ever_kept(kept: Kept) -> Select[Any] | None:
    """Select the loans that may be kept on some day: only these are worked out from facts."""
    branches = kept.branches
    if "branch" in kept.filters:
        branches = frozenset({kept.filters["branch"]})
    if kept.among is not None or branches is None:
        return kept.among
    row = loan_dimension.c
    return select(row.loan_id).where(row.branch_code.in_(branches))


def late_by(book: FromClause, source: Source, view: View, days: int) -> ColumnElement[bool]:
    """Tell whether a loan is so many days past due or more; NULL or false where it is not."""
    latest = back(view.as_of, days)
    if source is Source.POSITIONS:
        return book.c.unpaid_on <= latest.day
    if not source.worked_out:
        return book.c.late_days >= days
    unpaid = or_(
        book.c.unpaid_key <= latest.key,
        book.c.unpaid_number <= latest.number,
        book.c.unpaid_on <= latest.day,
    )
    # Most loans have nothing in arrears, and the rest is then not looked at.
    return and_(book.c.arrears > 0, unpaid)


def _measures(
    book: FromClause,
    late: Sequence[ColumnElement[bool]],
    counts: Sequence[ColumnElement[bool]],
) -> list[Label[Any]]:
    """Give `MEASURES` of loans, the outstanding at each edge and the counts asked for."""
    active = book.c.outstanding > 0
    borrowers = func.count(case((active, book.c.borrower_id)).distinct())
    return [
        func.count().filter(active).label("active_loans"),
        borrowers.label("active_borrowers"),
        whole_sum(book.c.outstanding).label("outstanding"),
        whole_sum(book.c.arrears).label("arrears"),
        whole_sum(book.c.missed).label("missed"),
        whole_sum(book.c.due_first).label("due"),
        *(
            sum_where(book.c.outstanding, reached).label(f"late_{edge}")
            for edge, reached in enumerate(late)
        ),
        *(
            func.count().filter(and_(active, counts_in)).label(f"count_{number}")
            for number, counts_in in enumerate(counts)
        ),
    ]


def _groups(
    book: FromClause,
    place: int,
    by: Sequence[str],
    widest: int,
    measures: Sequence[Label[Any]],
) -> Select[Any]:
    named = [book.c[name] for name in by]
    blanks = [literal_column("''", Text).label(f"blank_{n}") for n in range(len(by), widest)]
    return (
        select(
            literal_column(str(place), Integer).label("place"),
            *named,
            *blanks,
            *measures,
        )
        .select_from(book)
        .group_by(*named)
    )


def _text(name: str, loans: FromClause) -> ColumnElement[str]:
    """Give the text of a dimension; what nobody entered is an empty text."""
    column: ColumnElement[str] = line.c.name if name == "area" else loans.c[COLUMN_OF[name]]
    return column if name in _ALWAYS_ENTERED else func.coalesce(column, "")
