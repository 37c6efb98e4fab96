"""The book worked by hand: every loan and sector on its four dates, from either source."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from aim_loans.config.reader import read_settings
from aim_loans.loans.due_dates import DueRule, Frequency, HolidayRule
from aim_loans.loans.schedule import Request, Schedule, ScheduleRules, build, from_rows
from aim_loans.money import parse_rupees
from aim_loans.portfolio.engine import book_rows, loan_rows
from aim_loans.portfolio.output import write_book, write_loans
from aim_loans.texts import translator
from tests.naive.book import Belonging, Fact, Loan, Version
from tests.portfolio.store import BRANCHES, FIRST_MOMENT, Stored, put_loans, put_surroundings

FOLDER = Path(__file__).parent.parent / "worked"
DATES = (date(2025, 6, 30), date(2025, 9, 30), date(2025, 12, 10), date(2025, 12, 31))
CUTS = (None, datetime(2100, 1, 1, tzinfo=UTC))
LADDER = read_settings(None, {}).dated.ladder_on(date(2025, 1, 1))

Rows = list[dict[str, str]]


def read(name: str) -> Rows:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(name: str, day: date) -> Rows:
    rows = [row for row in read(name) if row.pop("as_of") == day.isoformat()]
    assert rows
    return rows


def schedule(row: dict[str, str]) -> Schedule:
    lent_on, principal = date.fromisoformat(row["disbursed_on"]), parse_rupees(row["principal"])
    given = [each for each in read("schedules.csv") if each["loan_ref"] == row["loan_ref"]]
    if given:
        return from_rows(
            principal,
            [
                (int(e["number"]), date.fromisoformat(e["due_on"]), parse_rupees(e["amount"]))
                for e in given
            ],
        )
    request = Request(
        principal=principal,
        disbursed_on=lent_on,
        instalments=int(row["instalments"]),
        instalment_amount=parse_rupees(row["instalment_amount"]),
        first_due_on=date.fromisoformat(row["first_due_on"]),
    )
    rules = ScheduleRules(
        rounding="up",
        round_to=100_00,
        due_rule=DueRule.fixed_day,
        due_day=10,
        cutoff_day=10,
        grace_months=0,
        frequency=Frequency(row["frequency"]),
        holiday_rule=HolidayRule.none,
    )
    return build(request, rules)


def moments() -> Iterator[datetime]:
    moment = FIRST_MOMENT
    while True:
        moment += timedelta(hours=1)
        yield moment


def worked_book() -> list[Stored]:
    clock, stored = moments(), {}
    for row in read("loans.csv"):
        lent_on, plan = date.fromisoformat(row["disbursed_on"]), schedule(row)
        loan = Loan(row["loan_ref"], row["borrower_ref"], "family_enterprise")
        rows = [(each.due_on, each.amount) for each in plan.instalments]
        loan.versions.append(Version(1, lent_on, next(clock), rows))
        values = {name: row[name] for name in ("branch", "sector", "gender", "district")}
        values["programme"] = "general"
        loan.belongings.append(Belonging(lent_on, next(clock), values))
        loan.facts.append(
            Fact("disbursement", parse_rupees(row["principal"]), lent_on, next(clock))
        )
        stored[loan.ref] = Stored(loan, [plan.pattern])
    for row in read("receipts.csv"):
        received_on = date.fromisoformat(row["received_on"])
        fact = Fact("receipt", parse_rupees(row["amount"]), received_on, next(clock))
        stored[row["loan_ref"]].loan.facts.append(fact)
    return list(stored.values())


@pytest.fixture
def worked(writing_engine: Engine) -> Iterator[Connection]:
    """Give a connection to the worked book."""
    stored = worked_book()
    borrowers = sorted({each.loan.borrower for each in stored})
    assert {each.loan.belongings[0].values["branch"] for each in stored} <= set(BRANCHES)
    with writing_engine.begin() as connection:
        put_surroundings(connection, borrowers)
        put_loans(connection, stored, borrowers)
        yield connection


def test_every_loan_is_as_worked(worked: Connection) -> None:
    for day in DATES:
        for cut in CUTS:
            rows = loan_rows(worked, as_of=day, known_at=cut, ladder=LADDER)
            stream = StringIO(newline="")
            write_loans(rows, form="csv", stream=stream, words=translator("en"))
            got = list(csv.DictReader(StringIO(stream.getvalue(), newline="")))
            columns = list(expected("expected_by_loan.csv", day)[0])
            out = [{n: row[n] for n in columns} for row in got if row["outstanding"] != "0"]
            assert out == expected("expected_by_loan.csv", day), (day, cut)


def test_a_closed_loan_stays_in_the_list(worked: Connection) -> None:
    rows = loan_rows(worked, as_of=DATES[-1], known_at=None, ladder=LADDER)
    (closed,) = [row for row in rows if row.loan_ref == "W05"]
    assert closed == (
        *("W05", date(2025, 3, 1), 18_000_00, 18_000_00, 0, 0, 18_000_00, 0, 0),
        *(0, "current", "regular"),
    )


def test_every_sector_is_as_worked(worked: Connection) -> None:
    for day in DATES:
        for cut in CUTS:
            book = book_rows(worked, as_of=day, known_at=cut, by=("sector",), ladder=LADDER)
            stream = StringIO(newline="")
            write_book(
                book, None, by=("sector",), form="csv", stream=stream, words=translator("en")
            )
            got = list(csv.DictReader(StringIO(stream.getvalue(), newline="")))
            columns = list(expected("expected_by_sector.csv", day)[0])
            cells = [{name: row[name] for name in columns} for row in got]
            assert cells == expected("expected_by_sector.csv", day), (day, cut)


def test_persons_do_not_add_up_over_groups(worked: Connection) -> None:
    day = DATES[-1]
    by_sector = book_rows(worked, as_of=day, known_at=None, by=("sector",), ladder=LADDER)
    whole = book_rows(worked, as_of=day, known_at=None, by=(), ladder=LADDER)
    assert by_sector["active_loans"].sum() == whole["active_loans"].item() == 11
    assert by_sector["active_borrowers"].sum() == 11
    assert whole["active_borrowers"].item() == 10, "one woman has two loans"


def test_the_whole_book_before_the_first_loan_is_empty(worked: Connection) -> None:
    day = date(2024, 12, 31)
    whole = book_rows(worked, as_of=day, known_at=None, by=(), ladder=LADDER)
    assert len(whole) == 1
    assert not whole.to_numpy().any()
    assert book_rows(worked, as_of=day, known_at=None, by=("sector",), ladder=LADDER).empty
    assert not list(loan_rows(worked, as_of=day, known_at=None, ladder=LADDER))
