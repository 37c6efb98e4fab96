"""Figures of the joint report as texts, and the tables and bars that its sections share."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from aim_loans.money import format_rupees, plain
from aim_loans.mou.definitions import Unit
from aim_loans.mou.published import JointReport, PublishedCell, PublishedLine, PublishedTable, Shown
from aim_loans.vocabulary import N_
from reports.charts import Bar, bars
from reports.page import WIDTH, Piece, beside, paragraph
from reports.style import BRAND, SECTORS, SPACES, Style
from reports.table import Column, Table, table
from reports.voice import Voice

# The sign of what is held back, as statistical offices write it.
HELD, NOTHING = "[c]", "–"
HELD_NOTE = N_(
    "[c] held back, so that nobody learns of a few people · – no figure · MoU: the enterprises of "
    "the MoU cohort."
)
SMALL = Style(7.0)
_CHART, _GUTTER = 0.42, 16.0

Writer = Callable[[Voice, Unit, Shown | None], str]


def count(voice: Voice, number: int | None) -> str:
    """Write a whole number, or that it is held back."""
    if number is None:
        return HELD
    text = format_rupees(abs(number) * 100, grouping=voice.letterhead.grouping)
    return f"{'-' if number < 0 else ''}{text.removeprefix('Rs ')}"


def figure(voice: Voice, unit: Unit, shown: Shown | None) -> str:
    """Write a figure in its unit."""
    if shown is None or shown.of == 0:
        return NOTHING
    if shown.number is None:
        return HELD
    if unit is Unit.PAISA:
        return voice.rupees(shown.number)
    if shown.of is None:
        return count(voice, shown.number)
    if unit is Unit.SHARE:
        return f"{_decimal(shown.number * 100, shown.of, 1)} %"
    return _decimal(shown.number, shown.of, 2 if unit is Unit.SCORE else 0)


def brief_figure(voice: Voice, unit: Unit, shown: Shown | None) -> str:
    """Write a figure as `figure` does, money in millions: the exact amount stands elsewhere."""
    if unit is Unit.PAISA and shown is not None and shown.number is not None:
        return voice.short_rupees(shown.number)
    return figure(voice, unit, shown)


def target(voice: Voice, line: PublishedLine, write: Writer) -> str:
    """Write a target in the unit of its line; nobody invents one that is not set."""
    if line.target is None:
        return voice.words.text("not set")
    if line.unit is Unit.PAISA:
        return write(voice, line.unit, Shown(line.target))
    if line.unit is Unit.SHARE:
        return f"{plain(line.target)} %"
    return plain(line.target) if line.unit is Unit.SCORE else count(voice, line.target)


def status(voice: Voice, line: PublishedLine) -> str:
    """Say in a word how a line stands against its target."""
    return voice.words.word("joint_status", line.status)


def value_name(voice: Voice, dimension: str, value: str) -> str:
    """Give the name of a value of a dimension."""
    grouped = dimension == "gender" and value == "others"
    return voice.words.word("gender_group" if grouped else dimension, value)


def line_table(voice: Voice, lines: Sequence[PublishedLine], *, scoreboard: bool) -> list[Piece]:
    """Set lines with all their columns; the scoreboard names the owner, the others the cohort."""
    say, write = voice.words.text, brief_figure if scoreboard else figure

    def shown(each: PublishedLine, of: Shown | None) -> str:
        return write(voice, each.unit, of)

    columns: list[tuple[Column, Callable[[PublishedLine], str]]] = [
        (Column(say("Id")), lambda each: each.id),
        (Column(say("Indicator")), lambda each: say(each.name)),
        (Column(say("Responsible")), lambda each: voice.words.word("party", each.owner))
        if scoreboard
        else (Column(say("MoU"), figures=True), lambda each: shown(each, each.cohort)),
        (Column(say("Baseline"), figures=True), lambda each: shown(each, each.baseline)),
        (Column(say("Target"), figures=True), lambda each: target(voice, each, write)),
        (Column(say("Actual"), figures=True), lambda each: shown(each, each.actual)),
        (Column(say("Last period"), figures=True), lambda each: shown(each, each.last_period)),
        (Column(say("Status")), lambda each: status(voice, each)),
    ]
    if not any(line.baseline for line in lines):
        del columns[3]
    heads = [column for column, _ in columns]
    rows = [tuple(text(line) for _, text in columns) for line in lines]
    return table(voice.hand, Table(heads, rows, note=say(HELD_NOTE)), style=SMALL)


def of_pillar(report: JointReport, letter: str) -> list[PublishedLine]:
    """Give the lines of a pillar by its letter."""
    return [line for line in report.lines if line.id.startswith(letter)]


def charted(
    voice: Voice, title: str, shown: PublishedTable, *, more: Sequence[PublishedTable] = ()
) -> list[Piece]:
    """Draw a table by one dimension as bars, with the table itself beside them.

    `more` are tables by the same dimension that give further columns.
    """
    hand, (dimension,) = voice.hand, shown.by
    chart_width = WIDTH * _CHART
    drawn = [
        Bar(
            value_name(voice, dimension, cell.values[0]),
            cell.number or 0,
            count(voice, cell.number),
            SECTORS.get(cell.values[0], BRAND),
        )
        for cell in shown.cells
    ]
    most = max((bar.value for bar in drawn), default=1)
    chart = bars(hand, drawn, width=chart_width, most=most)
    width = WIDTH - chart_width - _GUTTER
    rows = one_way(voice, shown, more=more, width=width)
    if not drawn:
        return [*under(voice, title), *voice.body(voice.words.text("Nothing in this period."))]
    offsets = (width + _GUTTER, 0.0) if hand.right_to_left else (0.0, chart_width + _GUTTER)
    return [*under(voice, title), replace(beside([[chart], rows], offsets), space=SPACES[0])]


def under(voice: Voice, title: str, *, width: float = WIDTH) -> list[Piece]:
    """Set a small heading, which stays with what follows."""
    bold = Style(bold=True)
    return paragraph(voice.hand, title, bold, width=width, space=SPACES[2], tied=True)


def one_way(
    voice: Voice,
    shown: PublishedTable,
    *,
    more: Sequence[PublishedTable] = (),
    width: float = WIDTH,
) -> list[Piece]:
    """Set a table by one dimension: all of AIM, the cohort, and further lines beside."""
    say, (dimension,) = voice.words.text, shown.by
    amounts = [each for each in more if each.line == "A2"]
    columns = [Column(say(voice.words.word("split", dimension))), Column(say("All"), figures=True)]
    if shown.with_cohort:
        columns.append(Column(say("MoU"), figures=True))
    columns += [Column(say("Rupees"), figures=True) for _ in amounts]
    columns += [
        Column(voice.words.word("split_line", each.line), figures=True)
        for each in more
        if each.line != "A2"
    ]
    others = [(each, {cell.values: cell for cell in each.cells}) for each in more]
    rows = []
    for cell in shown.cells:
        row = [value_name(voice, dimension, cell.values[0]), count(voice, cell.number)]
        if shown.with_cohort:
            row.append(count(voice, cell.cohort))
        row += [_cell(voice, each, known.get(cell.values)) for each, known in others]
        rows.append(row)
    return table(voice.hand, Table(columns, rows), width=width, style=Style(8.0), space=0)


def two_way(voice: Voice, shown: PublishedTable) -> list[Piece]:
    """Set a table by two dimensions as rows and columns."""
    down, across = shown.by
    known = {cell.values: cell.number for cell in shown.cells}
    heads = sorted({values[1] for values in known})
    columns = [
        Column(voice.words.word("split", down)),
        *(Column(value_name(voice, across, head), figures=True) for head in heads),
    ]
    rows = [
        (
            value_name(voice, down, name),
            *(count(voice, known.get((name, head), 0)) for head in heads),
        )
        for name in dict.fromkeys(values[0] for values in known)
    ]
    return table(voice.hand, Table(columns, rows), style=Style(8.0), space=0)


def pairs(voice: Voice, blocks: Sequence[Callable[[float], list[Piece]]]) -> list[Piece]:
    """Put blocks side by side, two and two; each is set for the width that it is given."""
    width = (WIDTH - _GUTTER) / 2
    offsets = (width + _GUTTER, 0.0) if voice.hand.right_to_left else (0.0, width + _GUTTER)
    found = []
    for place in range(0, len(blocks), 2):
        columns = [block(width) for block in blocks[place : place + 2]]
        pair = beside(columns, offsets[: len(columns)])
        found.append(replace(pair, space=SPACES[2]))
    return found


def _cell(voice: Voice, shown: PublishedTable, cell: PublishedCell | None) -> str:
    number = cell.number if cell else 0
    if shown.line == "A2" and number is not None:
        return voice.figure(number)
    return count(voice, number)


def _decimal(number: int, of: int, places: int) -> str:
    """Write a fraction with so many decimals, a half away from zero."""
    scale = 10**places
    whole = (2 * abs(number) * scale + of) // (2 * of)
    sign = "-" if number < 0 and whole else ""
    text = f"{whole // scale}" + (f".{whole % scale:0{places}d}" if places else "")
    return sign + text
