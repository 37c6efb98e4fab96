"""A backup: one ZIP file of a database, of folders, and a manifest with every member's SHA-256."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from aim_loans.errors import Refused

FORMAT = "aim-loans-backup-1"
DATABASE = "database"
_MANIFEST = "manifest.json"
_CHUNK = 1024 * 1024
# Copies of a database shrink well at once; to squeeze harder takes three times as long.
_LEVEL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds: the database's kind and migration, its last cut, digests of members.

    Members are `database` and `folders/NAME/...`; `cut` is the seal of the cut K = `known_at`.
    """

    kind: str
    migration: str
    known_at: str
    cut: int
    seal: str
    members: Mapping[str, str]
    format: str = FORMAT


def write_archive(
    out: Path, database: Path, folders: Mapping[str, Path], manifest: Manifest
) -> Manifest:
    """Write a backup, whole or not at all; gives the manifest with its members.

    Refused when the file is there already: a backup is never overwritten.
    """
    if out.exists():
        raise Refused("{file} is there already. Give another name.", field="out", file=str(out))
    part = out.with_name(f"{out.name}.part")
    part.unlink(missing_ok=True)
    try:
        whole = _write(part, database, folders, manifest)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.replace(out)
    return whole


def read_manifest(source: Path) -> Manifest:
    """Read what a backup says of itself; Refused for a file that is none, or is cut off."""
    try:
        with ZipFile(source) as archive:
            said = json.loads(archive.read(_MANIFEST))
    except (BadZipFile, KeyError, ValueError) as error:
        raise _no_backup(source) from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise _no_backup(source)
    try:
        return Manifest(**said)
    except TypeError as error:
        raise _no_backup(source) from error


def unpack(source: Path, manifest: Manifest, to: Path) -> None:
    """Unpack every member below an empty folder; Refused when one is not as it was written."""
    damaged: list[str] = []
    try:
        with ZipFile(source) as archive:
            if set(archive.namelist()) != {*manifest.members, _MANIFEST}:
                raise _no_backup(source)
            for name, digest in manifest.members.items():
                if _unpack_one(archive, archive.getinfo(name), to) != digest:
                    damaged.append(name)
    except (BadZipFile, OSError) as error:
        raise _no_backup(source) from error
    if damaged:
        raise Refused(
            "{count} files of the backup are damaged, among them {name}. Take another backup.",
            count=len(damaged),
            name=damaged[0],
        )


def folder_of(unpacked: Path, name: str) -> Path:
    """Give where `unpack` put one of the folders."""
    return unpacked / "folders" / name


def _write(part: Path, database: Path, folders: Mapping[str, Path], manifest: Manifest) -> Manifest:
    private = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(private, "w+b") as file:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            members = dict(_add_all(archive, database, folders))
            whole = replace(manifest, members=members)
            archive.writestr(_MANIFEST, json.dumps(asdict(whole), indent=1, sort_keys=True))
        file.flush()
        os.fsync(file.fileno())
    return whole


def _add_all(
    archive: ZipFile, database: Path, folders: Mapping[str, Path]
) -> Iterator[tuple[str, str]]:
    yield DATABASE, _add(archive, database, DATABASE)
    for name, folder in folders.items():
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                member = str(PurePosixPath("folders", name, path.relative_to(folder).as_posix()))
                yield member, _add(archive, path, member)


def _add(archive: ZipFile, path: Path, member: str) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


def _unpack_one(archive: ZipFile, member: ZipInfo, to: Path) -> str:
    """Unpack a member, which cannot lead out of the folder; gives its digest."""
    path = Path(archive.extract(member, to))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _no_backup(source: Path) -> Refused:
    return Refused(
        "{file} is no backup of this software, or is not whole. Take another backup.",
        field="from",
        file=str(source),
    )
