"""The commands `aim-loans import book` and `aim-loans portfolio`."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path

import click

from aim_loans.cli.door import DAY, Door, known_at_moment
from aim_loans.db.engine import reading
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, require
from aim_loans.intake.operations import BookSources, ImportReport, import_book
from aim_loans.money import plain
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.engine import book_rows, loan_rows
from aim_loans.portfolio.output import FORMATS, write_book, write_loans
from aim_loans.texts import Phrase

BY_LOAN = "loan"
MOST_FAULTS_SHOWN = 200
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("import")
def import_group() -> None:
    """Bring in data from files."""


@import_group.command("book")
@click.option("--loans", required=True, type=EXISTING, help="The loans (CSV).")
@click.option("--receipts", type=EXISTING, help="Money received (CSV).")
@click.option("--schedules", type=EXISTING, help="Given instalments (CSV).")
@click.option("--events", type=EXISTING, help="Waivers, write-offs, recoveries (CSV).")
@click.option("--mapping", type=EXISTING, help="How columns and values map (TOML).")
@click.option("--create-missing", is_flag=True, help="Make branches, products, programmes.")
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option(
    "--rejects",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files of refused rows; by default beside the loans.",
)
@click.pass_obj
def import_book_command(
    door: Door,
    *,
    loans: Path,
    receipts: Path | None,
    schedules: Path | None,
    events: Path | None,
    mapping: Path | None,
    create_missing: bool,
    dry_run: bool,
    rejects: Path | None,
) -> None:
    """Import a book: good rows go in, faulty ones are listed with file, line and column."""
    sources = BookSources(
        loans=loans,
        receipts=receipts,
        schedules=schedules,
        events=events,
        mapping=mapping,
        create_missing=create_missing,
        dry_run=dry_run,
    )
    with _without_garbage_collection():
        report = import_book(
            door.ready_engine,
            sources,
            settings=door.settings,
            actor=door.actor,
            audit_key=door.audit_key,
            progress=_collect_garbage,
        )
    with report:
        _tell(door, report)
        if report.refused:
            for path in report.write_rejects(rejects or loans.parent, language=door.words.language):
                door.note("The refused rows are in {file}; mend them and send it again.", file=path)
    if report.exit_code:
        raise SystemExit(report.exit_code)


@click.command("portfolio")
@click.option("--as-of", required=True, type=DAY, help="The day D.")
@click.option("--known-at", help="The moment K: ISO with offset, or a day's end in Karachi.")
@click.option("--by", "grouping", default="", help="Dimensions with commas, or: loan.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table")
@click.pass_obj
def portfolio(door: Door, *, as_of: date, known_at: str | None, grouping: str, form: str) -> None:
    """Print the book at a day, as known at a moment: whole, by group, or loan by loan."""
    require(door.actor, Deed.READ_BOOK, branch=None)
    moment = known_at_moment(door, known_at)
    by = [name.strip() for name in grouping.split(",") if name.strip()]
    if BY_LOAN in by and len(by) > 1:
        raise Refused("Ask for loans alone, or for groups: --by loan, or --by sector,branch.")
    digits = door.settings.currency.grouping
    with reading(door.ready_engine) as connection:
        ladder = settings_in_force(connection, known_at=moment).ladder_on(as_of)
        if by == [BY_LOAN]:
            loans = loan_rows(connection, as_of=as_of, known_at=moment, ladder=ladder)
            write_loans(loans, form=form, stream=sys.stdout, words=door.words, grouping=digits)
        else:
            book = book_rows(connection, as_of=as_of, known_at=moment, by=by, ladder=ladder)
            whole = None
            if by and form == "table":
                whole = book_rows(connection, as_of=as_of, known_at=moment, by=(), ladder=ladder)
            write_book(
                book,
                whole,
                by=by,
                form=form,
                stream=sys.stdout,
                words=door.words,
                grouping=digits,
            )
    if not ladder.verified:
        door.note(
            "Classes and provisions: the source of the ladder is not verified ({source}).",
            source=Phrase(ladder.source),
        )


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    # Looking for circles among millions of short-lived values costs a quarter of the time.
    # The few that there are go after each chunk, so that memory stays flat.
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _collect_garbage(_done: int, _to_do: int) -> None:
    gc.collect()


def tell_faults(door: Door, report: ImportReport) -> None:
    """Say what became of the rows but their number: faults first, then gaps and notes."""
    for fault in islice(report.faults(), MOST_FAULTS_SHOWN):
        place = f"{fault.file}:{fault.line}" + (f" {fault.column}" if fault.column else "")
        reason = door.words.text(fault.error.message, **fault.error.values)
        click.echo(f"{place}: {reason}", err=True)
    if report.refused > MOST_FAULTS_SHOWN:
        door.note(
            "Only the first {count} are shown; the rest are in the files of refused rows.",
            count=MOST_FAULTS_SHOWN,
        )
    for field, count in report.gaps.items():
        door.note("Gap: {field} is missing or wrong in {count} loans.", field=field, count=count)
    for note in report.notes:
        click.echo(note.text(door.words.language), err=True)
    if report.dry_run:
        door.note("Dry run: nothing was written.")


def _tell(door: Door, report: ImportReport) -> None:
    """Say what became of the rows: faults first, then gaps, notes and totals."""
    tell_faults(door, report)
    for totals in report.files:
        counts = (totals.found, totals.added, totals.already_there, totals.refused)
        found, added, there, refused = (f"{c.rows} (Rs {plain(c.amount)})" for c in counts)
        click.echo(
            door.words.text(
                "{file}: {found} = {added} added + {there} already there + {refused} refused",
                file=totals.path.name,
                found=found,
                added=added,
                there=there,
                refused=refused,
            )
        )
