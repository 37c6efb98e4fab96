"""What is published: no count of a few people, neither shown nor to be worked out."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aim_loans.mou.definitions import BRIEF_LINES, Unit
from aim_loans.mou.disclosure import is_small
from aim_loans.mou.periods import parse_period
from aim_loans.mou.published import HELD_BACK, JointReport, Shown
from aim_loans.mou.publishing import Withheld, to_publish, withhold
from aim_loans.mou.report_rows import funnel_rows, line_rows, table_rows
from aim_loans.mou.reporting import OF_MONEY, joint_report
from aim_loans.mou.statement import SCALE, Behind, Figure, JointStatement
from aim_loans.mou.together import Told, opened_by
from aim_loans.mou.withheld_json import read_withheld, withheld_text
from aim_loans.portfolio.statement_json import canonical, read_canonical
from reports.feeder.joint import FUNNELS, LINES, TABLES
from tests.made_up_statement import Shop, head, made_up, report_of, shops


def counts(report: JointReport) -> Iterator[int]:
    """Every count of people, enterprises or events that a report shows."""
    for line in report.lines:
        for shown in (line.actual, line.cohort, line.baseline, line.last_period):
            if shown is None or shown.number is None:
                continue
            if line.unit is Unit.COUNT:
                yield abs(shown.number)
            elif shown.of is not None and (line.unit is not Unit.SHARE or line.id[0] in "FHO"):
                yield shown.of
    for table in report.tables:
        for cell in table.cells:
            yield from (each for each in (cell.number, cell.cohort) if each is not None)
    for funnel in report.funnels:
        yield from (stage.number for stage in funnel.stages if stage.number is not None)
    for part in (report.cohort, report.sample):
        named = [] if part is None else [getattr(part, each.name) for each in fields(part)]
        yield from (each for each in named[:3] if each is not None)


def figures(report: JointReport) -> Iterator[tuple[object, int]]:
    """Every number that a report shows, counts and amounts, by what it is of."""
    for line in report.lines:
        for name, shown in (("all", line.actual), ("cohort", line.cohort)):
            if shown is not None and shown.number is not None and shown.of is None:
                yield (line.id, name), shown.number
    for table in report.tables:
        for cell in table.cells:
            for name, number in (("all", cell.number), ("cohort", cell.cohort)):
                if number is not None:
                    yield (table.line, table.by, cell.values, name), number


def told(statement: JointStatement, held: Withheld) -> Told:
    return Told(statement.period, held.blocks)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from((12, 250)))
def test_no_count_from_1_to_9_is_shown_and_none_follows(seed: int, size: int) -> None:
    report, held = report_of(made_up(seed=seed, size=size))
    assert not [number for number in counts(report) if 0 < number < 10]
    assert not opened_by(told(made_up(seed=seed, size=size), held), [])


def test_what_is_shown_is_what_was_counted() -> None:
    statement = to_publish(made_up())
    report, _ = report_of(statement)
    shown = 0
    for line, published in zip(statement.lines, report.lines, strict=True):
        for figure, seen in ((line.actual, published.actual), (line.cohort, published.cohort)):
            assert (figure is None) == (seen is None)
            if figure is not None and seen is not None and not seen.held and figure.exists:
                assert (seen.number, seen.of) == as_shown(line.id, figure)
                shown += 1
        if published.actual == Shown(None) and line.target is not None:
            assert published.status == HELD_BACK
    assert shown > 50
    for split, table in zip(statement.splits, report.tables, strict=True):
        for cell, public in zip(split.cells, table.cells, strict=True):
            assert public.number in (None, cell.value)
    districts = report.table("A1", "district")
    assert districts.together == sum(
        cell.value
        for cell, public in zip(
            next(s for s in statement.splits if (s.line, s.by) == ("A1", ("district",))).cells,
            districts.cells,
            strict=True,
        )
        if public.number is None
    )


def as_shown(line_id: str, figure: Figure) -> tuple[int, int | None]:
    """A share of money is told to a hundredth of a per cent, and none of its sums."""
    if figure.of is None or line_id not in OF_MONEY:
        return figure.number, figure.of
    scale = SCALE[Unit.SHARE]
    return (2 * figure.number * scale + figure.of) // (2 * figure.of), scale


def test_a_line_that_is_a_cell_of_a_table_is_shown_just_where_the_cell_is() -> None:
    for seed in range(2):
        report, _ = report_of(made_up(seed=seed, size=300))
        genders = {cell.values[0]: cell for cell in report.table("A1", "gender").cells}
        women = report.line("A4.women")
        assert women.actual == Shown(genders["female"].number)
        assert women.cohort == Shown(genders["female"].cohort)


@pytest.mark.parametrize(("inside", "held"), [(5, True), (20, False), (36, True), (40, False)])
def test_a_mean_of_the_cohort_needs_many_behind_it_and_many_or_none_behind_the_rest(
    inside: int, held: bool
) -> None:
    statement = made_up()
    whole, part = Figure(160, 40), Figure(4 * inside, inside)
    lines = [
        replace(line, actual=whole, cohort=part) if line.id == "H8" else line
        for line in statement.lines
    ]
    report, _ = report_of(replace(statement, lines=lines))
    assert report.line("H8").cohort == (Shown(None) if held else Shown(4 * inside, inside))


def with_behind(statement: JointStatement, line_id: str, **behind: Behind) -> JointStatement:
    """Say how many are behind the figures of a line."""
    lines = [
        replace(line, behind=behind) if line.id == line_id else line for line in statement.lines
    ]
    return replace(statement, lines=lines)


@pytest.mark.parametrize(
    ("all_of_aim", "cohort", "shown"),
    [
        (Behind(30, 400), Behind(12, 100), (True, True)),
        (Behind(0, 400), Behind(0, 100), (True, True)),
        (Behind(12, 400), Behind(12, 100), (True, True)),
        (Behind(4, 400), Behind(0, 100), (False, False)),
        (Behind(400, 4), Behind(100, 0), (False, False)),
        (Behind(30, 400), Behind(4, 100), (True, False)),
        (Behind(30, 400), Behind(25, 100), (True, False)),
        (Behind(30, 400), Behind(12, 4), (True, False)),
    ],
)
def test_a_share_of_money_needs_ten_loans_or_none_in_each_of_its_parts(
    all_of_aim: Behind, cohort: Behind, shown: tuple[bool, bool]
) -> None:
    """In the number, beside it, and in what the cohort leaves of both."""
    report, _ = report_of(with_behind(made_up(), "A10.par30", actual=all_of_aim, cohort=cohort))
    line = report.line("A10.par30")
    assert line.actual
    assert line.cohort
    assert (not line.actual.held, not line.cohort.held) == shown


def test_a_corrected_share_of_money_is_held_back_where_few_loans_came_to_it() -> None:
    first, more, many = (
        to_publish(with_behind(made_up(), "A10.par30", actual=Behind(late, 400)))
        for late in (30, 33, 40)
    )
    read = Told(first.period, read_withheld(withheld_text(withhold(first).blocks)))
    for statement, held in ((more, True), (many, False), (first, False)):
        report = joint_report(statement, withhold(statement, [read]), head(statement, edition=2))
        actual = report.line("A10.par30").actual
        assert actual
        assert actual.held is held


@pytest.mark.parametrize(("inside", "others"), [(40, 5), (5, 40), (40, 40), (40, 0)])
def test_an_amount_of_the_cohort_tells_of_few_neither_inside_nor_outside(
    inside: int, others: int
) -> None:
    statement = with_behind(made_up(), "A2", cohort=Behind(inside, others))
    cohort = replace(statement.cohort, earlier_enterprises=inside)
    report, _ = report_of(replace(statement, cohort=cohort))
    amount = report.line("A2").cohort
    assert amount
    assert report.cohort
    assert amount.held is (5 in (inside, others))
    assert (report.cohort.earlier_amount is None) is (inside == 5)


@pytest.mark.parametrize("size", [12, 40, 250])
def test_no_share_and_no_mean_stands_on_a_few(size: int) -> None:
    """Neither counts nor what they leave of their whole, at all of AIM and before."""
    for seed in range(4):
        statement = to_publish(made_up(seed=seed, size=size))
        report, _ = report_of(statement)
        for line, published in zip(statement.lines, report.lines, strict=True):
            pairs = ((line.actual, published.actual), (line.baseline, published.baseline))
            for figure, seen in pairs:
                if figure is None or figure.of is None or seen is None or seen.held:
                    continue
                if line.id[0] in "FHO" and line.id not in OF_MONEY:
                    assert not is_small(figure.of), line.id
                    if line.unit == Unit.SHARE:
                        rest = figure.of - figure.number
                        assert not is_small(figure.number), line.id
                        assert not is_small(rest), line.id


def test_a_correction_lists_what_changed_and_opens_nothing_of_the_edition_before() -> None:
    first = to_publish(made_up(size=300))

    def add(found: list[Shop]) -> None:
        found += shops(Random(99), 4)

    second = to_publish(made_up(size=300, change=add))
    held = withhold(first)
    before = joint_report(first, held, head(first))
    read = Told(first.period, read_withheld(withheld_text(held.blocks)))
    again = withhold(second, [read])
    now = joint_report(
        second, again, head(second, edition=2), corrects=before, reason="four forgotten"
    )
    assert {"A1", "A2"} <= {change.line for change in now.changes}
    # Nobody learns how many more there are of any kind, nor what was paid out to them.
    earlier = dict(figures(before))
    changed = [of for of, number in figures(now) if earlier.get(of, number) != number]
    assert changed == []
    assert len(dict(figures(now))) > 50
    assert not opened_by(told(second, again), [read])


def test_a_month_is_published_as_its_brief_alone() -> None:
    report, held = report_of(made_up("2026-03"))
    assert tuple(line.id for line in report.lines) == BRIEF_LINES
    assert {(line.cohort, line.baseline) for line in report.lines} == {(None, None)}
    assert (report.tables, report.funnels) == ((), ())
    assert (report.cohort, report.sample, report.waiting) == (None, None, None)
    assert not [number for number in counts(report) if 0 < number < 10]
    assert set(held.blocks) == {"A2", "lines", "money"}


def test_a_share_is_told_only_where_the_whole_beside_it_may_be_read() -> None:
    """An index of before stood 3 registrations away: neither its count nor its whole is told."""
    first = to_publish(made_up("2025-H2", size=200))
    told_before = Told(first.period, withhold(first).blocks)
    (index,) = (line.actual for line in first.lines if line.id == "F.index")
    assert index is not None
    for more in (0, 3):
        moved = Figure(index.number, (index.of or 0) + more)
        lines = [
            replace(line, actual=moved) if line.id == "F.index" else line for line in first.lines
        ]
        now = replace(first, lines=lines, period=parse_period("2026-H1"))
        report = joint_report(now, withhold(now, [told_before]), head(now))
        assert report.line("F.index").actual == (Shown(None) if more else Shown(*moved))


def test_the_mean_days_are_held_back_with_the_count_they_are_of() -> None:
    """Else the count that is held back for another one could be read beside the mean."""
    statement = made_up()
    numbers = {"A7.received": 40, "A7.applied": 36, "A7.approved": 36, "A7.disbursed": 36}
    figures = {name: Figure(number) for name, number in numbers.items()}
    figures["A7.days"] = Figure(400, 36)
    lines = [replace(each, actual=figures.get(each.id, each.actual)) for each in statement.lines]
    report, _ = report_of(replace(statement, lines=lines))
    shown = {name: report.line(name).actual for name in figures}
    assert Shown(None) in (shown["A7.received"], shown["A7.disbursed"])
    assert (shown["A7.days"] == Shown(None)) == (shown["A7.disbursed"] == Shown(None))


def test_the_period_before_is_what_was_published_of_it() -> None:
    earlier, _ = report_of(made_up("2025-H2", seed=5, size=40))
    report, _ = report_of(made_up(), before=earlier)
    assert [line.last_period for line in report.lines] == [line.actual for line in earlier.lines]


def test_a_report_is_read_back_from_its_json() -> None:
    report, _ = report_of(made_up())
    text = canonical(report)
    assert read_canonical(JointReport, text) == report
    assert canonical(replace(report, reason="x")) != text


def test_rows_fit_their_declaration() -> None:
    report, _ = report_of(made_up())
    for declared, make in ((LINES, line_rows), (TABLES, table_rows), (FUNNELS, funnel_rows)):
        rows = list(make(report))
        assert rows
        for row in rows:
            for column, cell in zip(declared.columns, row, strict=True):
                assert cell is not None or not column.required, (column.name, row)
                assert not column.values or cell in column.values, (column.name, row)


def test_every_value_of_a_report_is_frozen() -> None:
    def walk(value: Any) -> None:
        assert not isinstance(value, list | dict)
        parts = [getattr(value, each.name) for each in fields(value)] if is_dataclass(value) else ()
        for part in parts or (value if isinstance(value, tuple) else ()):
            walk(part)

    report, _ = report_of(made_up())
    walk(report)
