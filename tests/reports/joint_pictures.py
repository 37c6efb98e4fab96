"""Draw docs/pictures/papers: of joint reports and briefs a contact sheet in each language.

Run it from the root with what they publish, such as the files of the demonstration:
`python -m tests.reports.joint_pictures joint-report.2026-H1.json joint-brief.2026-10.json`.
"""

import hashlib
import sys
from pathlib import Path

from aim_loans.mou.published import JointReport
from aim_loans.portfolio.statement_json import canonical, read_canonical
from aim_loans.texts import LANGUAGES
from reports.loan_values import Letterhead
from reports.mou_pdf import joint_pdf
from tests.reports.pictures import FOLDER, draw


def main() -> None:
    """Draw a sheet for each report and language."""
    for file in sys.argv[1:]:
        report = read_canonical(JointReport, Path(file).read_text(encoding="utf-8").strip())
        digest = hashlib.sha256(canonical(report).encode()).hexdigest()
        letterhead = Letterhead(report.head.institution, "thousands", synthetic=True)
        name = "joint-brief" if report.is_month else "joint-report"
        for language in LANGUAGES:
            path = FOLDER / f"{name}-{language}.jpg"
            size = draw(joint_pdf(report, letterhead, digest=digest, language=language), path)
            sys.stdout.write(f"{path.name}: {size // 1024} KB\n")


if __name__ == "__main__":
    main()
