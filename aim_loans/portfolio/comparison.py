"""The own book by sector beside the national one. Pure.

The national figures come from one dated source. What it does not itemise stays in one line:
it is never split over sectors, and no sector without a line of its own is compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aim_loans.config.settings import SECTOR_KEYS, Benchmark


class SectorBeside(NamedTuple):
    """A sector: what the own book holds, and the country where the source says it (paisa)."""

    sector: str
    own: int
    national: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The sectors that either side names, with both whole books (paisa)."""

    sectors: Sequence[SectorBeside]
    own_whole: int
    benchmark: Benchmark

    @property
    def largest(self) -> SectorBeside:
        """Give the sector that holds most of the own book."""
        return max(self.sectors, key=lambda row: row.own)


def beside_national(own: Mapping[str, int], benchmark: Benchmark) -> Comparison:
    """Put the outstanding of each sector beside the benchmark's line for it."""
    national = {line.sector: line.amount for line in benchmark.lines}
    sectors = [
        SectorBeside(sector, own.get(sector, 0), national.get(sector))
        for sector in SECTOR_KEYS
        if sector in own or sector in national
    ]
    return Comparison(sectors, sum(own.values()), benchmark)
