"""The engine's book is the plain model's, at any day and cut, by any dimension."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from aim_loans.config.reader import read_settings
from aim_loans.portfolio.cells import DIMENSIONS
from aim_loans.portfolio.due import View
from aim_loans.portfolio.engine import book_rows, loan_rows
from aim_loans.portfolio.output import LOAN_COLUMNS
from aim_loans.portfolio.sources import Source, source_for
from tests.naive import book as naive
from tests.portfolio.books import BORROWERS, MadeBook, Recording, areas, books, events, life
from tests.portfolio.store import empty, put_loans, put_surroundings

LATE_CUT = datetime(2100, 1, 1, tzinfo=UTC)
GROUPINGS: list[tuple[str, ...]] = [
    (),
    *((name,) for name in DIMENSIONS),
    ("sector", "branch", "gender"),
    ("area", "officer", "product"),
]
LADDER = read_settings(None, {}).dated.ladder_on(date(2025, 1, 1))

# One database serves all examples of a run: each empties it first.
FIXTURE_IS_EMPTIED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

# What happens to a loan in a hundred of the made-up ones at least.
EVENTS = {
    *("disbursement", "receipt", "waiver", "write_off", "recovery", "credit", "refund"),
    *("disbursement undone", "receipt undone", "waiver undone", "write_off undone"),
    *("moved", "rescheduled", "without a rule"),
}


def ask(
    connection: Connection, by: Sequence[str], as_of: date, known_at: datetime | None
) -> dict[tuple[str, ...], dict[str, int]]:
    frame = book_rows(connection, as_of=as_of, known_at=known_at, by=by, ladder=LADDER)
    measures = list(frame.columns[len(by) :])
    assert [str(kind) for kind in frame.dtypes[measures]] == ["int64"] * len(measures)
    rows = frame.to_dict("records")
    return {tuple(row[name] for name in by): {m: row[m] for m in measures} for row in rows}


def compare(
    connection: Connection,
    made: MadeBook,
    by: Sequence[str],
    as_of: date,
    known_at: datetime | None,
) -> None:
    expected = naive.book(made.loans, as_of=as_of, known_at=known_at, by=by, areas=areas())
    got = ask(connection, by, as_of, known_at)
    assert got == expected, (by, as_of, known_at)
    assert list(got) == list(expected), "the order of the groups"


def compare_loans(
    connection: Connection, made: MadeBook, as_of: date, known_at: datetime | None
) -> None:
    names = [column.name for column in LOAN_COLUMNS]
    rows = loan_rows(connection, as_of=as_of, known_at=known_at, ladder=LADDER)
    got = [dict(zip(names, row, strict=True)) for row in rows]
    assert got == naive.loan_rows(made.loans, as_of=as_of, known_at=known_at), (as_of, known_at)


def questions(made: MadeBook) -> list[tuple[date, datetime | None]]:
    """Give the days and cuts to ask at; the last ones lie after everything that happened."""
    asked = list(zip(made.days, [*made.cuts, *made.cuts], strict=True))
    after = made.last_day + timedelta(days=len(made.stored) * 30)
    return [*asked, (made.last_day, None), (after, None), (after, LATE_CUT)]


def expect_the_plain_book(engine: Engine, made: MadeBook, start: int) -> None:
    with engine.begin() as connection:
        empty(connection)
        put_surroundings(connection, BORROWERS)
        put_loans(connection, made.stored, BORROWERS)
        for place, (as_of, known_at) in enumerate(questions(made), start):
            compare(connection, made, GROUPINGS[place % len(GROUPINGS)], as_of, known_at)
            compare_loans(connection, made, as_of, known_at)
        sources = [source_for(connection, View(made.last_day, cut)) for cut in (None, LATE_CUT)]
    assert sources == [Source.POSITIONS, Source.FACTS]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 2)
@given(made=books(), start=st.integers(0, len(GROUPINGS) - 1))
def test_the_book_is_the_plain_one(writing_engine: Engine, made: MadeBook, start: int) -> None:
    expect_the_plain_book(writing_engine, made, start)


# The same statements; what could differ is the arithmetic of the other database.
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 5)
@given(made=books(), start=st.integers(0, len(GROUPINGS) - 1))
def test_the_book_is_the_plain_one_on_postgresql(
    writing_engine: Engine, made: MadeBook, start: int
) -> None:
    expect_the_plain_book(writing_engine, made, start)


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_no_second_worker_adds_up_all_the_facts_again(writing_engine: Engine) -> None:
    workers = text("SHOW max_parallel_workers_per_gather")
    told = []
    with writing_engine.connect() as connection:
        usual = connection.execute(workers).scalar()
        for known_at in (None, LATE_CUT, None):
            source = source_for(connection, View(date(2025, 1, 1), known_at))
            told.append((source, connection.execute(workers).scalar()))
        connection.rollback()
        after = connection.execute(workers).scalar()
    positions = (Source.POSITIONS, usual)
    assert told == [positions, (Source.FACTS, "0"), positions]
    assert after == usual != "0"


def test_everything_that_can_happen_to_a_loan_happens_to_the_made_ones() -> None:
    dice = Random(7)
    lives = [life(dice, Recording(dice), number) for number in range(1000)]
    counts = Counter(event for stored in lives for event in set(events(stored)))
    assert {event for event in EVENTS if counts[event] < 10} == set(), counts
