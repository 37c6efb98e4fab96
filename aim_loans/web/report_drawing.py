"""Draws statements on the institution's paper, for both doors."""

from aim_loans.config.settings import Settings
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.web.paper_values import letterhead
from aim_loans.web.report_work import Draw
from reports.portfolio_pdf import portfolio_pdf


def drawing(settings: Settings) -> Draw:
    """Give what draws a statement as PDF: equal statements give equal bytes."""

    def draw(statement: PortfolioStatement, language: str) -> bytes:
        return portfolio_pdf(statement, letterhead(settings), language)

    return draw
