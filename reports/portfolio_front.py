"""The first page of the portfolio paper: how big, how good, what changed, what to worry about."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from aim_loans.money import Ratio, points
from aim_loans.portfolio.statement import Identity, PortfolioStatement
from aim_loans.portfolio.statement_figures import MonthEnd
from reports.page import WIDTH, Piece, beside, paragraph
from reports.parts import clauses, column_width, facts, side_by_side, tiles
from reports.portfolio_words import (
    change,
    count,
    group_name,
    in_one_piece,
    indicator,
    month_name,
    per_cent,
    points_moved,
    scope_name,
    signed,
    small_table,
    tenths,
    without_receipts,
)
from reports.style import FIGURE, HEADING, HEADLINE, SPACES
from reports.table import Column, Table
from reports.text import isolated
from reports.voice import Voice

_MOST_WORRIES = 4  # more would push the first page over its end


def front_page(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose the first page."""
    say = voice.words.text
    return [
        *_cover(statement.identity, voice),
        tiles(voice.hand, _headlines(statement, voice)),
        *_told_of_receipts(statement, voice),
        *_progress(statement, voice),
        _side_by_side(
            voice,
            (say("What changed"), _changes(statement, voice)),
            (say("What to worry about"), worries(statement, voice)[:_MOST_WORRIES]),
        ),
    ]


def _side_by_side(voice: Voice, *told: tuple[str, Sequence[str]]) -> Piece:
    """Set lists of sentences beside each other, each below its heading."""
    width = column_width(len(told))
    columns = [
        paragraph(voice.hand, heading, HEADING, width=width)
        + clauses(voice.hand, sentences, width=width)
        for heading, sentences in told
    ]
    row = beside(columns, side_by_side(voice.hand, len(told), width, WIDTH))
    return replace(row, space=SPACES[3])


def state_line(identity: Identity, voice: Voice) -> str:
    """Say whether the paper is final, and in which edition."""
    say = voice.words.text
    if identity.state == "provisional":
        return say("provisional")
    return f"{say('final')} · {say('edition {number}', number=identity.edition)}"


def _cover(identity: Identity, voice: Voice) -> list[Piece]:
    """Set the letterhead, what the paper is about, and how it stands."""
    say = voice.words.text
    title = say("Portfolio report · {month}", month=month_name(voice, identity.month))
    named = [
        (say("Scope"), scope_name(voice, identity.scope)),
        (say("Month until"), voice.words.day(identity.as_of)),
        (say("State"), state_line(identity, voice)),
        (say("Known at"), voice.moment(identity.known_at)),
    ]
    return [
        *paragraph(voice.hand, isolated(identity.institution), FIGURE),
        *paragraph(voice.hand, title, HEADLINE),
        *facts(voice.hand, named, columns=4),
    ]


def _headlines(statement: PortfolioStatement, voice: Voice) -> list[tuple[str, str, str]]:
    now, before, heading = statement.now, statement.last_month, voice.words.heading
    moved = points(*now.par30_ratio, *before.par30_ratio)
    points_now = "" if moved is None else voice.words.text("{tenths} points", tenths=tenths(moved))
    more = now.outstanding - before.outstanding
    persons = now.active_borrowers - before.active_borrowers
    nothing = voice.words.text("no loan")
    return [
        (
            heading("glp"),
            voice.short_rupees(now.outstanding),
            _beside(voice, more, voice.short_rupees(abs(more)), before),
        ),
        (
            heading("active_borrowers"),
            count(now.active_borrowers),
            _beside(voice, persons, count(abs(persons)), before),
        ),
        (
            heading("par30_ratio"),
            isolated(per_cent(now.par30_ratio) or nothing),
            _beside(voice, moved, points_now, before),
        ),
    ]


def _beside(voice: Voice, moved: int | None, size: str, before: MonthEnd) -> str:
    """Say how a figure stands beside that of the month before."""
    say = voice.words.text
    if moved is None:
        return say("no loan on {day} to compare with", day=before.day)
    if not moved:
        return say("the same as on {day}", day=before.day)
    if moved > 0:
        return f"{isolated(size)} {say('more than on {day}', day=before.day)}"
    return f"{isolated(size)} {say('less than on {day}', day=before.day)}"


