"""Tables as they were counted, and what of them is held back. Pure.

Counts from 1 to 9 are held back, 0 is shown. `proof` says which cells more are held back, so
that none of the first follows from what is published.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

SMALLEST_SHOWN = 10


class Key(NamedTuple):
    """A cell by its dimensions and their values; the total of all has neither."""

    by: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


Counts = Mapping[Key, int]
# A whole, and the parts that add up to it.
Sum = tuple[Key, tuple[Key, ...]]
Table = Mapping[tuple[str, ...], int]


@dataclass(frozen=True, slots=True)
class Edition:
    """Tables as they were counted: their cells with totals, and the sums among these."""

    counts: Counts
    sums: Sequence[Sum]


@dataclass(frozen=True, slots=True)
class Published:
    """An edition, and what of it is held back."""

    edition: Edition
    held: frozenset[Key]

    @property
    def shown(self) -> Counts:
        """Give the cells that anybody may see."""
        counts = self.edition.counts
        return {key: count for key, count in counts.items() if key not in self.held}


def is_small(count: int) -> bool:
    """Say whether a count tells of a few people."""
    return 0 < abs(count) < SMALLEST_SHOWN


def edition(tables: Mapping[tuple[str, ...], Table]) -> Edition:
    """Put one- and two-way tables of the same things together, by their dimensions.

    A cell that no table names is 0; the margins of the two-way tables are one-way tables.
    """
    counts: dict[Key, int] = {}
    sums: dict[Sum, None] = {}
    for by, table in tables.items():
        values = [sorted({keys[place] for keys in table}) for place in range(len(by))]
        counts.update({Key(by, keys): table.get(keys, 0) for keys in product(*values)})
        for whole, parts in _sums(by, values):
            counts[whole] = sum(counts[part] for part in parts)
            sums[whole, parts] = None
    return Edition(counts, tuple(sums))


def _sums(by: tuple[str, ...], values: Sequence[Sequence[str]]) -> Iterator[Sum]:
    if len(by) == 1:
        yield Key(), tuple(Key(by, (value,)) for value in values[0])
        return
    for place, name in enumerate(by):
        for value in values[place]:
            others = (values[0], [value]) if place else ([value], values[1])
            yield Key((name,), (value,)), tuple(Key(by, keys) for keys in product(*others))
    for place, name in enumerate(by):
        yield Key(), tuple(Key((name,), (value,)) for value in values[place])
