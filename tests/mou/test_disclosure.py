"""What is published of small groups: proved by another way of elimination than the rule's own."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations, product
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aim_loans.mou.blocks import LINES, REST, line_key
from aim_loans.mou.disclosure import SMALLEST_SHOWN, Edition, Key, Published, edition, is_small
from aim_loans.mou.periods import Period, months_of, parse_period
from aim_loans.mou.together import Told, held_back, opened_by

SECTORS = ("trade", "livestock", "other")
GENDERS = ("female", "male", "transgender")
PLACES = ("Punjab", "Sindh", "unknown")
NUMBERS = (0, 0, 1, 2, 5, 9, 10, 11, 14, 40, 400)
NAMES = ("sector", "gender", "province")
HALF = parse_period("2026-H1")
MONTHS = months_of(HALF)
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


Row = Mapping[Any, int]
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


def publish(found: Edition, *released: Published, keep: Sequence[Key] = ()) -> Published:
    """Publish an edition of a half-year beside others of it."""
    told = [Told(HALF, {"A1": each}) for each in released]
    return held_back(HALF, {"A1": found}, told, keep=keep)["A1"]


def small(published: Published) -> list[Key]:
    return [key for key in published.held if is_small(published.edition.counts[key])]


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_small_cell_follows_from_what_is_shown(dice: Random) -> None:
    published = publish(tables(atoms(dice)))
    counts = published.edition.counts
    assert all(not is_small(count) for count in published.shown.values())
    assert all(counts[key] for key in published.held)
    known = span([atoms_of(key) for key in published.shown])
    for key in small(published):
        assert _reduced(atoms_of(key), known), key
    for whole, parts in published.edition.sums:
        hidden = [counts[part] for part in parts if part in published.held]
        assert not hidden or whole in published.held or sum(hidden) >= SMALLEST_SHOWN


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_three_editions_together_open_nothing(dice: Random) -> None:
    """The reader knows the sums of all, and that a cell in which nothing changed is the same.

    Nor does anybody learn by how many a cell was corrected, where these are few.
    """
    found = atoms(dice)
    editions: list[Published] = []
    for _ in range(3):
        editions.append(publish(tables(found), *editions))
        for keys in dice.sample(sorted(found), dice.randint(0, 3)):
            found[keys] = max(0, found[keys] + dice.choice((-9, -1, 1, 9)))
    known = span([row for each in editions for row in knowledge(each)])
    for each in editions:
        for key in small(each):
            assert _reduced({(key, each.edition.counts[key]): 1}, known), key
    for first, later in combinations([each.edition.counts for each in editions], 2):
        for key, count in later.items():
            if is_small(count - first[key]):
                assert _reduced({(key, count): 1, (key, first[key]): -1}, known), key


def knowledge(published: Published) -> list[Row]:
    """Give what a reader knows of an edition: how its cells add up, and those that it shows.

    An unknown is a cell and its count, so the same cell unchanged is the same unknown.
    """
    counts = published.edition.counts
    known: list[Row] = []
    for whole, parts in published.edition.sums:
        row: dict[object, int] = {(key, counts[key]): -1 for key in parts}
        known.append(row | {(whole, counts[whole]): 1})
    shown: list[Row] = [{(key, counts[key]): 1} for key in published.shown]
    return known + shown


# An enterprise of the half-year stands in one month, sector and gender.
Year = Mapping[tuple[str, str, str], int]
OF_MONTHS = (0, 0, 1, 3, 9, 10, 12, 15, 40, 300)


def year(dice: Random) -> Year:
    names = [each.name for each in MONTHS]
    return {keys: dice.choice(OF_MONTHS) for keys in product(names, SECTORS[:2], GENDERS[:2])}


# Who of a brief is no woman, which nobody prints.
MEN = Key((REST,), ("A1",))


def brief(found: Year, month: Period) -> Edition:
    """Count the brief of a month: all, women, and the others, whom nobody prints."""
    mine = {keys: count for keys, count in found.items() if keys[0] == month.name}
    women = sum(count for keys, count in mine.items() if keys[2] == "female")
    everybody = sum(mine.values())
    keys = line_key("A1"), line_key("A4.women"), MEN
    counts = dict(zip(keys, (everybody, women, everybody - women), strict=True))
    return Edition(counts, [(keys[0], keys[1:])])


def half_year(found: Year) -> Edition:
    counted: dict[tuple[str, ...], dict[tuple[str, ...], int]] = {}
    for by in (("gender",), ("sector", "gender")):
        table = counted.setdefault(by, {})
        for (_, sector, gender), count in found.items():
            keys = (gender,) if by == ("gender",) else (sector, gender)
            table[keys] = table.get(keys, 0) + count
    return edition(counted)


def members(found: Year, period: Period, key: Key) -> dict[tuple[str, str, str], int]:
    """Give a cell of a brief or of the half-year's tables as the smallest groups it counts."""
    asked = dict(zip(key.by, key.values, strict=True))
    if key == line_key("A4.women"):
        asked = {"gender": "female"}
    if key == MEN:
        asked = {"gender": "male"}
    return {
        keys: 1
        for keys in found
        if period == HALF or keys[0] == period.name
        if asked.get("sector", keys[1]) == keys[1] and asked.get("gender", keys[2]) == keys[2]
    }


