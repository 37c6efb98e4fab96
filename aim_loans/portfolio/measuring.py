"""Measures the book into a monthly portfolio statement, at (D, K) and for a scope.

One reading snapshot, a fixed number of statements whatever the size of the book. A statement
that does not reconcile with the ledger is refused.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

import pandas as pd
from sqlalchemy import Connection

from aim_loans.config.settings import DatedTables, ExpectedLoss, Ladder, Settings
from aim_loans.dates import add_months, month_end
from aim_loans.db.bulk import ids_as_rows
from aim_loans.errors import Refused
from aim_loans.identity.digests import command_digest
from aim_loans.ledger.chart import Account
from aim_loans.money import Rupees
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio import statement_parts as parts
from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.changes import Since, since_closes
from aim_loans.portfolio.definitions import DEFINITIONS
from aim_loans.portfolio.due import View
from aim_loans.portfolio.engine import book_tables
from aim_loans.portfolio.flows import Month, MonthCells, corrected, month_cells
from aim_loans.portfolio.frozen_groups import DIMENSIONS
from aim_loans.portfolio.frozen_moves import frozen_cells, frozen_month
from aim_loans.portfolio.lateness import Scale, scale
from aim_loans.portfolio.models import WATCHED_OVER
from aim_loans.portfolio.month_ends import MonthStanding, month_standings
from aim_loans.portfolio.months import ClosedMonth, closed_month
from aim_loans.portfolio.scopes import kept_of
from aim_loans.portfolio.statement import Identity, PortfolioStatement, Scope
from aim_loans.portfolio.statement_figures import Risk
from aim_loans.portfolio.statement_reads import (
    Controls,
    Lag,
    control_accounts,
    posting_lags,
    set_aside,
    waiting_days,
    watched_loans,
)
from aim_loans.portfolio.statement_restated import restated_loans
from aim_loans.portfolio.statement_tables import (
    ControlLine,
    DataQuality,
    Gap,
    Restatement,
    WatchedLoan,
    WatchList,
)

TREND_MONTHS = 13
WHOLE = Scope()
_GROUPS = ("sector", "branch", "officer", "programme", "gender")
_GATHERED = ("district", "sector", "branch")
# What nobody entered, by field; each is asked for as a grouping of the book.
_MISSING = {"officer": "", "activity": "", "district": "", "urban_rural": "", "gender": "unknown"}


class Closed(NamedTuple):
    """The close that a final statement stands on."""

    edition: int
    closed_at: datetime
    seal: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Which statement: a month (its last day), the cut K, a scope; its close when it has one.

    `branches` are those of a line as a paper about it was issued; None: as the lines stand.
    """

    month: date
    known_at: datetime
    scope: Scope = WHOLE
    closed: Closed | None = None
    branches: frozenset[str] | None = None


class _Measured(NamedTuple):
    """All that was read of the book for one statement."""

    trend: Sequence[MonthStanding]
    cells: MonthCells
    cells_before: MonthCells
    books: Mapping[str, pd.DataFrame]
    controls: Mapping[str, Controls]
    set_aside: Mapping[str, int]
    watched: tuple[WatchedLoan, ...]
    waited: Counter[int]
    lags: Sequence[Lag]
    restated: tuple[Restatement, ...]


def portfolio_statement(
    connection: Connection, asked: Asked, *, settings: Settings, code_version: str
) -> PortfolioStatement:
    """Measure the book into a statement.

    The connection must show one unchanging state (`db.engine.reading`). Refused when the loans
    and the ledger's control accounts differ; NotFound for a scope that there is not.
    """
    dated = settings_in_force(connection, known_at=asked.known_at)
    in_force = replace(settings, dated=dated)
    read = _measure(connection, asked, in_force)
    return _statement(_identity(asked, in_force, code_version), read, dated)


def newest(connection: Connection, month: date, scope: Scope, *, now: datetime) -> Asked:
    """Ask for a month as it was closed, or as known now while it is not closed."""
    closed = closed_month(connection, month)
    if closed is None:
        return Asked(month, now, scope)
    stands = Closed(closed.edition, closed.closed_at, closed.seal)
    return Asked(month, closed.known_at, scope, stands)


