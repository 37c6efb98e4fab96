"""Draws up the published report of a joint statement from what is held back of it. Pure."""

from dataclasses import replace

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
    AMOUNTS,
    BASELINE,
    FUNNELS,
    LINES,
    WITH_COHORT,
    Withheld,
    is_of_people,
    part_of,
)
from aim_loans.mou.statement import Figure, Funnel, JointStatement, Line, Split

_HELD = Shown(None)
_NO_FIGURE = Shown(None, 0)


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

    Like `withhold` it takes a statement `in_fixed_groups`; `corrects` is the edition that this
    one replaces for the given reason.
    """
    lines = tuple(_line(statement, withheld, each, before) for each in statement.lines)
    cohort, national = statement.cohort, statement.benchmark
    report = JointReport(
        head=head,
        lines=lines,
        tables=tuple(_table(withheld, split) for split in statement.splits),
        funnels=tuple(_funnel(withheld, funnel) for funnel in statement.funnels),
        cohort=_cohort(withheld, cohort.enterprises, cohort.earlier_loans, cohort.earlier_amount),
        sample=_sample(statement, withheld),
        national=National(
            national.total, national.as_of, national.source, verified=national.verified
        ),
        waiting=_count(withheld, "waiting", statement.waiting),
        unverified=tuple(statement.unverified),
        reason=reason,
        changes=(),
    )
    return replace(report, changes=changes(corrects, report)) if corrects else report


def changes(earlier: JointReport, now: JointReport) -> tuple[Change, ...]:
    """List the lines that another edition shows otherwise."""
    return tuple(
        _change(new.id, old.actual or _NO_FIGURE, new.actual or _NO_FIGURE)
        for old, new in zip(earlier.lines, now.lines, strict=True)
        if old.actual != new.actual
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
        baseline=_of_baseline(statement, withheld, line),
        last_period=before.line(line.id).actual if before else None,
        target=line.target,
        status=HELD_BACK if held and line.target is not None else line.status,
    )


def _actual(statement: JointStatement, withheld: Withheld, line: Line) -> Shown | None:
    figure = line.actual
    if figure is None:
        return None
    unit = DEFINITIONS[line.id].unit
    if unit is Unit.COUNT:
        return _shown(figure, shown=withheld.shows(*withheld.cell(line)))
    if line.id == "A2":
        return _shown(figure, shown=withheld.shows(AMOUNTS, Key()))
    if line.id == "A3.share":
        return _shown(figure, shown=_line_shown(statement, withheld, "A3.first", "A1"))
    if is_of_people(line.id):
        return _shown(figure, shown=_counts_shown(withheld, LINES, line.id))
    return _shown(figure, shown=_behind(statement, line.id) >= SMALLEST_SHOWN)


def _of_cohort(statement: JointStatement, withheld: Withheld, line: Line) -> Shown | None:
    figure = line.cohort
    if figure is None:
        return None
    lines = {each.id: each for each in statement.lines}
    if DEFINITIONS[line.id].unit is Unit.COUNT:
        block, key = withheld.cell(line)
        part = part_of(key)
        counts = withheld.blocks[block].edition.counts
        known = counts.get(part, 0) == figure.number
        return _shown(figure, shown=known and withheld.shows(block, part))
    # A share or an amount of the cohort rests on its enterprises: all must be many.
    members = lines["A1"].cohort
    many = members is not None and members.number >= SMALLEST_SHOWN
    block, key = withheld.cell(lines["A1"])
    plain = line.id not in ("A3.share", "H1.completed", "F.index") and _many_behind(lines, line.id)
    return _shown(figure, shown=many and plain and withheld.shows(block, part_of(key)))


def _many_behind(lines: dict[str, Line], line_id: str) -> bool:
    """Say whether many stand behind a figure of the cohort, and none or many behind the rest."""
    inside = _behind_of({name: line.cohort for name, line in lines.items()}, line_id)
    outside = _behind_of({name: line.actual for name, line in lines.items()}, line_id) - inside
    return inside >= SMALLEST_SHOWN and (not outside or outside >= SMALLEST_SHOWN)


def _of_baseline(statement: JointStatement, withheld: Withheld, line: Line) -> Shown | None:
    figure = line.baseline
    if figure is None:
        return None
    unit = DEFINITIONS[line.id].unit
    if unit is Unit.COUNT:
        return _shown(figure, shown=_counts_shown(withheld, BASELINE, line.id))
    if line.id == "A3.share":
        first = _counts_shown(withheld, BASELINE, "A3.first")
        return _shown(figure, shown=first and _counts_shown(withheld, BASELINE, "A1"))
    if is_of_people(line.id):
        return _shown(figure, shown=_counts_shown(withheld, BASELINE, line.id))
    lines = {each.id: each.baseline for each in statement.lines}
    behind = _behind_of(lines, line.id)
    return _shown(figure, shown=behind >= SMALLEST_SHOWN)


def _shown(figure: Figure, *, shown: bool) -> Shown:
    if not figure.exists:
        return Shown(0, 0)
    return Shown(figure.number, figure.of) if shown else _HELD


def _line_shown(statement: JointStatement, withheld: Withheld, *names: str) -> bool:
    lines = {each.id: each for each in statement.lines}
    return all(withheld.shows(*withheld.cell(lines[name])) for name in names)


def _counts_shown(withheld: Withheld, block: str, name: str) -> bool:
    return withheld.shows(block, Key(("line",), (name,)))


def _behind(statement: JointStatement, line_id: str) -> int:
    """Give how many loans, enterprises or answers stand behind an amount or a mean."""
    return _behind_of({line.id: line.actual for line in statement.lines}, line_id)


def _behind_of(figures: dict[str, Figure | None], line_id: str) -> int:
    if line_id in ("A7.days", "H8") or line_id.startswith("O"):
        own = figures["O3" if line_id.startswith("O") else line_id]
        return (own.of or 0) if own else 0
    other = figures["A9.repeat" if line_id == "A9.growth" else "A1"]
    return other.number if other else 0


def _table(withheld: Withheld, split: Split) -> PublishedTable:
    amounts = split.line == AMOUNTS
    block = AMOUNTS if amounts else split.line
    with_cohort = not amounts and split.by in WITH_COHORT
    # Where the total is held back, districts that add up to it stay away with it.
    whole = withheld.shows(block, Key())
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


def _cohort(withheld: Withheld, enterprises: int, loans: int, amount: int) -> PublishedCohort:
    earlier = _count(withheld, "earlier_loans", loans)
    return PublishedCohort(
        _count(withheld, "enterprises", enterprises), earlier, None if earlier is None else amount
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
