"""The manifest beside a file: what it is, as of when, what it adds up to, and who made it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from aim_loans.money import plain
from reports.feeder.columns import LAYOUT, FeederFile
from reports.feeder.writing import Contents, encoding_of

ENDING = ".manifest.json"
SCHEMA_ENDING = ".schema.json"


@dataclass(frozen=True, slots=True)
class Issue:
    """An issued file: which edition, for which month, as known at which moment, by whom.

    `previous_sha256` is that of the edition before, if there was one; `ladder` names the
    source of the classes, and `ladder_confirmed` says whether the institution confirmed it.
    `close_edition` is that of the closed month that a final file stands on.
    `period` names a half-year that ends with the month, else it is empty.
    """

    institution: str
    month: date
    known_at: datetime
    state: str
    made_by: tuple[str, ...]
    made_at: datetime
    edition: int
    previous_sha256: str | None
    ladder: str
    ladder_confirmed: bool
    bom: bool = False
    close_edition: int | None = None
    period: str = ""

    @property
    def named(self) -> str:
        """Give the month, or the period of a file that is about another one."""
        return self.period or f"{self.month:%Y-%m}"


def stem(name: str, month: date, edition: int) -> str:
    """Give the name of a file of a month without its ending."""
    return stem_of_period(name, f"{month:%Y-%m}", edition)


def stem_of_period(name: str, period: str, edition: int) -> str:
    """Give the name of a file without its ending; the first edition bears no number."""
    first = f"{name}.{LAYOUT}.{period}"
    return first if edition == 1 else f"{first}.edition-{edition}"


def manifest_text(declared: FeederFile, issue: Issue, contents: Contents) -> str:
    """Write the manifest as JSON."""
    name = stem_of_period(declared.name, issue.named, issue.edition)
    known = {
        "file": f"{name}.csv",
        "schema": f"{name}{SCHEMA_ENDING}",
        "schema_id": declared.schema_id,
        "schema_version": LAYOUT,
        "verified": False,
        "institution": issue.institution,
        "privacy_level": declared.level,
        "month": issue.named,
        "as_of": issue.month.isoformat(),
        "known_at": _moment(issue.known_at),
        "state": issue.state,
        "close_edition": issue.close_edition,
        "ladder": issue.ladder,
        "ladder_confirmed": issue.ladder_confirmed,
        "edition": issue.edition,
        "previous_sha256": issue.previous_sha256,
        "rows": contents.totals.rows,
        "control_totals": control_totals(declared, contents),
        "sha256": contents.sha256,
        "bytes": contents.size,
        "encoding": encoding_of(bom=issue.bom),
        "made_by": list(issue.made_by),
        "made_at": _moment(issue.made_at),
    }
    return json.dumps(known, ensure_ascii=False, indent=2) + "\n"


def control_totals(declared: FeederFile, contents: Contents) -> dict[str, str]:
    """Give the sum of each summed column as the file writes such cells."""
    pairs = zip(declared.summed, contents.totals.sums, strict=True)
    return {
        column.name: plain(total) if column.kind == "amount" else str(total)
        for (_, column), total in pairs
    }


def schema_text(declared: FeederFile) -> str:
    """Write the Table Schema of a file as JSON."""
    return json.dumps(declared.table_schema(), ensure_ascii=False, indent=2) + "\n"


def read_manifest(path: Path) -> Mapping[str, Any]:
    """Read a manifest; ValueError when it is none."""
    found = json.loads(path.read_text("utf-8"))
    if not isinstance(found, dict):
        raise ValueError(f"{path.name} is no manifest")
    return found


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
