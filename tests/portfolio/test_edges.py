"""Single questions at the edges: what a day, a cut, a correction or an end changes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert

from aim_loans.config.dated import dated_rows
from aim_loans.config.reader import read_settings
from aim_loans.errors import Refused
from aim_loans.identity.models import branch
from aim_loans.loans.due_dates import Frequency, steps_from_first_due
from aim_loans.loans.schedule import Pattern
from aim_loans.portfolio import engine
from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.changes import since_closes
from aim_loans.portfolio.due import View
from aim_loans.portfolio.engine import LoanRow, book_rows, loan_rows
from aim_loans.portfolio.flows import Month, month_cells
from aim_loans.portfolio.frozen_groups import frozen_books
from aim_loans.portfolio.frozen_moves import frozen_cells
from aim_loans.portfolio.frozen_standings import frozen_tallies
from aim_loans.portfolio.lateness import scale
from aim_loans.portfolio.statement_parts import classification, flow
from tests.naive.book import Belonging, Fact, Loan, Version
from tests.portfolio.closes import close_at
from tests.portfolio.journal import put_journal
from tests.portfolio.store import Stored, empty, put_loans, put_setting, put_surroundings

SETTINGS = read_settings(None, {})
LADDER = SETTINGS.dated.ladder_on(date(2025, 1, 1))
LATE_CUT = datetime(2100, 1, 1, tzinfo=UTC)
LENT_ON = date(2025, 1, 8)
DUE = [date(2025, 2, 10), date(2025, 3, 10), date(2025, 4, 10)]

RULE = Pattern(steps_from_first_due(DUE[0], Frequency.monthly), base=1000, count=3, principal=3000)


def at(hour: int) -> datetime:
    """Give the moment so many hours after the loan was agreed."""
    return datetime(2025, 1, 8, tzinfo=UTC) + timedelta(hours=hour)


def make(*facts: Fact, ref: str = "L1", branch_code: str = "LHR-01") -> Loan:
    """Make a loan of three times Rs 10 that belongs to one branch."""
    values = {"branch": branch_code, "sector": "trade", "gender": "female"}
    values["programme"] = "general"
    return Loan(
        ref,
        "P1",
        "crop",
        versions=[Version(1, LENT_ON, at(0), [(day, 1000) for day in DUE])],
        belongings=[Belonging(LENT_ON, at(0), values)],
        facts=list(facts),
    )


def fact(kind: str, amount: int, day: date, hour: int, undoes: Fact | None = None) -> Fact:
    return Fact(kind, amount, day, at(hour), undoes)


def lent(hour: int = 1) -> Fact:
    return fact("disbursement", 3000, LENT_ON, hour)


class Shelf:
    """A database that holds just the loans it is given."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def put(self, *loans: Loan, pattern: Pattern | None = None) -> None:
        """Put these loans in place of all others."""
        empty(self.connection)
        put_surroundings(self.connection, ["P1"])
        stored = [Stored(loan, [pattern] * len(loan.versions)) for loan in loans]
        put_loans(self.connection, stored, ["P1"])

    def loan(self, day: date, cut: datetime | None = None) -> LoanRow:
        """Give the one loan at a day and a cut."""
        (row,) = loan_rows(self.connection, as_of=day, known_at=cut, ladder=LADDER)
        return row

    def both(self, day: date) -> LoanRow:
        """Give the one loan by its position and by its facts, which must agree."""
        row = self.loan(day)
        assert row == self.loan(day, LATE_CUT)
        return row

    def whole(self, day: date, cut: datetime | None = None) -> dict[str, int]:
        """Give the measures of the whole book."""
        frame = book_rows(self.connection, as_of=day, known_at=cut, by=(), ladder=LADDER)
        return {str(name): int(frame[name].item()) for name in frame.columns}

    def groups(self, day: date, *by: str, cut: datetime | None = None) -> Sequence[str]:
        """Give the texts of the groups with active loans."""
        frame = book_rows(self.connection, as_of=day, known_at=cut, by=by, ladder=LADDER)
        return ["/".join(row) for row in frame[list(by)].to_numpy().tolist()]


@pytest.fixture
def shelf(writing_engine: Engine) -> Iterator[Shelf]:
    """Give a shelf of the test's own."""
    with writing_engine.begin() as connection:
        yield Shelf(connection)


@pytest.mark.parametrize("pattern", [None, RULE], ids=["rows", "rule"])
def test_the_due_day_itself_is_not_late(shelf: Shelf, pattern: Pattern | None) -> None:
    shelf.put(make(lent()), pattern=pattern)
    on_the_day, after = shelf.both(DUE[0]), shelf.both(DUE[0] + timedelta(days=1))
    assert (on_the_day.due, on_the_day.arrears, on_the_day.days_past_due) == (1000, 1000, 0)
    assert (after.due, after.arrears, after.days_past_due) == (1000, 1000, 1)
    for cut in (None, LATE_CUT):
        whole = shelf.whole(DUE[0], cut)
        assert (whole["arrears"], whole["par0"], whole["bucket_current"]) == (1000, 0, 3000)
        assert (whole["recovery_collected"], whole["recovery_due"]) == (0, 1000)
        assert shelf.whole(DUE[0] + timedelta(days=1), cut)["par0"] == 3000


