"""A receipt, on A4 or on the 80 mm roll of a printer at the counter."""

from functools import partial

from aim_loans.clauses import PROMISE
from aim_loans.vocabulary import N_
from reports.ink import About, to_pdf
from reports.loan_values import Letterhead, Receipt
from reports.page import MILLIMETRE, WIDTH, Piece, paragraph, strip
from reports.parts import facts, square_code, stamp
from reports.style import LARGE, NOTE, SPACES, Style
from reports.text import isolated
from reports.voice import Voice, code_line, draw, voices

A4_SHEET, ROLL = "a4", "80mm"
SHEETS = (A4_SHEET, ROLL)

_TITLE = N_("Receipt {ref}")
_ROLL_WIDTH = 80 * MILLIMETRE
_ROLL_MARGIN = 4 * MILLIMETRE
_ROLL_TEXT = _ROLL_WIDTH - 2 * _ROLL_MARGIN


def receipt_paper(
    receipt: Receipt, letterhead: Letterhead, *, sheet: str, code: str, language: str
) -> bytes:
    """Draw a receipt on one of `SHEETS`; a cancelled one says so across the paper."""
    speaking = voices(letterhead, code, language)
    if sheet == A4_SHEET:
        return draw(_TITLE, receipt.number, [partial(_body, receipt, WIDTH, 2)], speaking)
    pieces = [piece for voice in speaking for piece in _on_roll(receipt, voice)]
    about = About(
        _TITLE.format(ref=receipt.number), letterhead.institution, speaking[0].hand.language
    )
    return to_pdf([strip(pieces, _ROLL_WIDTH, _ROLL_MARGIN)], about)


def _on_roll(receipt: Receipt, voice: Voice) -> list[Piece]:
    title = voice.words.text(_TITLE, ref=receipt.number)
    bold = Style(LARGE, bold=True)
    sender = voice.letterhead.institution
    if voice.letterhead.synthetic:
        sender = f"{sender} · {voice.words.text('synthetic')}"
    return [
        *paragraph(voice.hand, sender, NOTE, width=_ROLL_TEXT, space=SPACES[4]),
        *paragraph(voice.hand, title, bold, width=_ROLL_TEXT),
        *_body(receipt, _ROLL_TEXT, 1, voice),
        *paragraph(voice.hand, code_line(voice), NOTE, width=_ROLL_TEXT, space=SPACES[1]),
        square_code(voice.code),
    ]


def _body(receipt: Receipt, width: float, columns: int, voice: Voice) -> list[Piece]:
    words = voice.words
    amount, balance = words.heading("amount"), words.text("Balance now")
    named = [
        (amount, isolated(voice.rupees(receipt.amount))),
        voice.amount_in_words(receipt.amount),
        (words.text("Received on"), words.day(receipt.received_on)),
    ]
    if receipt.channel:
        came = f"{words.word('channel', receipt.channel)} {isolated(receipt.reference)}"
        named.append((words.text("How it came"), came))
    named.append((words.heading("branch"), isolated(receipt.branch)))
    for loan in receipt.loans:
        named += [
            (words.heading("borrower_name"), isolated(loan.borrower)),
            (words.heading("loan_ref"), isolated(loan.ref)),
            (balance, isolated(voice.rupees(loan.outstanding))),
        ]
    large = frozenset({amount, balance})
    return [
        *([stamp(voice.hand, words.text("cancelled"), width=width)] if receipt.cancelled else []),
        *facts(voice.hand, named, large=large, width=width, columns=columns),
        *paragraph(voice.hand, words.text(PROMISE), NOTE, width=width, space=SPACES[2]),
    ]
