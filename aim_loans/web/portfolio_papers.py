"""The monthly portfolio paper in the browser: month, scope within reach and language chosen."""

from datetime import date
from importlib.metadata import version

from flask import Blueprint, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.dates import add_months, month_end, parse_month
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, reach, require
from aim_loans.portfolio.measuring import newest, portfolio_statement
from aim_loans.portfolio.scopes import kept_of, scopes_within
from aim_loans.portfolio.statement import PortfolioStatement, Scope
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.paper_values import letterhead
from aim_loans.web.people import me
from aim_loans.web.sending import to_read
from aim_loans.web.surroundings import around
from aim_loans.web.words import words
from reports.portfolio_names import LEVELS
from reports.portfolio_pdf import portfolio_pdf
from reports.voice import PAPER_LANGUAGES

pages = Blueprint("portfolio_papers", __name__)


@pages.get("/reports/portfolio")
@needs(Deed.READ_BOOK)
def show() -> str:
    """Offer the months, scopes and languages of the paper."""
    return _shown(Form(request.args))


@pages.get("/reports/portfolio.pdf")
@needs(Deed.READ_BOOK)
def pdf() -> tuple[str, int] | Response:
    """Draw the paper that the address names."""
    form, here = Form(request.args), around()
    month = form.read("month", _whole_month)
    statement = None
    if month is not None:
        with form.attempt(), here.reading() as connection:
            statement = _measured(connection, month, _scope(form))
    if statement is None:
        return _shown(form), 422
    language = form.typed("paper_language")
    spoken = language if language in PAPER_LANGUAGES else words().language
    drawn = portfolio_pdf(statement, letterhead(here.settings), spoken)
    return to_read(drawn, _name(statement, spoken))


def _whole_month(text: str) -> date:
    """Read a month that is over, as its last day."""
    month = parse_month(text)
    if month >= around().today:
        raise Refused("The month ends on {day}. Ask for one that is over.", day=month.isoformat())
    return month


def _scope(form: Form) -> Scope:
    """Read the scope: a branch when one is typed, else the line chosen."""
    branch = form.typed("branch")
    if branch:
        return Scope("branch", branch)
    level, _, name = form.typed("scope").partition(":")
    for known in ("division", "region", "area"):
        if level == known and name:
            return Scope(known, name)
    return Scope()


def _measured(connection: Connection, month: date, scope: Scope) -> PortfolioStatement:
    """Measure a scope all of whose branches the reader may see."""
    here, actor = around(), me().actor
    kept = kept_of(connection, scope).branches
    for branch in [None] if kept is None else sorted(kept):
        require(actor, Deed.READ_BOOK, branch=branch)
    asked = newest(connection, month, scope, now=here.now)
    return portfolio_statement(
        connection, asked, settings=here.settings, code_version=version("aim-loans")
    )


def _shown(form: Form) -> str:
    here = around()
    mine = reach(me().actor, Deed.READ_BOOK)
    with here.reading() as connection:
        scopes = scopes_within(connection, mine)
    only = next(iter(mine)) if mine is not None and len(mine) == 1 else ""
    return render_template(
        "portfolio_paper.html",
        form=form,
        scopes=scopes,
        levels=LEVELS,
        branch=form.typed("branch") or only,
        month=month_end(add_months(here.today, -1)),
    )


def _name(statement: PortfolioStatement, language: str) -> str:
    identity = statement.identity
    parts = ["portfolio", f"{identity.month:%Y-%m}", identity.scope.name, language, identity.state]
    return "-".join(part for part in parts if part)
