"""Checks a folder of issued files against their manifests: what whoever receives it can do too."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aim_loans.errors import AimError, Refused
from reports.feeder.catalogue import BY_NAME
from reports.feeder.columns import LAYOUT, FeederFile
from reports.feeder.manifest import (
    ENDING,
    SCHEMA_ENDING,
    control_totals,
    read_manifest,
    schema_text,
)
from reports.feeder.writing import PARTIAL, read_back


class Checked(NamedTuple):
    """A file that was checked, and what is wrong with it."""

    name: str
    faults: Sequence[AimError]


def check_folder(folder: Path) -> list[Checked]:
    """Check each file with a manifest, name those without one and what was left half written.

    Refused when the folder holds no manifest at all.
    """
    manifests = sorted(folder.glob(f"*{ENDING}"))
    if not manifests:
        raise Refused(
            "There is no manifest in {folder}. Name the folder of the files.", folder=folder.name
        )
    known = {path.name: _read(path) for path in manifests}
    checked = [Checked(name, list(_faults(folder, found, known))) for name, found in known.items()]
    return [*checked, *_without_manifest(folder, known)]


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return read_manifest(path)
    except ValueError:
        return {}


def _faults(
    folder: Path, manifest: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]
) -> Iterator[AimError]:
    declared = BY_NAME.get(str(manifest.get("schema_id", "")).removesuffix(f".{LAYOUT}"))
    if declared is None:
        yield AimError("This is no manifest of a file that this version knows.")
        return
    path, schema = folder / str(manifest.get("file")), folder / str(manifest.get("schema"))
    if not schema.is_file() or schema.read_text("utf-8") != schema_text(declared):
        yield AimError("The schema is missing, or is not the declared one.")
    if not path.is_file():
        yield AimError("The file {file} is missing.", file=path.name)
        return
    yield from _differences(path, declared, manifest)
    yield from _broken_link(manifest, others)


def _differences(
    path: Path, declared: FeederFile, manifest: Mapping[str, Any]
) -> Iterator[AimError]:
    try:
        held = read_back(path, declared, encoding=str(manifest.get("encoding", "utf-8")))
    except (UnicodeError, LookupError):
        yield AimError("The file is not written in the encoding that the manifest names.")
        return
    except Refused as refused:
        yield refused
        return
    if held.sha256 != manifest.get("sha256"):
        yield AimError("The file was changed: its SHA-256 is not that of the manifest.")
    if held.totals.rows != manifest.get("rows"):
        yield AimError(
            "The file has {count} rows, the manifest says {rows}.",
            count=held.totals.rows,
            rows=manifest.get("rows"),
        )
    stated = manifest.get("control_totals")
    totals = stated if isinstance(stated, dict) else {}
    for name, total in control_totals(declared, held).items():
        if totals.get(name) != total:
            yield AimError(
                "{column} adds up to {total}, the manifest says {stated}.",
                column=name,
                total=total,
                stated=totals.get(name),
            )


def _broken_link(
    manifest: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]
) -> Iterator[AimError]:
    """Compare with the edition before, when it lies in the folder as well."""
    for other in others.values():
        same = all(other.get(name) == manifest.get(name) for name in ("schema_id", "month"))
        before = same and other.get("edition") == int(manifest.get("edition") or 0) - 1
        if before and other.get("sha256") != manifest.get("previous_sha256"):
            yield AimError("The edition before is another file than the manifest names.")


def _without_manifest(folder: Path, known: Mapping[str, Mapping[str, Any]]) -> Iterator[Checked]:
    named = {str(found.get("file")) for found in known.values()}
    named |= {str(found.get("schema")) for found in known.values()}
    for path in sorted(folder.iterdir()):
        ours = path.name.endswith((".csv", SCHEMA_ENDING)) and f".{LAYOUT}." in path.name
        if path.name.endswith(PARTIAL):
            yield Checked(path.name, [AimError("This was left half written. It may be deleted.")])
        elif ours and path.name not in named:
            yield Checked(path.name, [AimError("No manifest names this file.")])
