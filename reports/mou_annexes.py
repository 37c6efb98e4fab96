"""The end of the joint report: districts, the OIC's network, method and limits, signatures."""

from collections.abc import Mapping, Sequence

from aim_loans.mou.published import JointReport, PublishedCell, Shown
from aim_loans.vocabulary import N_
from reports.mou_figures import (
    HELD_NOTE,
    count,
    figure,
    two_way,
    under,
    value_name,
)
from reports.page import Piece
from reports.parts import clauses, facts, signatures
from reports.style import LETTER, Style
from reports.table import Column, Table, table
from reports.text import isolated
from reports.voice import Voice

# What the OIC's network reads, with the formula of each.
_OIC: Mapping[str, str] = {
    "A1": N_("Enterprises with a first payout of an interest-free loan in the period."),
    "A2": N_("Principal paid out in the period; nothing is ever added to it."),
    "A4.women": N_("Of A1, those whose borrower is a woman."),
    "A10.par30": N_(
        "Balance of loans whose oldest unpaid instalment is more than 30 days late, over the "
        "balance of all loans, at the period's end."
    ),
    "A10.on_time": N_(
        "Of the instalments due in the last month, the share that was paid by their due day."
    ),
    "F.index": N_("Registrations held, over those that apply to the enterprises by their sector."),
    "H1.participants": N_("Persons who came to a training, each counted once."),
    "A11": N_("Enterprises that opened an account or a wallet for the business."),
}
_METHOD = (
    N_(
        "The unit is the micro enterprise. A borrower of whom none is written down counts as one "
        "enterprise."
    ),
    N_(
        "The MoU cohort are the enterprises with an event that SMEDA confirmed, from its day on; "
        "their earlier loans stand apart."
    ),
    N_("Age is that at the payout. Participants are persons; attendances stand beside them."),
    N_(
        "Counts from 1 to 9 are held back, and 0 is shown. Further figures are held back until "
        "none of these follows from all that was released: totals, other tables, earlier editions, "
        "the briefs of the months and the half-years before."
    ),
    N_(
        "What stands at the period's end is held back too where it is 1 to 9 away from what was "
        "shown of another day; so is any figure 1 to 9 away from an earlier edition's."
    ),
    N_(
        "An amount or a mean is shown only where at least ten enterprises, loans or answers stand "
        "behind it, a share only where ten or more, or none, are in its number, and as many "
        "beside it. Of a share of money the sums are not told. Dominance is not treated: an amount "
        "may come mostly from one of them."
    ),
    N_(
        "The last period is what its own report published; where none was published the place "
        "stays empty. The baseline is the time of the same length before the programme."
    ),
    N_("A target that its owner has not entered is printed as not set, and never invented."),
    N_(
        "The national figure has a date and a source of its own; it is printed beside ours, not "
        "added to it."
    ),
)


def districts(report: JointReport, voice: Voice) -> list[Piece]:
    """Set the annex of districts: those that can be shown, and the others together."""
    say = voice.words.text
    shown = {name: report.table(name, "district") for name in ("A1", "A2", "F", "H1.participants")}
    known = {
        name: {cell.values[0]: cell for cell in each.cells if cell.number is not None}
        for name, each in shown.items()
    }
    listed = sorted(known["A1"], key=lambda name: (-(known["A1"][name].number or 0), name))
    columns = [
        Column(voice.words.word("split", "district")),
        Column(voice.words.word("split_line", "A1"), figures=True),
        Column(say("Rupees"), figures=True),
        Column(voice.words.word("split_line", "F"), figures=True),
        Column(voice.words.word("split_line", "H1.participants"), figures=True),
    ]
    rows = [_district(voice, report, known, name) for name in listed]
    together = shown["A1"].together
    if together is not None:
        held = sum(cell.number is None for cell in shown["A1"].cells)
        rows.append(
            (
                say("{count} other districts together", count=held),
                count(voice, together),
                "",
                "",
                "",
            )
        )
    heading = voice.heading(say("Annex 1: districts"))
    if not rows:
        return [*heading, *voice.body(say("Nothing of the districts can be shown."))]
    body = voice.body(say("Districts with enough enterprises to be shown, the largest first."))
    grid = table(voice.hand, Table(columns, rows, note=say(HELD_NOTE)), style=Style(8.0))
    return [*heading, *body, *grid]


