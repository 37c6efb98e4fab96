"""The commands `aim-loans backup` and `aim-loans restore`."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from aim_loans.cli.door import Door
from aim_loans.config.environment import files_folder
from aim_loans.config.resources import resource
from aim_loans.db.archive import (
    DATABASE,
    Manifest,
    folder_of,
    read_manifest,
    unpack,
    write_archive,
)
from aim_loans.db.engine import cutting, reading
from aim_loans.db.migrate import head
from aim_loans.db.snapshot import check_dump, dump, load
from aim_loans.errors import Refused
from aim_loans.identity.operations import TakeCut, take_cut
from aim_loans.identity.permissions import Deed, require
from aim_loans.identity.queries import last_cut

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.option("--out", required=True, type=NEW, help="The file to write; never overwritten.")
@click.pass_obj
def backup(door: Door, *, out: Path) -> None:
    """Copy the whole book and its files to one file, while others go on working."""
    require(door.actor, Deed.MANAGE_SETTINGS, branch=None)
    out = out.absolute()
    # The cut seals what the backup holds; the database is copied before the folders, so that
    # every file that it names is there.
    with cutting(door.ready_engine, audit_key=door.audit_key) as tx:
        take_cut(tx, TakeCut("backup"), actor=door.actor)
    with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
        copy = Path(folder) / DATABASE
        dump(door.engine, copy)
        written = write_archive(out, copy, kept_folders(), _manifest(door))
    door.note(
        "{file} holds the database and {count} files, as known at cut {cut}.",
        file=str(out),
        count=len(written.members) - 1,
        cut=written.cut,
    )
    click.echo(written.seal)


@click.command("restore")
@click.option("--from", "source", required=True, type=EXISTING, help="The backup.")
@click.option("--check", is_flag=True, help="Check the backup whole, and write nothing.")
@click.pass_obj
def restore(door: Door, *, source: Path, check: bool) -> None:
    """Restore a backup into an empty database; or only check that it could be restored."""
    manifest = read_manifest(source)
    with TemporaryDirectory(prefix="aim-restore-") as folder:
        unpack(source, manifest, Path(folder))
        check_dump(manifest.kind, Path(folder) / DATABASE)
        if not check:
            _put_back(door, manifest, Path(folder))
    said = {"file": str(source), "cut": manifest.cut, "known_at": manifest.known_at}
    if check:
        door.note("{file} is whole: the book as known at cut {cut}, {known_at}.", **said)
    else:
        door.note("The book of {file} is restored, as known at cut {cut}, {known_at}.", **said)
        door.note("Now run `aim-loans upgrade`, `aim-loans verify` and `aim-loans audit verify`.")


def kept_folders() -> Mapping[str, Path]:
    """Name the folders whose bytes belong to the book: attachments and issued papers."""
    return {"files": files_folder(os.environ)}


def _manifest(door: Door) -> Manifest:
    with reading(door.engine) as connection:
        cut = last_cut(connection)
    return Manifest(
        kind=door.engine.dialect.name,
        migration=head(resource("migrations")),
        known_at=cut.taken_at.isoformat(),
        cut=cut.number,
        seal=cut.seal,
        members={},
    )


def _put_back(door: Door, manifest: Manifest, unpacked: Path) -> None:
    require(door.actor, Deed.MANAGE_SETTINGS, branch=None)
    if door.engine.dialect.name != manifest.kind:
        raise Refused(
            "The backup comes from {kind}, and AIM_DATABASE_URL names {here}. Name a database of "
            "the same kind.",
            kind=manifest.kind,
            here=door.engine.dialect.name,
        )
    for folder in kept_folders().values():
        if folder.exists() and any(folder.iterdir()):
            raise Refused(
                "The folder {folder} is not empty. Name another one in AIM_FILES, or move it away.",
                folder=str(folder),
            )
    load(door.engine, unpacked / DATABASE)
    for name, folder in kept_folders().items():
        if folder_of(unpacked, name).exists():
            shutil.copytree(folder_of(unpacked, name), folder, dirs_exist_ok=True)
