"""The language of a page, and how amounts, days and codes stand in it."""

from dataclasses import replace
from datetime import date, datetime

from flask import Blueprint, redirect, request, session
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from aim_loans.dates import business_date
from aim_loans.money import format_rupees, percent_text
from aim_loans.texts import LANGUAGES, Translator, format_cnic, translator
from aim_loans.web.surroundings import around

pages = Blueprint("language", __name__)

_KEPT_AS = "language"


def words() -> Translator:
    """Speak the language chosen for this session, else the institution's."""
    chosen = session.get(_KEPT_AS)
    settings = around().settings
    spoken = translator(chosen if chosen in LANGUAGES else settings.institution.language)
    return replace(spoken, grouping=settings.currency.grouping)


@pages.post("/language")
def choose() -> Response:
    """Keep the language of the session, and go back."""
    speak(request.form.get("language", ""))
    return redirect(own_path(request.form.get("back", "")))


def speak(language: str) -> None:
    """Keep a language for the session; one that is not spoken here changes nothing."""
    if language in LANGUAGES:
        session[_KEPT_AS] = language


def own_path(path: str) -> str:
    """Give a path of this application to go to; the first page for anything else."""
    # Browsers leave tabs and line ends out, so that "/<tab>/site" would be another site.
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours else "/"


# A page has hundreds of pieces: to format them would take several times as long.
_PIECE, _LEFT_TO_RIGHT, _END = Markup("<bdi>"), Markup('<bdi dir="ltr">'), Markup("</bdi>")


def ltr(text: object) -> Markup:
    """Keep a code, an amount or a number left-to-right."""
    return _LEFT_TO_RIGHT + escape(text) + _END


def rupees(paisa: int) -> Markup:
    """Write an amount as the institution groups its digits."""
    return ltr(format_rupees(paisa, grouping=around().settings.currency.grouping))


def figure(paisa: int) -> Markup:
    """Write an amount of a table, whose head or caption says that it is rupees."""
    written = format_rupees(paisa, grouping=around().settings.currency.grouping)
    return ltr(written.removeprefix("Rs "))


def count(number: int) -> Markup:
    """Write a number of things."""
    return ltr(f"{number:,}")


def day(value: date) -> Markup:
    """Write a date in the page's language, in one piece."""
    return _PIECE + escape(words().day(value)) + _END


def moment(value: datetime) -> Markup:
    """Write a moment in the institution's zone."""
    zone = around().settings.institution.zone
    written = f"{words().day(business_date(value, zone))} {value.astimezone(zone):%H:%M}"
    return _PIECE + escape(written) + _END


def cnic(digits: str) -> Markup:
    """Write a CNIC as it stands on the card."""
    return ltr(format_cnic(digits))


def masked_cnic(digits: str) -> Markup:
    """Write so much of a CNIC in a list that whoever knows it knows it again."""
    return ltr(f"{digits[:5]}-*****{digits[10:12]}-{digits[12:]}")


def named(dimension: str, key: str) -> Markup:
    """Write a product, programme, fund, sector or activity as the institution names it."""
    return _PIECE + escape(words().text(around().name_of(dimension, key))) + _END


def share(part: int, whole: int) -> str:
    """Write a share with one decimal, half of it rounded up; a dash over nothing."""
    return f"{percent_text(part, whole)} %" if whole else "-"


def per_cent(part: int, whole: int) -> Markup:
    """Write a share as `share` does, left-to-right."""
    return ltr(share(part, whole))


def tenths(number: int) -> str:
    """Write tenths with one decimal, without a sign."""
    return f"{abs(number) // 10}.{abs(number) % 10}"
