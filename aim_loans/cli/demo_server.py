"""Serves the demonstration on this machine: says when it is ready, ends when it is signalled."""

import _thread
import errno
import http
import http.client
import signal
import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import Any
from wsgiref.types import WSGIApplication

import click
from waitress import wasyncore  # type: ignore[import-untyped]  # it ships no types
from waitress.server import create_server  # type: ignore[import-untyped]  # it ships no types

from aim_loans.cli.door import Door
from aim_loans.cli.serve import limits
from aim_loans.cli.signals import end_when_told
from aim_loans.errors import Refused

HOST = "127.0.0.1"
_SECONDS_TO_ANSWER = 20


def serve_until_signalled(door: Door, app: WSGIApplication, *, port: int, stays: bool) -> None:
    """Serve, say READY once /health answers, and end at SIGTERM or SIGINT.

    Without `stays` the server ends as soon as it answered, and READY is said after that.
    """
    sockets: dict[int, Any] = {}
    try:
        _serve(_listen(app, port, sockets, limits(door)), port, stays=stays)
    finally:
        wasyncore.close_all(sockets)
    if not stays:
        click.echo(f"READY {_address(port)} answered and has ended; make serve starts it again")
    door.note("The demonstration has ended; its book stays.")


def _serve(server: Any, port: int, *, stays: bool) -> None:
    answered = threading.Event()
    before = end_when_told()
    tell = partial(_tell, port, answered, stays=stays)
    threading.Thread(target=tell, daemon=True).start()
    # It takes a SystemExit or a KeyboardInterrupt as the word to finish what is under way.
    server.run()
    signal.signal(signal.SIGTERM, before)
    if not answered.is_set():
        raise Refused("The application did not answer. Look at what it said above.")


def _tell(port: int, answered: threading.Event, *, stays: bool) -> None:
    """Ask the application until it answers, beside the thread that serves; then say so, or end."""
    last = time.monotonic() + _SECONDS_TO_ANSWER
    while time.monotonic() < last:
        if _is_healthy(port):
            answered.set()
            if stays:
                click.echo(f"READY {_address(port)}")
                return
            break
        time.sleep(0.1)
    _thread.interrupt_main(signal.SIGTERM)


def _address(port: int) -> str:
    return f"http://{HOST}:{port}/"


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=_SECONDS_TO_ANSWER)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _listen(
    app: WSGIApplication, port: int, sockets: dict[int, Any], limits: Mapping[str, Any]
) -> Any:
    try:
        return create_server(app, sockets, host=HOST, port=port, **limits)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise Refused(
            "Port {port} is in use. End the other program, or choose another port.",
            field="port",
            port=port,
        ) from error
