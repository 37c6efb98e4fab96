"""A PostgreSQL server of the bench's own, with a durable disk, from the machine's binaries.

It listens on a socket in its folder and on no network port, runs as another user when the
bench runs as root, and goes with the process, even with one that is killed.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg

# Debian keeps the server's programs off PATH, in one folder a version.
DEBIAN_BINARIES = Path("/usr/lib/postgresql")
USER = "bench"
PORT = 5432
SECONDS_TO_START = 60
# What an institution would set on a small machine; commits wait for the disk, as they must.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    # Compiling a statement takes longer here than it saves.
    "jit": "off",
    "timezone": "UTC",
}
# Ends the server and removes its folder once the pipe to the bench is closed.
KEEPER = """
folder=$1; shift
"$@" & server=$!
read -r _
kill -INT $server; wait $server
rm -rf "$folder"
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, by the folder that holds its socket."""

    folder: Path

    def conninfo(self, database: str) -> str:
        """Give the address of a database as the driver takes it."""
        return f"host={self.folder} port={PORT} user={USER} dbname={database}"

    def url(self, database: str) -> str:
        """Give the address of a database as the software takes it."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}&port={PORT}"

    def run(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


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


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server and stop it at the end; RuntimeError when the machine has none."""
    programs = binaries()
    if programs is None:
        raise RuntimeError("no PostgreSQL server on this machine: use --databases sqlite")
    # The name of a socket may have 107 characters, so the folder stays close to the root.
    folder = Path(tempfile.mkdtemp(prefix="aim-bench-", dir="/tmp"))
    owner = _owner()
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    _make_cluster(programs, folder, owner)
    keeper = _keep(programs, folder, owner)
    try:
        server = Server(folder)
        _wait_for(server)
        yield server
    finally:
        if keeper.stdin is not None:
            keeper.stdin.close()
        keeper.wait(timeout=SECONDS_TO_START)


def _owner() -> pwd.struct_passwd | None:
    """Give the user that the server runs as where the bench is root: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    users = {user.pw_name: user for user in pwd.getpwall()}
    return users.get("postgres") or users["nobody"]


def _make_cluster(programs: Path, folder: Path, owner: pwd.struct_passwd | None) -> None:
    options = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--no-locale"]
    subprocess.run(
        [programs / "initdb", *options, folder / "data"],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=() if owner else None,
    )


def _keep(programs: Path, folder: Path, owner: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    settings = SETTINGS | {"unix_socket_directories": str(folder)}
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    server = [str(programs / "postgres"), "-D", str(folder / "data"), *options]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "keeper", str(folder), *server],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=() if owner else None,
        )


def _wait_for(server: Server) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
