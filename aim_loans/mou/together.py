"""What all reports that were released tell together, with one more. Pure.

A reader puts the reports side by side. So the proof of an edition knows, besides the sums of its
own tables:

- what a month counts adds up, with the other months, to what its half-year counts. What is left
  of a half-year beside the months released is a count as well. The half-year of six released
  months is taken to be known, so that the last brief holds back what would give another away;
- what stands at a period's end is what stood at the end before and what came in between. It is
  held back where it is 1 to 9 away from what was shown of another day;
- a cell that was counted the same twice is one cell, so no edition opens what another held back;
- a correction of a few is a count of a few: what is 1 to 9 away from what another edition of the
  period showed is held back.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from aim_loans.mou.blocks import (
    AMOUNTS,
    BASELINE,
    CELLS,
    COUNTED,
    FUNNELS,
    LINES,
    REST,
    TOTAL,
    line_key,
)
from aim_loans.mou.disclosure import Edition, Key, Published, is_small
from aim_loans.mou.periods import (
    MONTHS_OF_A_HALF,
    Period,
    half_year_of,
    months_of,
    period_after,
    period_before,
)
from aim_loans.mou.proof import Equation, Place, Reader, hold_back, opens

Cell = tuple[str, Key]
Cells = Mapping[Cell, Place]

_TYPES: Sequence[Cell] = [CELLS[f"F{number}"] for number in range(1, 10)]
# What stands at a period's end, besides the funnels.
_STANDING: Collection[Cell] = [
    (LINES, line_key(name)) for name in ("F.index", "F.index.of", "enterprises", "earlier_loans")
]
# What is held at an end, and what comes to it meanwhile: the first that a report counts.
_CAME_TO: Mapping[Cell, Sequence[Sequence[Cell]]] = {
    (LINES, line_key("F.index")): ([("F", TOTAL)], _TYPES),
    **{(FUNNELS, Key(key.values, ("held",))): ([("F", key)],) for _, key in _TYPES},
}
# Places that nobody prints: what is left of a half-year, what else changed, what is to come.
_LEFT, _CAME, _TO_COME = "left of", "else in", "to come"


class Told(NamedTuple):
    """An edition of a period: its blocks, and what of them is held back."""

    period: Period
    blocks: Mapping[str, Published]


def held_back(
    period: Period,
    blocks: Mapping[str, Edition],
    released: Sequence[Told],
    *,
    keep: Collection[Key] = (),
) -> dict[str, Published]:
    """Say what is held back of an edition beside those released, in the order of their release."""
    edition = Told(period, {name: Published(each, frozenset()) for name, each in blocks.items()})
    held, places = hold_back(_reader(edition, released), keep), _places(edition)
    return {
        name: Published(
            each,
            frozenset(key for key in each.counts if places[name, key] in held or _is_rest(key)),
        )
        for name, each in blocks.items()
    }


def opened_by(edition: Told, released: Sequence[Told]) -> list[Place]:
    """Give what an edition would open, beside those released, of what tells of a few people."""
    held = set(_places(edition).values()) - _shown(edition)
    return opens(_reader(edition, released), held)


def _reader(edition: Told, released: Sequence[Told]) -> Reader:
    equations = tuple(dict.fromkeys(_equations([*released, edition])))
    told = {place for each in released for place in _shown(each)}
    told |= {whole for whole, _ in equations if whole.block == _TO_COME}
    now = set(_cells(edition).values())
    counted = {place for each in (*released, edition) for place in _places(each).values()}
    counted |= {place for whole, parts in equations for place in (whole, *parts)}
    few = {each for each in counted if is_small(each.number) and not each.block.startswith(_CAME)}
    return Reader(equations, told, now, few | _moved_a_little(counted, told | now))


def _shown(edition: Told) -> set[Place]:
    """Give the places that anybody can read in an edition."""
    return {
        place
        for (block, key), place in _places(edition).items()
        if key not in edition.blocks[block].held and not _is_rest(key)
    }


def _is_rest(key: Key) -> bool:
    """Say whether a cell is what parts leave over of a whole, which nobody prints."""
    return key.by[:1] == (REST,)


def _places(edition: Told) -> dict[Cell, Place]:
    """Give the place of each cell of an edition."""
    return {
        (block, key): _place(edition.period, block, key, count)
        for block, published in edition.blocks.items()
        for key, count in published.edition.counts.items()
    }


def _place(period: Period, block: str, key: Key, count: int) -> Place:
    if block == BASELINE:
        return Place(
            "before a month" if period.is_month else "before a half-year", block, key, count
        )
    if block == LINES and key.by == ("line",):
        block, key = CELLS.get(key.values[0], (block, key))
    place = Place(period.name, block, key, count)
    return place._replace(when=period.last.isoformat()) if _stands(place) else place


def _cells(edition: Told) -> dict[Cell, Place]:
    """Give the places that somebody may print, by what they count."""
    places = _places(edition).values()
    return {(each.block, each.key): each for each in places if not _is_rest(each.key)}


def _equations(told: Sequence[Told]) -> Iterator[Equation]:
    """Give the sums of each edition, and those over all periods each time one was released."""
    newest: dict[str, Told] = {}
    for each in told:
        newest[each.period.name] = each
        yield from _sums(each)
        yield from _over_months(newest, half_year_of(each.period.first))
        yield from _over_ends(newest, each.period)
    yield from _half_year_to_come(newest, half_year_of(told[-1].period.first))


def _over_months(newest: Mapping[str, Told], half: Period) -> Iterator[Equation]:
    """Add up the months of a half-year that are out, and what is left of it beside them."""
    months = [newest[each.name] for each in months_of(half) if each.name in newest]
    if half.name not in newest or not months:
        return
    wholes = dict(_cells(newest[half.name]))
    for whole, parts in _with_unprinted(wholes, months[-1]):
        yield whole, parts
        wholes |= {(part.block, part.key): part for part in parts if _is_rest(part.key)}
    counted = [{(each.block, each.key): each for each in _places(m).values()} for m in months]
    for cell, whole in wholes.items():
        found = tuple(each[cell] for each in counted if cell in each)
        if found and _comes_in(whole):
            yield _with_rest(whole, found, _LEFT)


def _with_unprinted(wholes: Cells, month: Told) -> Iterator[Equation]:
    """Say of a half-year what its months leave unprinted, as who of all are no women."""
    for whole, parts in _sums(month):
        around = _found(wholes, [(each.block, each.key) for each in (whole, *parts)])
        rest = parts[-1]
        if len(around) == len(parts) and _is_rest(rest.key) and _comes_in(whole):
            count = around[0].number - sum(each.number for each in around[1:])
            yield around[0], (*around[1:], rest._replace(when=around[0].when, number=count))


def _sums(edition: Told) -> Iterator[Equation]:
    places = _places(edition)
    for block, published in edition.blocks.items():
        for whole, parts in published.edition.sums:
            yield places[block, whole], tuple(places[block, part] for part in parts)


def _half_year_to_come(newest: Mapping[str, Told], half: Period) -> Iterator[Equation]:
    """Add up six months of a half-year that is not out yet: what they make will be known."""
    months = [_cells(newest[each.name]) for each in months_of(half) if each.name in newest]
    if half.name in newest or len(months) < MONTHS_OF_A_HALF:
        return
    for (block, key), first in months[0].items():
        if _comes_in(first):
            found = tuple(each[block, key] for each in months if (block, key) in each)
            whole = Place(half.name, _TO_COME, key, sum(part.number for part in found))
            yield whole, found


def _over_ends(newest: Mapping[str, Told], period: Period) -> Iterator[Equation]:
    """Say what stands at an end: what stood at the end before, and what came in between."""
    for earlier, later in ((period_before(period), period), (period, period_after(period))):
        if earlier.name not in newest or later.name not in newest:
            continue
        before, now = _cells(newest[earlier.name]), _cells(newest[later.name])
        for cell, stood in before.items():
            if cell in now and _stands(stood):
                less, more = sorted((stood, now[cell]), key=lambda each: each.number)
                yield _with_rest(more, (less,), _CAME)
        for stands, came in _CAME_TO.items():
            flows = next((found for each in came if (found := _found(now, each))), ())
            if stands in before and stands in now and flows:
                yield _with_rest(now[stands], (before[stands], *flows), _CAME)


def _found(cells: Cells, wanted: Sequence[Cell]) -> tuple[Place, ...]:
    return tuple(cells[each] for each in wanted if each in cells)


def _with_rest(whole: Place, parts: tuple[Place, ...], name: str) -> Equation:
    """Say that parts are a whole with what is left over, which nobody prints.

    Where the parts are more than the whole, as an enterprise of two months is, a reader is taken
    to know by how many.
    """
    left = whole.number - sum(part.number for part in parts)
    rest = Place(whole.when, f"{name} {whole.block}", whole.key, left)
    return whole, ((*parts, rest) if left > 0 else parts)


def _comes_in(place: Place) -> bool:
    """Say whether a figure is counted anew in each period, so that months add up."""
    if place.block != LINES:
        return place.block in (*COUNTED, AMOUNTS)
    return place.key.values[0][0] in "AFH" and not _stands(place)


def _stands(place: Place) -> bool:
    return place.block == FUNNELS or (place.block, place.key) in _STANDING


def _moved_a_little(counted: Collection[Place], seen: Collection[Place]) -> set[Place]:
    """Give what stands 1 to 9 away from what is seen of another day, or of another edition.

    What parts leave over is printed nowhere, and follows where the parts are: it is compared
    with itself in other editions.
    """
    others: defaultdict[Cell, list[Place]] = defaultdict(list)
    for each in {*seen, *(place for place in counted if _is_rest(place.key))}:
        others[each.block, each.key].append(each)
    return {
        place
        for place in counted
        for other in others[place.block, place.key]
        if is_small(place.number - other.number)
        and (other.when == place.when or (_stands(place) and not _is_rest(place.key)))
    }
