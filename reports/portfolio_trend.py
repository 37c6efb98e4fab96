"""Thirteen months of the book, and its sectors beside the national ones."""

from collections.abc import Sequence

from aim_loans.money import Ratio, percent_text
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.portfolio.statement_figures import MonthEnd, SectorComparison, SectorLine
from aim_loans.texts import Phrase
from reports.charts import Bar, Series, bars, lines
from reports.page import WIDTH, Piece, beside
from reports.parts import column_width, side_by_side
from reports.portfolio_words import (
    at_risk_name,
    caption,
    count,
    figures_column,
    message,
    month_name,
    per_cent,
    rupees_columns,
    share,
    signed,
    small_table,
    tenths,
    tenths_of,
    together,
    without_receipts,
)
from reports.style import BRAND, LATENESS, SECTORS
from reports.table import Column, Table
from reports.voice import MILLION, Voice

_STEPS = (1, 2, 5)


def trend(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the month ends of a year: two charts and their table."""
    ends, say = statement.trend, voice.words.text
    return together(
        [
            *voice.heading(say("Thirteen months")),
            *without_receipts(statement, voice),
            _charts(ends, voice),
            *small_table(voice, _trend_table(ends, voice)),
        ]
    )


def _charts(ends: Sequence[MonthEnd], voice: Voice) -> Piece:
    """Put the portfolio and what of it is late side by side."""
    say, width = voice.words.text, column_width(2)
    months = [month_name(voice, end.day) for end in ends]
    outstanding = [end.outstanding for end in ends]
    late = [tenths_of(end.par30_ratio) for end in ends]
    very_late = [tenths_of(Ratio(end.par90, end.outstanding)) for end in ends]
    most = max((value for value in late if value is not None), default=0)
    charts = [
        [
            *caption(voice, voice.words.heading("glp"), width),
            lines(
                voice.hand,
                [Series("", outstanding, BRAND)],
                months=months,
                scale=[(at, voice.short_rupees(at)) for at in scale(max(outstanding))],
                width=width,
            ),
        ],
        [
            *caption(voice, say("Portfolio at risk, share of the portfolio"), width),
            lines(
                voice.hand,
                [
                    Series(say("over 30"), late, LATENESS[3]),
                    Series(say("over 90"), very_late, LATENESS[5], dashed=True),
                ],
                months=months,
                scale=[(at, f"{tenths(at)} %") for at in scale(most)],
                width=width,
            ),
        ],
    ]
    return beside(charts, side_by_side(voice.hand, 2, width, WIDTH))


def scale(most: int) -> list[int]:
    """Give the values of a scale from 0 to the first round one that is not below `most`."""
    if most <= 0:
        return [0, 1]
    power = 1
    while True:
        for step in _STEPS:
            # Up to five lines: more would crowd the chart.
            if step * power * 4 >= most:
                every = step * power
                return [every * place for place in range(-(-most // every) + 1)]
        power *= 10


def _trend_table(ends: Sequence[MonthEnd], voice: Voice) -> Table:
    heading = voice.words.heading
    columns = [
        Column(voice.words.text("Month")),
        figures_column(heading("active_loans")),
        figures_column(heading("active_borrowers")),
        *rupees_columns(voice, "disbursed", "received", "outstanding", "arrears"),
        figures_column(at_risk_name(30), "Rs"),
        figures_column(at_risk_name(30), "%"),
        figures_column(heading("recovery"), "%"),
    ]
    rows = [
        (
            month_name(voice, end.day),
            count(end.active_loans),
            count(end.active_borrowers),
            *map(
                voice.figure,
                (end.disbursed, end.received, end.outstanding, end.arrears, end.par30),
            ),
            share(end.par30_ratio),
            share(end.recovery),
        )
        for end in ends
    ]
    said = voice.words.text(
        "Disbursed and received since the beginning. A share over nothing is left empty."
    )
    return Table(columns, rows, note=said, strong=frozenset({len(rows) - 1}))


def sectors(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the own sectors beside the national benchmark: a chart and its table."""
    say, both = voice.words.text, statement.sectors
    largest = max(both.lines, key=lambda line: line.own, default=None)
    title = say("Sectors beside the nation")
    if largest is None or not both.own_whole:
        told = say("No loan was running.")
    else:
        told = say(
            "{sector} is the largest part of the book: {share}",
            sector=voice.words.word("sector", largest.sector),
            share=per_cent(both.own_share(largest)),
        )
    return together(
        [
            *voice.heading(title),
            *message(voice, told),
            _sector_bars(both, voice),
            *_of_the_marks(both, voice),
            *small_table(voice, _sector_table(both, voice)),
            *message(voice, _of_the_source(both, voice)),
            *_warning(both, voice),
        ]
    )


def _of_the_marks(both: SectorComparison, voice: Voice) -> list[Piece]:
    """Say what the marks across the bars are, where the source names any sector."""
    if all(line.national is None for line in both.lines):
        return []
    say = voice.words.text
    return message(voice, say("A bar is the own share, the mark across it the national one."))


def _sector_bars(both: SectorComparison, voice: Voice) -> Piece:
    shown = [
        Bar(
            voice.words.word("sector", line.sector),
            tenths_of(both.own_share(line)) or 0,
            per_cent(both.own_share(line)),
            SECTORS[line.sector],
            benchmark=_national(line, both),
        )
        for line in both.lines
    ]
    most = max((max(bar.value, bar.benchmark or 0) for bar in shown), default=1)
    return bars(voice.hand, shown, width=WIDTH, most=most)


def _national(line: SectorLine, both: SectorComparison) -> int | None:
    ratio = both.national_share(line)
    return None if ratio is None else tenths_of(ratio)


def _sector_table(both: SectorComparison, voice: Voice) -> Table:
    say = voice.words.text
    columns = [
        Column(voice.words.heading("sector")),
        figures_column(say("Own book"), "Rs"),
        figures_column(say("Own share"), "%"),
        figures_column(say("National book"), say("Rs m").replace(" ", "\u00a0")),
        figures_column(say("National share"), "%"),
        figures_column(say("Difference in points")),
    ]
    rows = [_sector_row(line, both, voice) for line in both.lines]
    rest, national = both.national_not_itemised, both.national_whole
    apart = say("Not itemised by the source")
    rows.append((apart, "", "", _in_millions(rest), percent_text(rest, national), ""))
    totals = (
        voice.words.heading("total"),
        voice.figure(both.own_whole),
        percent_text(both.own_whole, both.own_whole),
        _in_millions(national),
        percent_text(national, national),
        "",
    )
    return Table(columns, rows, totals=[totals])


def _sector_row(line: SectorLine, both: SectorComparison, voice: Voice) -> tuple[str, ...]:
    own = (voice.words.word("sector", line.sector), voice.figure(line.own))
    ratio, more = both.national_share(line), line.difference
    if ratio is None or line.national is None:
        return (*own, share(both.own_share(line)), voice.words.text("not itemised"), "", "")
    moved = "" if more is None else signed(more, tenths(more))
    return (*own, share(both.own_share(line)), _in_millions(line.national), share(ratio), moved)


def _in_millions(paisa: int) -> str:
    return count(paisa // MILLION)


def _of_the_source(both: SectorComparison, voice: Voice) -> str:
    say = voice.words.text
    told = say(
        "National figures: {source}; as of {day}.",
        source=Phrase(both.national_source),
        day=both.national_as_of,
    )
    return told if both.national_verified else f"{told} {say('Source not verified.')}"


def _warning(both: SectorComparison, voice: Voice) -> list[Piece]:
    if not both.dates_differ:
        return []
    told = voice.words.text(
        "The national figures stand for {national}, the own book for {own}: compare them with "
        "care.",
        national=both.national_as_of,
        own=both.own_as_of,
    )
    return message(voice, told)
