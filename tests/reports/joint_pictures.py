"""Draw docs/pictures/papers: of the joint report and the brief a contact sheet in each language.

Run it from the root: `python -m tests.reports.joint_pictures`. Its period is made up.
"""

import sys

from aim_loans.texts import LANGUAGES
from reports.loan_values import Letterhead
from reports.mou_pdf import joint_pdf
from tests.made_up_statement import made_up, report_of
from tests.reports.pictures import FOLDER, draw

PERIODS = {"joint-report": "2026-H1", "joint-brief": "2026-06"}
DIGEST = "ab12" * 16


def main() -> None:
    """Draw a sheet for each paper and language."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, period in PERIODS.items():
        report, _ = report_of(made_up(period))
        letterhead = Letterhead(report.head.institution, "thousands", synthetic=True)
        for language in LANGUAGES:
            path = FOLDER / f"{name}-{language}.jpg"
            size = draw(joint_pdf(report, letterhead, digest=DIGEST, language=language), path)
            sys.stdout.write(f"{path.name}: {size // 1024} KB\n")


if __name__ == "__main__":
    main()
