"""The application before a real browser: a server in a thread, chromium without a window."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.base import (  # type: ignore[import-untyped]  # it ships none
    AXE_SCRIPT,
)
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from waitress import wasyncore  # type: ignore[import-untyped]  # it ships no types
from waitress.server import create_server  # type: ignore[import-untyped]  # it ships no types

from aim_loans.cli.serve import FORWARDED, THREADS

WIDE, NARROW = 1280, 360
# Nobody watches, and every page is of one site.
FEWER_PROCESSES = ("--disable-gpu", "--renderer-process-limit=1", "--disable-background-networking")
# Letters stand where the page puts them, however a machine draws its fonts.
SAME_LETTERS = "--font-render-hinting=none"
HERE = "127.0.0.1"
HEIGHT = 800


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve it as branches are served: by the same server, behind a proxy that names who asks."""
    sockets: dict[int, Any] = {}
    behind = {"trusted_proxy": HERE, "trusted_proxy_headers": FORWARDED}
    server = create_server(app, sockets, host=HERE, port=0, threads=THREADS, **behind)
    ended = threading.Event()
    thread = threading.Thread(target=_serve, args=(sockets, ended), daemon=True)
    thread.start()
    try:
        yield f"http://{HERE}:{server.effective_port}"
    finally:
        ended.set()
        server.pull_trigger()
        thread.join()
        server.task_dispatcher.shutdown()
        # A browser that goes away in the middle of an answer leaves its file to us.
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        wasyncore.close_all(sockets)


def _serve(sockets: dict[int, Any], ended: threading.Event) -> None:
    while not ended.is_set():
        wasyncore.loop(timeout=1, map=sockets, count=1)


@contextmanager
def started(path: str) -> Iterator[Browser]:
    """Start the chromium at a path."""
    # Its sandbox refuses to run for root, who owns containers.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[*args, *FEWER_PROCESSES, SAME_LETTERS, "--disable-dev-shm-usage"],
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