def test_a_backdated_receipt_changes_earlier_days_only_as_known_later(shelf: Shelf) -> None:
    shelf.put(make(lent(), fact("receipt", 1000, DUE[0], 90 * 24)))
    day = DUE[0] + timedelta(days=5)
    assert shelf.loan(day, at(2)).days_past_due == 5
    assert shelf.loan(day, at(90 * 24)).days_past_due == 0
    assert shelf.loan(day).days_past_due == 0


def test_a_receipt_on_the_third_leaves_the_thirty_first_as_it_was(shelf: Shelf) -> None:
    shelf.put(make(lent(), fact("receipt", 3000, date(2025, 4, 3), 2)))
    assert shelf.loan(date(2025, 3, 31)).outstanding == 3000
    assert shelf.loan(date(2025, 4, 3)).outstanding == 0


def test_a_dishonoured_cheque_counts_until_its_day(shelf: Shelf) -> None:
    paid = fact("receipt", 1000, DUE[0], 2)
    shelf.put(make(lent(), paid, fact("receipt", -1000, date(2025, 2, 20), 3, paid)))
    assert shelf.loan(date(2025, 2, 19)).arrears == 0
    assert shelf.both(date(2025, 2, 20)).days_past_due == 10


def test_what_a_waiver_ended_fell_due_only_up_to_its_day(shelf: Shelf) -> None:
    shelf.put(make(lent(), fact("receipt", 400, DUE[0], 2), fact("waiver", 2600, DUE[1], 3)))
    row = shelf.both(date(2025, 12, 31))
    assert (row.outstanding, row.due, row.arrears, row.days_past_due) == (0, 2000, 0, 0)
    whole = shelf.whole(date(2025, 12, 31))
    assert (whole["recovery_collected"], whole["recovery_due"]) == (400, 2000)


def test_a_write_off_leaves_what_falls_due_later_in_the_recovery(shelf: Shelf) -> None:
    shelf.put(
        make(
            lent(),
            fact("write_off", 3000, DUE[1], 2),
            fact("recovery", 3500, date(2025, 6, 1), 3),
        )
    )
    row = shelf.both(date(2025, 12, 31))
    assert (row.outstanding, row.received, row.due, row.credit) == (0, 0, 3000, 500)


def test_a_loan_paid_out_anew_was_paid_out_on_the_day_that_stands(shelf: Shelf) -> None:
    first = lent()
    undone = fact("disbursement", -3000, LENT_ON, 2, first)
    shelf.put(make(first, undone, fact("disbursement", 3000, date(2025, 1, 6), 3)))
    assert shelf.loan(date(2025, 6, 1), LATE_CUT).disbursed_on == date(2025, 1, 6)
    assert shelf.loan(date(2025, 1, 7)).disbursed_on == date(2025, 1, 6)
    assert shelf.loan(date(2025, 6, 1), at(1)).disbursed_on == LENT_ON


def test_a_loan_never_collected_is_in_no_book(shelf: Shelf) -> None:
    cancelled = lent()
    shelf.put(make(), make(cancelled, fact("disbursement", -3000, LENT_ON, 2, cancelled), ref="L2"))
    for cut in (None, LATE_CUT):
        assert not list(loan_rows(shelf.connection, as_of=DUE[2], known_at=cut, ladder=LADDER))
        assert shelf.groups(DUE[2], "sector", cut=cut) == []


def test_a_transfer_counts_from_its_day_and_a_correction_from_the_start(shelf: Shelf) -> None:
    loan = make(lent())
    values = loan.belongings[0].values
    moved = Belonging(DUE[1], at(50), {**values, "branch": "MUL-01"})
    corrected = Belonging(LENT_ON, at(60), {**values, "branch": "ISB-01"})
    loan.belongings += [moved, corrected]
    shelf.put(loan)
    before = DUE[1] - timedelta(days=1)
    assert shelf.groups(before, "branch", "area") == ["ISB-01/"]
    assert shelf.groups(before, "branch", "area", cut=at(59)) == ["LHR-01/Centre"]
    assert shelf.groups(DUE[1], "branch", "area") == ["MUL-01/South"]
    assert shelf.groups(DUE[1], "branch", "area", cut=at(49)) == ["LHR-01/Centre"]