def asked_again(identity: Identity, branches: frozenset[str] | None) -> Asked:
    """Ask for the very statement that an identity names, of a line's branches at its issue."""
    closed = None
    if identity.closed_at is not None:
        closed = Closed(identity.edition, identity.closed_at, identity.seal)
    return Asked(identity.month, identity.known_at, identity.scope, closed, branches)


def month_ends(month: date, count: int) -> list[date]:
    """Give the last days of so many months, the last of them that of `month`."""
    return [month_end(add_months(month, step)) for step in range(1 - count, 1)]


def _measure(connection: Connection, asked: Asked, settings: Settings) -> _Measured:
    ladder, zone = settings.dated.ladder_on(asked.month), settings.institution.zone
    kept, steps = _kept(connection, asked), scale(ladder)
    days = month_ends(asked.month, TREND_MONTHS)
    views = [View(day, asked.known_at) for day in days]
    end, last_month = views[-1], days[-2]
    since = since_closes(connection, days, asked.known_at)
    held = _held(connection, asked, since.closes.get(asked.month), ladder, kept)
    return _Measured(
        month_standings(connection, days, asked.known_at, kept, since),
        held.cells,
        _cells_before(connection, views, steps, kept, since),
        held.books,
        held.controls,
        set_aside(connection, end, kept),
        watched_loans(connection, end, kept),
        waiting_days(connection, end, last_month, kept, zone),
        posting_lags(connection, end, last_month, kept, zone),
        restated_loans(connection, last_month, asked.known_at, kept),
    )


class _Held(NamedTuple):
    """What is kept of a month as it was closed, and measured of any other."""

    cells: MonthCells
    controls: Mapping[str, Controls]
    books: Mapping[str, pd.DataFrame]


def _held(
    connection: Connection, asked: Asked, closed: ClosedMonth | None, ladder: Ladder, kept: Kept
) -> _Held:
    frozen = None
    if closed is not None and closed.known_at == asked.known_at:
        frozen = frozen_month(connection, closed, scale(ladder), kept)
    books = None if frozen is None else frozen.books
    if books is None:
        books = _books(connection, asked, ladder, kept)
    if frozen is not None:
        return _Held(frozen.cells, frozen.controls, books)
    day, last_month = View(asked.month, asked.known_at), month_end(add_months(asked.month, -1))
    month = Month(day, View(last_month, asked.known_at))
    cells = month_cells(connection, month, scale(ladder), kept)
    return _Held(cells, control_accounts(connection, day, last_month, kept), books)


def _cells_before(
    connection: Connection, views: Sequence[View], steps: Scale, kept: Kept, since: Since
) -> MonthCells:
    """Give what moved in the month before the last, from its close where it was kept."""
    month = Month(views[-2], views[-3])
    closed = since.closes.get(month.end.as_of)
    cells = None if closed is None else frozen_cells(connection, closed, steps, kept)
    if closed is None or cells is None:
        return month_cells(connection, month, steps, kept)
    loans = since.loans.get(closed.id)
    if not loans:
        return cells
    few = replace(kept, among=ids_as_rows(connection, loans))
    then = Month(*(View(view.as_of, closed.known_at) for view in month))
    return corrected(cells, *(month_cells(connection, each, steps, few) for each in (then, month)))


def _books(
    connection: Connection, asked: Asked, ladder: Ladder, kept: Kept
) -> Mapping[str, pd.DataFrame]:
    """Measure the book by each dimension."""
    books = book_tables(
        connection,
        as_of=asked.month,
        known_at=asked.known_at,
        groupings=[(name,) for name in DIMENSIONS],
        ladder=ladder,
        kept=kept,
        idle=True,
    )
    return dict(zip(DIMENSIONS, books, strict=True))


def _kept(connection: Connection, asked: Asked) -> Kept:
    return kept_of(connection, asked.scope) if asked.branches is None else Kept(asked.branches)


