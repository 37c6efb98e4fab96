"""The rows of the files beside the joint report, from the published value. Pure.

Each function gives rows in the order of the columns that `reports.feeder.joint` declares.
"""

from collections.abc import Iterator
from typing import Any

from aim_loans.money import Ratio
from aim_loans.mou.definitions import Unit
from aim_loans.mou.published import JointReport, PublishedLine, PublishedTable, Shown
from aim_loans.mou.statement import SCALE

Row = tuple[Any, ...]
_HELD = {True: "yes", False: "no"}


def line_rows(report: JointReport) -> Iterator[Row]:
    """Give a row for each figure of each line."""
    for line in report.lines:
        about = (report.head.period, line.id, line.name, line.owner, line.unit.value)
        for measure, shown in _measures(line):
            if shown is not None and shown.of != 0:
                yield (*about, measure, *_typed(line.unit, shown), _HELD[shown.held])


def table_rows(report: JointReport) -> Iterator[Row]:
    """Give a row for each cell of each table."""
    for table in report.tables:
        for cell in table.cells:
            first, *second = zip(table.by, cell.values, strict=True)
            amounts = table.line == "A2"
            yield (
                *(report.head.period, table.line, *first),
                *(second[0] if second else (None, None)),
                None if amounts else cell.number,
                cell.number if amounts else None,
                cell.cohort,
                _HELD[_holds_back(table, cell.number, cell.cohort)],
            )


def funnel_rows(report: JointReport) -> Iterator[Row]:
    """Give a row for each registration and stage."""
    for funnel in report.funnels:
        for stage in funnel.stages:
            held = _HELD[stage.number is None]
            yield (report.head.period, funnel.type, stage.name, stage.number, held)


def _measures(line: PublishedLine) -> Iterator[tuple[str, Shown | None]]:
    scale = SCALE.get(line.unit)
    yield "actual", line.actual
    yield "cohort", line.cohort
    yield "baseline", line.baseline
    yield "last_period", line.last_period
    yield "target", None if line.target is None else Shown(line.target, scale)


def _typed(unit: Unit, shown: Shown) -> tuple[int | None, int | None, Ratio | None]:
    """Put a figure into the column of its kind: number, amount or ratio."""
    if shown.number is None:
        return None, None, None
    if unit is Unit.PAISA:
        return None, shown.number, None
    if shown.of is not None:
        return None, None, Ratio(shown.number, shown.of)
    return (None, None, Ratio(shown.number, 1)) if unit is Unit.DAYS else (shown.number, None, None)


def _holds_back(table: PublishedTable, number: int | None, cohort: int | None) -> bool:
    return number is None or (table.with_cohort and cohort is None)
