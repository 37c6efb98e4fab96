"""Draws up the published report of a joint statement from what is held back of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aim_loans.money import divide_rounded
from aim_loans.mou.blocks import AMOUNTS, BASELINE, FUNNELS, LINES, TOTAL, line_key, part_of
from aim_loans.mou.definitions import DEFINITIONS, Unit
from aim_loans.mou.disclosure import SMALLEST_SHOWN, Key
from aim_loans.mou.published import (
    HELD_BACK,
    Change,
    Head,
    JointReport,
    National,
    PublishedCell,
    PublishedCohort,
    PublishedFunnel,
    PublishedLine,
    PublishedSample,
    PublishedTable,
    Shown,
    Stage,
)
from aim_loans.mou.publishing import (
    EARLIER_AMOUNT,
    WITH_COHORT,
    Withheld,
    is_of_people,
    whole_of,
)
from aim_loans.mou.statement import SCALE, Cohort, Figure, Funnel, JointStatement, Line, Split

Cell = tuple[str, Key]

_HELD = Shown(None)
_NO_FIGURE = Shown(None, 0)
# The counts that a mean or a share rests on: lines, or counts that are no line.
_RESTS_ON: Mapping[str, Sequence[str]] = {
    "A3.share": ("A3.first", "A1"),
    "A7.days": ("A7.disbursed",),
    "A9.growth": ("A9.repeat",),
    "A10.par30": ("A1",),
    "A10.on_time": ("A1",),
    "H8": ("H8.of",),
    "O2": ("answered",),
    "O2.real": ("answered",),
}
# The shares of money.
OF_MONEY = ("A9.growth", "A10.par30", "A10.on_time", "O2", "O2.real")
# What rests on more loans than those of the period, so that none of these is no sign of few.
_OF_LOANS = ("A10.par30", "A10.on_time")


def joint_report(
    statement: JointStatement,
    withheld: Withheld,
    head: Head,
    *,
    before: JointReport | None = None,
    corrects: JointReport | None = None,
    reason: str = "",
) -> JointReport:
    """Draw up a report; `before` is what was published of the period before.

    Like `withhold` it takes a statement `to_publish`; `corrects` is the edition that this
    one replaces for the given reason.
    """
    national, brief = statement.benchmark, statement.period.is_month
    report = JointReport(
        head=head,
        lines=tuple(_line(statement, withheld, each, before) for each in statement.lines),
        tables=() if brief else tuple(_table(withheld, split) for split in statement.splits),
        funnels=() if brief else tuple(_funnel(withheld, each) for each in statement.funnels),
        cohort=None if brief else _cohort(withheld, statement.cohort),
        sample=None if brief else _sample(statement, withheld),
        national=National(
            national.total, national.as_of, national.source, verified=national.verified
        ),
        waiting=None if brief else _count(withheld, "waiting", statement.waiting),
        unverified=tuple(statement.unverified),
        reason=reason,
        changes=(),
    )
    return replace(report, changes=changes(corrects, report)) if corrects else report


def changes(earlier: JointReport, now: JointReport) -> tuple[Change, ...]:
    """List the lines that another edition shows otherwise."""
    before = {line.id: line.actual for line in earlier.lines}
    return tuple(
        _change(line.id, before.get(line.id) or _NO_FIGURE, line.actual or _NO_FIGURE)
        for line in now.lines
        if before.get(line.id) != line.actual
    )


def _line(
    statement: JointStatement, withheld: Withheld, line: Line, before: JointReport | None
) -> PublishedLine:
    actual = _actual(statement, withheld, line)
    held = actual is not None and actual.held
    return PublishedLine(
        id=line.id,
        actual=actual,
        cohort=_of_cohort(statement, withheld, line),
        baseline=_of_baseline(withheld, line),
        last_period=before.line(line.id).actual if before else None,
        target=line.target,
        status=HELD_BACK if held and line.target is not None else line.status,
    )


def _actual(statement: JointStatement, withheld: Withheld, line: Line) -> Shown | None:
    if line.actual is None:
        return None
    cells = [_cell(statement, withheld, name) for name in _rests_on(line.id)]
    if line.id == AMOUNTS:
        cells = [(AMOUNTS, TOTAL)]
    least = SMALLEST_SHOWN if line.id in _OF_LOANS else 0
    shown = _all_shown(withheld, cells, least=least) and withheld.shows_money(line.id, "actual")
    return _shown(line.id, line.actual, shown=shown)


def _of_cohort(statement: JointStatement, withheld: Withheld, line: Line) -> Shown | None:
    figure = line.cohort
    if figure is None:
        return None
    if DEFINITIONS[line.id].unit is Unit.COUNT:
        block, key = withheld.cell(line)
        known = withheld.blocks[block].edition.counts.get(part_of(key), 0) == figure.number
        shown = known and withheld.shows(block, part_of(key))
        return _shown(line.id, figure, shown=shown)
    # A mean or an amount of the cohort rests on its enterprises too; shares of people have no
    # part of their own in the proof.
    whole = is_of_people(line.id) or line.id == "A3.share"
    names = ("A1", *_RESTS_ON.get(line.id, ()))
    cells = [_cell(statement, withheld, name) for name in names]
    parts = [(block, part_of(key)) for block, key in cells]
    many = _all_shown(withheld, parts, least=SMALLEST_SHOWN)
    many = many and withheld.shows_money(line.id, "cohort")
    return _shown(line.id, figure, shown=many and not whole)


def _of_baseline(withheld: Withheld, line: Line) -> Shown | None:
    if line.baseline is None:
        return None
    names = ("A1",) if line.id == AMOUNTS else _rests_on(line.id)
    cells = [(BASELINE, line_key(name)) for name in names]
    least = SMALLEST_SHOWN if line.id in (AMOUNTS, *_OF_LOANS) else 0
    shown = _all_shown(withheld, cells, least=least) and withheld.shows_money(line.id, "baseline")
    return _shown(line.id, line.baseline, shown=shown)


def _rests_on(line_id: str) -> Sequence[str]:
    """Name the counts that a figure tells: a share of people tells its whole beside it."""
    if is_of_people(line_id):
        return line_id, whole_of(line_id), f"{line_id}.of"
    return _RESTS_ON.get(line_id, (line_id,))


def _cell(statement: JointStatement, withheld: Withheld, name: str) -> Cell:
    """Give where the count of a line stands, or a count that is no line."""
    found = next((line for line in statement.lines if line.id == name), None)
    return withheld.cell(found) if found else (LINES, line_key(name))


def _all_shown(withheld: Withheld, cells: Sequence[Cell], *, least: int) -> bool:
    """Say whether these counts may be read, and are so many at least."""
    return all(
        withheld.shows(block, key) and withheld.count(block, key) >= least for block, key in cells
    )


def _shown(line_id: str, figure: Figure, *, shown: bool) -> Shown:
    if not figure.exists:
        return Shown(0, 0)
    if not shown:
        return _HELD
    if figure.of is None or line_id not in OF_MONEY:
        return Shown(figure.number, figure.of)
    return _rounded(figure.number, figure.of)


def _rounded(part: int, whole: int) -> Shown:
    """Give a share of money to a hundredth of a per cent: sums are never to be told from it."""
    scale = SCALE[Unit.SHARE]
    hundredths = divide_rounded(abs(part) * scale, whole, multiple=1, rule="half_up")
    return Shown(hundredths if part >= 0 else -hundredths, scale)


def _counts_shown(withheld: Withheld, block: str, name: str) -> bool:
    return withheld.shows(block, line_key(name))


def _table(withheld: Withheld, split: Split) -> PublishedTable:
    amounts = split.line == AMOUNTS
    block = AMOUNTS if amounts else split.line
    with_cohort = not amounts and split.by in WITH_COHORT
    # Where the total is held back, districts that add up to it stay away with it.
    whole = withheld.shows(block, TOTAL)
    cells = []
    left = 0
    for cell in split.cells:
        key = Key(split.by, cell.keys)
        seen = withheld.shows(block, key)
        left += 0 if seen else cell.value
        part = part_of(key)
        inside = cell.cohort if with_cohort and withheld.shows(block, part) else None
        cells.append(PublishedCell(cell.keys, cell.value if seen else None, inside))
    return PublishedTable(split.line, split.by, tuple(cells), left if left and whole else None)


def _funnel(withheld: Withheld, funnel: Funnel) -> PublishedFunnel:
    counted = [
        ("applicable", funnel.applicable),
        *funnel.reached,
        ("held", funnel.held),
        ("baseline", funnel.baseline),
        ("verified", funnel.verified),
        ("lapsed", funnel.lapsed),
    ]
    return PublishedFunnel(
        funnel.type,
        tuple(
            Stage(name, number if withheld.shows(FUNNELS, Key((funnel.type,), (name,))) else None)
            for name, number in counted
        ),
    )


def _count(withheld: Withheld, name: str, number: int) -> int | None:
    return number if _counts_shown(withheld, LINES, name) else None


def _cohort(withheld: Withheld, cohort: Cohort) -> PublishedCohort:
    earlier = _count(withheld, "earlier_loans", cohort.earlier_loans)
    shown = earlier is not None and withheld.shows_money(EARLIER_AMOUNT, "cohort")
    return PublishedCohort(
        _count(withheld, "enterprises", cohort.enterprises),
        earlier,
        cohort.earlier_amount if shown else None,
    )


def _sample(statement: JointStatement, withheld: Withheld) -> PublishedSample | None:
    sample = statement.sample
    if sample is None:
        return None
    answered = _count(withheld, "answered", sample.answered)
    population = _count(withheld, "population", sample.population)
    known = None not in (answered, population)
    return PublishedSample(
        _count(withheld, "drawn", sample.drawn),
        answered,
        population,
        sample.margin if known else None,
    )


def _change(line: str, before: Shown, now: Shown) -> Change:
    return Change(line, before.number, now.number, before.of, now.of)