def released(found: Year, order: Sequence[Period]) -> list[Told]:
    told: list[Told] = []
    for period in order:
        blocks = {"A1": half_year(found)} if period == HALF else {LINES: brief(found, period)}
        told.append(Told(period, held_back(period, blocks, told)))
    return told


def follow(found: Year, told: Sequence[Told]) -> list[Key]:
    """Give the small cells, and small rests of the half-year, that follow from all released."""
    cells = [
        (key, members(found, each.period, key), key in published.held)
        for each in told
        for published in each.blocks.values()
        for key in published.edition.counts
    ]
    known = span([row for _, row, held in cells if not held])
    wanted = [(key, row) for key, row, held in cells if held]
    out = {each.period.name for each in told}
    for key in (line_key("A1"), line_key("A4.women"), MEN):
        rest = {keys: 1 for keys in members(found, HALF, key) if keys[0] not in out}
        if HALF.name in out and rest:
            wanted.append((key, rest))
    return [
        key
        for key, row in wanted
        if is_small(sum(found[keys] for keys in row)) and not _reduced(row, known)
    ]


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 6))
def test_six_briefs_and_their_half_year_together_open_nothing(dice: Random, place: int) -> None:
    """The half-year comes out before, between or after the briefs of its months."""
    found = year(dice)
    order = dice.sample(MONTHS, 6)
    order.insert(place, HALF)
    told = released(found, order)
    for number in range(1, 8):
        assert follow(found, told[:number]) == []


def test_reports_proved_one_by_one_would_have_told_of_three_women() -> None:
    """What the briefs before leave of a half-year is its small month."""
    found = dict.fromkeys(year(Random(1)), 40)
    found |= {
        (MONTHS[2].name, sector, "female"): number
        for sector, number in (("trade", 3), ("livestock", 0))
    }
    alone = [released(found, [each])[0] for each in (*MONTHS, HALF)]
    assert follow(found, alone) == [line_key("A4.women")]
    assert opened_by(alone[-1], alone[:-1])
    together = released(found, [*MONTHS, HALF])
    assert not opened_by(together[-1], together[:-1])
    assert together[-1].blocks["A1"].held == frozenset()
    # The last brief stays silent about its women, so that the half-year need not.
    assert [line_key("A4.women") in each.blocks[LINES].held for each in together[:6]] == [
        *(False, False, True, False, False, True)
    ]


def test_a_month_released_after_its_half_year_hides_what_it_leaves_over() -> None:
    found = dict.fromkeys(year(Random(1)), 40)
    for month in MONTHS[:4]:
        found |= {(month.name, sector, "female"): 0 for sector in SECTORS[:2]}
    found[MONTHS[4].name, "trade", "female"] = 2
    found[MONTHS[4].name, "livestock", "female"] = 0
    *_, last = released(found, [HALF, MONTHS[5]])
    # Two women are left of the half-year beside this month, whoever of the others they are in.
    assert line_key("A4.women") in last.blocks[LINES].held


