"""What the parties of the memorandum with SMEDA agreed: its first day, and dated lists.

Each list carries its source and whether both parties have confirmed it. Without a section
[mou] there is no memorandum, and nothing is counted as its result.
"""

from dataclasses import dataclass
from datetime import date

from aim_loans.config.dated_rule import DatedRule, in_force

REGISTRATIONS = ("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9")
SIZES = ("micro", "small", "medium", "large")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicable:
    """To which enterprises a registration applies; empty sectors or sizes mean all."""

    type: str
    sectors: tuple[str, ...]
    sizes: tuple[str, ...]

    def covers(self, sector: str, size: str) -> bool:
        """Tell whether an enterprise of this sector and size needs the registration."""
        return (not self.sectors or sector in self.sectors) and (
            not self.sizes or size in self.sizes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicableTypes(DatedRule):
    """Which registrations apply to whom, from a day on."""

    types: tuple[Applicable, ...]

    def of(self, sector: str, size: str) -> tuple[str, ...]:
        """Give the registrations that an enterprise of this sector and size needs."""
        return tuple(each.type for each in self.types if each.covers(sector, size))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderservedDistricts(DatedRule):
    """The districts that both parties call underserved, from a day on."""

    districts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceIndex(DatedRule):
    """Consumer prices in a month, as a whole number of hundredths (100.00 is 10000).

    It holds from the month's first day on, so that incomes of two days can be compared.
    """

    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mou:
    """The memorandum: its first day, and the dated lists that its figures rest on."""

    started_on: date
    applicable: tuple[ApplicableTypes, ...]
    underserved: tuple[UnderservedDistricts, ...]
    prices: tuple[PriceIndex, ...]

    def applicable_on(self, day: date) -> ApplicableTypes | None:
        """Give the registrations that apply on a day; None when no list was agreed."""
        return in_force(self.applicable, day) if self.applicable else None

    def underserved_on(self, day: date) -> UnderservedDistricts | None:
        """Give the list of underserved districts on a day; None when none was agreed."""
        return in_force(self.underserved, day) if self.underserved else None
