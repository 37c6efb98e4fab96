"""Databases on a PostgreSQL server of the tests' own.

One server a test process: it starts with the first database that is asked for. What it holds is
thrown away, so it never waits for the disk.
"""

from itertools import count

from sqlalchemy import make_url

from bench.server import Server, binaries, start_server

SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}

_numbers = count(1)
_servers: list[Server] = []


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
        _servers.append(start_server(SETTINGS))
    return _servers[0]
