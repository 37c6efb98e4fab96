"""What every dated rule carries, and which of several rows holds on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar


class Dated(Protocol):
    """Anything that holds from a day on."""

    @property
    def effective_from(self) -> date:
        """Give the first day on which it holds."""
        ...


DatedT = TypeVar("DatedT", bound=Dated)


def in_force(rows: Sequence[DatedT], day: date) -> DatedT:
    """Give the row in force on a day: the latest with effective_from <= day.

    The earliest row also holds for all days before it, so that a loan older than the table
    still finds a rule. `rows` is in any order and not empty (ValueError otherwise).
    """
    earliest = min(rows, key=lambda row: row.effective_from)
    begun = (row for row in rows if row.effective_from <= day)
    return max(begun, key=lambda row: row.effective_from, default=earliest)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRule:
    """The columns that every dated row carries."""

    effective_from: date
    source: str
    verified: bool
