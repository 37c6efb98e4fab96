"""What is published of a joint statement, and what is held back. Pure.

Figures are counted in blocks, with the sums by which one figure follows from others; `together`
proves them beside all that was released. A line that stands in a table as well is that very
cell, so that both are shown or neither. A month is published as its brief: a few lines of all of
AIM, no tables, no funnels and nothing of the cohort.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from aim_loans.borrowers.places import find_district
from aim_loans.mou.blocks import (
    AMOUNTS,
    BASELINE,
    CELLS,
    COUNTED,
    FUNNELS,
    IN,
    LINES,
    MONEY,
    OUT,
    REST,
    TOTAL,
    behind_key,
    line_key,
    part_of,
)
from aim_loans.mou.definitions import BRIEF_LINES, DEFINITIONS, Unit
from aim_loans.mou.disclosure import Edition, Key, Published, Table, edition
from aim_loans.mou.statement import Cell, Figure, JointStatement, Line, Split
from aim_loans.mou.together import Told, held_back

DISTRICT, PROVINCE, GENDER = "district", "province", "gender"
# The two groups of gender in tables by two dimensions.
WOMEN, OTHERS = "female", "others"
# The tables that tell the cohort beside all of AIM.
WITH_COHORT = (("sector",), (GENDER,))

# What stands behind an amount or a share of money, and behind what it leaves of all of AIM.
_PARTS_OF_MONEY = ("inside", "beside", "others inside", "others beside")
EARLIER_AMOUNT = "earlier_amount"

# What everybody asks for first. So few are neither women nor men, of so few no district or age is
# known, that another cell is held back beside them; it had better be none of these.
_HEADLINES = (
    Key((GENDER,), (WOMEN,)),
    Key(("tier",), ("underserved",)),
    Key(("age",), ("18-29",)),
)
# A line and the lines that are parts of it; what is left over is a part as well.
_PARTS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("A1", ("A3.first",)),
    ("A1", ("A4.women", "A4.transgender")),
    ("A1", ("A4.youth",)),
    ("A1", ("A4.disability",)),
    ("A1", ("A6",)),
    ("A7.received", ("A7.applied",)),
    ("A7.applied", ("A7.approved",)),
    ("A7.approved", ("A7.disbursed",)),
    ("A7.received", ("A7.approved",)),
    ("A7.applied", ("A7.disbursed",)),
    ("A7.received", ("A7.disbursed",)),
    ("H1.participants", ("H1.women",)),
)


@dataclass(frozen=True, slots=True)
class Withheld:
    """What of a statement is held back, by block."""

    blocks: Mapping[str, Published]

    def shows(self, block: str, key: Key) -> bool:
        """Say whether a figure may be read; one that no table names is 0."""
        return key not in self.blocks[block].held

    def shows_money(self, line: str, measure: str) -> bool:
        """Say whether an amount or a share of money tells of few in none of its parts.

        An edition from before this was asked holds nothing of it.
        """
        if MONEY not in self.blocks:
            return True
        return all(self.shows(MONEY, behind_key(line, measure, part)) for part in _PARTS_OF_MONEY)

    def count(self, block: str, key: Key) -> int:
        """Give what was counted; 0 for what no table names."""
        return self.blocks[block].edition.counts.get(key, 0)

    def cell(self, line: Line) -> tuple[str, Key]:
        """Give the block and the key that a line's figure is held under."""
        block, key = CELLS.get(line.id, (LINES, line_key(line.id)))
        if block not in self.blocks:
            return LINES, line_key(line.id)
        counts = self.blocks[block].edition.counts
        # Where the table counts otherwise, the line stands for itself.
        same = line.actual is not None and counts.get(key, 0) == line.actual.number
        return (block, key) if same else (LINES, line_key(line.id))


def withhold(statement: JointStatement, released: Sequence[Told] = ()) -> Withheld:
    """Say what is held back, of this statement alone and beside all that was released.

    The statement must have passed `to_publish`; `released` are editions in the order of their
    release.
    """
    blocks = dict(_of_month(statement) if statement.period.is_month else _blocks(statement))
    return Withheld(held_back(statement.period, blocks, released, keep=_HEADLINES))


def to_publish(statement: JointStatement) -> JointStatement:
    """Leave what is published of a statement: of a month its brief, else all in fixed groups.

    Men and transgender persons are merged in tables by two dimensions: of the latter there are
    so few anywhere that such a table could hardly show a cell.
    """
    if not statement.period.is_month:
        return replace(statement, splits=[_grouped(split) for split in statement.splits])
    kept = [line for line in statement.lines if line.id in BRIEF_LINES]
    return replace(statement, lines=[replace(each, cohort=None, baseline=None) for each in kept])


def _grouped(split: Split) -> Split:
    if len(split.by) == 1 or GENDER not in split.by:
        return split
    place = split.by.index(GENDER)
    merged: dict[tuple[str, ...], Cell] = {}
    for cell in split.cells:
        group = WOMEN if cell.keys[place] == WOMEN else OTHERS
        keys = (*cell.keys[:place], group, *cell.keys[place + 1 :])
        known = merged.get(keys, Cell(keys, 0, 0, 0))
        sums = (known.value + cell.value, known.cohort + cell.cohort, known.units + cell.units)
        merged[keys] = Cell(keys, *sums)
    return replace(split, cells=list(merged.values()))


