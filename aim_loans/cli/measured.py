"""What the commands that measure a month share: which month, of whom, known when."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from functools import wraps
from importlib.metadata import version
from typing import Any

import click

from aim_loans.cli.door import MONTH, Door, known_at_moment
from aim_loans.db.engine import reading
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, require
from aim_loans.portfolio.measuring import WHOLE, Asked, newest, portfolio_statement
from aim_loans.portfolio.statement import PortfolioStatement, Scope, ScopeLevel

LEVELS: tuple[ScopeLevel, ...] = ("branch", "area", "region", "division")
_OPTIONS = (
    click.option("--month", required=True, type=MONTH, help="The month, for example 2026-10."),
    click.option("--branch", help="Of this branch alone."),
    click.option("--area", help="Of this area alone."),
    click.option("--region", help="Of this region alone."),
    click.option("--division", help="Of this division alone."),
    click.option("--known-at", help="The moment K: ISO with offset, or a day's end in Karachi."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What those options said; at most one name of a scope is given."""

    month: date
    branch: str | None = None
    area: str | None = None
    region: str | None = None
    division: str | None = None
    known_at: str | None = None


def measured_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that `measured` reads; the command takes them as one `Wanted`."""

    @wraps(command)
    def asking(**options: Any) -> None:
        wanted = Wanted(**{each.name: options.pop(each.name) for each in fields(Wanted)})
        command(wanted, **options)

    for option in reversed(_OPTIONS):
        option(asking)
    return asking


def measured(door: Door, wanted: Wanted) -> PortfolioStatement:
    """Measure a month of a scope: as it was closed, or as known now or at the moment given."""
    scope = _scope(wanted)
    require(door.actor, Deed.READ_BOOK, branch=wanted.branch)
    month, moment = wanted.month, known_at_moment(door, wanted.known_at)
    if month > door.today:
        raise Refused("The month ends on {day}. Ask for one that is over.", day=month.isoformat())
    with reading(door.ready_engine) as connection:
        if moment is None:
            asked = newest(connection, month, scope, now=door.now)
        else:
            asked = Asked(month, moment, scope)
        statement = portfolio_statement(
            connection, asked, settings=door.settings, code_version=version("aim-loans")
        )
    if statement.identity.state == "provisional":
        door.note("The month is not closed: the statement is provisional.")
    return statement


def _scope(wanted: Wanted) -> Scope:
    names = {level: getattr(wanted, level) for level in LEVELS}
    given = [Scope(level, name) for level, name in names.items() if name]
    if len(given) > 1:
        raise Refused("Ask for one of: a branch, an area, a region, a division.")
    return given[0] if given else WHOLE
