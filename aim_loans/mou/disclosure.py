"""What of a table may be published, so that nobody learns of a few people. Pure.

Counts from 1 to 9 are held back, 0 is shown. Further cells are held back until none of the
first follows from what is published: not from sums, and not together with an earlier edition.
This is cell suppression (L. Willenborg and T. de Waal, Elements of Statistical Disclosure
Control, 2001, chapter 4): a held-back count follows from the published ones when its cell lies
in the row space of what is known. What is held back in one sum is 10 or more together, so that
it cannot be told from small bounds either.

A reader of two editions is taken to know more than is true: that every cell in which nothing
changed did not change. So no edition opens what another one held back.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

SMALLEST_SHOWN = 10
_NOTHING = 1e-6

Vector = np.ndarray[Any, np.dtype[np.float64]]


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
    def small(self) -> list[Key]:
        """Give the cells that tell of a few people."""
        return [key for key in self.held if self.edition.counts[key] < SMALLEST_SHOWN]

    @property
    def shown(self) -> Counts:
        """Give the cells that anybody may see."""
        counts = self.edition.counts
        return {key: count for key, count in counts.items() if key not in self.held}


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


def publish(
    now: Edition, earlier: Published | None = None, *, keep: Collection[Key] = ()
) -> Published:
    """Hold back what must not be seen, and as little more as the proof asks for.

    Of the cells that would do, those to `keep` are held back last.
    """
    held = {key for key, count in now.counts.items() if 0 < count < SMALLEST_SHOWN}
    while True:
        published = Published(now, frozenset(held))
        more = _next(published, _open(published, earlier), earlier, keep)
        if more is None:
            return published
        held.add(more)


def derivable(published: Published, earlier: Published | None = None) -> list[Key]:
    """Give the small cells, of either edition, that follow from what both show."""
    columns = _columns(published, earlier)
    known = list(_known(published, 0, columns))
    wanted = [(0, key) for key in published.small]
    if earlier is not None:
        known += _known(earlier, 1, columns)
        wanted += [(1, key) for key in earlier.small]
    width = max(columns.values(), default=-1) + 1
    _, sizes, rows = np.linalg.svd(np.array(known).reshape(-1, width), full_matrices=True)
    # What the known sums leave free: a cell on which all of it is 0 has one value only.
    free = rows[int((sizes > _NOTHING).sum()) :]
    fixed = np.abs(free).max(axis=0, initial=0.0) < _NOTHING
    return [each[1] for each in wanted if fixed[columns[each]]]


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


def _open(published: Published, earlier: Published | None) -> set[Key]:
    """Give the cells of the first sum that shows too much, else those that follow."""
    counts, held = published.edition.counts, published.held
    for whole, parts in published.edition.sums:
        hidden = [part for part in parts if part in held]
        if hidden and whole not in held and sum(counts[key] for key in hidden) < SMALLEST_SHOWN:
            return set(hidden)
    return set(derivable(published, earlier))


def _next(
    published: Published, opened: set[Key], earlier: Published | None, keep: Collection[Key]
) -> Key | None:
    """Choose what to hold back next: the smallest cell beside one that is open.

    To hold back what an earlier edition shows, and did not change, would help nobody.
    """
    if not opened:
        return None
    counts, held = published.edition.counts, published.held
    known = earlier.shown if earlier else {}
    near = {
        key
        for whole, parts in published.edition.sums
        if opened & {whole, *parts}
        for key in (whole, *parts)
    }
    for keys in (near, counts):
        free = [
            key for key in keys if counts[key] and key not in held and known.get(key) != counts[key]
        ]
        if free:
            return min(free, key=lambda key: (key in keep, -len(key.by), counts[key], key))
    return None


def _columns(published: Published, earlier: Published | None) -> dict[tuple[int, Key], int]:
    """Number the unknowns; a cell in which nothing changed is the same in both editions."""
    counts = published.edition.counts
    columns = {(0, key): number for number, key in enumerate(counts)}
    if earlier is None:
        return columns
    new = len(columns)
    for key, count in earlier.edition.counts.items():
        if counts.get(key) == count:
            columns[1, key] = columns[0, key]
        else:
            columns[1, key] = new
            new += 1
    return columns


def _known(
    published: Published, number: int, columns: Mapping[tuple[int, Key], int]
) -> Iterator[Vector]:
    """Give what is known of an edition: its sums, and each cell that it shows."""
    width = max(columns.values()) + 1
    for whole, parts in published.edition.sums:
        row = np.zeros(width)
        row[columns[number, whole]] = 1.0
        for part in parts:
            row[columns[number, part]] -= 1.0
        yield row
    for key in published.shown:
        row = np.zeros(width)
        row[columns[number, key]] = 1.0
        yield row
