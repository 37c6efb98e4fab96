"""Finds the files that ship beside the code: config.toml and the migrations."""

from pathlib import Path

from aim_loans.errors import NotFound

PACKAGE = Path(__file__).resolve().parent.parent


def resource(name: str, *, package: Path = PACKAGE) -> Path:
    """Give the path of `config.toml` or `migrations`; NotFound when neither place has it.

    An installed wheel carries them in `aim_loans/resources`; a checkout has them at its root.
    The wheel's place comes first: beside an installed package anything may lie under that name.
    """
    for place in (package / "resources" / name, package.parent / name):
        if place.exists():
            return place
    raise NotFound("The program came without its {name}. Install it again.", field=name, name=name)
