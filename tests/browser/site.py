"""The application before a real browser: a server in a thread, chromium without a window."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.base import (  # type: ignore[import-untyped]  # it ships none
    AXE_SCRIPT,
)
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import WSGIRequestHandler, make_server

WIDE, NARROW = 1280, 360
# Nobody watches, and every page is of one site.
FEWER_PROCESSES = ("--disable-gpu", "--renderer-process-limit=1", "--disable-background-networking")
HERE = "127.0.0.1"
HEIGHT = 800


class Quiet(WSGIRequestHandler):
    """A request is not worth a line."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # its name there
        """Say nothing."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on this machine, as behind a proxy that names who asks."""
    server = make_server(HERE, 0, ProxyFix(app), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HERE}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def started(path: str) -> Iterator[Browser]:
    """Start the chromium at a path."""
    # Its sandbox refuses to run for root, who owns containers.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*args, *FEWER_PROCESSES, "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def a_window(
    browser: Browser, site: str, *, width: int = WIDE, address: str = HERE
) -> BrowserContext:
    """Open somebody's window of their own: without scripts, as the pages promise to need none."""
    return browser.new_context(
        base_url=site,
        viewport={"width": width, "height": HEIGHT},
        java_script_enabled=False,
        extra_http_headers={"X-Forwarded-For": address},
    )


def an_inspectors_window(browser: Browser, site: str, *, width: int = WIDE) -> BrowserContext:
    """Open a window each of whose pages holds axe, which may run over it."""
    window = browser.new_context(
        base_url=site,
        viewport={"width": width, "height": HEIGHT},
        bypass_csp=True,
    )
    # The browser compiles it once for all pages.
    window.add_init_script(AXE_SCRIPT)
    return window
