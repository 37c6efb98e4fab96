"""The command `aim-loans report mou`."""

from pathlib import Path

import click

from aim_loans.cli.door import Door
from aim_loans.mou.periods import parse_period
from aim_loans.web.joint_packs import JointPacks
from reports.feeder.writing import publish_bytes, refuse_taken
from reports.voice import PAPER_LANGUAGES


@click.command("mou")
@click.option("--period", "name", required=True, help="A half-year 2026-H1, or a month 2026-10.")
@click.option(
    "--language", type=click.Choice(PAPER_LANGUAGES), help="By default the institution's."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the pack: report, files, manifests, figures.",
)
@click.pass_obj
def mou_command(door: Door, *, name: str, language: str | None, out: Path) -> None:
    """Make the pack of a joint report as known now; of a month the one-page brief.

    Counts of a few people are held back. Signed packs are made in the browser.
    """
    packs = JointPacks(door.ready_engine, door.settings, door.audit_key, door.actor)
    spoken = language or door.settings.institution.language
    drawn = packs.provisional(parse_period(name), language=spoken)
    out.mkdir(parents=True, exist_ok=True)
    for file in drawn.files:
        refuse_taken(out / file)
    for file, content in drawn.files.items():
        publish_bytes(out / file, content)
        click.echo(file)
    door.note("Nobody has signed this report: it is provisional.")
    door.note("Digest: {digest}", digest=drawn.digest)
