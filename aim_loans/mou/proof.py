"""The proof that no few people follow from what a reader knows: linear algebra. Pure.

This is cell suppression (L. Willenborg and T. de Waal, Elements of Statistical Disclosure
Control, 2001, chapter 4): what is hidden follows from what is shown when its unknown lies in the
row space of the sums, in which all that is shown is a constant. What is hidden in one sum is 10
or more together, so that it cannot be told from small bounds either.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np

from aim_loans.mou.disclosure import SMALLEST_SHOWN, Key

_NOTHING = 1e-6

Matrix = np.ndarray[Any, np.dtype[np.float64]]


class Place(NamedTuple):
    """A cell as a reader thinks of it: one of the same time and number is one and the same."""

    when: str
    block: str
    key: Key
    number: int


# A whole, and the parts that add up to it.
Equation = tuple[Place, tuple[Place, ...]]


@dataclass(frozen=True)
class Reader:
    """Who has read all that was released, and reads one edition more.

    `told` is what was shown before, `now` are the cells of the edition, `guarded` is what nobody
    may learn. What stands in neither of the first two was held back, or never printed.
    """

    equations: Sequence[Equation]
    told: Set[Place]
    now: Set[Place]
    guarded: Set[Place]

    @cached_property
    def beside(self) -> Mapping[Place, Set[int]]:
        """Give the numbers of the equations that each place stands in."""
        found: defaultdict[Place, set[int]] = defaultdict(set)
        for number, (whole, parts) in enumerate(self.equations):
            for place in (whole, *parts):
                found[place].add(number)
        return found

    @cached_property
    def touched(self) -> Sequence[int]:
        """Give the numbers of the equations that the edition stands in."""
        return sorted({each for place in self.now for each in self.beside.get(place, ())})

    @cached_property
    def everything(self) -> Set[Place]:
        """Give all that the edition can hold back: not 0, and not what was shown before."""
        return frozenset(place for place in self.now - self.told if place.number)

    @cached_property
    def given_away(self) -> Set[Place]:
        """Give what follows even where all of the edition is held back."""
        return following(self, self.everything)

    def hides(self, place: Place, held: Collection[Place]) -> bool:
        """Say whether a place stays hidden where these of the edition are held back."""
        return place not in self.told and (place in held or place not in self.now)


def hold_back(reader: Reader, keep: Collection[Key]) -> frozenset[Place]:
    """Give the places of the edition to hold back: the guarded ones, and as few more as needed.

    Of the places that would do, those to `keep` are held back last. What would follow even if
    all were held back was given away before, and nothing of this edition can help it.
    """
    held = set(reader.everything & reader.guarded)
    for each in reader.touched:
        if not _too_few(reader, each, reader.everything):
            while _too_few(reader, each, held):
                held.add(_smallest(reader, held, [each], keep))
    proved: set[int] = set()
    # To hold back more never opens what was proved.
    for each in reader.touched:
        while each not in proved:
            known = _Known.of(reader, _group(reader, each, held), held)
            opened = known.fixed()
            if opened and (opened := opened - reader.given_away):
                held.add(_smallest(reader, held, known.behind(min(opened)), keep))
            else:
                proved.update(known.numbers)
    return frozenset(held)


def opens(reader: Reader, held: Collection[Place]) -> list[Place]:
    """Give the guarded places that are read, or follow, with these of the edition held back."""
    found = following(reader, held) | ((reader.everything & reader.guarded) - set(held))
    return sorted(found - reader.given_away) if found else []


def following(reader: Reader, held: Collection[Place]) -> set[Place]:
    """Give the guarded places that follow from the edition and all that was shown before."""
    seen: set[int] = set()
    found: set[Place] = set()
    for each in reader.touched:
        if each not in seen:
            known = _Known.of(reader, _group(reader, each, held), held)
            found |= known.fixed()
            seen.update(known.numbers)
    return found


def _too_few(reader: Reader, number: int, held: Collection[Place]) -> bool:
    """Say whether a sum shows its whole, and hides less than 10 together, some of it guarded."""
    whole, parts = reader.equations[number]
    hidden = [part for part in parts if reader.hides(part, held)]
    if reader.guarded.isdisjoint(hidden) or reader.hides(whole, held):
        return False
    return abs(sum(part.number for part in hidden)) < SMALLEST_SHOWN


def _smallest(
    reader: Reader, held: Collection[Place], equations: Iterable[int], keep: Collection[Key]
) -> Place:
    """Choose the smallest place of these equations that can still be held back."""
    able = {
        place
        for each in equations
        for place in (reader.equations[each][0], *reader.equations[each][1])
        if place in reader.everything and place not in held
    }
    return min(able, key=lambda each: (each.key in keep, -len(each.key.by), abs(each.number), each))


def _group(reader: Reader, first: int, held: Collection[Place]) -> set[int]:
    """Give the equations that share hidden places with one, directly or through others."""
    group, waiting = {first}, [first]
    while waiting:
        whole, parts = reader.equations[waiting.pop()]
        for place in (whole, *parts):
            if reader.hides(place, held):
                more = reader.beside[place] - group
                group |= more
                waiting += more
    return group


class _Known(NamedTuple):
    """Equations by their numbers, as rows over the hidden places that they share."""

    reader: Reader
    numbers: Sequence[int]
    columns: Mapping[Place, int]
    rows: Matrix

    @classmethod
    def of(cls, reader: Reader, group: Collection[int], held: Collection[Place]) -> Self:
        """Write down a group of equations; what is shown in them is a constant."""
        columns: dict[Place, int] = {}
        entries: list[tuple[int, int, int]] = []
        numbers = sorted(group)
        for row, each in enumerate(numbers):
            whole, parts = reader.equations[each]
            for place, times in ((whole, -1), *((part, 1) for part in parts)):
                if reader.hides(place, held):
                    entries.append((row, columns.setdefault(place, len(columns)), times))
        rows = np.zeros((len(numbers), len(columns)))
        for row, column, times in entries:
            rows[row, column] += times
        return cls(reader, numbers, columns, rows)

    def fixed(self) -> set[Place]:
        """Give the guarded places that follow: those that lie in the row space."""
        if not self.columns:
            return set()
        tall = len(self.numbers) > len(self.columns)
        rows = np.linalg.qr(self.rows, mode="r") if tall else self.rows
        _, sizes, directions = np.linalg.svd(rows, full_matrices=False)
        # How much of a place's own direction lies in the row space: all of it, or it may vary.
        inside = np.square(directions[sizes > _NOTHING]).sum(axis=0)
        return {
            place
            for place, column in self.columns.items()
            if inside[column] > 1.0 - _NOTHING and place in self.reader.guarded
        }

    def behind(self, place: Place) -> list[int]:
        """Give the equations that a place follows from."""
        wanted = np.zeros(len(self.columns))
        wanted[self.columns[place]] = 1.0
        weights, *_ = np.linalg.lstsq(self.rows.T, wanted)
        return [
            each
            for each, weight in zip(self.numbers, weights, strict=True)
            if abs(weight) > _NOTHING
        ]
