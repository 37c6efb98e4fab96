"""A PostgreSQL server of one's own, from the machine's binaries, also for root.

It listens on a socket in a folder of its own and on no network port, and goes with the process
that started it, even with one that is killed. The bench has one; each process of the tests too.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

# Debian keeps the server's programs off PATH, in one folder a version.
DEBIAN_BINARIES = Path("/usr/lib/postgresql")
USER = "aim"
# Only the name of the socket: the server listens on no port.
PORT = 5432
SECONDS_TO_START = 60
SETTINGS = {"listen_addresses": "", "port": str(PORT), "timezone": "UTC"}
# The shell ends the server and removes its folder once the pipe to us is closed, by us or by our
# death. INT is PostgreSQL's word for "now, without waiting for clients".
KEEPER = """
folder=$1; shift
"$@" & server=$!
read -r _
kill -INT $server; wait $server
rm -rf "$folder"
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its folder, which holds the socket, and the shell that keeps it.

    The connection stays open: to open one costs more than most of its statements.
    """

    folder: Path
    keeper: subprocess.Popen[bytes]
    connection: psycopg.Connection

    def conninfo(self, database: str) -> str:
        """Give the address of a database as the driver takes it."""
        return _conninfo(self.folder, database)

    def url(self, database: str) -> str:
        """Give the address of a database as SQLAlchemy takes it."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}&port={PORT}"

    def run(self, statement: str) -> None:
        """Run one statement outside any transaction, as CREATE DATABASE wants it."""
        self.connection.execute(statement.encode())

    def stop(self) -> None:
        """End the server and wait until its folder is gone."""
        self.connection.close()
        _end(self.keeper)


def start_server(settings: Mapping[str, str]) -> Server:
    """Start a server with these settings; RuntimeError when none starts on this machine."""
    programs = binaries()
    if programs is None:
        raise RuntimeError("no PostgreSQL server on this machine: use --databases sqlite")
    # The name of a socket may have 107 characters: so deep may the folder of TMPDIR not lie.
    folder = Path(tempfile.mkdtemp(prefix="aim-postgresql-"))
    owner = _owner()
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    _make_cluster(programs, folder, owner)
    keeper = _keep(programs, folder, settings, owner)
    return Server(folder, keeper, _connect(folder, keeper))


@cache
def binaries() -> Path | None:
    """Find the folder of the newest server on the machine; None where there is none."""
    on_path = shutil.which("postgres")
    found = [Path(on_path)] if on_path else []
    found += DEBIAN_BINARIES.glob("*/bin/postgres")
    whole = [path.parent for path in found if path.with_name("initdb").exists()]
    return max(whole, key=_version, default=None)


def _version(folder: Path) -> int:
    program = [str(folder / "postgres"), "--version"]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    number = re.search(r"\d+", said)
    return int(number[0]) if number else 0


def _conninfo(folder: Path, database: str) -> str:
    return f"host={folder} port={PORT} user={USER} dbname={database}"


def _owner() -> dict[str, Any]:
    """Say to `subprocess` whom the server runs as: PostgreSQL refuses root, who lends another."""
    if os.geteuid() != 0:
        return {}
    users = {user.pw_name: user for user in pwd.getpwall()}
    chosen = users.get("postgres") or users["nobody"]
    return {"user": chosen.pw_uid, "group": chosen.pw_gid, "extra_groups": ()}


def _make_cluster(programs: Path, folder: Path, owner: Mapping[str, Any]) -> None:
    options = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--no-locale", "--no-sync"]
    made = subprocess.run(
        [programs / "initdb", *options, folder / "data"],
        check=False,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **owner,
    )
    if made.returncode != 0:
        shutil.rmtree(folder)
        raise RuntimeError(f"initdb failed:\n{made.stdout}")


def _keep(
    programs: Path, folder: Path, settings: Mapping[str, str], owner: Mapping[str, Any]
) -> subprocess.Popen[bytes]:
    told = {**SETTINGS, **settings, "unix_socket_directories": str(folder)}
    options = [word for key, value in told.items() for word in ("-c", f"{key}={value}")]
    server = [str(programs / "postgres"), "-D", str(folder / "data"), *options]
    with _log(folder).open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "keeper", str(folder), *server],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **owner,
        )


def _connect(folder: Path, keeper: subprocess.Popen[bytes]) -> psycopg.Connection:
    """Connect as soon as the server answers."""
    last = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            return psycopg.connect(_conninfo(folder, "postgres"), autocommit=True)
        except psycopg.OperationalError as fault:
            if time.monotonic() > last:
                said = _log(folder).read_text(errors="replace")
                _end(keeper)
                raise RuntimeError(f"PostgreSQL did not start:\n{said}") from fault
            time.sleep(0.05)


def _end(keeper: subprocess.Popen[bytes]) -> None:
    if keeper.stdin is not None:
        keeper.stdin.close()
    keeper.wait(timeout=SECONDS_TO_START)


def _log(folder: Path) -> Path:
    return folder / "log"
