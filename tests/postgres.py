"""A PostgreSQL server of the tests' own, from the machine's binaries, also for root.

One server a test process: it starts with the first database that is asked for, listens on a
socket in a folder of its own and on no network port, and goes with the process, even with one
that is killed. What it holds is thrown away, so it never waits for the disk.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from bench.server import binaries

SUPERUSER = "aim"
# Only the name of the socket: the server listens on no port.
PORT = 5432
SECONDS_TO_START = 60
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
}
# The shell ends the server and removes its folder once the pipe to the tests is closed, by them
# or by their death. INT is PostgreSQL's word for "now, without waiting for clients".
KEEPER = """
folder=$1; shift
"$@" & server=$!
read -r _
kill -INT $server; wait $server
rm -rf "$folder"
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom the server runs as: PostgreSQL refuses root, so root lends it another user."""

    user: int | None = None
    group: int | None = None
    groups: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its folder, which holds the socket, and the shell that keeps it."""

    folder: Path
    keeper: subprocess.Popen[bytes]

    def url(self, database: str) -> str:
        """Give the address of one of its databases, as SQLAlchemy writes it."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.folder}&port={PORT}"

    def run(self, statement: str) -> None:
        """Run one statement outside any transaction, as CREATE DATABASE wants it."""
        if self.folder not in _connections:
            conninfo = f"host={self.folder} port={PORT} user={SUPERUSER} dbname=postgres"
            _connections[self.folder] = psycopg.connect(conninfo, autocommit=True)
        _connections[self.folder].execute(statement.encode())

    def stop(self) -> None:
        """End the server and wait until its folder is gone."""
        if self.folder in _connections:
            _connections.pop(self.folder).close()
        if self.keeper.stdin is not None:
            self.keeper.stdin.close()
        self.keeper.wait(timeout=SECONDS_TO_START)


_numbers = count(1)
_servers: list[Server] = []
# One to each server, kept open: to open one costs more than most of its statements.
_connections: dict[Path, psycopg.Connection] = {}


def missing_postgres() -> str:
    """Say why no server can be started; an empty text when one can."""
    return "" if binaries() else "no server binaries found"


def fresh_postgres_database(template: str | None = None, name: str | None = None) -> str:
    """Make a database and give its address; with the address of another one, make a copy of it.

    A template must have no connection left open: dispose of its engine first.
    """
    server = _server()
    name = name or f"test_{next(_numbers)}"
    source = make_url(template).database if template else "template1"
    # To copy the files takes half of what the server's own way takes, which logs every page.
    server.run(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY FILE_COPY')
    return server.url(name)


def drop_postgres_database(url: str) -> None:
    """Drop a database, with whatever connections a test left behind."""
    _server().run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')


def stop_postgres() -> None:
    """Stop the server, if one was started."""
    while _servers:
        _servers.pop().stop()


def _server() -> Server:
    if not _servers:
        _servers.append(_start())
    return _servers[0]


def _start() -> Server:
    programs = binaries()
    if programs is None:
        raise RuntimeError(missing_postgres())
    # The name of a socket may have 107 characters: so deep may the folder of TMPDIR not lie.
    folder = Path(tempfile.mkdtemp(prefix="aim-pg-"))
    owner = _owner()
    if owner.user is not None:
        os.chown(folder, owner.user, owner.group or -1)
    _make_cluster(programs, folder, owner)
    server = Server(folder, _keep(programs, folder, owner))
    _wait_for(server)
    return server


def _owner() -> Owner:
    if os.geteuid() != 0:
        return Owner()
    users = {user.pw_name: user for user in pwd.getpwall()}
    chosen = users.get("postgres") or users["nobody"]
    return Owner(chosen.pw_uid, chosen.pw_gid, ())


def _make_cluster(programs: Path, folder: Path, owner: Owner) -> None:
    options = ["--auth=trust", f"--username={SUPERUSER}", "--encoding=UTF8", "--no-locale"]
    made = subprocess.run(
        [programs / "initdb", "--no-sync", *options, folder / "data"],
        check=False,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=owner.user,
        group=owner.group,
        extra_groups=owner.groups,
    )
    if made.returncode != 0:
        shutil.rmtree(folder)
        raise RuntimeError(f"initdb failed:\n{made.stdout}")


def _keep(programs: Path, folder: Path, owner: Owner) -> subprocess.Popen[bytes]:
    settings = SETTINGS | {"unix_socket_directories": str(folder)}
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    server = [str(programs / "postgres"), "-D", str(folder / "data"), *options]
    with _log(folder).open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", KEEPER, "keeper", str(folder), *server],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=owner.user,
            group=owner.group,
            extra_groups=owner.groups,
        )


def _wait_for(server: Server) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError as error:
            if time.monotonic() > end:
                said = _log(server.folder).read_text(errors="replace")
                server.stop()
                raise RuntimeError(f"PostgreSQL did not start:\n{said}") from error
            time.sleep(0.05)
        else:
            return


def _log(folder: Path) -> Path:
    return folder / "log"
