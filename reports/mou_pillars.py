"""The sections of the joint report that tell its figures: scoreboard, pillars, outcomes."""

from collections.abc import Sequence
from functools import partial

from aim_loans.mou.published import JointReport, PublishedTable
from aim_loans.vocabulary import N_
from reports.charts import Bar, bars
from reports.mou_figures import (
    charted,
    count,
    figure,
    line_table,
    of_pillar,
    one_way,
    pairs,
    two_way,
    under,
)
from reports.page import WIDTH, Piece
from reports.style import BRAND, NOTE
from reports.table import Column, Table, table
from reports.voice import Voice

# What the one page of the scoreboard shows; every other line stands with its pillar.
SCOREBOARD = (
    *("A1", "A2", "A3.first", "A4.women", "A4.youth", "A4.disability", "A6", "A7.received"),
    *("A7.disbursed", "A8", "A9.repeat", "A10.par30", "A10.on_time", "A11"),
    *("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F.index"),
    *("H1.trainings", "H1.participants", "H1.completed", "H2", "H4", "H5.12", "H6", "H8", "H9"),
    *("O1.women", "O1.men", "O2", "O3"),
)
_ASSOCIATION = N_(
    "These figures say what was found among those who answered. They show what goes together, "
    "not that the programme brought it about: nobody outside the programme was asked."
)
_NO_SURVEY = N_("No survey was drawn for this period, so nothing is said about outcomes.")
_SPLIT_BY = ("gender", "age", "disability", "tier", "province")
_UNKNOWN = "unknown"
_STAGES = (
    *("applicable", "informed", "consented", "assisted", "applied"),
    *("held", "baseline", "verified", "lapsed"),
)


def scoreboard(report: JointReport, voice: Voice) -> list[Piece]:
    """Set the one page that answers how the period went."""
    lines = [report.line(name) for name in SCOREBOARD]
    return [
        *voice.heading(voice.words.text("Scoreboard")),
        *line_table(voice, lines, scoreboard=True),
    ]


def access(report: JointReport, voice: Voice) -> list[Piece]:
    """Set the first pillar: access to finance."""
    say = voice.words.text
    money = partial(report.table, "A2")
    return [
        *voice.heading(say("Pillar A: access to finance")),
        *voice.body(_financed(report, voice)),
        *line_table(voice, of_pillar(report, "A"), scoreboard=False),
        *charted(
            voice,
            say("Enterprises financed by sector, and the rupees paid out"),
            report.table("A1", "sector"),
            more=[money("sector")],
        ),
        *_splits(voice, report, "A1"),
    ]


def formalisation(report: JointReport, voice: Voice) -> list[Piece]:
    """Set the second pillar: registrations and how far each has come."""
    say = voice.words.text
    return [
        *voice.heading(say("Pillar F: formalisation")),
        *voice.body(
            say(
                "Registered before the programme is a baseline and no result. A registration "
                "counts once, with its number, day and proof."
            )
        ),
        *line_table(voice, of_pillar(report, "F"), scoreboard=False),
        *_funnels(report, voice),
        *charted(voice, say("New registrations by sector"), report.table("F", "sector")),
        *_splits(voice, report, "F"),
    ]


def hand_holding(report: JointReport, voice: Voice) -> list[Piece]:
    """Set the third pillar: trainings and other help."""
    say = voice.words.text
    return [
        *voice.heading(say("Pillar H: hand-holding")),
        *voice.body(
            say(
                "An event under SMEDA's code counts once SMEDA has confirmed it. Events of the "
                "period that still wait for SMEDA: {count}.",
                count=count(voice, report.waiting),
            )
        ),
        *line_table(voice, of_pillar(report, "H"), scoreboard=False),
        *charted(
            voice,
            say("Participants of trainings by sector, each person once"),
            report.table("H1.participants", "sector"),
        ),
        *_splits(voice, report, "H1.participants"),
    ]


