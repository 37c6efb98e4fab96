"""The statement of the worked book: its figures, what adds up, how it is kept and refused."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert, select, text

from aim_loans.cash.models import money_in
from aim_loans.checks.tables import all_tables
from aim_loans.config.dated import dated_row
from aim_loans.config.settings import ClassLoss, ExpectedLoss
from aim_loans.dates import add_months, month_end
from aim_loans.db.engine import open_engine
from aim_loans.errors import NotFound, Refused
from aim_loans.loans.models import loan, loan_position
from aim_loans.money import Ratio, Rupees, parse_rupees
from aim_loans.origination.models import application, application_loan
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.due import View
from aim_loans.portfolio.measuring import Asked, Closed, portfolio_statement
from aim_loans.portfolio.statement import PortfolioStatement, Scope
from aim_loans.portfolio.statement_json import from_json, statement_digest, to_json
from aim_loans.portfolio.statement_parts import concentration, posting, turnaround
from aim_loans.portfolio.statement_reads import Lag, waiting_days
from aim_loans.portfolio.statement_tables import PostingLag, Turnaround
from bench.asked import counted
from tests.databases import empty_database
from tests.portfolio.closes import close_at
from tests.portfolio.store import put_setting
from tests.portfolio.test_statement import LATE_CUT, SETTINGS, measure, put_book
from tests.portfolio.test_worked import FOLDER, worked_book

KARACHI = ZoneInfo("Asia/Karachi")
MONTH = date(2025, 12, 31)
MOST_STATEMENTS = 80


class Worked(NamedTuple):
    """The worked book, its statement, and how many SQL statements that took."""

    connection: Connection
    statement: PortfolioStatement
    asked: int


@pytest.fixture(scope="module")
def worked() -> Iterator[Worked]:
    """Measure the worked book once; an application and a late receipt lie beside it."""
    engine = open_engine(empty_database("sqlite"))
    all_tables().create_all(engine)
    stored, beginning = worked_book(), engine.execution_options(sqlite_begin="IMMEDIATE")
    with counted(engine) as asked, beginning.begin() as connection:
        put_book(connection, stored, sorted({each.loan.borrower for each in stored}))
        put_application(connection, "W12", days_before=9)
        put_receipt(connection, received_on=date(2025, 12, 30), entered_on=date(2026, 1, 4))
        asked.clear()
        statement = measure(connection, Asked(MONTH, LATE_CUT))
        yield Worked(connection, statement, len(asked))
    engine.dispose()


def put_application(connection: Connection, ref: str, *, days_before: int) -> None:
    """Put an application entered some days before a loan was paid out, near midnight."""
    found = connection.execute(
        select(loan.c.id, loan.c.borrower_id, loan_position.c.disbursed_on)
        .join(loan_position, loan_position.c.loan_id == loan.c.id)
        .where(loan.c.ref == ref)
    ).one()
    day = found.disbursed_on - timedelta(days=days_before)
    entered = datetime(day.year, day.month, day.day, 0, 10, tzinfo=KARACHI)
    one: dict[str, object] = {
        "branch_code": "LHR-01",
        "programme_code": "general",
        "entered_by": "asma",
    }
    one |= {"id": 1, "borrower_id": found.borrower_id, "act_id": 1, "recorded_at": entered}
    connection.execute(insert(application).values(**one))
    values = {"application_id": 1, "loan_id": found.id, "act_id": 1}
    connection.execute(insert(application_loan).values(**values))


def put_receipt(connection: Connection, *, received_on: date, entered_on: date) -> None:
    entered = datetime(entered_on.year, entered_on.month, entered_on.day, 6, tzinfo=UTC)
    one: dict[str, object] = {
        "id": 2,
        "branch_code": "LHR-01",
        "fund_code": "general",
        "account": "bank",
    }
    one |= {"amount": 2_100_00, "number": 2, "received_on": received_on}
    connection.execute(insert(money_in).values(**one, act_id=1, recorded_at=entered))


def test_the_book_is_as_worked(worked: Worked) -> None:
    with (FOLDER / "expected_by_loan.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["as_of"] == MONTH.isoformat()]
    late = [row for row in rows if int(row["days_past_due"]) > 30]
    now, watched = worked.statement.now, worked.statement.watch_list
    assert now.outstanding == sum(parse_rupees(row["outstanding"]) for row in rows)
    assert now.arrears == sum(parse_rupees(row["arrears"]) for row in rows)
    assert (now.active_loans, now.active_borrowers) == (11, 10)
    assert now.par30 == sum(parse_rupees(row["outstanding"]) for row in late)
    assert {loan.loan_ref for loan in watched.loans} == {row["loan_ref"] for row in late}
    assert watched.count == len(late)
    assert not worked.statement.no_repayments
    with (FOLDER / "expected_by_sector.csv").open(encoding="utf-8", newline="") as file:
        sectors = [row for row in csv.DictReader(file) if row["as_of"] == MONTH.isoformat()]
    assert [(line.key, line.outstanding) for line in worked.statement.by_sector] == [
        (row["sector"], parse_rupees(row["glp"])) for row in sectors
    ]


def test_the_parts_add_up(worked: Worked) -> None:
    one = worked.statement
    now = one.now
    assert now.disbursed == now.received + now.waived + now.written_off + now.outstanding
    for lines in (one.by_sector, one.by_branch, one.by_officer, one.by_programme, one.by_gender):
        for name in ("active_loans", "outstanding", "arrears", "par0", "par30", "due", "due_met"):
            assert sum(getattr(line, name) for line in lines) == getattr(now, name)
        for name in ("loans_made", "disbursed", "received"):
            assert sum(getattr(line, name) for line in lines) == getattr(one.flow, name)
    assert sum(line.outstanding for line in one.risk.ageing) == one.risk.whole == now.outstanding
    assert sum(line.outstanding for line in one.classification.lines) == now.outstanding
    for line in one.rolls:
        gone = line.paid + line.waived + line.written_off
        assert line.opening + line.disbursed == sum(line.closing) + gone
    assert sum(line.opening for line in one.rolls) == one.last_month.outstanding
    assert {line.moved_in for line in one.funds} == {0}
    assert sum(line.control for line in one.reconciliation) == now.outstanding + one.headline.credit


def test_flows_are_the_differences_of_month_ends(worked: Worked) -> None:
    one = worked.statement
    for name in ("loans_made", "disbursed", "received", "waived", "written_off"):
        moved = getattr(one.now, name) - getattr(one.last_month, name)
        assert getattr(one.flow, name) == moved
        before = getattr(one.last_month, name) - getattr(one.trend[-3], name)
        assert getattr(one.flow_before, name) == before


def test_the_sectors_stand_beside_the_nation(worked: Worked) -> None:
    found = worked.statement.sectors
    assert found.national_as_of == date(2025, 3, 31)
    assert found.dates_differ
    itemised = sum(line.national or 0 for line in found.lines)
    assert itemised + found.national_not_itemised == found.national_whole
    assert sum(line.own for line in found.lines) == found.own_whole
    by_sector = {line.sector: line for line in found.lines}
    assert by_sector["trade"].national == 144_000_000_000_00
    assert found.national_share(by_sector["trade"]) == Ratio(144_000_000_000_00, 644_000_000_000_00)


def test_the_number_of_questions_does_not_grow(worked: Worked) -> None:
    assert worked.asked <= MOST_STATEMENTS


def waited(connection: Connection, after: date) -> Counter[int]:
    return waiting_days(connection, View(date(2100, 1, 1), LATE_CUT), after, Kept(), KARACHI)


def test_waiting_and_lags_count_local_days(worked: Worked) -> None:
    assert waited(worked.connection, date(2025, 1, 1)) == {9: 1}
    assert worked.statement.quality.lag == (
        PostingLag(0, 0, 0), PostingLag(1, 0, 0), PostingLag(3, 1, 2_100_00), PostingLag(8, 0, 0),
    )  # fmt: skip


@pytest.mark.parametrize("months", [0, -1, -2])
def test_waiting_is_the_same_from_a_closed_month(worked: Worked, months: int) -> None:
    connection = worked.connection
    payout = connection.execute(
        select(loan_position.c.disbursed_on).join(
            application_loan, application_loan.c.loan_id == loan_position.c.loan_id
        )
    ).scalar_one()
    after = month_end(add_months(payout, months))
    saved = connection.begin_nested()
    before = waited(connection, after)
    assert before == ({9: 1} if after < payout else {})
    close_at(connection, after, LATE_CUT, SETTINGS.dated.ladder_on(after))
    assert waited(connection, after) == before
    saved.rollback()


def test_a_statement_survives_its_json(worked: Worked) -> None:
    written = to_json(worked.statement)
    assert from_json(written) == worked.statement
    assert to_json(from_json(written)) == written
    json.loads(written, parse_float=pytest.fail)
    other = replace(worked.statement, no_repayments=True)
    assert statement_digest(other) != statement_digest(worked.statement)
    assert statement_digest(from_json(written)) == statement_digest(worked.statement)


def test_a_final_statement_names_its_close(worked: Worked) -> None:
    assert worked.statement.identity.state == "provisional"
    assert (worked.statement.identity.edition, worked.statement.identity.seal) == (0, "")
    closed = Closed(2, datetime(2026, 1, 9, 4, tzinfo=UTC), "seal of the cut")
    final = measure(worked.connection, Asked(MONTH, LATE_CUT, Scope("branch", "MUL-01"), closed))
    assert final.identity.state == "final"
    assert (final.identity.edition, final.identity.seal) == (2, "seal of the cut")
    assert [line.key for line in final.by_branch] == ["MUL-01"]
    mine = {line.key: line for line in worked.statement.by_branch}["MUL-01"]
    assert final.now.outstanding == mine.outstanding
    assert {loan.branch for loan in final.watch_list.loans} <= {"MUL-01"}


def test_the_expected_loss_is_that_of_its_month_and_of_the_whole_book(worked: Worked) -> None:
    assert {line.expected_loss for line in worked.statement.classification.lines} == {None}
    assert worked.statement.classification.expected_loss_source == ""
    entered = ExpectedLoss(
        effective_from=MONTH,
        source="computed by finance",
        verified=True,
        classes=(ClassLoss(name="loss", amount=12_345),),
    )
    row = dated_row("expected_loss", entered)
    changed = worked.connection.begin_nested()
    put_setting(worked.connection, row)
    tables = settings_in_force(worked.connection)
    found = measure(worked.connection, Asked(MONTH, LATE_CUT)).classification
    part = measure(worked.connection, Asked(MONTH, LATE_CUT, Scope("branch", "MUL-01")))
    changed.rollback()
    assert tables.expected_loss == (entered,)
    assert tables.expected_loss_of(date(2025, 11, 30)) is None
    assert [line.expected_loss for line in found.lines] == [None, None, None, None, 12_345]
    assert found.expected_loss_source == "computed by finance"
    assert {line.expected_loss for line in part.classification.lines} == {None}


def test_a_book_without_loans_has_empty_cells(worked: Worked) -> None:
    early = measure(worked.connection, Asked(date(2020, 1, 31), LATE_CUT))
    assert early.now.recovery == early.now.par30_ratio == Ratio(0, 0)
    assert early.flow.on_time_recovery == early.headline.risk_coverage == Ratio(0, 0)
    assert early.sectors.own_whole == 0
    assert all(line.difference is None for line in early.sectors.lines)
    assert early.turnaround == Turnaround(0, None, None)
    assert not early.by_branch
    assert not early.funds
    assert not early.watch_list.loans
    assert not early.no_repayments


def test_a_scope_must_be_there(worked: Worked) -> None:
    for scope in (Scope("branch", "QQQ-99"), Scope("region", "Nowhere")):
        with pytest.raises(NotFound):
            measure(worked.connection, Asked(MONTH, LATE_CUT, scope))


def test_a_book_that_does_not_reconcile_gives_no_statement(worked: Worked) -> None:
    changed = worked.connection.begin_nested()
    worked.connection.execute(
        text(
            "UPDATE journal_line SET amount = amount + 7 WHERE debit = 'loans' AND id ="
            " (SELECT min(id) FROM journal_line WHERE debit = 'loans')"
        )
    )
    with pytest.raises(Refused) as refused:
        portfolio_statement(
            worked.connection, Asked(MONTH, LATE_CUT), settings=SETTINGS, code_version="0"
        )
    changed.rollback()
    assert refused.value.values["difference"] == Rupees(7)
    assert refused.value.values["account"] == "loans"


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        ([], Turnaround(0, None, None)),
        ([5], Turnaround(1, Ratio(10, 2), 5)),
        ([1, 4], Turnaround(2, Ratio(5, 2), 4)),
        (list(range(1, 11)), Turnaround(10, Ratio(11, 2), 9)),
        (list(range(1, 12)), Turnaround(11, Ratio(12, 2), 10)),
    ],
)
def test_the_ninetieth_percentile_is_the_nearest_rank(
    waited: list[int], expected: Turnaround
) -> None:
    assert turnaround(Counter(waited)) == expected


def test_what_was_entered_before_its_day_is_not_late() -> None:
    lags = [Lag(-2, 1, 10), Lag(0, 2, 20), Lag(2, 1, 5), Lag(3, 1, 1), Lag(400, 1, 2)]
    assert posting(lags) == (
        PostingLag(0, 3, 30), PostingLag(1, 1, 5), PostingLag(3, 1, 1), PostingLag(8, 1, 2),
    )  # fmt: skip


def test_concentration_leaves_empty_groups_out() -> None:
    found = concentration("branch", [3, 0, 1])
    assert (found.groups, found.hhi, found.top_ten) == (2, Ratio(10, 16), Ratio(4, 4))
    assert concentration("branch", [1] * 20).top_ten == Ratio(10, 20)
    assert concentration("branch", []).hhi == Ratio(0, 0)