def _of_month(statement: JointStatement) -> Iterator[tuple[str, Edition]]:
    financed = next(each for each in statement.splits if each.line == AMOUNTS)
    yield AMOUNTS, Edition({TOTAL: sum(cell.units for cell in financed.cells)}, ())
    yield LINES, _figures({line.id: line.actual for line in statement.lines})
    yield MONEY, _behind(statement)


def _blocks(statement: JointStatement) -> Iterator[tuple[str, Edition]]:
    lines = {line.id: line for line in statement.lines}
    tabled: dict[str, Edition] = {}
    for name in COUNTED:
        tabled[name] = _joined(_of(statement, name), lines)
        yield name, tabled[name]
    amounts: dict[tuple[str, ...], Table] = {
        split.by: _units(split) for split in _of(statement, AMOUNTS)
    }
    yield AMOUNTS, edition(amounts)
    yield LINES, _single(statement, tabled)
    baseline = {line.id: line.baseline for line in statement.lines}
    yield BASELINE, _figures(baseline)
    yield FUNNELS, _funnels(statement)
    yield MONEY, _behind(statement)


def _behind(statement: JointStatement) -> Edition:
    """Count who stands behind amounts and shares of money; of the cohort's, behind all else too."""
    counts: dict[Key, int] = {}
    for line in statement.lines:
        for measure, (inside, beside) in line.behind.items():
            if getattr(line, measure) is None:
                continue
            parts = {"inside": inside, "beside": beside}
            if measure == "cohort" and "actual" in line.behind:
                whole = line.behind["actual"]
                parts["others inside"] = whole.inside - inside
                parts["others beside"] = whole.beside - beside
            counts |= {behind_key(line.id, measure, part): n for part, n in parts.items()}
    if not statement.period.is_month:
        earlier = behind_key(EARLIER_AMOUNT, "cohort", "inside")
        counts[earlier] = statement.cohort.earlier_enterprises
    return Edition(counts, ())


def _of(statement: JointStatement, line: str) -> list[Split]:
    return [split for split in statement.splits if split.line == line]


def _joined(splits: Sequence[Split], lines: Mapping[str, Line]) -> Edition:
    """Put the tables of a line together, with the lines that are parts of it."""
    tables: dict[tuple[str, ...], Table] = {}
    for split in splits:
        if split.by in WITH_COHORT:
            tables[(*split.by, "mou")] = {
                key: value
                for cell in split.cells
                for key, value in (
                    ((*cell.keys, IN), cell.cohort),
                    ((*cell.keys, OUT), cell.value - cell.cohort),
                )
            }
        else:
            tables[split.by] = {cell.keys: cell.value for cell in split.cells}
    line = splits[0].line
    if line == "F":
        tables |= _by_type(splits[0], lines)
    found = edition(tables)
    found = _with_men_and_others(_nested(found, tables[(DISTRICT,)]))
    return _with_lines(found, lines) if line == "A1" else found


def _units(split: Split) -> Table:
    return {cell.keys: cell.units for cell in split.cells}


def _by_type(split: Split, lines: Mapping[str, Line]) -> dict[tuple[str, ...], Table]:
    """Give the registrations by type, where they add up to those of the tables."""
    types = [(each, lines[each]) for each in lines if each[0] == "F" and each[1:].isdigit()]
    table = {
        (name, part): number
        for name, line in types
        if line.actual and line.cohort
        for part, number in (
            (IN, line.cohort.number),
            (OUT, line.actual.number - line.cohort.number),
        )
    }
    whole, cohort = sum(cell.value for cell in split.cells), sum(c.cohort for c in split.cells)
    inside = sum(number for (_, part), number in table.items() if part == IN)
    if (sum(table.values()), inside) != (whole, cohort):
        return {}
    return {("type", "mou"): {(name, part): number for (name, part), number in table.items()}}


def _nested(found: Edition, districts: Table) -> Edition:
    """Add that a province, and a tier, is the sum of its districts."""
    provinces: dict[Key, list[Key]] = {}
    for (name,) in districts:
        district = find_district(name)
        province = district.province if district else "unknown"
        provinces.setdefault(Key((PROVINCE,), (province,)), []).append(Key((DISTRICT,), (name,)))
    sums = [
        (whole, tuple(parts))
        for whole, parts in provinces.items()
        if found.counts.get(whole) == sum(found.counts[part] for part in parts)
    ]
    return Edition(found.counts, (*found.sums, *sums))


def _with_men_and_others(found: Edition) -> Edition:
    """Add that the second group of gender is the sum of all but women."""
    whole = Key((GENDER,), (OTHERS,))
    parts = [key for key in found.counts if key.by == (GENDER,) and key.values != (WOMEN,)]
    parts = [key for key in parts if key != whole]
    if not parts or whole not in found.counts:
        return found
    return Edition(found.counts, (*found.sums, (whole, tuple(parts))))


