"""Every kind of paper and file, from values made up here; as a program it prints their digests.

`python -m tests.reports.every_paper STATEMENT.json`
"""

import hashlib
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.portfolio.statement_json import from_json
from reports.accounts import ACCOUNT_PAPERS
from reports.feeder.manifest import manifest_text, schema_text
from reports.feeder.writing import Contents, write_csv
from reports.offers import OFFER_PAPERS
from reports.portfolio_pdf import portfolio_pdf
from reports.receipts import SHEETS, receipt_paper
from tests.feeder_files import ALL_FILES, issue, rows
from tests.reports import test_joint_paper as joint
from tests.reports import test_loan_papers as loans


def every_paper(statement: PortfolioStatement) -> Iterator[tuple[str, bytes]]:
    """Give the name and the bytes of each, in both languages where it has two."""
    yield "portfolio", portfolio_pdf(statement, loans.LENDER, "both")
    yield "joint", joint.drawn("2026-H1", "both")
    for name in (*OFFER_PAPERS, *ACCOUNT_PAPERS):
        yield name, loans.drawn(name, "both")
    for sheet in SHEETS:
        receipt = loans.receipt()
        drawn = receipt_paper(receipt, loans.LENDER, sheet=sheet, code=loans.CODE, language="both")
        yield f"receipt {sheet}", drawn
    for declared in ALL_FILES:
        stream = StringIO(newline="")
        totals = write_csv(rows(declared), declared, stream)
        content = stream.getvalue().encode()
        held = Contents(totals, hashlib.sha256(content).hexdigest(), len(content))
        beside = schema_text(declared) + manifest_text(declared, issue(), held)
        yield declared.name, content + beside.encode()


if __name__ == "__main__":
    made = every_paper(from_json(Path(sys.argv[1]).read_text("utf-8")))
    sys.stdout.writelines(
        f"{hashlib.sha256(content).hexdigest()} {name}\n" for name, content in made
    )
