"""One statement for all papers of a test that tries the queue, not the figures."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection

from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading
from aim_loans.portfolio.measuring import Asked, portfolio_statement
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.web import report_work
from tests.book import Book

MONTH = date(2026, 2, 28)
_KEPT: list[PortfolioStatement] = []


def measure_once(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers show the same figures on each paper, under its own name and cut."""
    one = _one_statement(book)

    def measured(_connection: Connection, asked: Asked, **_more: object) -> PortfolioStatement:
        identity = replace(one.identity, scope=asked.scope, known_at=asked.known_at)
        return replace(one, identity=identity)

    monkeypatch.setattr(report_work, "portfolio_statement", measured)


def _one_statement(book: Book) -> PortfolioStatement:
    if not _KEPT:
        with reading(book.engine) as connection:
            asked, settings = Asked(MONTH, book.clock()), read_settings(None, {})
            found = portfolio_statement(connection, asked, settings=settings, code_version="0")
        _KEPT.append(found)
    return _KEPT[0]
