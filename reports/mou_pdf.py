"""The joint report of SMEDA and the lender, and its one-page brief, from the published value."""

from collections.abc import Callable, Sequence
from functools import partial

from aim_loans.mou.published import JointReport
from aim_loans.texts import Phrase, translator
from aim_loans.vocabulary import N_
from reports.ink import About, to_pdf
from reports.loan_values import Letterhead
from reports.mou_annexes import districts, method, oic_network, provinces, signing
from reports.mou_figures import HELD_NOTE, figure, line_table
from reports.mou_pillars import access, formalisation, hand_holding, outcomes, scoreboard
from reports.page import Around, Piece, paper, paragraph
from reports.parts import facts
from reports.style import HEADING, HEADLINE, LETTER, NOTE, SPACES
from reports.text import isolated
from reports.voice import Voice, voices

PARTNER = N_("Small and Medium Enterprises Development Authority (SMEDA)")
_REPORT = N_("Joint report on micro enterprises")
_BRIEF = N_("Monthly brief for the steering committee")
_DIGITS_IN_FOOT = 16
_LARGE = ("A1", "A2", "H1.participants")

Section = Callable[[Voice], Sequence[Piece]]


def joint_pdf(report: JointReport, letterhead: Letterhead, *, digest: str, language: str) -> bytes:
    """Draw the report in `en`, `ur` or `both`; of a month the one-page brief.

    `digest` is the SHA-256 of the published figures, printed on every page.
    """
    speaking = voices(letterhead, "", language)
    title = _BRIEF if report.is_month else _REPORT
    sections = _brief(report) if report.is_month else _report(report, digest)
    laid = [
        (_around(voice, report, title, digest), section(voice))
        for voice in speaking
        for section in sections
    ]
    about = About(
        f"{translator('en').text(title)} {report.head.period}",
        letterhead.institution,
        speaking[0].hand.language,
    )
    return to_pdf(paper(laid), about)


def _report(report: JointReport, digest: str) -> list[Section]:
    def annexes(voice: Voice) -> list[Piece]:
        return [*districts(report, voice), *provinces(report, voice)]

    def ending(voice: Voice) -> list[Piece]:
        return [*method(report, voice), *signing(report, voice, digest)]

    drawn = (_cover, scoreboard, access, formalisation, hand_holding, outcomes)
    first: list[Section] = [partial(section, report) for section in drawn]
    return [*first, annexes, partial(oic_network, report), ending]


def _brief(report: JointReport) -> list[Section]:
    return [partial(_one_page, report)]


def _cover(report: JointReport, voice: Voice) -> list[Piece]:
    say = voice.words.text
    hand = voice.hand
    return [
        Piece(6.0 * SPACES[5]),
        *paragraph(hand, voice.letterhead.institution, HEADING, space=SPACES[1]),
        *paragraph(hand, say("and"), NOTE, space=SPACES[0]),
        *paragraph(hand, say(PARTNER), HEADING, space=SPACES[0]),
        *paragraph(hand, say(_REPORT), HEADLINE, space=SPACES[5]),
        *paragraph(hand, _period(voice, report), LETTER, space=SPACES[1]),
        *facts(hand, _key_facts(voice, report), large=frozenset(_names(voice, _LARGE)), columns=3),
        *paragraph(
            hand,
            say(
                "Both parties work under one memorandum: access to finance, formalisation and "
                "hand-holding. This report holds figures alone, and tells of no single person."
            ),
            LETTER,
            space=SPACES[4],
        ),
        *_beside_the_nation(voice, report),
        *paragraph(hand, say(HELD_NOTE), NOTE, space=SPACES[0]),
    ]


def _one_page(report: JointReport, voice: Voice) -> list[Piece]:
    say = voice.words.text
    return [
        *paragraph(voice.hand, say(_BRIEF), HEADLINE),
        *paragraph(voice.hand, _period(voice, report), LETTER, space=SPACES[0]),
        *facts(
            voice.hand,
            _key_facts(voice, report),
            large=frozenset(_names(voice, _LARGE)),
            columns=3,
        ),
        *line_table(voice, report.lines, scoreboard=True),
        *_beside_the_nation(voice, report),
    ]


def _key_facts(voice: Voice, report: JointReport) -> list[tuple[str, str]]:
    lines = [report.line(name) for name in _LARGE]
    texts = [figure(voice, line.unit, line.actual) for line in lines]
    named = zip(_names(voice, _LARGE), map(isolated, texts), strict=True)
    return list(named)


def _names(voice: Voice, names: Sequence[str]) -> list[str]:
    return [voice.words.word("split_line", name) for name in names]


def _beside_the_nation(voice: Voice, report: JointReport) -> list[Piece]:
    """Set the national portfolio beside the report, with both dates and its source."""
    national, say = report.national, voice.words.text
    said = say(
        "National microfinance portfolio beside this report: {amount} on {day}; this report ends "
        "on {last}. Source: {source}.",
        amount=voice.rupees(national.total),
        day=national.as_of,
        last=report.head.last,
        source=Phrase(national.source),
    )
    doubt = "" if national.verified else f" {say('Source not verified.')}"
    return paragraph(voice.hand, said + doubt, NOTE, space=SPACES[2])


def _period(voice: Voice, report: JointReport) -> str:
    head = report.head
    return voice.words.text(
        "{period}: {first} to {last}", period=head.period, first=head.first, last=head.last
    )


def _around(voice: Voice, report: JointReport, title: str, digest: str) -> Around:
    say, head = voice.words.text, report.head
    state = voice.words.word("file_state", head.state)
    edition = say("edition {number}", number=head.edition) if head.edition else ""
    known = voice.moment(head.known_at)
    return Around(
        voice.hand,
        voice.letterhead.institution + " · SMEDA",
        f"{say(title)} · {isolated(head.period)}",
        state=" · ".join(part for part in (state, edition) if part),
        left=say(
            "Digest {digest} · known at {known}", digest=digest[:_DIGITS_IN_FOOT], known=known
        ),
        below=say("Seal of the cut: {seal}", seal=head.seal[:_DIGITS_IN_FOOT]) if head.seal else "",
        synthetic=voice.letterhead.synthetic,
    )