def outcomes(report: JointReport, voice: Voice) -> list[Piece]:
    """Set what the sample answered, with its size and margin."""
    say, sample = voice.words.text, report.sample
    heading = voice.heading(say("Outcomes"))
    if sample is None:
        return [*heading, *voice.body(say(_NO_SURVEY))]
    margin = None if sample.margin is None else f"{sample.margin / 10:.1f}"
    said = say(
        "n = {answered} of {drawn} enterprises drawn from {population}. Margin of a share at 95 %: "
        "{margin} percentage points at most.",
        answered=count(voice, sample.answered),
        drawn=count(voice, sample.drawn),
        population=count(voice, sample.population),
        margin=margin or count(voice, None),
    )
    return [
        *heading,
        *voice.body(said),
        *voice.body(say(_ASSOCIATION)),
        *line_table(voice, of_pillar(report, "O"), scoreboard=False),
    ]


def _financed(report: JointReport, voice: Voice) -> str:
    lines = {name: report.line(name) for name in ("A1", "A2", "A4.women")}
    texts = {name: figure(voice, line.unit, line.actual) for name, line in lines.items()}
    return voice.words.text(
        "In the period {enterprises} enterprises were financed with {amount} of interest-free "
        "loans (Qard-e-Hasna); {women} of them belong to women.",
        enterprises=texts["A1"],
        amount=texts["A2"],
        women=texts["A4.women"],
    )


def _splits(voice: Voice, report: JointReport, line: str) -> list[Piece]:
    """Set what a line comes to by the other dimensions, two tables side by side.

    Of tables in which no figure can be shown only the names stand below.
    """
    crossed = report.table(line, "sector", "gender")
    singles = [report.table(line, name) for name in _SPLIT_BY]
    told = [each for each in (*singles, crossed) if _tells(each)]
    held = [each for each in told if not any(cell.number for cell in each.cells)]

    def block(shown: PublishedTable, width: float) -> list[Piece]:
        title = _title(voice, shown)
        return [*under(voice, title, width=width), *one_way(voice, shown, width=width)]

    blocks = [partial(block, each) for each in singles if each in told and each not in held]
    found = pairs(voice, blocks)
    if crossed in told and crossed not in held:
        found += [*under(voice, _title(voice, crossed)), *two_way(voice, crossed)]
    if held:
        between = "؛ " if voice.hand.right_to_left else "; "
        names = between.join(_title(voice, each) for each in held)
        found += voice.body(voice.words.text("Held back as a whole: {tables}.", tables=names))
    return found


def _tells(shown: PublishedTable) -> bool:
    """Say whether a table tells anything: of some dimensions nothing may be known yet."""
    return any(cell.values != (_UNKNOWN,) for cell in shown.cells)


def _title(voice: Voice, shown: PublishedTable) -> str:
    line = voice.words.word("split_line", shown.line)
    if len(shown.by) > 1:
        return voice.words.text("{line} by sector and gender", line=line)
    dimension = voice.words.word("split", shown.by[0]).lower()
    return voice.words.text("{line} by {dimension}", line=line, dimension=dimension)


def _funnels(report: JointReport, voice: Voice) -> list[Piece]:
    say, word = voice.words.text, voice.words.word
    columns = [
        Column(say("Registration")),
        *(Column(word("funnel", name), figures=True) for name in _STAGES),
    ]
    rows: Sequence[Sequence[str]] = [
        (
            f"{funnel.type} {word('registration', funnel.type)}",
            *(count(voice, funnel.number(name)) for name in _STAGES),
        )
        for funnel in report.funnels
    ]
    drawn = [
        Bar(funnel.type, funnel.number("held") or 0, count(voice, funnel.number("held")), BRAND)
        for funnel in report.funnels
    ]
    most = max((bar.value for bar in drawn), default=1)
    return [
        *under(voice, say("How far enterprises are with each registration, at the period's end")),
        *table(voice.hand, Table(columns, rows), style=NOTE),
        *under(voice, say("Enterprises registered now, by type")),
        bars(voice.hand, drawn, width=WIDTH, most=most),
    ]