def oic_network(report: JointReport, voice: Voice) -> list[Piece]:
    """Set the annex for the OIC's network of SME agencies: aggregates with their definitions."""
    say = voice.words.text
    columns = [
        Column(say("Id")),
        Column(say("Indicator")),
        Column(say("How it is counted")),
        Column(say("All"), figures=True),
        Column(say("MoU"), figures=True),
    ]
    rows = []
    for name, formula in _OIC.items():
        line = report.line(name)
        all_of_aim, cohort = (figure(voice, line.unit, each) for each in (line.actual, line.cohort))
        rows.append((line.id, say(line.name), say(formula), all_of_aim, cohort))
    return [
        *voice.heading(say("Annex 2: for the OIC network of SME agencies (OIC-SMENET)")),
        *voice.body(
            say(
                "Aggregates for SESRIC and the network. All finance is Qard-e-Hasna: what is lent "
                "is paid back, and nothing more."
            )
        ),
        *table(voice.hand, Table(columns, rows, note=say(HELD_NOTE)), style=Style(8.0)),
        *under(voice, say("Enterprises financed by sector and gender")),
        *two_way(voice, report.table("A1", "sector", "gender")),
        *voice.body(say("Green finance: not recorded by either party in this period.")),
    ]


def provinces(report: JointReport, voice: Voice) -> list[Piece]:
    """Set the provinces by gender."""
    title = voice.words.text("Enterprises financed by province and gender")
    return [*under(voice, title), *two_way(voice, report.table("A1", "province", "gender"))]


def method(report: JointReport, voice: Voice) -> list[Piece]:
    """Set how the figures are made, and what they cannot say."""
    say, word = voice.words.text, voice.words.word
    unsure = [word("unverified", name) for name in report.unverified]
    sentences = [say(each) for each in _METHOD]
    if unsure:
        listed = "، ".join(unsure) if voice.hand.right_to_left else ", ".join(unsure)
        sentences.append(say("Not yet confirmed by both parties: {lists}.", lists=listed))
    return [
        *voice.heading(say("Method and limits")),
        *clauses(voice.hand, sentences, style=LETTER),
        *_changed(report, voice),
    ]


def signing(report: JointReport, voice: Voice, digest: str) -> list[Piece]:
    """Set the place where both parties sign."""
    say, head = voice.words.text, report.head
    named = [
        (say("Period"), f"{voice.words.day(head.first)} – {voice.words.day(head.last)}"),
        (say("Known at"), voice.moment(head.known_at)),
        (say("Edition"), isolated(str(head.edition)) if head.edition else say("provisional")),
        (say("Digest of the figures"), isolated(digest)),
    ]
    return [
        *voice.heading(say("Sign-off")),
        *voice.body(
            say(
                "Each party confirms its own part of the closed period; then both sign. What is "
                "signed is kept byte by byte. A correction is a new edition that lists what "
                "changed."
            )
        ),
        *facts(voice.hand, named, columns=2),
        *signatures(
            voice.hand, [say("For AIM: name, office, day"), say("For SMEDA: name, office, day")]
        ),
    ]


def _district(
    voice: Voice,
    report: JointReport,
    known: Mapping[str, Mapping[str, PublishedCell]],
    name: str,
) -> Sequence[str]:
    cells = []
    for line in ("A1", "A2", "F", "H1.participants"):
        cell = known[line].get(name)
        there = any(each.values == (name,) for each in report.table(line, "district").cells)
        number = cell.number if cell else (None if there else 0)
        amount = line == "A2" and number is not None
        cells.append(voice.figure(number or 0) if amount else count(voice, number))
    return (value_name(voice, "district", name), *cells)


def _changed(report: JointReport, voice: Voice) -> list[Piece]:
    """Set what this edition corrects, and which lines changed by it."""
    say = voice.words.text
    if not report.reason:
        return []
    columns = [
        Column(say("Id")),
        Column(say("Indicator")),
        Column(say("Edition before"), figures=True),
        Column(say("This edition"), figures=True),
    ]
    rows = []
    for each in report.changes:
        line = report.line(each.line)
        shown = (Shown(each.before, each.before_of), Shown(each.now, each.now_of))
        rows.append((line.id, say(line.name), *(figure(voice, line.unit, one) for one in shown)))
    said = voice.body(say("This edition corrects an earlier one: {reason}", reason=report.reason))
    found = [*voice.heading(say("What changed")), *said]
    if not rows:
        return [*found, *voice.body(say("No line of the scoreboard changed."))]
    return [*found, *table(voice.hand, Table(columns, rows, note=say(HELD_NOTE)), style=Style(8.0))]
