"""What the commands that measure a month share: which month, of whom, known when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
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
_SAID = "aim_loans.cli.measured"


def _keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    context.meta.setdefault(_SAID, {})[option.name] = value


# Their values are kept for `wanted`, and are no arguments of the command.
_option = partial(click.option, expose_value=False, callback=_keep)
_OPTIONS = (
    _option("--month", required=True, type=MONTH, help="The month, for example 2026-10."),
    _option("--branch", help="Of this branch alone."),
    _option("--area", help="Of this area alone."),
    _option("--region", help="Of this region alone."),
    _option("--division", help="Of this division alone."),
    _option("--known-at", help="The moment K: ISO with offset, or a day's end in Karachi."),
)


def measured_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that `wanted` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What those options said; at most one name of a scope is given."""

    month: date
    branch: str | None = None
    area: str | None = None
    region: str | None = None
    division: str | None = None
    known_at: str | None = None


def wanted() -> Wanted:
    """Give what the options of the command under way said."""
    return Wanted(**click.get_current_context().meta[_SAID])


def measured(door: Door, asked_for: Wanted) -> PortfolioStatement:
    """Measure a month of a scope: as it was closed, or as known now or at the moment given."""
    scope = _scope(asked_for)
    require(door.actor, Deed.READ_BOOK, branch=asked_for.branch)
    month, moment = asked_for.month, known_at_moment(door, asked_for.known_at)
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


def _scope(asked_for: Wanted) -> Scope:
    names = {level: getattr(asked_for, level) for level in LEVELS}
    given = [Scope(level, name) for level, name in names.items() if name]
    if len(given) > 1:
        raise Refused("Ask for one of: a branch, an area, a region, a division.")
    return given[0] if given else WHOLE
