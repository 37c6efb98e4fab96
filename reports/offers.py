"""What a borrower agrees to before the payout: key facts, agreement, undertakings."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from aim_loans.clauses import AGREEMENT, KEY_FACTS, OF_A_GROUP, OTHER_DAY, UNDERTAKING
from aim_loans.errors import Refused
from aim_loans.texts import format_day
from aim_loans.vocabulary import N_
from reports.loan_values import Letterhead, Offer, Person, Planned
from reports.page import WIDTH, Piece, beside
from reports.parts import clauses, facts, signatures
from reports.style import LETTER, SPACES
from reports.table import Column, Table, table
from reports.text import isolated
from reports.voice import Compose, Voice, draw, voices

_BORROWER_SIGNS = N_("The borrower: signature or thumbprint, and day")
_GUARANTOR_SIGNS = N_("The guarantor: signature or thumbprint, and day")
# Of instalments set in two halves; more go down one table over pages.
_MOST_SIDE_BY_SIDE = 60
_WITNESS, _INSTITUTION = N_("Witness"), N_("For the institution")


class _Paper(NamedTuple):
    """A paper of an offer: its title, and what gives its sections."""

    title: str
    sections: Callable[[Offer], Sequence[Compose]]


def offer_paper(
    name: str, offer: Offer, letterhead: Letterhead, *, code: str, language: str
) -> bytes:
    """Draw one of `OFFER_PAPERS`; Refused for undertakings of an offer without guarantors."""
    paper = OFFER_PAPERS[name]
    speaking = voices(letterhead, code, language)
    return draw(paper.title, offer.ref, paper.sections(offer), speaking)


def _key_facts(offer: Offer, voice: Voice) -> list[Piece]:
    filled = _filled(voice, offer)
    return [
        *_parties(voice, offer),
        *clauses(voice.hand, [voice.words.text(each, **filled) for each in KEY_FACTS]),
        *_planned(voice, offer),
        *_rounded(voice, offer),
        *voice.body(voice.words.text(OTHER_DAY)),
        *_signed(voice, _BORROWER_SIGNS, _INSTITUTION),
    ]


def _agreement(offer: Offer, voice: Voice) -> list[Piece]:
    filled = _filled(voice, offer)
    sentences = [voice.words.text(each, **filled) for each in AGREEMENT]
    if offer.group:
        sentences.append(voice.words.text(OF_A_GROUP, **offer.group._asdict()))
    return [
        *_parties(voice, offer),
        *clauses(voice.hand, sentences, counted=True, style=LETTER),
        *_signed(voice, _BORROWER_SIGNS, _WITNESS, _INSTITUTION),
    ]


def _undertaking(offer: Offer, guarantor: Person, voice: Voice) -> list[Piece]:
    named = voice.person(voice.words.text("Guarantor"), guarantor)
    named.append((voice.words.text("Relation to the borrower"), isolated(guarantor.relation)))
    return [
        *_parties(voice, offer),
        *facts(voice.hand, named, columns=3),
        *voice.body(voice.words.text(UNDERTAKING, **_filled(voice, offer))),
        *_signed(voice, _GUARANTOR_SIGNS, _WITNESS, _INSTITUTION),
    ]


def _undertakings(offer: Offer) -> list[Compose]:
    if not offer.guarantors:
        raise Refused("Application {ref} has no guarantor, so nobody undertakes.", ref=offer.ref)
    return [partial(_undertaking, offer, each) for each in offer.guarantors]


OFFER_PAPERS: Mapping[str, _Paper] = {
    "key_facts": _Paper(N_("Key fact statement"), lambda offer: [partial(_key_facts, offer)]),
    "agreement": _Paper(N_("Loan agreement"), lambda offer: [partial(_agreement, offer)]),
    "undertaking": _Paper(N_("Guarantor's undertaking"), _undertakings),
}


def _filled(voice: Voice, offer: Offer) -> dict[str, object]:
    """Give the values that the clauses name."""
    first = offer.instalments[0]
    return {
        "amount": voice.rupees(offer.principal),
        "count": len(offer.instalments),
        "first": voice.rupees(first.amount),
        "day": first.due_on,
        "fee": voice.rupees(offer.fee),
        "purpose": offer.purpose,
    }


def _parties(voice: Voice, offer: Offer) -> list[Piece]:
    say = voice.words.text
    lent, payable = say("Amount of the loan (Qard-e-Hasna)"), say("Total payable")
    named = [
        *voice.person(voice.words.heading("borrower_name"), offer.borrower),
        (say("Application"), isolated(offer.ref)),
        (lent, isolated(voice.rupees(offer.principal))),
        (payable, isolated(voice.rupees(offer.principal))),
        voice.amount_in_words(offer.principal),
    ]
    return facts(voice.hand, named, large=frozenset({lent, payable}), columns=3)


def _planned(voice: Voice, offer: Offer) -> list[Piece]:
    """Set the instalments in two halves side by side, so that the paper keeps to one page."""
    words, half = voice.words, -(-len(offer.instalments) // 2)
    columns = [
        Column(words.heading("number")),
        Column(words.heading("due_on")),
        Column(words.heading("amount"), figures=True),
        Column(words.heading("balance"), figures=True),
    ]
    rows = [_row(voice, each) for each in offer.instalments]
    total = ("", words.heading("total"), voice.figure(offer.principal), "")
    note = words.text("Amounts in rupees.")
    width = (WIDTH - SPACES[4]) / 2
    tables = [
        table(voice.hand, Table(columns, rows[:half], note=note), width=width),
        table(voice.hand, Table(columns, rows[half:], totals=[total]), width=width),
    ]
    offsets = (0.0, width + SPACES[4])
    if len(offer.instalments) > _MOST_SIDE_BY_SIDE:
        return table(voice.hand, Table(columns, rows, totals=[total], note=note))
    return [beside(tables, offsets[::-1] if voice.hand.right_to_left else offsets)]


def _row(voice: Voice, each: Planned) -> tuple[str, ...]:
    day = format_day(each.due_on, voice.words.language)
    return (str(each.number), day, voice.figure(each.amount), voice.figure(each.balance))


def _rounded(voice: Voice, offer: Offer) -> list[Piece]:
    if len(offer.instalments) >= offer.asked:
        return []
    sentence = voice.words.text(
        "{count} instalments instead of {asked}: the amount was rounded, and the loan is repaid "
        "earlier.",
        count=len(offer.instalments),
        asked=offer.asked,
    )
    return voice.body(sentence)


def _signed(voice: Voice, *messages: str) -> list[Piece]:
    return signatures(voice.hand, [voice.words.text(each) for each in messages])
