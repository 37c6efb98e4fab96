"""From a closed month the engine gives the plain model's book, whatever was recorded since."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select

from aim_loans.config.dated import dated_rows
from aim_loans.config.reader import read_settings
from aim_loans.portfolio import frozen_book
from aim_loans.portfolio.due import View
from aim_loans.portfolio.models import month_cell
from aim_loans.portfolio.months import ClosedMonth
from aim_loans.portfolio.restating import MEASURES, restatements
from aim_loans.portfolio.sources import source_for
from tests.naive import book as naive
from tests.portfolio.books import BORROWERS, MadeBook, books
from tests.portfolio.closes import close_at
from tests.portfolio.store import empty, put_loans, put_setting, put_surroundings
from tests.portfolio.test_book import (
    FIXTURE_IS_EMPTIED,
    GROUPINGS,
    LADDER,
    LATE_CUT,
    compare,
    compare_loans,
)

AFTER = LATE_CUT + timedelta(days=1)
SETTINGS = read_settings(None, {})
# What the cells of a month keep apart, in one grouping.
OF_CELLS = ("area", "sector", "programme")


def moments(made: MadeBook) -> list[datetime]:
    """Give every moment at which something was recorded."""
    return sorted(
        {fact.recorded_at for loan in made.loans for fact in loan.facts}
        | {row.recorded_at for loan in made.loans for row in loan.belongings}
        | {version.recorded_at for loan in made.loans for version in loan.versions}
    )


def put(connection: Connection, made: MadeBook) -> None:
    empty(connection)
    put_surroundings(connection, BORROWERS)
    for row in dated_rows(SETTINGS.dated):
        put_setting(connection, row)
    put_loans(connection, made.stored, BORROWERS)


def expect_the_plain_book(engine: Engine, made: MadeBook, places: Sequence[int]) -> None:
    """Close two days, one after the other, and ask at them and after them."""
    days = sorted([*made.days, made.last_day])
    known = [*moments(made), LATE_CUT]
    cuts = sorted(known[place % len(known)] for place in places[:2])
    cuts[1] += timedelta(microseconds=cuts[0] == cuts[1])
    with engine.begin() as connection:
        put(connection, made)
        closed = [
            close_at(connection, day, at, LADDER) for day, at in zip(days[1:3], cuts, strict=True)
        ]
        asked = [
            (days[1], cuts[0]),
            (days[1], AFTER),
            (days[2], cuts[1]),
            (days[3], AFTER),
        ]
        for place, (as_of, known_at) in enumerate(asked, places[2]):
            assert source_for(connection, View(as_of, known_at)).closed is not None
            compare(connection, made, GROUPINGS[place % len(GROUPINGS)], as_of, known_at)
            compare_loans(connection, made, as_of, known_at)
        with pytest.MonkeyPatch.context() as patch:
            # However many loans changed, the cells are moved on.
            patch.setattr(frozen_book, "_FEW", 0)
            for as_of, known_at in asked[:2]:
                compare(connection, made, OF_CELLS, as_of, known_at)
        for each in closed:
            expect_its_totals(connection, made, each)
            expect_its_restatement(connection, made, each)


def expect_its_totals(connection: Connection, made: MadeBook, closed: ClosedMonth) -> None:
    plain = naive.standings(made.loans, as_of=closed.month, known_at=closed.known_at)
    names = ("outstanding", "arrears", "due_first", "loans")
    sums = select(*(func.sum(month_cell.c[name]) for name in names))
    (found,) = connection.execute(sums.where(month_cell.c.close_id == closed.id))
    assert [int(each or 0) for each in found] == [
        sum(row.out for row in plain),
        sum(row.arrears for row in plain),
        sum(row.due_first for row in plain),
        len(plain),
    ]
    assert (closed.loans, closed.outstanding) == (len(plain), sum(row.out for row in plain))
    late = select(func.sum(month_cell.c.outstanding)).where(
        month_cell.c.close_id == closed.id, month_cell.c.from_days > 30
    )
    par30 = sum(row.out for row in plain if row.days > 30)
    assert int(connection.execute(late).scalar() or 0) == par30


def expect_its_restatement(connection: Connection, made: MadeBook, closed: ClosedMonth) -> None:
    """What changed since sums to the difference of two plain books, and names its causes."""
    found = restatements(connection, closed.month, edition=closed.edition)
    before = plain_measures(made, closed.month, closed.known_at)
    after = plain_measures(made, closed.month, None)
    assert {each.name: (each.closed, each.restated) for each in found.totals} == {
        name: (before[name], after[name]) for name in MEASURES
    }
    for place, total in enumerate(found.totals):
        assert total.difference == sum(row.measures[place].difference for row in found.loans)
    assert all(row.causes for row in found.loans)
    assert found.left_out == 0


def plain_measures(made: MadeBook, day: date, known_at: datetime | None) -> dict[str, int]:
    rows = naive.standings(made.loans, as_of=day, known_at=known_at)
    kinds = {"waived": "waiver", "written_off": "write_off"}
    facts = [
        fact
        for row in rows
        for fact in row.loan.facts
        if fact.value_on <= day and (known_at is None or fact.recorded_at <= known_at)
    ]
    ended = {
        name: sum(fact.amount for fact in facts if fact.kind == kind)
        for name, kind in kinds.items()
    }
    return {
        **ended,
        "disbursed": sum(row.disbursed for row in rows),
        "paid": sum(row.paid for row in rows),
        "outstanding": sum(row.out for row in rows),
        "active_loans": sum(row.out > 0 for row in rows),
        "due": sum(row.due for row in rows),
        "arrears": sum(row.arrears for row in rows),
        "par30": sum(row.out for row in rows if row.days > 30),
    }


PLACES = st.lists(st.integers(0, 60), min_size=3, max_size=3)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 3)
@given(made=books(), places=PLACES)
def test_a_closed_month_leads_to_the_plain_book(
    writing_engine: Engine, made: MadeBook, places: Sequence[int]
) -> None:
    expect_the_plain_book(writing_engine, made, places)


# The same statements; what could differ is the arithmetic of the other database.
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 12)
@given(made=books(), places=PLACES)
def test_a_closed_month_leads_to_the_plain_book_on_postgresql(
    writing_engine: Engine, made: MadeBook, places: Sequence[int]
) -> None:
    expect_the_plain_book(writing_engine, made, places)
