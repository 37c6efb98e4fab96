"""What the portfolio paper stands on: data, restatements, the ledger, definitions, its marks."""

from collections.abc import Sequence
from itertools import pairwise

from aim_loans.money import percent_text
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.portfolio.statement_tables import PostingLag, Restatement
from reports.page import Piece
from reports.parts import facts
from reports.portfolio_front import state_line
from reports.portfolio_names import ACCOUNTS
from reports.portfolio_words import (
    at_risk_name,
    change,
    count,
    dense_table,
    figures_column,
    indicator,
    message,
    month_name,
    rupees_columns,
    small_table,
    together,
)
from reports.table import Column, Table
from reports.text import isolated
from reports.voice import Voice


def quality(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose what is missing in the book, and how late money was entered."""
    say, found = voice.words.text, statement.quality
    gaps = Table(
        [
            Column(say("Not entered")),
            figures_column(voice.words.heading("active_loans")),
            figures_column(say("Share"), "%"),
        ],
        [
            (
                voice.words.heading(gap.field),
                count(gap.loans),
                percent_text(gap.loans, found.active_loans),
            )
            for gap in found.gaps
        ],
    )
    lags = Table(
        [
            Column(say("Money for loans in the month, entered")),
            figures_column(say("Receipts")),
            figures_column(voice.words.heading("amount"), "Rs"),
        ],
        [
            (name, count(lag.receipts), voice.figure(lag.amount))
            for name, lag in zip(_lag_names(found.lag, voice), found.lag, strict=True)
        ],
        totals=[
            (
                voice.words.heading("total"),
                count(sum(lag.receipts for lag in found.lag)),
                voice.figure(sum(lag.amount for lag in found.lag)),
            )
        ],
    )
    return [
        *together([*voice.heading(say("What the book lacks")), *small_table(voice, gaps)]),
        *small_table(voice, lags),
    ]


def _lag_names(lags: Sequence[PostingLag], voice: Voice) -> list[str]:
    """Name each step of lags by its first and last day."""
    say, names = voice.words.text, []
    for lag, later in pairwise(lags):
        first, last = lag.from_days, later.from_days - 1
        within = say("{days} days later", days=f"{first}-{last}" if last > first else f"{first}")
        names.append(within if first else say("on its day"))
    return [*names, say("{days} days later or more", days=lags[-1].from_days)]


def restatements(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the loans of closed months that later facts changed, and their sums."""
    say, found = voice.words.text, statement.restatements
    heading = voice.heading(say("Restatements"))
    if not found:
        told = say("No fact recorded later changes a closed month.")
        return together([*heading, *message(voice, told)])
    columns = [
        Column(say("Month")),
        Column(voice.words.heading("loan_ref")),
        Column(voice.words.heading("reason")),
        Column(say("Recorded")),
        *rupees_columns(voice, "outstanding", "arrears"),
        figures_column(at_risk_name(30), "Rs"),
    ]
    rows = [_restated_row(each, voice) for each in found]
    sums = [
        change(voice, sum(getattr(each, name) for each in found))
        for name in ("outstanding", "arrears", "par30")
    ]
    shown = Table(
        columns,
        rows,
        totals=[(voice.words.heading("total"), "", "", "", *sums)],
        note=say("Differences to the month as it was closed."),
    )
    return [*heading, *dense_table(voice, shown)]


def _restated_row(each: Restatement, voice: Voice) -> tuple[str, ...]:
    kinds = [voice.words.word("fact", kind) for kind in each.reason.split()]
    amounts = (each.outstanding, each.arrears, each.par30)
    return (
        month_name(voice, each.month),
        isolated(each.loan_ref) if each.loan_ref else voice.words.text("All others"),
        " · ".join(kinds),
        f"{voice.moment(each.recorded_at)} {isolated(each.recorded_by)}",
        *(change(voice, amount) for amount in amounts),
    )


def reconciliation(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the control accounts of the ledger beside the loans."""
    say, lines = voice.words.text, statement.reconciliation
    columns = [
        Column(say("Account of the ledger")),
        Column(voice.words.heading("fund")),
        figures_column(say("In the ledger"), "Rs"),
        figures_column(say("By the loans"), "Rs"),
        figures_column(say("Difference"), "Rs"),
    ]
    rows = [
        (
            say(ACCOUNTS.get(line.account, line.account)),
            isolated(line.fund),
            *map(voice.figure, (line.control, line.sub_ledger, line.difference)),
        )
        for line in lines
    ]
    told = say("Ledger and loans agree in every fund; a paper that does not reconcile is not made.")
    return together(
        [
            *voice.heading(say("Reconciliation with the ledger")),
            *message(voice, told),
            *small_table(voice, Table(columns, rows)),
        ]
    )


def definitions(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose what each indicator means."""
    say = voice.words.text
    rows = [
        (indicator(voice, each.indicator), say(each.formula).replace(" %", "\u00a0%"))
        for each in statement.definitions
    ]
    columns = [Column(say("Indicator")), Column(say("What it means"))]
    return [*voice.heading(say("Definitions")), *dense_table(voice, Table(columns, rows))]


def marks(statement: PortfolioStatement, digest: str, voice: Voice) -> list[Piece]:
    """Compose how this paper can be told from any other: digest, cut, seal, versions."""
    say, identity = voice.words.text, statement.identity
    closed = identity.closed_at
    named = [
        (say("Digest of the statement (SHA-256)"), digest),
        (say("Digest of the settings"), identity.settings_digest),
        (say("Seal of the cut"), identity.seal or say("none: the month is not closed")),
    ]
    about = [
        (say("State"), state_line(identity, voice)),
        (say("Known at"), voice.moment(identity.known_at)),
        (say("Closed at"), say("not yet") if closed is None else voice.moment(closed)),
        (say("Version of the software"), identity.code_version),
    ]
    return together(
        [
            *voice.heading(say("How to tell this paper")),
            *facts(voice.hand, named, columns=1),
            *facts(voice.hand, about, columns=4),
        ]
    )