def test_an_area_holds_what_its_branches_hold(shelf: Shelf) -> None:
    shelf.put(
        make(lent(), ref="L1", branch_code="MUL-01"),
        make(lent(2), ref="L2", branch_code="KHI-01"),
        make(lent(3), ref="L3", branch_code="ISB-01"),
    )
    shelf.connection.execute(insert(branch).values(code="X", name="X", act_id=1))
    frame = book_rows(shelf.connection, as_of=DUE[0], known_at=None, by=("area",), ladder=LADDER)
    columns = ["area", "active_loans", "active_borrowers", "glp"]
    assert frame[columns].to_numpy().tolist() == [["", 1, 1, 3000], ["South", 2, 1, 6000]]


def test_blocks_of_loans_leave_none_out(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = [f"L{number}" for number in range(1, 8)]
    shelf.put(*(make(lent(number), ref=ref) for number, ref in enumerate(refs)))
    for size in (1, 2, 7, 100):
        monkeypatch.setattr(engine, "_LOANS_A_BLOCK", size)
        for cut in (None, LATE_CUT):
            rows = loan_rows(shelf.connection, as_of=DUE[0], known_at=cut, ladder=LADDER)
            assert [row.loan_ref for row in rows] == refs


def test_sums_beyond_what_a_float_holds_stay_exact(shelf: Shelf) -> None:
    large = 2**53 + 1
    loans = []
    for number in (1, 2, 3):
        loan = make(fact("disbursement", large, LENT_ON, number), ref=f"L{number}")
        loan.versions[0].instalments[:] = [(DUE[0], large)]
        loans.append(loan)
    shelf.put(*loans)
    for cut in (None, LATE_CUT):
        frame = book_rows(
            shelf.connection, as_of=DUE[1], known_at=cut, by=("sector",), ladder=LADDER
        )
        assert {str(kind) for kind in frame.dtypes[1:]} == {"int64"}
        exact = ("glp", "arrears", "par0", "bucket_1_29", "class_regular", "recovery_due")
        assert {frame[name].item() for name in exact} == {3 * large}


def test_thirty_days_late_is_not_over_thirty_in_what_a_close_keeps(shelf: Shelf) -> None:
    shelf.put(make(lent()))
    closed = close_at(shelf.connection, DUE[0] + timedelta(days=30), at(9), LADDER)
    books = frozen_books(shelf.connection, closed, Kept())
    assert books is not None
    assert books["sector"][["par0", "par30"]].to_numpy().tolist() == [[3000, 0]]
    tally = frozen_tallies(shelf.connection, [closed], Kept())[closed.id]
    assert [sum(sums[name] for sums in tally.values()) for name in ("par0", "par30")] == [3000, 0]


@pytest.mark.parametrize("what", ["fact", "belonging", "version"])
def test_whatever_came_after_a_close_names_its_loan(shelf: Shelf, what: str) -> None:
    changed, day = make(lent(), ref="L2"), DUE[1]
    if what == "fact":
        changed.facts.append(fact("receipt", 1000, DUE[0], 12))
    elif what == "belonging":
        moved = {**changed.belongings[0].values, "branch": "MUL-01"}
        changed.belongings.append(Belonging(LENT_ON, at(12), moved))
    else:
        later = [(each + timedelta(days=5), 1000) for each in DUE]
        changed.versions.append(Version(2, LENT_ON, at(12), later))
    shelf.put(make(lent()), changed)
    closed = close_at(shelf.connection, day, at(9), LADDER)
    since = [since_closes(shelf.connection, [day], at(hour)).loans for hour in (11, 12)]
    assert since == [{}, {closed.id: [2]}]


def test_a_grouping_that_there_is_not_is_refused(shelf: Shelf) -> None:
    shelf.put()
    for by, said in ((("village",), "village"), (("sector", "sector"), "twice")):
        with pytest.raises(Refused, match=said):
            book_rows(shelf.connection, as_of=DUE[0], known_at=None, by=by, ladder=LADDER)


def test_a_finer_ladder_than_a_month_was_kept_by_is_measured_anew(shelf: Shelf) -> None:
    late = make(lent())
    shelf.put(late)
    put_journal(shelf.connection, [Stored(late, [None])])
    for row in dated_rows(SETTINGS.dated):
        put_setting(shelf.connection, row)
    day = date(2025, 3, 31)  # 49 days late: in the class that begins at 30 days, and at 45
    closed = close_at(shelf.connection, day, at(60 * 24), LADDER)
    held = frozen_cells(shelf.connection, closed, scale(LADDER), Kept())
    assert held is not None
    first, watch = LADDER.classes[:2]
    assert watch.from_days == 30
    finer = replace(LADDER, classes=(first, watch, replace(watch, name="loss", from_days=45)))
    assert frozen_cells(shelf.connection, closed, scale(finer), Kept()) is None
    month = Month(View(day, closed.known_at), View(date(2025, 2, 28), closed.known_at))
    anew = month_cells(shelf.connection, month, scale(finer), Kept())
    lines = classification(anew, scale(finer), finer, None).lines
    assert [line.loans for line in lines] == [0, 0, 1]
    assert flow(anew) == flow(held)
