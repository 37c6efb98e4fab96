"""The monthly statement is the plain model's in every figure; its parts add up; it reconciles."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from aim_loans.config.dated import dated_rows
from aim_loans.config.reader import read_settings
from aim_loans.dates import month_end
from aim_loans.portfolio.measuring import WHOLE, Asked, month_ends, newest, portfolio_statement
from aim_loans.portfolio.statement import PortfolioStatement, Scope
from tests.naive import statement as naive
from tests.portfolio.books import BORROWERS, MadeBook, books
from tests.portfolio.closes import close_at
from tests.portfolio.journal import put_journal
from tests.portfolio.store import (
    AREAS,
    BRANCHES,
    Stored,
    empty,
    put_loans,
    put_setting,
    put_surroundings,
)

SETTINGS = read_settings(None, {})
LATE_CUT = datetime(2100, 1, 1, tzinfo=UTC)
SCOPES = {
    WHOLE: None,
    Scope("area", "South"): frozenset(code for code, area in AREAS.items() if area == "South"),
    **{Scope("branch", code): frozenset({code}) for code in BRANCHES[:2]},
}
FIXTURE_IS_EMPTIED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def put_book(connection: Connection, stored: Sequence[Stored], borrowers: Sequence[str]) -> None:
    empty(connection)
    put_surroundings(connection, borrowers)
    for row in dated_rows(SETTINGS.dated):
        put_setting(connection, row)
    put_loans(connection, stored, borrowers)
    put_journal(connection, stored)


def measure(connection: Connection, asked: Asked) -> PortfolioStatement:
    return portfolio_statement(connection, asked, settings=SETTINGS, code_version="0")


def figures(statement: PortfolioStatement) -> dict[str, Any]:
    """Give the parts that come from the loans, as the plain model names them."""
    found: dict[str, Any] = plain(asdict(statement))
    found["own"] = {line["sector"]: line["own"] for line in found["sectors"]["lines"]}
    found["gaps"] = [(gap["field"], gap["loans"]) for gap in found["quality"]["gaps"]]
    for account, name in (("loans", "outstanding"), ("borrower_credit", "credit")):
        lines = [line for line in found["reconciliation"] if line["account"] == account]
        assert all(line["control"] == line["sub_ledger"] for line in lines)
        found[name] = {line["fund"]: line["sub_ledger"] for line in lines}
    for name in ("expected_loss_source", "ladder_from", "ladder_source", "verified"):
        del found["classification"][name]
    return found


def plain(value: Any) -> Any:
    """Give lists for tuples; a ratio stays a pair."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if type(value) is tuple:
        return [plain(each) for each in value]
    return tuple(value) if isinstance(value, tuple) else value


def without_zeros(amounts: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if amount}


def compare(connection: Connection, made: MadeBook, asked: Asked) -> None:
    question = naive.Question(asked.month, asked.known_at, SCOPES[asked.scope])
    expected = naive.statement(made.loans, question)
    got = figures(measure(connection, asked))
    for name in ("own", "outstanding", "credit"):
        expected[name], got[name] = without_zeros(expected[name]), without_zeros(got[name])
    for name, value in expected.items():
        assert got[name] == value, (name, asked)


def expect_the_plain_statement(engine: Engine, made: MadeBook, scope: Scope, place: int) -> None:
    cut = (made.cuts[0], None)[place] or LATE_CUT
    with engine.begin() as connection:
        put_book(connection, made.stored, BORROWERS)
        compare(connection, made, Asked(month_end(made.days[place]), cut, scope))


# A statement is many questions at once: a few larger books hold more than many small ones.
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 8)
@given(made=books(most=20), scope=st.sampled_from(list(SCOPES)), place=st.integers(0, 1))
def test_every_figure_is_the_plain_one(
    writing_engine: Engine, made: MadeBook, scope: Scope, place: int
) -> None:
    expect_the_plain_statement(writing_engine, made, scope, place)


# The same statements; what could differ is the arithmetic of the other database.
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 25)
@given(made=books(most=20), scope=st.sampled_from(list(SCOPES)), place=st.integers(0, 1))
def test_every_figure_is_the_plain_one_on_postgresql(
    writing_engine: Engine, made: MadeBook, scope: Scope, place: int
) -> None:
    expect_the_plain_statement(writing_engine, made, scope, place)


def expect_the_same_from_closed_months(
    engine: Engine, made: MadeBook, scope: Scope, places: Sequence[int]
) -> None:
    """Close a year ago, the month before and the month itself, at any moments of the book."""
    month = month_end(made.days[1])
    known = sorted({fact.recorded_at for loan in made.loans for fact in loan.facts} or {LATE_CUT})
    moments = sorted(known[place % len(known)] for place in places)
    days = [month_ends(month, 13)[place] for place in (0, -2, -1)]
    with engine.begin() as connection:
        put_book(connection, made.stored, BORROWERS)
        ladder = SETTINGS.dated.ladder_on(month)
        for late, (day, moment) in enumerate(zip(days, moments, strict=True)):
            # Two cuts are never of one moment.
            close_at(connection, day, moment + timedelta(microseconds=late), ladder)
        compare(connection, made, Asked(month, LATE_CUT, scope))
        final = newest(connection, month, scope, now=LATE_CUT)
        assert final.known_at == moments[-1] + timedelta(microseconds=2)
        compare(connection, made, final)


MOMENTS = st.lists(st.integers(0, 40), min_size=3, max_size=3)


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 25)
@given(made=books(most=20), scope=st.sampled_from(list(SCOPES)), places=MOMENTS)
def test_closed_months_give_the_same_statement(
    writing_engine: Engine, made: MadeBook, scope: Scope, places: Sequence[int]
) -> None:
    expect_the_same_from_closed_months(writing_engine, made, scope, places)


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
@settings(suppress_health_check=FIXTURE_IS_EMPTIED, max_examples=settings().max_examples // 50)
@given(made=books(most=20), scope=st.sampled_from(list(SCOPES)), places=MOMENTS)
def test_closed_months_give_the_same_statement_on_postgresql(
    writing_engine: Engine, made: MadeBook, scope: Scope, places: Sequence[int]
) -> None:
    expect_the_same_from_closed_months(writing_engine, made, scope, places)
