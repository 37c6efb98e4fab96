"""The command `aim-loans report mou`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from aim_loans.cli.door import Door, known_at_moment
from aim_loans.db.engine import reading
from aim_loans.identity.permissions import Deed, require
from aim_loans.mou.measuring import joint_statement
from aim_loans.mou.periods import parse_period
from aim_loans.origination.queries import settings_in_force


@click.command("mou")
@click.option("--period", "name", required=True, help="A half-year 2026-H1, or a month 2026-10.")
@click.option("--known-at", help="The moment K: ISO with offset, or a day's end in Karachi.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file (JSON). It is for AIM alone: small counts are not held back.",
)
@click.pass_obj
def mou_command(door: Door, *, name: str, known_at: str | None, out: Path) -> None:
    """Write the joint statement of a period, as known at a moment."""
    require(door.actor, Deed.READ_JOINT, branch=None)
    period, moment = parse_period(name), known_at_moment(door, known_at)
    with reading(door.ready_engine) as connection:
        statement = joint_statement(
            connection,
            period=period,
            known_at=moment,
            mou=door.settings.mou,
            dated=settings_in_force(connection),
        )
    text = json.dumps(asdict(statement), default=str, ensure_ascii=False, indent=1, sort_keys=True)
    out.write_text(f"{text}\n", encoding="utf-8")
    door.note("The joint statement of {period} is in {file}.", period=period.name, file=out)
