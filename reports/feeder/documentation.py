"""The page about the files, written from their declaration."""

from collections.abc import Iterator

from reports.feeder.catalogue import FILES
from reports.feeder.columns import FeederFile, FileColumn
from reports.feeder.joint import JOINT_FILES

_HEAD = """\
# Files for regulators and partners

Written from the declarations in `reports/feeder/catalogue.py` and `joint.py` by
`aim-loans export describe`.

The official layouts of the regulator and the bureaus were not available. These are feeder files,
and each schema says `verified: false`.

A file is named `NAME.feeder-v1.MONTH.csv`. Beside it stand `….schema.json` (a Frictionless Table
Schema) and `….manifest.json`: schema and version, as-of, known-at, rows, control totals, SHA-256,
who made it, privacy level, whether the month is final or provisional, the edition, and the
SHA-256 of the edition before. An issued file is never changed: a correction is a new edition,
`NAME.feeder-v1.MONTH.edition-2.csv`.

The files `smeda_joint_…` stand beside the joint report with SMEDA and bear its period in place of
the month, as `2026-H1`. They hold what is published of it, and nothing that was held back.

- UTF-8 (a byte order mark with `--bom`), commas, CRLF, RFC 4180, one header row, no totals row.
- Days are ISO dates, amounts plain decimals in rupees, ratios decimal fractions of six places, a
  CNIC is text of 13 digits. What has no value is empty.
- A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return is written with an
  apostrophe before it, so that no spreadsheet takes it for a formula.
- To open a file in LibreOffice or Excel, import it rather than opening it by a double click: in
  LibreOffice choose UTF-8 and the comma, mark "Quoted field as text" and set the columns of codes,
  CNICs and days to "Text"; in Excel use Data, From Text/CSV, with origin 65001 (UTF-8),
  and load those columns as text. Otherwise a CNIC loses digits, a code its zeros, and a name in
  Urdu its letters. The apostrophe stays visible; a program that reads the file takes one away
  before a sign of the list above.
- Pass a file on as it was made. A spreadsheet that saves it again keeps every text and the value
  of every number, but writes 228997.50 as 228997.5 and 0.000000 as 0; then its SHA-256 is another
  one than its manifest's.
- The same holds for the lists that `aim-loans portfolio` writes and for the refused rows of an
  import; an import of refused rows takes the apostrophes away by itself.
- The control totals are the sums of all amounts and whole numbers of a column.
- In counts of borrowers each counts once: by class in the worst, otherwise on the active loan
  with the largest balance, then the oldest.

Level A holds aggregates, B rows under pseudonyms, C people by name. The shell makes A and B; a
file of level C is asked for by one person of head office in the browser and released by another.
Pseudonyms are the first 128 bits of an HMAC-SHA256 under a key derived from the institution's
secret; they stay the same from month to month. On the pseudonymous tape a year of birth stands in
place of the date, and names, CNICs and loan numbers are left out.
"""


def page() -> str:
    """Give the whole page in Markdown."""
    return _HEAD + "".join(_section(file) for file in (*FILES, *JOINT_FILES))


def _section(file: FeederFile) -> str:
    lines = [
        "",
        f"## {file.name}",
        "",
        f"{file.title}. Level {file.level}. {file.grain}",
        "",
        "| column | type | unit | may be empty | what it is |",
        "| --- | --- | --- | --- | --- |",
        *_rows(file),
    ]
    return "\n".join(lines) + "\n"


def _rows(file: FeederFile) -> Iterator[str]:
    for column in file.columns:
        empty = "" if column.required else "yes"
        cells = (f"`{column.name}`", column.kind, column.unit, empty, _meaning(column))
        yield "| " + " | ".join(cells) + " |"


def _meaning(column: FileColumn) -> str:
    values = f" One of: {', '.join(column.values)}." if column.values else ""
    pattern = f" Pattern: `{column.pattern}`." if column.pattern else ""
    return f"{column.description}{values}{pattern}"
