"""The daily work of collecting: who has something due, who is late, how the month goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from aim_loans.borrowers.groups import standing_membership
from aim_loans.borrowers.models import group_membership, person
from aim_loans.cash.queries import Receipt, receipts_by_id
from aim_loans.dates import month_index, month_step
from aim_loans.db.bulk import whole_sum
from aim_loans.identity.models import staff
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import instalment, loan, loan_fact, loan_position
from aim_loans.repayment.ending_requests import waiver_waits

PAGE_ROWS = 100
MOST_PAGES = 1_000
MOST_CHOICES = 1_000

_HELD = loan_position.alias("p")
_LAST_DAY = 31

_DISTRICT = func.coalesce(_HELD.c.district, person.c.district, "")
_TEHSIL = func.coalesce(person.c.tehsil, "")
# The order of the printed ledger.
_LEDGER = (_DISTRICT, _TEHSIL, person.c.name, loan.c.ref)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose loans: of these branches (None: of all), perhaps of one officer, place or group.

    A place is the name of a district or of a tehsil; a group is told by its id.
    """

    branches: frozenset[str] | None
    officer: str | None = None
    place: str | None = None
    group: int | None = None


class DueLoan(NamedTuple):
    """A loan of which something is due (paisa), with its borrower and the oldest unpaid day."""

    loan_id: int
    ref: str
    borrower: str
    mobile: str | None
    branch_code: str
    district: str
    tehsil: str
    unpaid_since: date | None
    due: int

    def days_late(self, today: date) -> int:
        """Give the days since the oldest unpaid instalment fell due, 0 up to that day."""
        return max(0, (today - self.unpaid_since).days) if self.unpaid_since else 0


@dataclass(frozen=True, slots=True)
class DueList:
    """A page of a list, and what the whole list counts and adds up to (paisa)."""

    rows: Sequence[DueLoan]
    count: int = 0
    total: int = 0
    page: int = 1

    @property
    def first(self) -> int:
        """Give the number of the first row within the whole list."""
        return (self.page - 1) * PAGE_ROWS + 1

    @property
    def is_last(self) -> bool:
        """Say whether no page follows."""
        return self.page * PAGE_ROWS >= self.count


@dataclass(frozen=True, slots=True)
class Choices:
    """The officers (user name and name) and places that have something due."""

    officers: Sequence[tuple[str, str]]
    places: Sequence[str]


class Progress(NamedTuple):
    """How the month goes for one officer's loans, in paisa.

    What is to collect is what was unpaid when the month began and falls due up to a day; what
    was collected is the part of it that came in since. Money paid ahead is in neither.
    """

    officer: str | None
    name: str | None
    due_by_day: int
    collected_by_day: int
    due_in_month: int
    collected_in_month: int
    late_loans: int
    late_amount: int


@dataclass(frozen=True, slots=True)
class Written:
    """A receipt with the loan that it went to."""

    receipt: Receipt
    loan_ref: str
    borrower: str


def collection_sheet(connection: Connection, wanted: Wanted, *, by: date, page: int = 1) -> DueList:
    """Give the loans with something due by a day, in the order of the printed ledger."""
    return _page(connection, _due(wanted, by=by).order_by(*_LEDGER), page)


def follow_up(connection: Connection, wanted: Wanted, *, today: date, page: int = 1) -> DueList:
    """Give the loans that are late today with what is due, the longest late first."""
    late = _due(wanted, by=today).where(_HELD.c.oldest_unpaid_due_on < today)
    return _page(connection, late.order_by(_HELD.c.oldest_unpaid_due_on, loan.c.ref), page)


def due_on_loans(connection: Connection, loan_ids: Sequence[int], *, by: date) -> list[DueLoan]:
    """Give what is due by a day on these loans, nothing perhaps, in the ledger's order."""
    rows = _rows(by).where(_HELD.c.loan_id.in_(loan_ids)).order_by(*_LEDGER)
    return [_due_loan(row) for row in connection.execute(rows)]


def next_due(connection: Connection, wanted: Wanted, loan_id: int, *, by: date) -> DueLoan | None:
    """Give the loan with something due that stands next after this one in the ledger."""
    here = connection.execute(_joined(*_LEDGER).where(_HELD.c.loan_id == loan_id)).first()
    if here is None:
        return None
    after = tuple_(*_LEDGER) > tuple_(*here)
    row = connection.execute(_due(wanted, by=by).where(after).order_by(*_LEDGER).limit(1)).first()
    return _due_loan(row) if row else None


def choices(connection: Connection, branches: frozenset[str] | None, *, by: date) -> Choices:
    """Give by whom and where something is to be collected by a day."""
    rows = (
        _joined(_HELD.c.officer, staff.c.full_name, _DISTRICT, _TEHSIL)
        .where(*_narrowed(Wanted(branches), by=by))
        .distinct()
        .limit(MOST_CHOICES)
    )
    found = connection.execute(rows).all()
    officers = {(officer, name) for officer, name, _, _ in found if officer}
    places = {place for row in found for place in row[2:] if place}
    return Choices(sorted(officers, key=lambda each: each[1]), sorted(places))


