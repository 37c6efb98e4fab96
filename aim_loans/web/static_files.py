"""The address of a file that pages load: it changes with the contents, so browsers may keep it."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from flask import current_app, url_for

# Debian's table knows fonts, Python's own does not in every version.
mimetypes.add_type("font/woff2", ".woff2")


def static_file(name: str) -> str:
    """Give the address of a static file, with the beginning of its digest."""
    folder = current_app.static_folder or ""
    return url_for("static", filename=name, v=_version(Path(folder) / name))


@cache
def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
