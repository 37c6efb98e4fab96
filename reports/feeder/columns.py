"""What a declared file is made of: one table of columns says all that there is to say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aim_loans.cells import CSV, Cells, Column, Writer, with_blanks
from aim_loans.value_words import word

LAYOUT = "feeder-v1"
Level = Literal["A", "B", "C"]

_TYPES = {
    "text": "string",
    "date": "date",
    "amount": "number",
    "count": "integer",
    "ratio": "number",
}


@dataclass(frozen=True, slots=True)
class FileColumn(Column):
    """A column of a file: what it means, its unit, and what its cells must be.

    A column that is not `required` may be empty. `values` are all that may stand in it,
    `pattern` the regular expression that each of its texts fits.
    """

    description: str
    unit: str = ""
    required: bool = True
    values: tuple[str, ...] = ()
    pattern: str = ""

    @property
    def writer(self) -> Writer:
        """Give what writes its cells as CSV; of the words of a list none is a formula."""
        write = _as_they_are if self.values else CSV[self.kind]
        return write if self.required else with_blanks(write)

    def constraints(self) -> dict[str, Any]:
        """Give its constraints in the words of the Table Schema."""
        found: dict[str, Any] = {"required": True} if self.required else {}
        if self.values:
            found["enum"] = list(self.values)
        if self.pattern:
            found["pattern"] = self.pattern
        return found


@dataclass(frozen=True, slots=True)
class FeederFile:
    """A file: its name, privacy level, what a row is, and its columns in their order.

    Level A holds aggregates, B rows under pseudonyms, C rows of people by name.
    """

    name: str
    level: Level
    grain: str
    columns: tuple[FileColumn, ...]

    @property
    def title(self) -> str:
        """Give its name in the words of the trade, as a message to translate."""
        return word("feeder_file", self.name)

    @property
    def schema_id(self) -> str:
        """Give the name of its layout with the version."""
        return f"{self.name}.{LAYOUT}"

    @property
    def header(self) -> list[str]:
        """Give the names of its columns."""
        return [column.name for column in self.columns]

    @property
    def summed(self) -> Sequence[tuple[int, FileColumn]]:
        """Give the columns that have a control total, each with its place."""
        columns = enumerate(self.columns)
        return [(place, each) for place, each in columns if each.kind in ("amount", "count")]

    def table_schema(self) -> Mapping[str, Any]:
        """Give the Frictionless Table Schema (https://datapackage.org/standard/table-schema/)."""
        return {
            "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
            "name": self.schema_id,
            "title": self.title,
            "description": self.grain,
            "verified": False,
            "privacyLevel": self.level,
            "missingValues": [""],
            "fields": [_field(column) for column in self.columns],
        }


def _as_they_are(cells: Cells) -> Sequence[str]:
    return cells


def _field(column: FileColumn) -> dict[str, Any]:
    field = {
        "name": column.name,
        "type": _TYPES[column.kind],
        "description": column.description,
        "unit": column.unit,
        "constraints": column.constraints(),
    }
    return {name: value for name, value in field.items() if value}
