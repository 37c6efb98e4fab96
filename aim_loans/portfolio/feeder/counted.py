"""All loans of a month with what sums need: class, provision, and where a borrower counts.

A borrower with several loans counts once: by class on the loan in the worst one, there on the
largest; otherwise on the active loan with the largest balance. Of equal loans the oldest counts.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    case,
    cast,
    func,
    select,
)

from aim_loans.portfolio.cells import late_by
from aim_loans.portfolio.feeder.asked import AskedMonth
from aim_loans.portfolio.provisions import BASIS_POINTS
from aim_loans.portfolio.sources import source_for
from aim_loans.portfolio.standing import Wanted, standing

# Portfolio at risk counts what is over a number of days.
_OVER_30_DAYS = 30 + 1
_SUMS = ("disbursed", "paid", "outstanding", "due", "arrears", "waived", "written_off")


def counted_loans(connection: Connection, asked: AskedMonth, dimensions: Sequence[str]) -> CTE:
    """Select each loan paid out by the day, with the columns of the dimensions.

    Beside the sums of `standing` it has: `active`, `level` (the place of its class in the
    ladder), `provision` (paisa), `over30` (outstanding where more than 30 days late),
    `of_month` (paid out in it), and 1 or 0 for the loan on which its borrower counts:
    `by_class`, `by_size`, and `first_of_borrower` (the first ever paid out).
    """
    view, ladder = asked.view, asked.ladder
    source = source_for(connection, view)
    # Which product it is, `standing` says of every loan.
    wanted = Wanted([name for name in dimensions if name != "product_code"], detailed=True)
    loans = standing(source, view, wanted).cte("standing").prefix_with("MATERIALIZED")
    levels = [
        (late_by(loans, source, view, step.from_days), level)
        for level, step in reversed(list(enumerate(ladder.classes)))
        if step.from_days > 0
    ]
    owed = loans.c.outstanding
    graded = select(
        *(loans.c[name] for name in ("loan_id", "borrower_id", "disbursed_on", *dimensions)),
        *(loans.c[name] for name in _SUMS),
        case(*levels, else_=0).label("level"),
        case((late_by(loans, source, view, _OVER_30_DAYS), owed), else_=0).label("over30"),
    ).cte("graded")
    rates = [(graded.c.level == n, step.provision_bps) for n, step in enumerate(ladder.classes)]
    charged = graded.c.outstanding * cast(case(*rates, else_=0), BigInteger)
    half_up = (charged + BASIS_POINTS // 2) // BASIS_POINTS
    active = graded.c.outstanding > 0
    return (
        select(
            graded,
            case((active, 1), else_=0).label("active"),
            half_up.label("provision"),
            case((graded.c.disbursed_on >= asked.first, 1), else_=0).label("of_month"),
            _first(graded, graded.c.level.desc(), *_largest(graded), among=active).label(
                "by_class"
            ),
            _first(graded, *_largest(graded), among=active).label("by_size"),
            _first(graded, *_oldest(graded)).label("first_of_borrower"),
        )
        .cte("counted")
        .prefix_with("MATERIALIZED")
    )


def _oldest(loans: CTE) -> tuple[ColumnElement[Any], ...]:
    return (loans.c.disbursed_on, loans.c.loan_id)


def _largest(loans: CTE) -> tuple[ColumnElement[Any], ...]:
    return (loans.c.outstanding.desc(), *_oldest(loans))


def _first(
    loans: CTE, *order: ColumnElement[Any], among: ColumnElement[bool] | None = None
) -> ColumnElement[int]:
    """Give 1 for the first of a borrower's loans in an order, and 0 for the others."""
    if among is None:
        place = func.row_number().over(partition_by=loans.c.borrower_id, order_by=order)
        return case((place == 1, 1), else_=0)
    inside = case((among, 1), else_=0)
    place = func.row_number().over(partition_by=[loans.c.borrower_id, inside], order_by=order)
    return case((and_(among, place == 1), 1), else_=0)
