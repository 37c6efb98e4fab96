"""The command `aim-loans serve`: the web application on this machine."""

import gc
import os
from contextlib import nullcontext
from typing import Any
from wsgiref.types import WSGIApplication

import click
from waitress import serve as listen  # type: ignore[import-untyped]  # it ships no types

from aim_loans.cli.door import Door
from aim_loans.cli.report_pack import worker_beside
from aim_loans.cli.signals import end_when_told
from aim_loans.config.environment import derived_key, secret_key
from aim_loans.web.app import LARGEST_FORM, create_app
from aim_loans.web.surroundings import Surroundings

THREADS = 8
FORWARDED = {"x-forwarded-for", "x-forwarded-proto"}
WEB_PURPOSE = "web"


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--plain-http",
    is_flag=True,
    help="Let cookies travel without TLS: only for a demonstration on this machine.",
)
@click.option(
    "--trusted-proxy",
    help="Address of the TLS proxy before it, whose word for who is asking is taken.",
)
@click.option(
    "--with-worker",
    is_flag=True,
    help="Make the papers that are asked for in the browser too, in a process beside this one.",
)
@click.pass_obj
def serve(
    door: Door,
    *,
    host: str,
    port: int,
    plain_http: bool,
    trusted_proxy: str | None,
    with_worker: bool,
) -> None:
    """Serve the web application until it is stopped; put a TLS proxy before it."""
    end_when_told()
    app = application(door, plain_http=plain_http)
    door.note("Open {address} in the browser.", address=f"http://{host}:{port}/")
    # Without the asker's own address one stranger's wrong passwords would lock everybody out.
    behind = {"trusted_proxy": trusted_proxy, "trusted_proxy_headers": FORWARDED}
    named = behind if trusted_proxy else {}
    with worker_beside() if with_worker else nullcontext():
        listen(app, host=host, port=port, **limits(door), **named)


def application(door: Door, *, plain_http: bool) -> WSGIApplication:
    """Make the web application over the door's book."""
    around = Surroundings(
        door.ready_engine, door.settings, door.audit_key, door.factor_key, door.files
    )
    secret = derived_key(secret_key(os.environ), WEB_PURPOSE)
    app = create_app(around, secret=secret, plain_http=plain_http)
    # What is loaded by now stays: the collector need not look at it again for every page.
    gc.freeze()
    return app


def limits(door: Door) -> dict[str, Any]:
    """Give the server's settings: it takes nothing too large, and keeps all in memory."""
    largest = LARGEST_FORM + door.settings.attachments.most_bytes
    return {
        "threads": THREADS,
        "ident": None,
        "max_request_body_size": largest,
        "inbuf_overflow": largest,
    }
