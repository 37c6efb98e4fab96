"""The commands `aim-loans export NAME | all | check | describe`: files for regulators, partners."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from aim_loans.cli.door import MONTH, Door
from aim_loans.errors import Refused
from aim_loans.texts import Phrase, explain
from aim_loans.web.month_files import MonthFiles
from reports.feeder.catalogue import FILES
from reports.feeder.checking import check_folder
from reports.feeder.columns import FeederFile
from reports.feeder.documentation import page
from reports.feeder.writing import Contents

FOLDER = click.Path(file_okay=False, path_type=Path)
PEOPLE = "C"


@click.group("export")
def export() -> None:
    """Make the files for regulators and partners, and check them."""


def _command(name: str, files: Sequence[FeederFile], about: str) -> click.Command:
    @click.command(name, help=about)
    @click.option("--month", required=True, type=MONTH, help="The month, as 2026-01.")
    @click.option("--out", required=True, type=FOLDER, help="The folder to put them into.")
    @click.option("--bom", is_flag=True, help="Begin with a byte order mark.")
    @click.pass_obj
    def command(door: Door, *, month: date, out: Path, bom: bool) -> None:
        for path, contents in make_files(door, files, month=month, out=out, bom=bom):
            click.echo(f"{path.name}  {contents.totals.rows}  {contents.sha256}")

    return command


for _file in FILES:
    export.add_command(_command(_file.name, (_file,), f"{_file.title} (level {_file.level})."))
export.add_command(_command("all", FILES, "All files of level A and B."))


@export.command("check")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_obj
def check_command(door: Door, folder: Path) -> None:
    """Check the files of a folder against their manifests."""
    failed = False
    for name, faults in check_folder(folder):
        click.echo(f"FAILED  {name}" if faults else f"ok      {name}")
        for fault in faults:
            click.echo(f"        {explain(fault, door.words.language)}")
        failed = failed or bool(faults)
    if failed:
        raise SystemExit(1)


@export.command("describe")
def describe_command() -> None:
    """Print the page that documents every file and column."""
    click.echo(page(), nl=False)


def make_files(
    door: Door, files: Sequence[FeederFile], *, month: date, out: Path, bom: bool
) -> list[tuple[Path, Contents]]:
    """Make those of the files that hold no rows of people, and name the others."""
    made = [file for file in files if file.level != PEOPLE]
    if not made:
        raise Refused(
            "{file} holds rows of people: one person asks for it in the browser, and another "
            "releases it.",
            file=files[0].name,
        )
    settings = door.settings
    maker = MonthFiles(door.ready_engine, settings.institution, door.audit_key, door.actor)
    opened = maker.open_month(month, today=door.today)
    written = [maker.to_folder(file, opened, out, bom=bom) for file in made]
    if opened.state == "provisional":
        door.note(
            "The month {month} is not closed: these files are provisional.", month=f"{month:%Y-%m}"
        )
    if not opened.asked.ladder.verified:
        door.note(
            "Classes and provisions: the source of the ladder is not verified ({source}).",
            source=Phrase(opened.asked.ladder.source),
        )
    left = [file.name for file in files if file.level == PEOPLE]
    if left:
        door.note(
            "Left out, for they hold rows of people and need two persons in the browser: {files}.",
            files=", ".join(left),
        )
    return written
