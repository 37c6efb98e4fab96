"""The book by branch, loan officer, programme, sector and gender; the women; the funds."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from aim_loans.money import percent_text
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.portfolio.statement_tables import FundLine, GroupLine
from reports.charts import Part, stacked
from reports.page import WIDTH, Piece
from reports.portfolio_words import (
    at_risk_name,
    count,
    dense_table,
    figures_column,
    group_name,
    message,
    per_cent,
    rupees_columns,
    share,
    together,
)
from reports.style import BRAND, SECTORS
from reports.table import Column, Table
from reports.text import isolated
from reports.voice import Voice

# An institution has thousands of officers; those with the most at risk come first.
MOST_OFFICERS = 60
_GENDER_COLOURS = {"female": BRAND, "male": SECTORS["other"], "transgender": SECTORS["housing"]}
_FEW = 12  # rows of a table that stays on one page


class _Sums(NamedTuple):
    """What lines add up to; persons do not add up over groups."""

    active_loans: int
    outstanding: int
    par30: int
    due: int
    due_met: int
    disbursed: int
    received: int

    def plus(self, other: "_Sums") -> "_Sums":
        """Add another."""
        return _Sums(*(one + more for one, more in zip(self, other, strict=True)))


_NOTHING = _Sums(0, 0, 0, 0, 0, 0, 0)


def groups(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the tables by sector, programme, branch and loan officer."""
    return [
        *_by(voice, statement, "sector", statement.by_sector),
        *_by(voice, statement, "programme", statement.by_programme),
        *_by(voice, statement, "branch", statement.by_branch),
        *_officers(voice, statement),
    ]