def _told_of_receipts(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    stamped, say = without_receipts(statement, voice), voice.words.text
    if not stamped:
        return []
    return [
        *stamped,
        *voice.body(
            say(
                "The book holds loans and no receipt: recovery, arrears and lateness tell nothing "
                "of the borrowers."
            )
        ),
    ]


class _Line(NamedTuple):
    """A line of the progress table: its name, its texts for three month ends, the change."""

    name: str
    ends: Sequence[str]
    change: str


def _progress(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Set the progress table."""
    ends = (statement.now, statement.last_month, statement.year_ago)
    lines = [
        *(_counted(voice, name, ends) for name in ("members", "loans_made")),
        *(_counted(voice, name, ends) for name in ("active_loans", "active_borrowers")),
        _amounts(voice, "disbursed_so_far", "disbursed", ends),
        _amounts(voice, "due_so_far", "due", ends),
        _amounts(voice, "received_so_far", "received", ends),
        _amounts(voice, "overdue", "arrears", ends),
        _amounts(voice, "par30", "par30", ends),
        _shares(voice, "par30_ratio", [end.par30_ratio for end in ends]),
        _amounts(voice, "glp", "outstanding", ends),
        _shares(voice, "recovery", [end.recovery for end in ends]),
    ]
    now, before, year_ago = (month_name(voice, end.day) for end in ends)
    columns = [
        Column(voice.words.text("Progress")),
        Column(now, figures=True),
        Column(before, figures=True),
        Column(voice.words.text("Change"), figures=True),
        Column(year_ago, figures=True),
    ]
    rows = [(line.name, *line.ends[:2], line.change, line.ends[2]) for line in lines]
    said = voice.words.text("Amounts in rupees. A share over nothing is left empty.")
    shown = Table(columns, rows, note=said)
    return small_table(voice, shown)


def _counted(voice: Voice, name: str, ends: Sequence[MonthEnd]) -> _Line:
    numbers = [getattr(end, name) for end in ends]
    moved = numbers[0] - numbers[1]
    texts = [count(number) for number in numbers]
    return _Line(indicator(voice, name), texts, signed(moved, count(abs(moved))))


def _amounts(voice: Voice, name: str, field: str, ends: Sequence[MonthEnd]) -> _Line:
    amounts = [getattr(end, field) for end in ends]
    texts = [voice.figure(amount) for amount in amounts]
    return _Line(indicator(voice, name), texts, change(voice, amounts[0] - amounts[1]))


def _shares(voice: Voice, name: str, ratios: Sequence[Ratio]) -> _Line:
    texts = [per_cent(ratio) for ratio in ratios]
    return _Line(indicator(voice, name), texts, points_moved(ratios[0], ratios[1]))


def _changes(statement: PortfolioStatement, voice: Voice) -> list[str]:
    say, now, before = voice.words.text, statement.now, statement.last_month
    more, whole = now.outstanding - before.outstanding, _amount(voice, now.outstanding)
    moved = _amount(voice, abs(more))
    if more > 0:
        size = say("The portfolio grew by {amount} to {whole}.", amount=moved, whole=whole)
    elif more < 0:
        size = say("The portfolio shrank by {amount} to {whole}.", amount=moved, whole=whole)
    else:
        size = say("The portfolio stands at {whole}, as a month before.", whole=whole)
    flow = say(
        "{count} loans were made in the month, {disbursed} was paid out, and {received} came in "
        "on principal.",
        count=count(statement.flow.loans_made),
        disbursed=_amount(voice, statement.flow.disbursed),
        received=_amount(voice, statement.flow.received),
    )
    risk = [] if statement.no_repayments else _change_of_risk(now, before, voice)
    return [size, flow, *risk]


def _change_of_risk(now: MonthEnd, before: MonthEnd, voice: Voice) -> list[str]:
    say, moved = voice.words.text, points(*now.par30_ratio, *before.par30_ratio)
    if moved is None:
        return []
    values = {"points": tenths(moved), "share": _share(now.par30_ratio)}
    if moved > 0:
        return [say("PAR over 30 days rose by {points} points to {share}.", **values)]
    if moved < 0:
        return [say("PAR over 30 days fell by {points} points to {share}.", **values)]
    return [say("PAR over 30 days stands at {share}, as a month before.", share=values["share"])]


def worries(statement: PortfolioStatement, voice: Voice) -> list[str]:
    """Say what needs somebody's attention, the money at risk first."""
    found = _unsure(statement, voice)
    if statement.no_repayments:
        # How late a book without receipts is says nothing of its borrowers.
        return found or [voice.words.text("No receipt was supplied.")]
    found = [*_at_risk(statement, voice), *_renegotiated(statement, voice), *found]
    return found or [voice.words.text("Nothing stands out: no loan is more than 30 days late.")]


def _at_risk(statement: PortfolioStatement, voice: Voice) -> list[str]:
    say, watched, risk = voice.words.text, statement.watch_list, statement.headline
    if not watched.count:
        return []
    found = [
        say(
            "Loans more than 30 days late: {count}. Their whole balance, {amount}, is at risk.",
            count=count(watched.count),
            amount=_amount(voice, watched.outstanding),
        )
    ]
    if len(statement.by_branch) > 1:
        most = max(statement.by_branch, key=lambda line: (line.par30, line.key))
        found.append(
            say(
                "Branch {branch} holds most of it: {amount}, {share} of its own portfolio.",
                branch=group_name(voice, "branch", most.key),
                amount=_amount(voice, most.par30),
                share=_share(most.par30_ratio),
            )
        )
    if risk.allowance < watched.outstanding:
        covered = _share(risk.risk_coverage)
        found.append(
            say(
                "The loss allowance in the ledger covers {share} of what is at risk.", share=covered
            )
        )
    return found


def _renegotiated(statement: PortfolioStatement, voice: Voice) -> list[str]:
    risk, now = statement.risk, statement.now
    more = risk.renegotiated.outstanding - now.par30
    if not more:
        return []
    return [
        voice.words.text(
            "Rescheduled loans with {amount} are 30 days late or less; with them PAR over 30 days "
            "is {share}.",
            amount=_amount(voice, more),
            share=_share(risk.ratio(risk.renegotiated)),
        )
    ]


def _unsure(statement: PortfolioStatement, voice: Voice) -> list[str]:
    say, ladder = voice.words.text, statement.classification
    found = []
    if statement.restatements:
        named = [each for each in statement.restatements if each.loan_ref]
        restated = count(len(named)) + ("+" if len(named) < len(statement.restatements) else "")
        found.append(say("Loans restated since the last close: {count}.", count=restated))
    if not ladder.verified:
        found.append(say("Classes and provisions rest on a ladder whose source is not verified."))
    gaps = [gap for gap in statement.quality.gaps if gap.loans]
    if gaps:
        most = max(gaps, key=lambda gap: gap.loans)
        found.append(
            say(
                "Of {whole} active loans {count} have nothing entered for: {field}.",
                whole=count(statement.quality.active_loans),
                count=count(most.loans),
                field=voice.words.heading(most.field),
            )
        )
    return found


def _amount(voice: Voice, paisa: int) -> str:
    return in_one_piece(voice.rupees(paisa))


def _share(ratio: Ratio) -> str:
    return in_one_piece(per_cent(ratio))
