"""A loan that runs or has ended: statement of account, schedule, clearance letter."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from aim_loans.clauses import CLEARANCE, PROMISE
from aim_loans.errors import Refused
from aim_loans.texts import format_day
from aim_loans.vocabulary import N_
from reports.loan_values import Account, Letterhead
from reports.page import Piece
from reports.parts import facts, signatures
from reports.table import Column, Table, table
from reports.text import isolated
from reports.voice import Voice, draw, voices


class _Paper(NamedTuple):
    """A paper of an account: its title, and what composes it."""

    title: str
    compose: Callable[[Account, Voice], list[Piece]]


def account_paper(
    name: str, account: Account, letterhead: Letterhead, *, code: str, language: str
) -> bytes:
    """Draw one of `ACCOUNT_PAPERS`; a clearance letter is Refused unless the loan is closed."""
    paper = ACCOUNT_PAPERS[name]
    speaking = voices(letterhead, code, language)
    return draw(paper.title, account.ref, [partial(paper.compose, account)], speaking)


def _statement(account: Account, voice: Voice) -> list[Piece]:
    say = voice.words.text
    return [
        *_standing(voice, account),
        *voice.body(say(PROMISE)),
        *voice.heading(say("What happened")),
        *_happenings(voice, account),
        *voice.heading(say("Schedule")),
        *_instalments(voice, account),
    ]


def _schedule(account: Account, voice: Voice) -> list[Piece]:
    return [*_standing(voice, account), *_instalments(voice, account)]


def _clearance(account: Account, voice: Voice) -> list[Piece]:
    if account.disbursed_on is None or not account.closed:
        raise Refused(
            "Loan {ref} is not closed, so there is no clearance letter. Print its statement.",
            ref=account.ref,
        )
    say = voice.words.text
    filled: dict[str, object] = {
        "ref": account.ref,
        "amount": voice.rupees(account.principal),
        "day": account.disbursed_on,
    }
    named = [
        *voice.person(voice.words.heading("borrower_name"), account.borrower),
        (voice.words.heading("principal"), isolated(voice.rupees(account.principal))),
        voice.amount_in_words(account.principal),
        (say("On"), voice.words.day(account.as_of)),
    ]
    return [
        *facts(voice.hand, named),
        *voice.body(" ".join(say(each, **filled) for each in CLEARANCE)),
        *signatures(voice.hand, [say("For the institution")]),
    ]


ACCOUNT_PAPERS: Mapping[str, _Paper] = {
    "statement": _Paper(N_("Statement of loan {ref}"), _statement),
    "schedule": _Paper(N_("Schedule of loan {ref}"), _schedule),
    "clearance": _Paper(N_("Clearance letter for loan {ref}"), _clearance),
}


def _standing(voice: Voice, account: Account) -> list[Piece]:
    say, heading = voice.words.text, voice.words.heading
    paid_out = account.disbursed_on
    balance = say("Balance on {day}", day=account.as_of)
    named = [
        *voice.person(heading("borrower_name"), account.borrower),
        (heading("branch"), isolated(account.branch)),
        (heading("product"), isolated(say(account.product))),
        (heading("principal"), isolated(voice.rupees(account.principal))),
        (heading("disbursed_on"), voice.words.day(paid_out) if paid_out else say("not yet")),
        (balance, isolated(voice.rupees(account.outstanding))),
        (say("Due up to today"), isolated(voice.rupees(account.due))),
    ]
    if account.credit:
        named.append((heading("credit"), isolated(voice.rupees(account.credit))))
    return facts(voice.hand, named, large=frozenset({balance}), columns=3)


def _happenings(voice: Voice, account: Account) -> list[Piece]:
    say, words = voice.words.text, voice.words
    if not account.happenings:
        return voice.body(say("Nothing yet: the loan is agreed and not paid out."))
    rows = []
    for each in account.happenings:
        kind = words.word("fact", each.kind)
        what = f"{kind} · {say(each.undone)}" if each.undone else kind
        rows.append(
            (
                format_day(each.value_on, words.language),
                what,
                isolated(each.receipt),
                f"{format_day(each.recorded, words.language)} {each.recorded:%H:%M}",
                voice.figure(each.amount),
                voice.figure(each.balance),
            )
        )
    columns = [
        *map(Column, (say("On"), say("What"), say("Receipt"), say("Recorded"))),
        Column(words.heading("amount"), figures=True),
        Column(words.heading("balance"), figures=True),
    ]
    return table(voice.hand, Table(columns, rows, note=say("Amounts in rupees.")))


def _instalments(voice: Voice, account: Account) -> list[Piece]:
    say, words = voice.words.text, voice.words
    rows = [
        (
            str(row.number),
            format_day(row.due_on, words.language),
            voice.figure(row.amount),
            voice.figure(row.paid),
            say(row.stands),
        )
        for row in account.instalments
    ]
    sums = (
        sum(row.amount for row in account.instalments),
        sum(row.paid for row in account.instalments),
    )
    shown = Table(
        [
            Column(words.heading("number")),
            Column(words.heading("due_on")),
            Column(words.heading("amount"), figures=True),
            Column(say("Paid"), figures=True),
            Column(say("Stands")),
        ],
        rows,
        totals=[("", words.heading("total"), *map(voice.figure, sums), "")],
        note=say("Amounts in rupees."),
    )
    return table(voice.hand, shown)
