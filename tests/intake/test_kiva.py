"""The real public data: Kiva's loans to Pakistan, through the mapping that ships."""

from collections import Counter
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from aim_loans.checks.run import verify_book
from aim_loans.db.engine import reading
from aim_loans.intake import mappings
from aim_loans.intake.operations import BookSources
from aim_loans.loans.models import instalment, loan, loan_position, schedule_version
from aim_loans.portfolio.measuring import Asked, portfolio_statement
from aim_loans.texts import translator
from reports.loan_values import Letterhead
from reports.marks import Words
from reports.portfolio_pdf import portfolio_pages
from tests.book import AUDIT_KEY
from tests.intake.books import SETTINGS, Desk

JULY = date(2017, 7, 31)
LENDER = Letterhead("The lender", "thousands")
LATE_SECTIONS = (
    *("Thirteen months", "How late the book is", "Classes and provisions"),
    *("Vintage curves", "Loans to watch"),
)
MAPPING = Path(mappings.__path__[0]) / "kiva.toml"


@pytest.fixture
def sources(real_data: Path) -> BookSources:
    return BookSources(loans=real_data / "kiva_pakistan.csv", mapping=MAPPING, create_missing=True)


def test_the_whole_file_goes_in_and_none_is_refused(desk: Desk, sources: BookSources) -> None:
    done = desk.send_files(sources)
    assert done.exit_code == 0
    assert done.counts == {"loans": (1078, 0, 0)}
    assert done.files["loans"].added.amount == 515_750 * 105 * 100
    assert any("515750 USD in all, taken at 105 rupees" in note for note in done.notes)
    # No CNIC and no birth date in the data; 30 loans of several borrowers and one of nobody.
    assert done.gaps == {
        "birth_date": 1078,
        "cnic": 1078,
        "district": 842,
        "gender": 31,
        "sector": 107,
    }
    with reading(desk.book.engine) as connection:
        outcomes = verify_book(connection, zone=ZoneInfo("Asia/Karachi"), audit_key=AUDIT_KEY)
        assert not [fault for outcome in outcomes for fault in outcome.faults]
    assert desk.send_files(sources).counts == {"loans": (0, 1078, 0)}


def test_sectors_days_and_terms_are_told_from_the_source(
    quick_desk: Desk, sources: BookSources
) -> None:
    quick_desk.send_files(sources)
    with reading(quick_desk.book.engine) as connection:
        positions = {
            row.ref: row
            for row in connection.execute(
                select(loan.c.ref, loan_position).join(
                    loan_position, loan_position.c.loan_id == loan.c.id
                )
            )
        }
        frequencies = Counter(connection.execute(select(loan.c.frequency)).scalars())
        single = connection.execute(
            select(func.count())
            .select_from(instalment)
            .join(schedule_version, schedule_version.c.id == instalment.c.version_id)
            .join(loan, loan.c.id == schedule_version.c.loan_id)
            .where(loan.c.frequency == "single")
        ).scalar_one()
    sectors = Counter(row.sector for row in positions.values())
    assert sectors == {
        "trade": 741,
        "manufacturing": 127,
        "other": 117,
        "education": 56,
        "livestock": 33,
        "health": 3,
        "agriculture": 1,
    }
    assert frequencies == {"monthly": 1077, "single": 1}
    assert single == 1
    # Paid out at 08:00 UTC, and a day of posting alone.
    assert positions["K00001"].disbursed_on.isoformat() == "2013-12-17"
    assert positions["K00022"].disbursed_on.isoformat() == "2014-01-03"
    assert Counter(row.gender for row in positions.values())["unknown"] == 1
    expect_the_paper_of_a_book_without_receipts(quick_desk, sectors)


def expect_the_paper_of_a_book_without_receipts(desk: Desk, sectors: Counter[str]) -> None:
    """The paper of July 2017 holds every loan, and says that no repayments were supplied."""
    with reading(desk.book.engine) as connection:
        made = portfolio_statement(
            connection, Asked(JULY, desk.book.clock()), settings=SETTINGS, code_version="0"
        )
    assert made.no_repayments
    assert (made.now.loans_made, made.now.active_loans, made.now.received) == (1078, 1078, 0)
    assert {line.key: line.active_loans for line in made.by_sector} == sectors
    assert made.now.outstanding == made.now.disbursed == 515_750 * 105 * 100
    for language in ("en", "ur"):
        stamp = translator(language).text("no repayments supplied")
        said = [
            {
                mark.line.text
                for placed in page.placed
                for mark in placed.marks
                if isinstance(mark, Words)
            }
            for page in portfolio_pages(made, LENDER, language)
        ]
        assert {"1,078", stamp} <= said[0]
        for heading in LATE_SECTIONS:
            title = translator(language).text(heading)
            assert any({title, stamp} <= page for page in said), heading
