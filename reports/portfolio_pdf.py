"""The monthly portfolio paper: every figure of its statement, on A4, in English, Urdu or both."""

from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.portfolio.statement_json import statement_digest
from reports import portfolio_cohorts as cohorts
from reports import portfolio_grounds as grounds
from reports import portfolio_groups as groups
from reports import portfolio_risk as risk
from reports import portfolio_trend as trends
from reports.ink import About, to_pdf
from reports.loan_values import Letterhead
from reports.marks import Page
from reports.page import Around, Piece, paper
from reports.portfolio_front import front_page, state_line
from reports.portfolio_words import month_name, scope_name
from reports.text import isolated
from reports.voice import Voice, voices

Section = tuple[Around, list[Piece]]

# A title outside a page holds no marks of direction.
_ISOLATES = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))


def portfolio_pdf(statement: PortfolioStatement, letterhead: Letterhead, language: str) -> bytes:
    """Draw a statement in `en`, `ur` or `both`; Refused for any other language.

    Equal statements give equal bytes: nothing else is asked, neither clock nor surroundings.
    """
    first = voices(letterhead, "", language)[0]
    title = _title(statement, first).translate(_ISOLATES)
    about = About(title, letterhead.institution, first.hand.language)
    return to_pdf(portfolio_pages(statement, letterhead, language), about)


def portfolio_pages(
    statement: PortfolioStatement, letterhead: Letterhead, language: str
) -> list[Page]:
    """Lay the paper out; in both languages the Urdu pages come first."""
    digest = statement_digest(statement)
    speaking = voices(letterhead, "", language)
    return paper([section for voice in speaking for section in _sections(statement, digest, voice)])


def _sections(statement: PortfolioStatement, digest: str, voice: Voice) -> list[Section]:
    """Compose what begins on a page of its own."""
    around = _around(statement, digest, voice)
    return [
        (around, front_page(statement, voice)),
        (around, [*trends.trend(statement, voice), *trends.sectors(statement, voice)]),
        (around, [*_book(statement, voice), *_grounds(statement, digest, voice)]),
    ]


def _book(statement: PortfolioStatement, voice: Voice) -> list[Piece]:
    """Compose how good the loans are, and whose they are."""
    return [
        *risk.lateness(statement, voice),
        *risk.classes(statement, voice),
        *cohorts.month_money(statement, voice),
        *cohorts.rolls(statement, voice),
        *cohorts.turnaround(statement, voice),
        *cohorts.vintages(statement, voice),
        *groups.women(statement, voice),
        *groups.funds(statement, voice),
        *groups.concentration(statement, voice),
        *groups.groups(statement, voice),
        *risk.watch_list(statement, voice),
    ]


def _grounds(statement: PortfolioStatement, digest: str, voice: Voice) -> list[Piece]:
    return [
        *grounds.quality(statement, voice),
        *grounds.restatements(statement, voice),
        *grounds.reconciliation(statement, voice),
        *grounds.definitions(statement, voice),
        *grounds.marks(statement, digest, voice),
    ]


def _title(statement: PortfolioStatement, voice: Voice) -> str:
    """Name the paper: the month, and what it is about when that is no whole institution."""
    identity, say = statement.identity, voice.words.text
    title = say("Portfolio report · {month}", month=month_name(voice, identity.month))
    if identity.scope.level == "whole":
        return title
    return f"{title} · {scope_name(voice, identity.scope)}"


def _around(statement: PortfolioStatement, digest: str, voice: Voice) -> Around:
    identity, say = statement.identity, voice.words.text
    known = say("Known at {moment}", moment=voice.moment(identity.known_at))
    seal = say("seal {seal}", seal=identity.seal[:32]) if identity.seal else say("no seal")
    version = say("version {version}", version=identity.code_version)
    return Around(
        voice.hand,
        isolated(identity.institution),
        _title(statement, voice),
        state=state_line(identity, voice),
        left=say("Digest {digest}", digest=digest),
        below=f"{known} · {seal} · {version}",
        synthetic=voice.letterhead.synthetic,
    )
