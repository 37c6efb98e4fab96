"""The statement of the worked book, measured once a process, and a letterhead for its paper."""

from datetime import date
from functools import cache

from aim_loans.checks.tables import all_tables
from aim_loans.db.engine import open_engine
from aim_loans.portfolio.measuring import Asked
from aim_loans.portfolio.statement import PortfolioStatement
from reports.loan_values import Letterhead
from tests.databases import empty_database
from tests.portfolio.test_statement import LATE_CUT, measure, put_book
from tests.portfolio.test_worked import worked_book

LENDER = Letterhead("The lender", "thousands")


@cache
def worked_statement(month: date = date(2025, 12, 31)) -> PortfolioStatement:
    """Measure the worked book at the end of a month."""
    engine = open_engine(empty_database("sqlite"))
    all_tables().create_all(engine)
    stored = worked_book()
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        put_book(connection, stored, sorted({each.loan.borrower for each in stored}))
        statement = measure(connection, Asked(month, LATE_CUT))
    engine.dispose()
    return statement
