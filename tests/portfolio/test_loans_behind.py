"""The loans behind a figure add up to it: every figure, every group, today and on a past day."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Connection, Engine

from aim_loans.config.reader import read_settings
from aim_loans.errors import Refused
from aim_loans.portfolio.behind import FIGURES, LoansBehind, Page, loans_behind
from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.due import View
from aim_loans.portfolio.engine import EVERYTHING, book_rows, book_tables, loan_rows
from aim_loans.portfolio.frames import exactly
from aim_loans.portfolio.lateness import EXACT_DAYS
from aim_loans.portfolio.sources import Source, source_for
from tests.naive import book as naive
from tests.portfolio.books import BORROWERS, MadeBook, Recording, areas, events, life
from tests.portfolio.store import put_loans, put_surroundings

LADDER = read_settings(None, {}).dated.ladder_on(date(2025, 1, 1))
LATE_CUT = datetime(2100, 1, 1, tzinfo=UTC)
# Each kind of database answers every figure; that a cell is kept rightly, one of them shows.
GROUPINGS = {
    "sqlite": ("sector", "branch", "officer", "area", "product", "gender"),
    "postgresql": ("sector",),
}
ALL = Page(limit=1000)
EXACT = {f"exactly{days}": days for days in EXACT_DAYS}


def made_book() -> MadeBook:
    """Make loans of every kind; the day in the middle is one exactly at an edge of lateness."""
    dice = Random(11)
    recording = Recording(dice)
    stored = [life(dice, recording, number) for number in range(1, 41)]
    return MadeBook(stored, [], [])


@pytest.fixture
def varied(writing_engine: Engine) -> Iterator[tuple[Connection, MadeBook]]:
    """Give a database with such loans."""
    made = made_book()
    with writing_engine.begin() as connection:
        put_surroundings(connection, BORROWERS)
        put_loans(connection, made.stored, BORROWERS)
        yield connection, made


def days(made: MadeBook) -> list[tuple[date, datetime | None]]:
    """Give the day with most loans exactly 30 days late, and one that the positions answer."""
    dues = [
        day for loan in made.loans for version in loan.versions for day, _ in version.instalments
    ]
    past = max(
        sorted(set(dues)), key=lambda day: exact_loans(made, day + timedelta(days=30))
    ) + timedelta(days=30)
    return [(past, None), (past, LATE_CUT), (made.last_day, None)]


def exact_loans(made: MadeBook, day: date) -> int:
    rows = naive.loan_rows(made.loans, as_of=day, known_at=None)
    return sum(row["days_past_due"] in EXACT_DAYS for row in rows)


def behind(
    connection: Connection,
    as_of: date,
    figure: str,
    kept: Kept = EVERYTHING,
    *,
    page: Page = ALL,
    known_at: datetime | None = None,
    few: bool = False,
) -> LoansBehind:
    return loans_behind(
        connection,
        as_of=as_of,
        known_at=known_at,
        figure=figure,
        kept=kept,
        ladder=LADDER,
        page=page,
        few=few,
    )


def added(found: LoansBehind, figure: str) -> int:
    """Add up what the rows show."""
    if figure == "active_loans":
        return len(found.rows)
    return sum(row.arrears if figure == "arrears" else row.outstanding for row in found.rows)


def figure_of(row: dict[str, int], figure: str) -> int:
    return exactly(row, EXACT[figure]) if figure in EXACT else row[figure]


def test_the_loans_behind_every_figure_add_up_to_it(
    varied: tuple[Connection, MadeBook],
) -> None:
    connection, made = varied
    seen: set[str] = set()
    for as_of, known_at in (days(made)[0], days(made)[-1]):
        groupings = [(), *((name,) for name in GROUPINGS[connection.dialect.name])]
        tables = book_tables(
            connection, as_of=as_of, known_at=known_at, groupings=groupings, ladder=LADDER
        )
        for by, table in zip(groupings, tables, strict=True):
            for number, row in enumerate(table.to_dict("records")):
                measures = {str(name): value for name, value in row.items()}
                kept = Kept(filters={name: measures[name] for name in by})
                # A cell is kept in the same way for every figure: its neighbours ask the others.
                for place, figure in list(enumerate(FIGURES))[number % 3 :: 3 if by else 1]:
                    few = place % 2 == len(by) % 2
                    found = behind(connection, as_of, figure, kept, known_at=known_at, few=few)
                    expected = figure_of(measures, figure)
                    assert added(found, figure) == expected, (as_of, kept, figure)
                    seen |= {figure} if expected else set()
    assert {"active_loans", "glp", "arrears", "par0", "par180", "bucket_current"} <= seen
    assert seen & set(EXACT)


def test_the_made_loans_end_in_every_way(varied: tuple[Connection, MadeBook]) -> None:
    connection, made = varied
    happened = {event for each in made.stored for event in events(each)}
    assert {"write_off", "waiver", "moved", "rescheduled", "without a rule"} <= happened
    rows = list(loan_rows(connection, as_of=made.last_day, known_at=None, ladder=LADDER))
    assert any(row.outstanding == 0 and row.received == row.principal for row in rows)
    sources = [source_for(connection, View(day, cut)) for day, cut in days(made)]
    assert sources == [Source.FACTS, Source.FACTS, Source.POSITIONS]


def test_several_groupings_at_once_are_the_single_ones(
    varied: tuple[Connection, MadeBook],
) -> None:
    connection, made = varied
    groupings: Sequence[Sequence[str]] = [(), ("sector", "branch"), ("area",), ("sector",)]
    for as_of, known_at in days(made):
        tables = book_tables(
            connection, as_of=as_of, known_at=known_at, groupings=groupings, ladder=LADDER
        )
        for by, table in zip(groupings, tables, strict=True):
            single = book_rows(connection, as_of=as_of, known_at=known_at, by=by, ladder=LADDER)
            assert table.to_dict("records") == single.to_dict("records")


def test_a_narrowed_book_is_the_plain_one_of_those_loans(
    varied: tuple[Connection, MadeBook],
) -> None:
    connection, made = varied
    filters = {"sector": "trade", "officer": ""}
    for as_of, known_at in days(made):
        expected = [
            loan
            for loan in made.loans
            if naive.belonging(loan, as_of, known_at)["sector"] == "trade"
            and not naive.belonging(loan, as_of, known_at)["officer"]
        ]
        (got,) = book_tables(
            connection,
            as_of=as_of,
            known_at=known_at,
            groupings=[("branch",)],
            ladder=LADDER,
            kept=Kept(None, filters),
        )
        plain = naive.book(expected, as_of=as_of, known_at=known_at, by=("branch",), areas=areas())
        assert got["branch"].tolist() == [key for (key,) in plain]
        assert got["glp"].tolist() == [row["glp"] for row in plain.values()]


def test_pages_follow_each_other_both_ways(
    varied: tuple[Connection, MadeBook],
) -> None:
    connection, made = varied
    for as_of, known_at in days(made):
        whole = behind(connection, as_of, "glp", known_at=known_at)
        page = behind(connection, as_of, "glp", page=Page(3), known_at=known_at)
        met = [*page.rows]
        while page.more:
            after = Page(3, after=page.rows[-1].loan_id)
            page = behind(connection, as_of, "glp", page=after, known_at=known_at)
            assert page.earlier
            met += page.rows
        assert met == list(whole.rows)
        while page.earlier:
            first = met.index(page.rows[0])
            before = Page(3, before=page.rows[0].loan_id)
            page = behind(connection, as_of, "glp", page=before, known_at=known_at)
            assert [*page.rows] == met[max(0, first - 3) : first]
            assert page.more
        assert page.rows[0] == met[0]


def test_branches_out_of_reach_and_unknown_values_have_no_loans(
    varied: tuple[Connection, MadeBook],
) -> None:
    connection, made = varied
    here = Kept(frozenset({"LHR-01"}))
    assert {row.branch for row in behind(connection, made.last_day, "glp", here).rows} == {"LHR-01"}
    for kept in (
        Kept(frozenset()),
        Kept(frozenset({"LHR-01"}), {"branch": "MUL-01"}),
        Kept(None, {"sector": "'; --"}),
    ):
        found = behind(connection, made.last_day, "glp", kept)
        assert (found.rows, found.earlier, found.more) == ([], False, False)


def test_a_figure_or_a_dimension_that_there_is_not_is_refused(
    varied: tuple[Connection, MadeBook],
) -> None:
    connection, made = varied
    with pytest.raises(Refused, match="no figure"):
        behind(connection, made.last_day, "profit")
    with pytest.raises(Refused, match="village"):
        behind(connection, made.last_day, "glp", Kept(None, {"village": "x"}))
