"""The book worked by hand: imported whole, its facts add up, and again it adds nothing."""

import csv
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from aim_loans.borrowers.models import person
from aim_loans.checks.run import verify_audit, verify_book
from aim_loans.db.engine import reading
from aim_loans.identity.models import cut
from aim_loans.intake.models import data_gap
from aim_loans.intake.operations import BookSources
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import loan, loan_fact, loan_position
from tests.book import AUDIT_KEY
from tests.intake.books import WORKED, Desk, Done

FILES = BookSources(
    loans=WORKED / "loans.csv",
    receipts=WORKED / "receipts.csv",
    schedules=WORKED / "schedules.csv",
    create_missing=True,
)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def received() -> Counter[str]:
    """Sum the receipts of the file a loan, in paisa."""
    sums: Counter[str] = Counter()
    for row in rows_of(WORKED / "receipts.csv"):
        sums[row["loan_ref"]] += int(row["amount"]) * 100
    return sums


def send(desk: Desk) -> Done:
    return desk.send_files(FILES)


def test_every_row_goes_in_and_every_fact_is_right(desk: Desk) -> None:
    done = send(desk)
    assert done.exit_code == 0
    assert done.counts == {"loans": (12, 0, 0), "schedules": (3, 0, 0), "receipts": (43, 0, 0)}
    assert done.files["loans"].added.amount == 361_000_00
    # The worked book names no CNIC and no birth date.
    assert done.gaps == {"birth_date": 12, "cnic": 12}
    assert done.notes == ("Made from the files: branch KHI-01, LHR-01, MUL-01.",)
    with reading(desk.book.engine) as connection:
        kinds = select(loan_fact.c.kind, func.count()).group_by(loan_fact.c.kind)
        found = {row[0]: row[1] for row in connection.execute(kinds)}
        applied = connection.execute(
            select(loan.c.ref, loan_position.c.applied).join(
                loan_position, loan_position.c.loan_id == loan.c.id
            )
        )
        assert {row.ref: row.applied for row in applied if row.applied} == received()
        persons = connection.execute(select(func.count()).select_from(person)).scalar_one()
        accounts = set(connection.execute(select(journal_line.c.debit)).scalars())
        accounts |= set(connection.execute(select(journal_line.c.credit)).scalars())
    assert found == {"disbursement": 12, "receipt": 43}
    assert persons == 11
    assert accounts == {"loans", "import_opening"}


def test_the_whole_book_verifies_afterwards(desk: Desk) -> None:
    send(desk)
    with reading(desk.book.engine) as connection:
        zone = ZoneInfo("Asia/Karachi")
        outcomes = list(verify_book(connection, zone=zone, audit_key=AUDIT_KEY))
    assert {outcome.name: outcome.faults for outcome in outcomes if outcome.faults} == {}


def test_a_borrower_of_the_files_altered_behind_the_software_is_found(desk: Desk) -> None:
    send(desk)
    swapped = "UPDATE person SET cnic = '3520176543212' WHERE id = (SELECT min(id) FROM person)"
    with desk.book.engine.begin() as connection:
        connection.exec_driver_sql(swapped)
    with reading(desk.book.engine) as connection:
        (told,) = verify_audit(connection, audit_key=AUDIT_KEY).faults
    assert "the rows it wrote were changed" in told


def test_the_same_files_again_add_nothing(desk: Desk) -> None:
    send(desk)
    before = desk.row_counts()
    again = send(desk)
    assert again.exit_code == 0
    assert again.counts == {"loans": (0, 12, 0), "schedules": (0, 3, 0), "receipts": (0, 43, 0)}
    assert again.gaps == {}
    assert desk.row_counts() == before


def test_an_import_that_added_something_ends_with_a_cut(desk: Desk) -> None:
    send(desk)
    send(desk)
    with reading(desk.book.engine) as connection:
        assert connection.execute(select(cut.c.purpose)).scalars().all() == ["import"]


def test_gaps_are_kept_with_the_loan_and_the_reason(desk: Desk) -> None:
    send(desk)
    with reading(desk.book.engine) as connection:
        rows = connection.execute(
            select(data_gap.c.field, data_gap.c.reason).where(data_gap.c.loan_ref == "W01")
        )
        assert {tuple(row) for row in rows} == {
            ("cnic", "Not given."),
            ("birth_date", "Not given."),
        }


def test_a_dry_run_says_the_same_and_leaves_nothing(desk: Desk) -> None:
    before = desk.row_counts()
    dry = desk.send_files(
        BookSources(
            loans=FILES.loans,
            receipts=FILES.receipts,
            schedules=FILES.schedules,
            create_missing=True,
            dry_run=True,
        )
    )
    assert desk.row_counts() == before
    wet = send(desk)
    assert (dry.counts, dry.gaps, dry.notes) == (wet.counts, wet.gaps, wet.notes)
