"""Rows for every declared file: Urdu names, commas, new lines, what looks like a formula."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from aim_loans.cells import Row
from aim_loans.money import Ratio
from reports.feeder.catalogue import FILES
from reports.feeder.columns import FeederFile, FileColumn
from reports.feeder.joint import JOINT_FILES
from reports.feeder.manifest import Issue

ALL_FILES: Sequence[FeederFile] = (*FILES, *JOINT_FILES)
DAY = date(2026, 2, 28)
TEXTS = ("بشریٰ پروین", 'Say "yes", twice', "two\r\nlines", "=1+1", "-5", "@x", "\tx", "plain")
CNICS = ("3520112345671", "8110112345672")


def cell(column: FileColumn, number: int) -> Any:
    """Make the cell of a column in a row of this number; every third may be empty."""
    if not column.required and number % 3 == 0:
        return None
    if column.values:
        return column.values[number % len(column.values)]
    if column.pattern:
        return CNICS[number % 2] if "9]{12" in column.pattern else f"{number:032x}"
    made: dict[str, Any] = {
        "text": TEXTS[number % len(TEXTS)],
        "date": DAY,
        "amount": number * 100_50 - 7,
        "count": number,
        "ratio": Ratio(number, 3),
    }
    return made[column.kind]


def rows(declared: FeederFile, count: int = 9) -> list[Row]:
    return [[cell(column, number) for column in declared.columns] for number in range(1, count + 1)]


def issue(edition: int = 1, previous: str | None = None, *, bom: bool = False) -> Issue:
    moment = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return Issue(
        *("Institution", DAY, moment, "provisional", ("shell:tester",), moment),
        *(edition, previous, "source", False, bom),
    )
