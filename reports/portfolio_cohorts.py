"""What became of the loans: money of the month, vintage curves, roll rates, waiting times."""

from collections.abc import Sequence

from aim_loans.money import Ratio, percent_text
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.portfolio.statement_tables import RollLine, Vintage
from reports.charts import Series, lines
from reports.page import WIDTH, Piece
from reports.parts import facts
from reports.portfolio_trend import scale
from reports.portfolio_words import (
    bucket_name,
    caption,
    change,
    count,
    dense_table,
    figures_column,
    indicator,
    mean,
    message,
    month_name,
    per_cent,
    share,
    signed,
    small_table,
    tenths,
    tenths_of,
    together,
    without_receipts,
)
from reports.style import SECTORS
from reports.table import Column, Table
from reports.text import isolated
from reports.voice import Voice

_AGES = range(13)
_EVERY = 4  # of the cohorts one is drawn: more lines than that cannot be told apart
_CURVES = tuple(SECTORS.values())[:4]


def month_money(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose what was disbursed and recovered in the month, and the ratios of it."""
    say, flow = voice.words.text, statement.flow
    told = say(
        "Of the principal that fell due in the month {share} was covered on time.",
        share=per_cent(flow.on_time_recovery) or say("nothing"),
    )
    moved = [
        *voice.heading(say("Disbursed and recovered")),
        *without_receipts(statement, voice),
        *message(voice, told),
        *small_table(voice, _flow_table(statement, voice)),
    ]
    ratios = facts(voice.hand, _ratios(statement, voice), columns=4)
    return [*together(moved), *together(ratios)]


def _flow_table(statement: PortfolioStatement, voice: Voice) -> Table:
    now, before = statement.flow, statement.flow_before
    names = (
        "disbursed",
        "received",
        "received_due",
        "due",
        "due_on_time",
        "waived",
        "written_off",
        "recovered",
        "refunded",
    )
    rows = [
        (
            indicator(voice, "fell_due" if name == "due" else name),
            *map(voice.figure, (getattr(now, name), getattr(before, name))),
            change(voice, getattr(now, name) - getattr(before, name)),
        )
        for name in names
    ]
    made, was = now.loans_made, before.loans_made
    more = signed(made - was, count(abs(made - was)))
    rows.insert(0, (indicator(voice, "loans_made"), count(made), count(was), more))
    columns = [
        Column(voice.words.text("In the month")),
        *(
            figures_column(month_name(voice, end.day))
            for end in (statement.now, statement.last_month)
        ),
        figures_column(voice.words.text("Change")),
    ]
    return Table(columns, rows, note=voice.words.text("Amounts in rupees; loans made in numbers."))


def _ratios(statement: PortfolioStatement, voice: Voice) -> list[tuple[str, str]]:
    """Give the ratios of the month; what has no value says so."""
    head, flow = statement.headline, statement.flow
    nothing = voice.words.text("no value")
    shares = {
        "on_time_recovery": flow.on_time_recovery,
        "current_recovery": flow.current_recovery,
        "recovery": statement.now.recovery,
        "arrears_rate": head.arrears_rate,
        "write_off_ratio": head.write_off_ratio,
        "waiver_ratio": head.waiver_ratio,
        "risk_coverage": head.risk_coverage,
    }
    found = [(name, per_cent(ratio) or nothing) for name, ratio in shares.items()]
    found += [
        ("average_loan", mean(voice, head.average_loan) or nothing),
        ("average_balance", mean(voice, head.average_balance) or nothing),
        ("allowance", voice.rupees(head.allowance)),
        ("credit_held", voice.rupees(head.credit)),
        ("portfolio_yield", voice.words.text("n/a - interest-free")),
    ]
    return [(indicator(voice, name), isolated(text)) for name, text in found]


def vintages(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the cohorts of the year by months since their first tranche."""
    say = voice.words.text
    told = say(
        "Of all that was disbursed on the loans first paid out in a month: what is more than 30 "
        "days late or was written off, per cent, by months since."
    )
    return together(
        [
            *voice.heading(say("Vintage curves")),
            *without_receipts(statement, voice),
            *message(voice, told),
            *caption(voice, say("Months since the first tranche"), WIDTH),
            _curves(statement.vintages, voice),
            *dense_table(voice, _vintage_table(statement.vintages, voice)),
        ]
    )


def _curves(cohorts: Sequence[Vintage], voice: Voice) -> Piece:
    drawn = [each for each in cohorts[::_EVERY] if each.points]
    series = [
        Series(month_name(voice, each.month), _by_age(each), colour)
        for each, colour in zip(drawn, _CURVES, strict=False)
    ]
    most = max((value for each in series for value in each.values if value is not None), default=0)
    return lines(
        voice.hand,
        series,
        months=[str(age) for age in _AGES],
        scale=[(at, f"{tenths(at)} %") for at in scale(most)],
        width=WIDTH,
    )


def _by_age(cohort: Vintage) -> list[int | None]:
    """Give the part that went bad at each age, in tenths of a per cent."""
    parts = {point.age: point.ratio for point in cohort.points}
    return [tenths_of(parts[age]) if age in parts else None for age in _AGES]


def _vintage_table(cohorts: Sequence[Vintage], voice: Voice) -> Table:
    columns = [
        Column(voice.words.text("First paid out")),
        *(figures_column(str(age)) for age in _AGES),
    ]
    rows = []
    for cohort in cohorts:
        parts = {point.age: share(point.ratio) for point in cohort.points}
        rows.append((month_name(voice, cohort.month), *(parts.get(age, "") for age in _AGES)))
    said = voice.words.text("Ages not reached yet, and months without a loan, are left empty.")
    return Table(columns, rows, note=said)


def rolls(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose where the opening outstanding of each bucket went."""
    say, lines_of = voice.words.text, statement.rolls
    buckets = [line.bucket for line in lines_of if line.bucket]
    heading = voice.words.heading
    columns = [
        Column(say("At the opening")),
        figures_column(say("Opening and disbursed"), "Rs"),
        figures_column(voice.words.word("bucket", buckets[0]), "%"),
        *(figures_column(isolated(bucket), "%") for bucket in buckets[1:]),
        *(figures_column(heading(name), "%") for name in ("paid", "waived", "written_off")),
    ]
    rows = [_roll_row(place, line, voice) for place, line in enumerate(lines_of)]
    told = say("Where the outstanding of each bucket stands at the month's end, or how it ended.")
    pieces = dense_table(voice, Table(columns, rows, totals=[_roll_totals(lines_of, voice)]))
    head = [*voice.heading(say("Roll rates")), *without_receipts(statement, voice)]
    return together([*head, *message(voice, told), *pieces])


def _roll_row(place: int, line: RollLine, voice: Voice) -> tuple[str, ...]:
    say = voice.words.text
    name = bucket_name(voice, place, line.bucket) if line.bucket else say("Paid out in the month")
    return (name, *_roll_cells(line, voice))


def _roll_totals(lines_of: Sequence[RollLine], voice: Voice) -> tuple[str, ...]:
    whole = RollLine(
        bucket="",
        opening=sum(line.opening for line in lines_of),
        disbursed=sum(line.disbursed for line in lines_of),
        closing=tuple(map(sum, zip(*(line.closing for line in lines_of), strict=True))),
        paid=sum(line.paid for line in lines_of),
        waived=sum(line.waived for line in lines_of),
        written_off=sum(line.written_off for line in lines_of),
    )
    return (voice.words.heading("total"), *_roll_cells(whole, voice))


def _roll_cells(line: RollLine, voice: Voice) -> list[str]:
    begun = line.opening + line.disbursed
    went = (*line.closing, line.paid, line.waived, line.written_off)
    return [voice.figure(begun), *(percent_text(part, begun) for part in went)]


def turnaround(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose how long the applications of the month waited."""
    say, found = voice.words.text, statement.turnaround
    if found.median is None or found.ninetieth is None:
        told = say("No loan of the month came from an application entered here.")
    else:
        told = say(
            "From the entry of the application to the payout: half waited {median} days or less, "
            "nine of ten {ninetieth} days or less ({count} applications).",
            median=_half_days(found.median),
            ninetieth=count(found.ninetieth),
            count=count(found.applications),
        )
    return together([*voice.heading(say("How long borrowers waited")), *message(voice, told)])


def _half_days(median: Ratio) -> str:
    whole, half = divmod(median.numerator, median.denominator)
    return f"{whole}.5" if half else str(whole)