def stock(period: Period, **counts: int) -> tuple[Period, dict[str, Edition]]:
    """Give the registrations held of a type at an end, and those that came in the period."""
    funnel = {Key(("F2",), (name,)): number for name, number in counts.items() if name != "came"}
    types = edition({("type",): {("F2",): counts.get("came", 0), ("F1",): 50}})
    return period, {"funnels": Edition(funnel, []), "F": types}


def test_what_stands_at_two_ends_tells_nothing_of_the_few_between() -> None:
    before, now = parse_period("2025-H2"), HALF
    period, blocks = stock(before, held=30, applied=90)
    first = Told(period, held_back(period, blocks, []))
    assert not any(each.held for each in first.blocks.values())
    for held, applied, hidden in ((33, 120, {"held"}), (50, 93, {"applied"}), (50, 120, set())):
        period, blocks = stock(now, held=held, applied=applied, came=20)
        found = held_back(period, blocks, [first])["funnels"].held
        assert {key.values[0] for key in found} == hidden


def test_what_came_in_is_not_the_difference_of_two_ends() -> None:
    """Of three registered nobody learns, though others that nobody counts came too."""
    period, blocks = stock(parse_period("2025-H2"), held=30)
    first = Told(period, held_back(period, blocks, []))
    for held, hidden in ((30, True), (43, False)):
        period, blocks = stock(HALF, held=held, came=3)
        found = held_back(period, blocks, [first])
        assert (Key(("F2",), ("held",)) in found["funnels"].held) is hidden
        assert Key(("type",), ("F2",)) in found["F"].held


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


def test_a_correction_of_a_few_in_one_district_tells_of_none_of_them() -> None:
    """Four women are added in Lahore: whatever counts them is held back, all else is shown."""

    def count(women: int) -> Edition:
        table: dict[tuple[str, ...], int]
        table = {(place, who): 40 for place in ("Lahore", "Multan") for who in ("female", "male")}
        return edition({("district", "gender"): table | {("Lahore", "female"): women}})

    before = publish(count(40))
    assert before.held == frozenset()
    for women, hidden in ((44, True), (52, False), (40, False)):
        after = publish(count(women), before)
        counting = {
            key for key in after.edition.counts if {"Multan", "male"}.isdisjoint(key.values)
        }
        assert after.held == (counting if hidden else frozenset())
        told = [Told(HALF, {"A1": each}) for each in (before, after)]
        assert not opened_by(told[1], told[:1])
    shown = Told(HALF, {"A1": Published(count(44), frozenset())})
    assert opened_by(shown, [Told(HALF, {"A1": before})])


def test_a_correction_of_a_few_that_follows_from_greater_ones_is_held_back_too() -> None:
    """Of fifteen more women twelve are in trade, so that three others would follow."""
    table: dict[tuple[str, ...], int] = {("trade",): 40, ("livestock",): 60}
    before = publish(edition({("sector",): table}))
    after = publish(edition({("sector",): {("trade",): 52, ("livestock",): 63}}), before)
    assert Key(("sector",), ("livestock",)) in after.held
    assert len(after.held) > 1


def test_a_cell_to_keep_is_held_back_only_where_no_other_would_do() -> None:
    women, men, few = (Key(("gender",), (name,)) for name in GENDERS)
    counted = edition({("gender",): {("female",): 100, ("male",): 200, ("transgender",): 3}})
    assert publish(counted).held == {women, few}
    assert publish(counted, keep=[women]).held == {men, few}
    two = edition({("gender",): {("female",): 100, ("transgender",): 3}})
    assert Key(("gender",), ("transgender",)) in publish(two, keep=[women]).held
    assert len(publish(two, keep=[women]).held) == 2
