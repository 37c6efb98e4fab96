"""What the environment gives: database, files, the secret, the place of the configuration.

An empty variable counts as one that is not set.
"""

import hmac
from collections.abc import Mapping
from pathlib import Path

from aim_loans.config.resources import resource
from aim_loans.errors import Refused

CONFIG_VARIABLE = "AIM_CONFIG"
DATABASE_VARIABLE = "AIM_DATABASE_URL"
FILES_VARIABLE = "AIM_FILES"
KEY_VARIABLE = "AIM_SECRET_KEY"
DEFAULT_DATABASE_URL = "sqlite:///var/aim-loans.sqlite"
DEFAULT_FILES = Path("var") / "files"
SHORTEST_KEY = 32

_MAKE_A_KEY = 'python3 -c "import secrets; print(secrets.token_hex(32))"'


def config_path(environ: Mapping[str, str]) -> Path:
    """Give the configuration that AIM_CONFIG names, else the one that ships with the program."""
    named = environ.get(CONFIG_VARIABLE, "")
    return Path(named) if named else resource("config.toml")


def database_url(environ: Mapping[str, str]) -> str:
    """Give AIM_DATABASE_URL, else the SQLite file under `var/` of the working directory."""
    return environ.get(DATABASE_VARIABLE, "") or DEFAULT_DATABASE_URL


def files_folder(environ: Mapping[str, str]) -> Path:
    """Give the folder that AIM_FILES names, else `var/files` of the working directory."""
    named = environ.get(FILES_VARIABLE, "")
    return Path(named) if named else DEFAULT_FILES


def secret_key(environ: Mapping[str, str]) -> bytes:
    """Give AIM_SECRET_KEY; Refused when it is missing or shorter than 32 characters."""
    secret = environ.get(KEY_VARIABLE, "")
    if not secret:
        raise Refused(
            "AIM_SECRET_KEY is not set. Make a key once with {command}, keep it safe and "
            "set it for every run.",
            field=KEY_VARIABLE,
            command=_MAKE_A_KEY,
        )
    if len(secret) < SHORTEST_KEY:
        raise Refused(
            "AIM_SECRET_KEY has {length} characters and needs {shortest} or more. "
            "Make a key with {command}.",
            field=KEY_VARIABLE,
            length=len(secret),
            shortest=SHORTEST_KEY,
            command=_MAKE_A_KEY,
        )
    return secret.encode("utf-8", "surrogateescape")


def derived_key(secret: bytes, purpose: str) -> bytes:
    """Derive the 32-byte key of one purpose (HMAC-SHA256 of its name under the secret).

    Purposes keep apart: whoever learns one derived key knows neither the secret nor another.
    """
    return hmac.digest(secret, purpose.encode("utf-8"), "sha256")
