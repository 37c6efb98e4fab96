"""The commands `aim-loans report`."""

from datetime import date
from importlib.metadata import version
from pathlib import Path

import click

from aim_loans.cli.door import MONTH, Door, known_at_moment
from aim_loans.cli.joint import mou_command
from aim_loans.cli.loan_paper import loan_command
from aim_loans.db.engine import reading
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, require
from aim_loans.portfolio.measuring import WHOLE, Asked, portfolio_statement
from aim_loans.portfolio.statement import Scope, ScopeLevel
from aim_loans.portfolio.statement_json import statement_digest, to_json

LEVELS: tuple[ScopeLevel, ...] = ("branch", "area", "region", "division")


@click.group("report")
def report_group() -> None:
    """Make papers of the book."""


@report_group.command("statement")
@click.option("--month", required=True, type=MONTH, help="The month, for example 2026-10.")
@click.option("--branch", help="Of this branch alone.")
@click.option("--area", help="Of this area alone.")
@click.option("--region", help="Of this region alone.")
@click.option("--division", help="Of this division alone.")
@click.option("--known-at", help="The moment K: ISO with offset, or a day's end in Karachi.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file to write (JSON).",
)
@click.pass_obj
def statement_command(
    door: Door,
    *,
    month: date,
    branch: str | None,
    area: str | None,
    region: str | None,
    division: str | None,
    known_at: str | None,
    out: Path,
) -> None:
    """Write the monthly portfolio statement as JSON: all figures of its paper."""
    scope = _scope(branch, area, region, division)
    require(door.actor, Deed.READ_BOOK, branch=branch)
    if month > door.today:
        raise Refused("The month ends on {day}. Ask for one that is over.", day=month.isoformat())
    asked = Asked(month, known_at_moment(door, known_at) or door.now, scope)
    with reading(door.ready_engine) as connection:
        statement = portfolio_statement(
            connection, asked, settings=door.settings, code_version=version("aim-loans")
        )
    out.write_text(to_json(statement) + "\n", encoding="utf-8")
    door.note("The month is not closed: the statement is provisional.")
    door.note("Digest: {digest}", digest=statement_digest(statement))


def _scope(*names: str | None) -> Scope:
    given = [Scope(level, name) for level, name in zip(LEVELS, names, strict=True) if name]
    if len(given) > 1:
        raise Refused("Ask for one of: a branch, an area, a region, a division.")
    return given[0] if given else WHOLE


report_group.add_command(loan_command)
report_group.add_command(mou_command)