def _reconciled(read: _Measured) -> tuple[ControlLine, ...]:
    """Put each fund's control accounts beside their detail; Refused where they differ."""
    held = parts.fund_sums(read.cells, "outstanding", "credit")
    lines = []
    for fund in sorted({*held, *read.controls}):
        control = read.controls.get(fund, Controls(0, 0, 0, 0))
        outstanding, credit = held.get(fund, (0, 0))
        lines.append(ControlLine(Account.LOANS.value, fund, control.loans, outstanding))
        lines.append(ControlLine(Account.BORROWER_CREDIT.value, fund, control.credit, credit))
        posted = read.set_aside.get(fund, 0)
        if control.allowance or posted:
            account = Account.LOSS_ALLOWANCE.value
            lines.append(ControlLine(account, fund, control.allowance, posted))
    for line in lines:
        if line.difference:
            raise Refused(
                "The statement does not reconcile: in the fund {fund} the ledger's account "
                "{account} holds Rs {control}, the detail says Rs {sub_ledger}; the difference is "
                "Rs {difference}. Run the checks of the book (verify), and mend what they name.",
                field="fund",
                fund=line.fund,
                account=line.account,
                control=Rupees(line.control),
                sub_ledger=Rupees(line.sub_ledger),
                difference=Rupees(line.difference),
            )
    return tuple(lines)


def _statement(identity: Identity, read: _Measured, dated: DatedTables) -> PortfolioStatement:
    """Put the parts together; the control accounts are compared before anything else."""
    reconciliation = _reconciled(read)
    trend, flow = tuple(each.whole for each in read.trend), parts.flow(read.cells)
    ladder = dated.ladder_on(identity.month)
    steps = scale(ladder)
    risk = parts.risk(read.cells, steps)
    groups = {name: parts.groups(name, read.books[name], read.cells) for name in _GROUPS}
    own = {line.key: line.outstanding for line in groups["sector"]}
    credit = int(read.cells.by_level["credit"].sum())
    allowance = sum(control.allowance for control in read.controls.values())
    losses = _expected_losses(identity, dated)
    return PortfolioStatement(
        identity=identity,
        no_repayments=trend[-1].loans_made > 0 and not trend[-1].received,
        trend=trend,
        headline=parts.headline(trend, flow, credit=credit, allowance=allowance),
        sectors=parts.sectors(own, dated.benchmark_on(identity.month), identity.month),
        risk=risk,
        classification=parts.classification(read.cells, steps, ladder, losses),
        flow=flow,
        flow_before=parts.flow(read.cells_before),
        by_sector=groups["sector"],
        by_branch=groups["branch"],
        by_officer=groups["officer"],
        by_programme=groups["programme"],
        by_gender=groups["gender"],
        funds=parts.funds(read.cells, read.controls),
        vintages=parts.vintages(read.trend),
        rolls=parts.rolls(read.cells, steps),
        watch_list=_watch_list(read.watched, risk),
        concentration=tuple(
            parts.concentration(name, read.books[name]["glp"].tolist()) for name in _GATHERED
        ),
        turnaround=parts.turnaround(read.waited),
        quality=_quality(read, trend[-1].active_loans),
        restatements=read.restated,
        reconciliation=reconciliation,
        definitions=DEFINITIONS,
    )


def _expected_losses(identity: Identity, dated: DatedTables) -> ExpectedLoss | None:
    """Give what head office entered for the month: it does so for the whole book alone."""
    if identity.scope.level != "whole":
        return None
    return dated.expected_loss_of(identity.month)


def _identity(asked: Asked, settings: Settings, code_version: str) -> Identity:
    closed = asked.closed
    return Identity(
        institution=settings.institution.name,
        scope=asked.scope,
        month=asked.month,
        as_of=asked.month,
        known_at=asked.known_at,
        state="provisional" if closed is None else "final",
        edition=0 if closed is None else closed.edition,
        closed_at=None if closed is None else closed.closed_at,
        seal="" if closed is None else closed.seal,
        code_version=code_version,
        settings_digest=command_digest("settings", settings),
    )


def _watch_list(loans: tuple[WatchedLoan, ...], risk: Risk) -> WatchList:
    (over,) = (line for line in risk.over if line.days == WATCHED_OVER)
    return WatchList(loans, over.loans, over.outstanding)


def _quality(read: _Measured, active_loans: int) -> DataQuality:
    """Count the active loans for which a field is missing or not known, and late entries."""
    gaps = []
    for name, missing in _MISSING.items():
        book = read.books[name]
        gaps.append(Gap(name, int(book.loc[book[name] == missing, "active_loans"].sum())))
    return DataQuality(active_loans, tuple(gaps), parts.posting(read.lags))
