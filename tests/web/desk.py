"""A branch at its screens: staff with passwords, and browsers without a window."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import make_url
from werkzeug.test import TestResponse

from aim_loans.config.reader import read_settings
from aim_loans.db.engine import Writing, open_engine, writing
from aim_loans.files.store import Store
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.passwords import hash_password, password_fits
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.identity.sign_in import SetPassword, give_factor, set_password
from aim_loans.web.app import create_app
from aim_loans.web.guard import need_of
from aim_loans.web.surroundings import Surroundings, keep
from tests.book import AUDIT_KEY, FACTOR_KEY, SHELL, TODAY, Book, Ticking, open_book
from tests.databases import copy_database, empty_database, engine_at

PASSWORD = "seven quiet lanterns"
# A hash takes its time on purpose; that of the one password that all use is made once.
hash_once = cache(hash_password)
fits_once = cache(password_fits)
FILES_KEY = b"a key that only the tests seal files with"
SECRET = b"a secret that only the tests sign cookies with"
# The cookie of the session.
COOKIE = "aim"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_KEY = re.compile(r'name="key" value="([^"]+)"')
_LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')
_FORM = re.compile(r'<form [^>]*method="(\w+)" action="(/[^"]*)"')

STAFF = {
    "officer": (Role.LOAN_OFFICER, "LHR-01"),
    "cashier": (Role.CASHIER, "LHR-01"),
    "manager": (Role.BRANCH_MANAGER, "LHR-01"),
    "stranger": (Role.LOAN_OFFICER, "KHI-01"),
    "head": (Role.HEAD_OFFICE, None),
    "auditor": (Role.AUDITOR, None),
    "partner": (Role.PARTNER, None),
}


class Compiled(BytecodeCache):
    """Templates compiled once for all applications of a process."""

    def __init__(self) -> None:
        """Know none yet."""
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled before."""
        if bucket.key in self.known:
            bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self.known[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


@dataclass
class Browser:
    """One person's browser; forms are sent with what their page held."""

    client: FlaskClient
    page: str = ""

    def get(self, path: str) -> TestResponse:
        """Open a page, wherever it leads."""
        return self._read(self.client.get(path, follow_redirects=True))

    def send(self, path: str, **texts: str) -> TestResponse:
        """Send a form of the page last seen, and follow where it leads."""
        return self._read(self.client.post(path, data=self.filled(texts), follow_redirects=True))

    def send_only(self, path: str, **texts: str) -> TestResponse:
        """Send a form and stay at the answer itself."""
        return self.client.post(path, data=self.filled(texts))

    def session_token(self) -> str:
        """Give the token of the session, as the cookie holds it."""
        with self.client.session_transaction() as kept:
            return str(kept["_user_id"])

    def filled(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Give the texts with the token and the key of the page last seen."""
        token, key = _TOKEN.search(self.page), _KEY.search(self.page)
        held = {"csrf_token": token and token[1], "key": key and key[1]}
        return {name: text for name, text in held.items() if text} | dict(texts)

    def _read(self, answer: TestResponse) -> TestResponse:
        self.page = answer.get_data(as_text=True)
        return answer


@dataclass
class Screens:
    """The application over a small book and a folder of files, and a browser for each of staff.

    `in_turn` says that no other is open meanwhile, so that it takes the application of the last.
    """

    book: Book
    folder: Path
    staffed: bool = False
    in_turn: bool = False
    app: Flask = field(init=False)
    files: Store = field(init=False)

    def __post_init__(self) -> None:
        """Add the staff, unless the book has them, each with a password of their own."""
        if not self.staffed:
            for username, (role, branch) in STAFF.items():
                self.hire(username, role, branch)
        settings = read_settings(None, {})
        self.files = Store(self.folder, FILES_KEY)
        here = Surroundings(
            self.book.engine, settings, AUDIT_KEY, FACTOR_KEY, self.files, self.book.clock
        )
        self.app = _application_in_turn() if self.in_turn else _application(here)
        keep(self.app, here)

    def hire(
        self, username: str, role: Role, branch: str | None, *, temporary: bool = False
    ) -> None:
        """Add a member of staff with a password, given by the shell or chosen by themselves."""
        command = AddStaff(username, username.title(), role, TODAY, branch_code=branch)
        by = SHELL if temporary else Actor(username, ())
        with self.writing() as tx:
            add_staff(tx, command, actor=SHELL)
            set_password(tx, SetPassword(username, temporary=temporary), PASSWORD, actor=by)

    def writing(self) -> AbstractContextManager[Writing]:
        """Open a transaction beside the application."""
        return writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock)

    def browser(self, username: str | None = None) -> Browser:
        """Open a browser, signed in when a name is given, past the second factor."""
        opened = Browser(self.app.test_client())
        opened.get("/sign-in")
        if username is not None:
            opened.send_only("/sign-in", username=username, password=PASSWORD)
            with self.writing() as tx:
                give_factor(tx, opened.session_token())
            opened.get("/")
        return opened


def closed_ways(screens: Screens, browser: Browser, role: Role) -> set[str]:
    """Give what the page last seen leads to, by link or by form, though the role may not go on."""
    ways = [("GET", path) for path in _LINK.findall(browser.page)]
    ways += [(method.upper(), path) for method, path in _FORM.findall(browser.page)]
    pages, reader = screens.app.url_map.bind("localhost"), Actor("reader", (Grant(role),))
    closed = set()
    for method, path in set(ways):
        endpoint, _ = pages.match(path.partition("?")[0], method=method)
        need = need_of(screens.app, str(endpoint))
        if need is not None and not need.lets_in(reader):
            closed.add(f"{method} {path}")
    return closed


def _application(here: Surroundings) -> Flask:
    app = create_app(here, secret=SECRET, plain_http=True)
    app.jinja_env.bytecode_cache = COMPILED
    return app


@cache
def _application_in_turn() -> Flask:
    """Make the application that one test after the other gives its own surroundings.

    To register all its pages takes longer than to open some of them.
    """
    nowhere = Surroundings(
        open_engine("sqlite://"),
        read_settings(None, {}),
        AUDIT_KEY,
        FACTOR_KEY,
        Store(Path(gettempdir()), FILES_KEY),
    )
    return _application(nowhere)


def open_screens(url: str, folder: Path, *, in_turn: bool = False) -> Screens:
    """Open a branch with its staff in an empty database: a copy of one, made once a process."""
    model, begun = _staffed_model(make_url(url).get_backend_name())
    copy_database(model, url)
    return Screens(Book(engine_at(url), Ticking(begun)), folder, staffed=True, in_turn=in_turn)


@cache
def _staffed_model(kind: str) -> tuple[str, datetime]:
    """Hire the staff of a book that nobody works in; give it, and the moment it came to."""
    url = empty_database(kind)
    book = Screens(open_book(url), Path(gettempdir())).book
    book.engine.dispose()
    return url, book.clock()
