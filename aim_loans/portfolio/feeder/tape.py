"""The loan tape: a row for every loan with a balance, and for those that ended in the month.

A loan ended in the month when it has no balance on the last day, and had one at the end of the
month before or was paid out since.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    ScalarSelect,
    case,
    exists,
    func,
    or_,
    select,
)

from aim_loans.borrowers.models import person
from aim_loans.config.settings import Ladder
from aim_loans.dates import business_date
from aim_loans.db.tables import from_micros
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import instalment, loan, loan_fact, loan_position, schedule_version
from aim_loans.money import Ratio
from aim_loans.origination.models import application_loan, application_step, background_check
from aim_loans.portfolio.due import (
    View,
    advance_of,
    days_of_late,
    sum_where,
    version_in_force,
)
from aim_loans.portfolio.engine import ROWS_TOGETHER
from aim_loans.portfolio.feeder.asked import AskedMonth, Pseudonym
from aim_loans.portfolio.lateness import scale
from aim_loans.portfolio.provisions import BASIS_POINTS, provision_of
from aim_loans.portfolio.sources import source_for
from aim_loans.portfolio.standing import Wanted, standing

_LOANS_A_BLOCK = 10_000
_DIMENSIONS = ("branch_code", "district", "gender", "urban_rural", "programme_code", "sector")
_SUMS = ("disbursed", "outstanding", "due", "paid", "arrears", "waived", "written_off")
_NO_CHARGE = Ratio(0, 1)


def tape_rows(
    connection: Connection, asked: AskedMonth, *, hide: Pseudonym | None
) -> Iterator[tuple[Any, ...]]:
    """Give the tape in the order in which loans were recorded; amounts in paisa.

    With `hide` the rows hold pseudonyms and years of birth (`reports.feeder.catalogue.TAPE`),
    without it CNICs, names and days of birth (`TAPE_IDENTIFIED`). Loans are read in blocks, so
    that a book of any size needs the same memory.
    """
    ladder = _Ladder(asked.ladder)
    for found in _read(connection, asked):
        columns = zip(*found, strict=True)
        ref, agreed, frequency, person_id, cnic, name, born, product, *rest = columns
        paid_out_on, branch, district, gender, urban_rural, programme, sector, *rest = rest
        disbursed, outstanding, due, paid, arrears, waived, written_off, *rest = rest
        version, instalments, matures_on, cycle, approved_at, bureau, *unpaid = rest
        days = days_of_late(asked.day, arrears, unpaid)
        if hide is None:
            who: tuple[Sequence[Any], ...] = (cnic, name, gender, born, urban_rural, ref)
        else:
            keys = [hide(f"person {each}") for each in person_id]
            years = [day and day.year for day in born]
            who = (keys, gender, years, urban_rural, [hide(f"loan {each}") for each in ref])
        yield from zip(
            *(repeat(asked.day), branch, district, *who),
            *(map(status_of, outstanding, waived, written_off), cycle, programme, product),
            *(repeat("individual"), sector, _days_of(approved_at, asked.zone), agreed),
            *(paid_out_on, disbursed, matures_on, instalments, frequency),
            *(outstanding, due, paid, arrears, map(advance_of, paid, due), days),
            *ladder.columns(outstanding, days),
            *(map(_changed, version), [number - 1 for number in version]),
            *(repeat(_NO_CHARGE), bureau),
            # What is the same in every row never ends.
            strict=False,
        )


class _Ladder:
    """What a classification ladder says of loans, given by their columns."""

    def __init__(self, ladder: Ladder) -> None:
        # Few different days late come again and again.
        self.class_of = cache(scale(ladder).loan_class)
        self.rates: dict[str, Ratio] = {
            step.name: Ratio(step.provision_bps, BASIS_POINTS) for step in ladder.classes
        }

    def columns(
        self, outstanding: Sequence[int], days: Sequence[int]
    ) -> tuple[list[str | None], list[Ratio | None], list[int]]:
        """Give class, rate and provision (paisa); a loan without a balance has no class."""
        standing = list(zip(outstanding, days, strict=True))
        classes = [self.class_of(late) if left else None for left, late in standing]
        rates = [None if name is None else self.rates[name] for name in classes]
        provisions = [
            # Nothing is provided for most loans.
            provision_of(left, rate.numerator) if rate and rate.numerator else 0
            for left, rate in zip(outstanding, rates, strict=True)
        ]
        return classes, rates, provisions


def _days_of(moments: Sequence[int | None], zone: ZoneInfo) -> list[date | None]:
    """Give the local days of moments in microseconds."""
    return [
        None if moment is None else business_date(from_micros(moment), zone) for moment in moments
    ]


def _changed(version: int) -> str:
    return "yes" if version > 1 else "no"


def status_of(outstanding: int, waived: int, written_off: int) -> str:
    """Say what a loan that was paid out is, from its balance and what ended it (paisa)."""
    if outstanding:
        return "active"
    if waived:
        return "waived"
    return "written_off" if written_off else "closed"


def _read(connection: Connection, asked: AskedMonth) -> Iterator[Sequence[Sequence[Any]]]:
    """Read what `tape_rows` takes apart, block by block of loans, some hundred rows at a time."""
    view = asked.view
    source = source_for(connection, view)
    wanted = Wanted(dimensions=_DIMENSIONS, detailed=True, in_blocks=True)
    rows = standing(source, view, wanted).subquery("loans")
    version = schedule_version.alias("in_force")
    statement = (
        select(
            *(loan.c.ref, loan.c.principal, loan.c.frequency),
            *(person.c.id, person.c.cnic, person.c.name, person.c.birth_date),
            *(rows.c[name] for name in ("product_code", "disbursed_on", *_DIMENSIONS, *_SUMS)),
            *(version.c.number, version.c.instalment_count, _matures_on(version)),
            *(_cycle(rows, view), _approved_at(), _bureau_check(view)),
            *(rows.c[name] for name in source.value),
        )
        .join(loan, loan.c.id == rows.c.loan_id)
        .join(person, person.c.id == rows.c.borrower_id)
        .join(version, version.c.id == version_in_force(rows.c.loan_id, view))
        .outerjoin(application_loan, application_loan.c.loan_id == rows.c.loan_id)
        .where(or_(rows.c.outstanding > 0, _was_open(rows, asked.before) == 1))
        .order_by(rows.c.loan_id)
    )
    last = connection.execute(select(func.max(loan.c.id))).scalar() or 0
    for after in range(0, last, _LOANS_A_BLOCK):
        block = {"after": after, "up_to": after + _LOANS_A_BLOCK}
        yield from connection.execute(statement, block).partitions(ROWS_TOGETHER)


def _was_open(rows: FromClause, before: View) -> ScalarSelect[int]:
    """Give 1 for a loan that had a balance at the end of the month before, or was not paid out."""
    fact = loan_fact.alias("earlier")

    def total(*kinds: Kind) -> ColumnElement[int]:
        return sum_where(fact.c.amount, fact.c.kind.in_(kinds))

    disbursed = total(Kind.DISBURSEMENT)
    gone = total(Kind.RECEIPT, Kind.WAIVER, Kind.WRITE_OFF)
    return (
        select(case((disbursed == 0, 1), (disbursed > gone, 1), else_=0))
        .where(fact.c.loan_id == rows.c.loan_id, before.counts(fact))
        .correlate_except(fact)
        .scalar_subquery()
    )


def _matures_on(version: FromClause) -> ScalarSelect[date]:
    return (
        select(instalment.c.due_on)
        .where(
            instalment.c.version_id == version.c.id,
            instalment.c.number == version.c.instalment_count,
        )
        .correlate_except(instalment)
        .scalar_subquery()
    )


def _cycle(rows: FromClause, view: View) -> ColumnElement[int]:
    """Count the borrower's loans paid out up to this one; of one day the one recorded first.

    Nearly all borrowers have this loan alone: nothing is counted for them.
    """
    other, fact, undone = loan_position.alias(), loan_fact.alias(), loan_fact.alias()
    another = exists().where(
        other.c.borrower_id == rows.c.borrower_id, other.c.loan_id != rows.c.loan_id
    )
    earlier = or_(
        fact.c.value_on < rows.c.disbursed_on,
        (fact.c.value_on == rows.c.disbursed_on) & (other.c.loan_id <= rows.c.loan_id),
    )
    taken_back = select(undone.c.id).where(undone.c.reverses_id == fact.c.id, view.counts(undone))
    count = (
        select(func.count(other.c.loan_id.distinct()))
        .join(fact, fact.c.loan_id == other.c.loan_id)
        .where(
            other.c.borrower_id == rows.c.borrower_id,
            fact.c.kind == Kind.DISBURSEMENT,
            fact.c.amount > 0,
            view.counts(fact),
            earlier,
            ~taken_back.correlate_except(undone).exists(),
        )
        .correlate_except(other, fact)
        .scalar_subquery()
    )
    return case((another.correlate_except(other), count), else_=1)


def _approved_at() -> ScalarSelect[int]:
    """Give the moment of the last approval of the loan's application, in microseconds."""
    step = application_step
    return (
        select(func.max(step.c.recorded_at, type_=BigInteger))
        .where(
            step.c.application_id == application_loan.c.application_id, step.c.kind == "approved"
        )
        .correlate_except(step)
        .scalar_subquery()
    )


def _bureau_check(view: View) -> ScalarSelect[str]:
    """Give the last answer of the credit bureau that is known."""
    check = background_check
    return (
        select(check.c.result)
        .where(
            check.c.application_id == application_loan.c.application_id,
            check.c.kind == "bureau",
            view.known(check),
        )
        .order_by(check.c.id.desc())
        .limit(1)
        .correlate_except(check)
        .scalar_subquery()
    )