def progress(
    connection: Connection, wanted: Wanted, *, today: date, due_day: date
) -> list[Progress]:
    """Give how the month of `today` goes, an officer a row, up to `due_day` and in all."""
    each = _standings(wanted, today=today, due_day=due_day)
    before = each.c.applied - each.c.received
    is_late = each.c.unpaid_since < today

    def asked_and_collected(due: ColumnElement[int]) -> tuple[ColumnElement[int], ...]:
        asked = case((due > before, due - before), else_=0)
        came = case((each.c.received > 0, each.c.received), else_=0)
        return whole_sum(asked), whole_sum(case((came < asked, came), else_=asked))

    rows = (
        select(
            each.c.officer,
            staff.c.full_name,
            *asked_and_collected(each.c.due_by_day),
            *asked_and_collected(each.c.due_in_month),
            func.count().filter(is_late),
            whole_sum(case((is_late, each.c.due_by_today - each.c.applied), else_=0)),
        )
        .outerjoin_from(each, staff, staff.c.username == each.c.officer)
        .group_by(each.c.officer, staff.c.full_name)
        .order_by(staff.c.full_name)
        .limit(PAGE_ROWS)
    )
    return [Progress(*row) for row in connection.execute(rows)]


def written_receipts(connection: Connection, money_in_ids: Sequence[int]) -> list[Written]:
    """Give these receipts with their loans, in the order of the receipts."""
    money = receipts_by_id(connection, money_in_ids)
    rows = connection.execute(
        select(loan_fact.c.money_in_id, loan.c.ref, person.c.name)
        .join(loan, loan.c.id == loan_fact.c.loan_id)
        .join(person, person.c.id == loan.c.borrower_id)
        .where(loan_fact.c.money_in_id.in_(money_in_ids), loan_fact.c.reverses_id.is_(None))
        .order_by(loan_fact.c.money_in_id, loan_fact.c.id)
    )
    return [Written(money[row.money_in_id], row.ref, row.name) for row in rows]


def _page(connection: Connection, rows: Select[Any], page: int) -> DueList:
    rows = rows.add_columns(
        func.count().over().label("loans"),
        func.sum(rows.selected_columns.due).over().label("whole"),
    )
    found = connection.execute(rows.limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS)).all()
    if not found:
        return DueList((), page=page)
    return DueList([_due_loan(row) for row in found], found[0].loans, int(found[0].whole), page)


def _due(wanted: Wanted, *, by: date) -> Select[Any]:
    return _rows(by).where(*_narrowed(wanted, by=by))


def _rows(by: date) -> Select[Any]:
    return _joined(
        _HELD.c.loan_id,
        loan.c.ref,
        person.c.name,
        person.c.mobile,
        _HELD.c.branch_code,
        _DISTRICT,
        _TEHSIL,
        _HELD.c.oldest_unpaid_due_on,
        (_fallen_due(by) - _HELD.c.applied).label("due"),
    )


def _due_loan(row: Any) -> DueLoan:
    found = DueLoan(*row[: len(DueLoan._fields)])
    return found._replace(due=max(0, found.due) if found.unpaid_since else 0)


def _joined(*columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(_HELD)
        .join(loan, loan.c.id == _HELD.c.loan_id)
        .join(person, person.c.id == loan.c.borrower_id)
        .outerjoin(staff, staff.c.username == _HELD.c.officer)
    )


def _narrowed(wanted: Wanted, *, by: date) -> list[ColumnElement[bool]]:
    """Say which loans are wanted: those whose oldest unpaid instalment falls due by the day."""
    conditions = [_HELD.c.oldest_unpaid_due_on <= by, *_of(wanted)]
    if wanted.place:
        conditions.append(literal(wanted.place).in_((_DISTRICT, _TEHSIL)))
    if wanted.group:
        members = select(group_membership.c.person_id).where(
            group_membership.c.group_id == wanted.group, standing_membership()
        )
        conditions.append(_HELD.c.borrower_id.in_(members))
    return conditions


def _of(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [~waiver_waits(_HELD.c.loan_id)]
    if wanted.branches is not None:
        conditions.append(_HELD.c.branch_code.in_(wanted.branches))
    if wanted.officer:
        conditions.append(_HELD.c.officer == wanted.officer)
    return conditions


def _fallen_due(by: date) -> ScalarSelect[int]:
    """Sum the instalments of a loan's schedule with a due date up to a day."""
    return (
        select(func.coalesce(func.max(instalment.c.due_total), 0))
        .where(instalment.c.version_id == _HELD.c.version_id, instalment.c.due_on <= by)
        .correlate(_HELD)
        .scalar_subquery()
    )


def _standings(wanted: Wanted, *, today: date, due_day: date) -> CTE:
    """Give each loan that was to be collected from in the month, with what fell due and came."""
    begins, ends = today.replace(day=1), month_step(month_index(today), _LAST_DAY)
    received = (
        select(whole_sum(loan_fact.c.amount))
        .where(
            loan_fact.c.loan_id == _HELD.c.loan_id,
            loan_fact.c.kind == Kind.RECEIPT.value,
            loan_fact.c.value_on >= begins,
        )
        .correlate(_HELD)
        .scalar_subquery()
    )
    unpaid = _HELD.c.oldest_unpaid_due_on <= ends
    paid_lately = _HELD.c.last_value_on >= begins
    rows = select(
        _HELD.c.officer,
        _HELD.c.applied,
        _HELD.c.oldest_unpaid_due_on.label("unpaid_since"),
        received.label("received"),
        _fallen_due(today).label("due_by_today"),
        _fallen_due(due_day).label("due_by_day"),
        _fallen_due(ends).label("due_in_month"),
    ).where(
        _HELD.c.disbursed > 0,
        _HELD.c.waived == 0,
        _HELD.c.written_off == 0,
        or_(unpaid, paid_lately),
        *_of(wanted),
    )
    # Kept as it is: SQLite would work out each sum anew wherever the outer query names it.
    return rows.cte("each_loan").prefix_with("MATERIALIZED")