def _with_lines(found: Edition, lines: Mapping[str, Line]) -> Edition:
    """Add the enterprises financed first, and the cohort's part of lines that are cells."""
    first = lines["A3.first"].actual
    if first is not None:
        found = _with_parts(found, TOTAL, {CELLS["A3.first"][1]: first.number})
    for name in ("A3.first", "A4.youth", "A4.disability", "A6"):
        cohort, key = lines[name].cohort, CELLS[name][1]
        if cohort is not None and key in found.counts:
            part = {part_of(key): cohort.number}
            found = _with_parts(found, key, part)
            found = _with_parts(found, Key(("mou",), (IN,)), part)
    return found


def _with_parts(found: Edition, whole: Key, parts: Mapping[Key, int]) -> Edition:
    """Add parts of a cell, and what is left of it; left as it is where they are no parts."""
    rest = found.counts.get(whole, 0) - sum(parts.values())
    if whole not in found.counts or rest < 0:
        return found
    named = [text for key in parts for text in (*key.by, *key.values)]
    left = Key((REST, *whole.by), (*whole.values, *named))
    counts = {**found.counts, **parts, left: rest}
    return Edition(counts, (*found.sums, (whole, (*parts, left))))


def _single(statement: JointStatement, tabled: Mapping[str, Edition]) -> Edition:
    """Put the lines that are no cell of a table together, with their parts of the cohort."""
    alone: dict[str, Figure | None] = {}
    for line in statement.lines:
        block, key = CELLS.get(line.id, ("", TOTAL))
        counts = tabled[block].counts if block else {}
        if not block or line.actual is None or counts.get(key, 0) != line.actual.number:
            alone[line.id] = line.actual
    found = _figures(alone)
    for line in statement.lines:
        mean = DEFINITIONS[line.id].unit is Unit.SCORE
        key = line_key(whole_of(line.id) if mean else line.id)
        if line.id in alone and line.cohort is not None and key in found.counts:
            inside = line.cohort.of if mean else line.cohort.number
            found = _with_parts(found, key, {part_of(key): inside or 0})
    sample = statement.sample
    if sample is not None:
        counts = {line_key("drawn"): sample.drawn, line_key("population"): sample.population}
        found = replace(found, counts={**found.counts, **counts})
        found = _with_parts(found, line_key("drawn"), {line_key("answered"): sample.answered})
        found = _with_parts(found, line_key("population"), {line_key("drawn"): sample.drawn})
    cohort = statement.cohort
    more = {
        "enterprises": cohort.enterprises,
        "earlier_loans": cohort.earlier_loans,
        "waiting": statement.waiting,
    }
    counts = {line_key(name): number for name, number in more.items()}
    return replace(found, counts={**found.counts, **counts})


def _figures(figures: Mapping[str, Figure | None]) -> Edition:
    """Put counts together, and shares as parts of what they are shares of."""
    counts: dict[Key, int] = {}
    shares: list[tuple[Key, Key]] = []
    for name, figure in figures.items():
        unit = DEFINITIONS[name].unit
        if figure is None or name == "A3.share":
            continue
        if unit is Unit.COUNT:
            counts[line_key(name)] = abs(figure.number)
        elif is_of_people(name) and figure.of is not None:
            whole = line_key(whole_of(name))
            if counts.get(whole, figure.of) != figure.of:
                whole = line_key(f"{name}.of")
            counts |= {line_key(name): figure.number, whole: figure.of}
            shares.append((whole, line_key(name)))
        elif unit is Unit.SCORE and figure.of is not None:
            counts[line_key(whole_of(name))] = figure.of
    found = Edition(counts, ())
    for whole, part in shares:
        found = _with_parts(found, whole, {part: counts[part]})
    for name, parts in _PARTS:
        keys = map(line_key, parts)
        given = {key: counts[key] for key in keys if key in counts}
        if given:
            found = _with_parts(found, line_key(name), given)
    return found


def is_of_people(line: str) -> bool:
    """Say whether a share is one of people, enterprises or registrations, not of money."""
    return line in ("F.index", "H1.completed", "O3", "O4", "O5", "O6")


def whole_of(line: str) -> str:
    """Name what a share or mean is of; the outcomes are all of those who answered."""
    if line == "H1.completed":
        return "H1.attendances"
    return "answered" if line[0] == "O" else f"{line}.of"


def _funnels(statement: JointStatement) -> Edition:
    found = Edition({}, ())
    for funnel in statement.funnels:
        stages = {
            "applicable": funnel.applicable,
            **dict(funnel.reached),
            "held": funnel.held,
            "lapsed": funnel.lapsed,
        }
        counts = {Key((funnel.type,), (name,)): number for name, number in stages.items()}
        found = replace(found, counts={**found.counts, **counts})
        for name, number in (("verified", funnel.verified), ("baseline", funnel.baseline)):
            part = {Key((funnel.type,), (name,)): number}
            found = _with_parts(found, Key((funnel.type,), ("held",)), part)
    return found
