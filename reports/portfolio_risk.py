"""How late the book is: ageing, portfolio at risk, classes, the loans to watch."""

from collections.abc import Sequence

from aim_loans.money import Ratio, percent_text
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.portfolio.statement_figures import Classification, Risk, RiskLine
from aim_loans.portfolio.statement_tables import WatchList
from aim_loans.texts import Phrase
from reports.charts import Part, stacked
from reports.page import WIDTH, Piece
from reports.portfolio_words import (
    bucket_name,
    count,
    dense_table,
    figures_column,
    in_one_piece,
    message,
    per_cent,
    rupees_columns,
    share,
    signed,
    small_table,
    together,
    without_receipts,
)
from reports.style import LATENESS
from reports.table import Column, Table
from reports.text import isolated
from reports.voice import Voice

_BASIS_POINTS = 10_000
_FEW = 12  # rows of a table that stays on one page


def lateness(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose ageing, what is exactly at an edge, and portfolio at risk."""
    say, risk = voice.words.text, statement.risk
    parts = [
        Part(
            bucket_name(voice, place, line.bucket),
            line.outstanding,
            per_cent(Ratio(line.outstanding, risk.whole)),
            LATENESS[place],
        )
        for place, line in enumerate(risk.ageing)
    ]
    told = say(
        "A bucket begins at its first day; portfolio at risk counts what is over a day. What lies "
        "exactly on the day is in the one and not in the other."
    )
    ageing = [
        *voice.heading(say("How late the book is")),
        *without_receipts(statement, voice),
        *stacked(voice.hand, parts, width=WIDTH),
        *small_table(voice, _ageing_table(risk, voice)),
    ]
    at_risk = [*message(voice, told), *small_table(voice, _risk_table(risk, voice))]
    return [*together(ageing), *together(at_risk)]


def _ageing_table(risk: Risk, voice: Voice) -> Table:
    heading = voice.words.heading
    columns = [
        Column(heading("bucket")),
        figures_column(heading("active_loans")),
        *rupees_columns(voice, "outstanding"),
        figures_column(voice.words.text("Share"), "%"),
        *rupees_columns(voice, "arrears"),
    ]
    rows = [
        (
            bucket_name(voice, place, line.bucket),
            count(line.loans),
            voice.figure(line.outstanding),
            percent_text(line.outstanding, risk.whole),
            voice.figure(line.arrears),
        )
        for place, line in enumerate(risk.ageing)
    ]
    totals = (
        heading("total"),
        count(sum(line.loans for line in risk.ageing)),
        voice.figure(risk.whole),
        percent_text(risk.whole, risk.whole),
        voice.figure(sum(line.arrears for line in risk.ageing)),
    )
    return Table(columns, rows, totals=[totals])


def _risk_table(risk: Risk, voice: Voice) -> Table:
    heading, say = voice.words.heading, voice.words.text
    columns = [
        Column(say("Portfolio at risk")),
        figures_column(heading("active_loans")),
        *rupees_columns(voice, "outstanding"),
        figures_column(say("Share"), "%"),
    ]
    exactly = [
        _risk_row(heading(f"exactly{line.days}"), line, risk, voice) for line in risk.exactly
    ]
    over = [_risk_row(heading(f"par{line.days}"), line, risk, voice) for line in risk.over]
    again = [
        _risk_row(say("PAR over 30 days with renegotiated loans"), risk.renegotiated, risk, voice),
        _risk_row(say("All rescheduled loans"), risk.rescheduled, risk, voice),
    ]
    strong = frozenset(
        len(exactly) + place for place, line in enumerate(risk.over) if line.days == _HEADLINE_DAYS
    )
    return Table(columns, [*exactly, *over, *again], strong=strong)


_HEADLINE_DAYS = 30


def _risk_row(name: str, line: RiskLine, risk: Risk, voice: Voice) -> tuple[str, ...]:
    return (name, count(line.loans), voice.figure(line.outstanding), share(risk.ratio(line)))


def classes(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the classes of the ladder with provisions and expected credit loss."""
    say, found = voice.words.text, statement.classification
    ladder = say(
        "The ladder in force from {day}: {source}.",
        day=found.ladder_from,
        source=Phrase(found.ladder_source),
    )
    mark = "" if found.verified else say("The source of the ladder is not verified.")
    expected = found.expected_loss_source
    source = say("Expected credit loss: {source}.", source=Phrase(expected)) if expected else ""
    told = " ".join(part for part in (mark, ladder, source) if part)
    return together(
        [
            *voice.heading(say("Classes and provisions")),
            *without_receipts(statement, voice),
            *message(voice, told),
            *small_table(voice, _class_table(found, statement.headline.allowance, voice)),
        ]
    )


def _class_table(found: Classification, held: int, voice: Voice) -> Table:
    heading, say = voice.words.heading, voice.words.text
    columns = [
        Column(heading("class")),
        figures_column(say("From day")),
        figures_column(heading("active_loans")),
        *rupees_columns(voice, "outstanding"),
        figures_column(say("Rate"), "%"),
        figures_column(say("Provision"), "Rs"),
        figures_column(say("Expected credit loss"), "Rs"),
    ]
    rows = [
        (
            voice.words.word("class", line.name),
            count(line.from_days),
            count(line.loans),
            voice.figure(line.outstanding),
            percent_text(line.provision_bps, _BASIS_POINTS),
            voice.figure(line.provision),
            _expected(line.expected_loss, voice),
        )
        for line in found.lines
    ]
    whole = sum(line.outstanding for line in found.lines)
    general = (
        say("General provision"),
        "",
        "",
        voice.figure(whole - found.specific),
        percent_text(found.general_bps, _BASIS_POINTS),
        voice.figure(found.general),
        "",
    )
    totals = (
        heading("total"),
        "",
        count(sum(line.loans for line in found.lines)),
        voice.figure(whole),
        "",
        voice.figure(found.specific + found.general),
        _expected(_expected_in_all(found), voice),
    )
    more = found.specific + found.general - held
    said = say(
        "The general provision is on the outstanding less the specific provisions. The ledger "
        "holds {held} of loss allowance; two people post the movement of {movement}.",
        held=in_one_piece(voice.rupees(held)),
        movement=in_one_piece(signed(more, voice.rupees(abs(more)))),
    )
    return Table(columns, [*rows, general], totals=[totals], note=said)


def _expected(amount: int | None, voice: Voice) -> str:
    return voice.words.text("not provided") if amount is None else voice.figure(amount)


def _expected_in_all(found: Classification) -> int | None:
    amounts = [line.expected_loss for line in found.lines if line.expected_loss is not None]
    return sum(amounts) if amounts else None


def watch_list(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the loans more than 30 days late, by their numbers."""
    say, found = voice.words.text, statement.watch_list
    heading = [*voice.heading(say("Loans to watch")), *without_receipts(statement, voice)]
    if not found.count:
        told = say("No loan is more than 30 days late.")
        return together([*heading, *message(voice, told)])
    told = say(
        "More than 30 days late, those with the most outstanding first; no borrower is named. "
        "Shown: {shown} of {count}.",
        shown=count(len(found.loans)),
        count=count(found.count),
    )
    pieces = [*heading, *message(voice, told), *dense_table(voice, _watch_table(found, voice))]
    return together(pieces) if len(found.loans) <= _FEW else pieces


def _watch_table(found: WatchList, voice: Voice) -> Table:
    heading = voice.words.heading
    columns = [
        Column(heading("loan_ref")),
        Column(heading("branch")),
        figures_column(heading("days_past_due")),
        *rupees_columns(voice, "outstanding", "arrears"),
    ]
    rows = [
        (
            isolated(loan.loan_ref),
            isolated(loan.branch),
            count(loan.days_past_due),
            voice.figure(loan.outstanding),
            voice.figure(loan.arrears),
        )
        for loan in found.loans
    ]
    return Table(columns, rows, totals=_watch_totals(found, voice))


def _watch_totals(found: WatchList, voice: Voice) -> Sequence[Sequence[str]]:
    say = voice.words.text
    shown = sum(loan.outstanding for loan in found.loans)
    arrears = sum(loan.arrears for loan in found.loans)
    first = (say("Shown"), "", "", voice.figure(shown), voice.figure(arrears))
    if found.count == len(found.loans):
        return [first]
    return [first, (say("All loans to watch"), "", "", voice.figure(found.outstanding), "")]
