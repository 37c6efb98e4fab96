"""The commands `aim-loans import trainings | referrals`: files of SMEDA, taken in by AIM."""

from pathlib import Path

import click

from aim_loans.cli.book import EXISTING, tell_faults
from aim_loans.cli.door import Door
from aim_loans.db.engine import reading, writing
from aim_loans.identity.permissions import Deed, require
from aim_loans.intake.layout import FileKind
from aim_loans.intake.report import ImportReport
from aim_loans.mou.partner_files import REFERRALS, TRAININGS
from aim_loans.mou.partner_import import import_events
from aim_loans.mou.partner_reading import read_sent
from aim_loans.mou.partner_rejects import write_rejects


def _command(kind: FileKind, told: str) -> click.Command:
    """Make the command that takes in one kind of file."""

    @click.command(kind, help=told)
    @click.option("--file", "path", required=True, type=EXISTING, help="The file (CSV).")
    @click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
    @click.option(
        "--rejects",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder for the file of refused rows; by default beside the file.",
    )
    @click.pass_obj
    def take_in(door: Door, *, path: Path, dry_run: bool, rejects: Path | None) -> None:
        _take_in(door, kind, path, dry_run=dry_run, rejects=rejects or path.parent)

    return take_in


def _take_in(door: Door, kind: FileKind, path: Path, *, dry_run: bool, rejects: Path) -> None:
    require(door.actor, Deed.SEND_EVENTS, branch=None)
    engine, zone = door.ready_engine, door.settings.institution.zone
    with read_sent(kind, path, today=door.today, zone=zone) as sent:
        if dry_run:
            with reading(engine) as connection:
                sent.decide(connection)
        else:
            with writing(engine, audit_key=door.audit_key) as tx:
                import_events(tx, sent, actor=door.actor, language=door.words.language)
        report = sent.report(dry_run=dry_run)
        _tell(door, report)
        if report.refused:
            for written in write_rejects(report, rejects, language=door.words.language):
                door.note(
                    "The refused rows are in {file}; mend them and send it again.", file=written
                )
        if report.exit_code:
            raise SystemExit(report.exit_code)


def _tell(door: Door, report: ImportReport) -> None:
    """Say what became of the rows: faults first, then notes and the total."""
    tell_faults(door, report)
    (totals,) = report.files
    click.echo(
        door.words.text(
            "{file}: {found} = {added} added + {there} already there + {refused} refused",
            file=totals.path.name,
            found=totals.found.rows,
            added=totals.added.rows,
            there=totals.already_there.rows,
            refused=totals.refused.rows,
        )
    )


trainings_command = _command(
    TRAININGS, "Import trainings of SMEDA: code, title, days, who came by SMEDA's codes."
)
referrals_command = _command(
    REFERRALS, "Import referrals of SMEDA: code, SMEDA's reference, district, day, purpose."
)