def women(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the women's share and the table by gender."""
    say, lines = voice.words.text, statement.by_gender
    now = statement.now
    told = say(
        "Women among the active borrowers: {women} of {whole}, {share}.",
        women=count(now.active_women),
        whole=count(now.active_borrowers),
        share=per_cent(statement.headline.women_share) or say("no loan"),
    )
    parts = [
        Part(
            group_name(voice, "gender", line.key),
            line.active_borrowers,
            count(line.active_borrowers),
            _GENDER_COLOURS.get(line.key, SECTORS["education"]),
        )
        for line in lines
        if line.active_borrowers
    ]
    return together(
        [
            *voice.heading(say("Women's share")),
            *message(voice, told),
            *stacked(voice.hand, parts, width=WIDTH),
            *_table(voice, statement, "gender", lines),
        ]
    )


def _by(
    voice: Voice, statement: PortfolioStatement, dimension: str, lines: Sequence[GroupLine]
) -> list[Piece]:
    pieces = [*_heading(voice, dimension), *_table(voice, statement, dimension, lines)]
    return together(pieces) if len(lines) <= _FEW else pieces


def _heading(voice: Voice, dimension: str) -> list[Piece]:
    name = voice.words.heading(dimension).lower()
    return voice.heading(voice.words.text("By {grouping}", grouping=name))


def _officers(voice: Voice, statement: PortfolioStatement) -> list[Piece]:
    """Set the officers with the most at risk, and the others in one line."""
    lines = sorted(
        statement.by_officer, key=lambda line: (-line.par30, -line.outstanding, line.key)
    )
    shown, others = lines[:MOST_OFFICERS], lines[MOST_OFFICERS:]
    pieces = _heading(voice, "officer")
    if others:
        told = voice.words.text(
            "The {count} officers with the most at risk; the others stand in one line.",
            count=count(len(shown)),
        )
        pieces += message(voice, told)
    pieces += _table(voice, statement, "officer", shown, others)
    return together(pieces) if len(lines) <= _FEW else pieces


def _table(
    voice: Voice,
    statement: PortfolioStatement,
    dimension: str,
    lines: Sequence[GroupLine],
    others: Sequence[GroupLine] = (),
) -> list[Piece]:
    say = voice.words.text
    before = list(accumulate(map(_sums, lines), _Sums.plus, initial=_NOTHING))
    rows = [_row(group_name(voice, dimension, line.key), line, voice) for line in lines]
    whole = before[-1]
    if others:
        rest = list(accumulate(map(_sums, others), _Sums.plus))[-1]
        whole = whole.plus(rest)
        rows.append(_cells(say("Others: {count}", count=count(len(others))), rest, voice, ""))
    persons = count(statement.now.active_borrowers)
    shown = Table(
        _columns(dimension, voice),
        rows,
        totals=[_cells(voice.words.heading("total"), whole, voice, persons)],
        note=say("A borrower with loans in several groups counts in each, and once in the total."),
        running=lambda place: _cells(say("So far"), before[min(place, len(lines))], voice, ""),
    )
    return dense_table(voice, shown)


def _columns(dimension: str, voice: Voice) -> list[Column]:
    heading = voice.words.heading
    return [
        Column(heading(dimension)),
        figures_column(heading("active_loans")),
        figures_column(heading("active_borrowers")),
        *rupees_columns(voice, "outstanding"),
        figures_column(at_risk_name(30), "Rs"),
        figures_column(at_risk_name(30), "%"),
        figures_column(heading("recovery"), "%"),
        *rupees_columns(voice, "disbursed", "received"),
    ]


def _row(name: str, line: GroupLine, voice: Voice) -> tuple[str, ...]:
    return _cells(name, _sums(line), voice, count(line.active_borrowers))


def _cells(name: str, sums: _Sums, voice: Voice, persons: str) -> tuple[str, ...]:
    return (
        name,
        count(sums.active_loans),
        persons,
        voice.figure(sums.outstanding),
        voice.figure(sums.par30),
        percent_text(sums.par30, sums.outstanding),
        percent_text(sums.due_met, sums.due),
        voice.figure(sums.disbursed),
        voice.figure(sums.received),
    )


def _sums(line: GroupLine) -> _Sums:
    return _Sums(*(getattr(line, name) for name in _Sums._fields))


def funds(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the funds from their opening to their closing."""
    say, lines = voice.words.text, statement.funds
    amounts = ("opening", "disbursed", "moved_in", "received", "waived", "written_off", "closing")
    named = (say("Opening"), say("Moved in"), say("Closing"))
    opening, moved_in, closing = (figures_column(name, "Rs") for name in named)
    disbursed, *less = rupees_columns(voice, "disbursed", "received", "waived", "written_off")
    columns = [Column(voice.words.heading("fund")), opening, disbursed, moved_in, *less, closing]
    rows = [(isolated(line.fund), *_amounts(line, amounts, voice)) for line in lines]
    sums = [sum(getattr(line, name) for line in lines) for name in amounts]
    totals = (voice.words.heading("total"), *map(voice.figure, sums))
    said = say(
        "Opening, disbursed and moved in, less received, waived and written off, is the closing. "
        "Moved in are loans that came into the scope in the month, less those that left it."
    )
    shown = Table(columns, rows, totals=[totals], note=said)
    return together([*voice.heading(say("By fund")), *dense_table(voice, shown)])


def _amounts(line: FundLine, names: Sequence[str], voice: Voice) -> list[str]:
    return [voice.figure(getattr(line, name)) for name in names]


def concentration(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose how the portfolio gathers by district, sector and branch."""
    say = voice.words.text
    columns = [
        Column(say("Concentration")),
        figures_column(say("Groups")),
        figures_column(say("Sum of squared shares"), "%"),
        figures_column(say("Share of the largest ten"), "%"),
    ]
    rows = [
        (
            voice.words.heading(line.dimension),
            count(line.groups),
            share(line.hhi),
            share(line.top_ten),
        )
        for line in statement.concentration
    ]
    said = say("Loans for which nothing is entered count as a group of their own.")
    shown = Table(columns, rows, note=said)
    return together([*voice.heading(say("Concentration")), *dense_table(voice, shown)])
