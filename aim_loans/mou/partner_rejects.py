"""The refused rows of a file of SMEDA, given back: line, reason, and what of the row may be kept.

Only the columns that the import reads are given, and of them no text that looks like a CNIC or
a telephone number: it was refused for that, and is kept nowhere. Of a line that is no row, with
a broken quote or too many fields, nothing is given.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from aim_loans.intake.files import CsvFile, Record, open_csv
from aim_loans.intake.layout import LINE_COLUMN, REASON_COLUMN
from aim_loans.intake.report import ImportReport
from aim_loans.mou.partner_files import LAYOUTS, is_personal

# Where so many rows are refused the file itself is to be mended. Together with the longest cell
# this bounds what one file leaves in the folder of files.
MOST_REJECTED = 10_000
LONGEST_CELL = 10_000


def write_rejects(report: ImportReport, folder: Path, *, language: str) -> list[Path]:
    """Write the first 10,000 refused rows of a file of SMEDA, as `ImportReport.write_rejects`."""
    (totals,) = report.files
    rejects = partial(_rejected, LAYOUTS[totals.kind].columns)
    return report.write_rejects(folder, language=language, rejects=rejects)


def _rejected(
    columns: Sequence[str], path: Path, reasons: Iterator[tuple[int, str]]
) -> Iterator[list[str]]:
    yield [REASON_COLUMN, LINE_COLUMN, *columns]
    with open_csv(path) as file:
        records = file.records()
        for line, reason in islice(reasons, MOST_REJECTED):
            refused = next(record for record in records if record.line == line)
            yield [reason, str(line), *_kept(file, refused, columns)]


def _kept(file: CsvFile, refused: Record, columns: Sequence[str]) -> Iterator[str]:
    """Give what may be kept of a record, column by column."""
    fields = {} if refused.fault else dict(zip(file.header, refused.fields, strict=True))
    for name in columns:
        cell = fields.get(name, "")
        yield "" if is_personal(cell) or len(cell) > LONGEST_CELL else cell
