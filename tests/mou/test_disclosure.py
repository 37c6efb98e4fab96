"""What is published of small groups: proved by another way of elimination than the rule's own."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from aim_loans.mou.disclosure import SMALLEST_SHOWN, Edition, Key, Published, edition, publish

SECTORS = ("trade", "livestock", "other")
GENDERS = ("female", "male", "transgender")
PLACES = ("Punjab", "Sindh", "unknown")
NUMBERS = (0, 0, 1, 2, 5, 9, 10, 11, 14, 40, 400)
NAMES = ("sector", "gender", "province")
Atoms = Mapping[tuple[str, str, str], int]


def atoms(dice: Random) -> dict[tuple[str, str, str], int]:
    return {keys: dice.choice(NUMBERS) for keys in product(SECTORS, GENDERS, PLACES)}


def tables(found: Atoms) -> Edition:
    """Count the tables of an edition from the smallest groups there are."""
    wanted = (("sector",), ("gender",), ("sector", "gender"), ("province", "gender"))
    counted: dict[tuple[str, ...], dict[tuple[str, ...], int]] = {}
    for by in wanted:
        table = counted.setdefault(by, {})
        for keys, count in found.items():
            part = tuple(keys[NAMES.index(name)] for name in by)
            table[part] = table.get(part, 0) + count
    return edition(counted)


Row = Mapping[object, int]
Reduced = dict[object, Fraction]


def span(known: list[Row]) -> dict[object, Reduced]:
    """Eliminate what is known, exactly; each row is kept by its leading unknown."""
    rows: dict[object, Reduced] = {}
    for each in known:
        left = _reduced(each, rows)
        if left:
            lead = min(left, key=repr)
            rows[lead] = {place: value / left[lead] for place, value in left.items()}
    return rows


def _reduced(row: Row, rows: Mapping[object, Reduced]) -> Reduced:
    """Take known rows away from one until none of their leading unknowns is left in it."""
    left = {place: Fraction(value) for place, value in row.items() if value}
    done: Reduced = {}
    while left:
        lead = min(left, key=repr)
        factor = left.pop(lead)
        if lead not in rows:
            done[lead] = factor
            continue
        for place, value in rows[lead].items():
            if place != lead:
                left[place] = left.get(place, Fraction(0)) - factor * value
                if not left[place]:
                    del left[place]
    return done


def atoms_of(key: Key) -> dict[object, int]:
    """Give a cell as the smallest groups that it counts."""
    asked = dict(zip(key.by, key.values, strict=True))
    return {
        keys: 1
        for keys in product(SECTORS, GENDERS, PLACES)
        if all(keys[NAMES.index(name)] == value for name, value in asked.items())
    }


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_no_small_cell_follows_from_what_is_shown(dice: Random) -> None:
    published = publish(tables(atoms(dice)))
    counts = published.edition.counts
    assert all(not 0 < count < SMALLEST_SHOWN for count in published.shown.values())
    assert all(counts[key] for key in published.held)
    known = span([atoms_of(key) for key in published.shown])
    for key in published.small:
        assert _reduced(atoms_of(key), known), key
    for whole, parts in published.edition.sums:
        hidden = [counts[part] for part in parts if part in published.held]
        assert not hidden or whole in published.held or sum(hidden) >= SMALLEST_SHOWN


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_two_editions_together_open_nothing(dice: Random) -> None:
    """The reader knows the sums of both, and that a cell in which nothing changed is the same."""
    before = atoms(dice)
    after = dict(before)
    for keys in dice.sample(sorted(after), dice.randint(0, 3)):
        after[keys] = max(0, after[keys] + dice.choice((-9, -1, 1, 9)))
    first = publish(tables(before))
    second = publish(tables(after), first)
    known = span([*knowledge(first, first), *knowledge(second, first)])
    for each in (first, second):
        for key in each.small:
            assert _reduced({unknown(each, first, key): 1}, known), key


def knowledge(published: Published, first: Published) -> list[Row]:
    """Give what a reader knows of an edition: how its cells add up, and those that it shows."""
    known: list[Row] = []
    for whole, parts in published.edition.sums:
        row: dict[object, int] = {unknown(published, first, key): -1 for key in parts}
        known.append(row | {unknown(published, first, whole): 1})
    shown: list[Row] = [{unknown(published, first, key): 1} for key in published.shown]
    return known + shown


def unknown(published: Published, first: Published, key: Key) -> tuple[Key, int]:
    """Name an unknown by its cell and count: the same cell unchanged is the same unknown."""
    count = published.edition.counts[key]
    return key, count if count != first.edition.counts.get(key) else -1


def test_nothing_small_leaves_everything_shown() -> None:
    whole = tables(dict.fromkeys(product(SECTORS, GENDERS, PLACES), 25))
    assert publish(whole).held == frozenset()


def test_a_lone_small_cell_takes_another_one_with_it() -> None:
    found = edition({("gender",): {("female",): 40, ("male",): 12, ("transgender",): 3}})
    published = publish(found)
    assert published.held == {Key(("gender",), ("transgender",)), Key(("gender",), ("male",))}
    assert published.shown[Key()] == 55


def test_what_an_earlier_edition_showed_cannot_be_subtracted() -> None:
    before = edition({("gender",): {("female",): 40, ("male",): 20, ("transgender",): 0}})
    after = edition({("gender",): {("female",): 40, ("male",): 20, ("transgender",): 3}})
    published = publish(after, publish(before))
    assert Key() in published.held


def test_a_cell_to_keep_is_held_back_only_where_no_other_would_do() -> None:
    women, men, few = (Key(("gender",), (name,)) for name in GENDERS)
    counted = edition({("gender",): {("female",): 100, ("male",): 200, ("transgender",): 3}})
    assert publish(counted).held == {women, few}
    assert publish(counted, keep=[women]).held == {men, few}
    two = edition({("gender",): {("female",): 100, ("transgender",): 3}})
    assert Key(("gender",), ("transgender",)) in publish(two, keep=[women]).held
    assert len(publish(two, keep=[women]).held) == 2
