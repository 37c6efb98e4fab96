"""The entry of the pages: how long the application takes to answer, and how often it asks."""

import gc
import re
import statistics
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import cycle, islice
from typing import NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from aim_loans.config.reader import read_settings
from aim_loans.db.engine import writing
from aim_loans.files.store import Store
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.identity.sign_in import StartSession, give_factor, start_session
from aim_loans.loans.models import loan, loan_position
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from aim_loans.web.app import create_app
from aim_loans.web.surroundings import Surroundings
from bench.asked import MOST_STATEMENTS, counted
from bench.book import ACTOR, AUDIT_KEY, Clock
from bench.lives import FIRST_DAY, LAST_DAY, branch_codes
from bench.places import Places
from bench.receipts import AMOUNT
from bench.results import Result
from bench.timing import seconds_of

LOOKS_A_RUN = 20
PAGE_SECONDS, DASHBOARD_SECONDS, SEARCH_SECONDS = 0.050, 0.100, 0.100
# A step that shares no divisor with the number of loans, so that no loan is looked at twice.
STEP = 7_919
SEARCHES = ("Bushra Perveen", "بشریٰ پروین", "Muhammad Aslam", "khadija", "Ghulam Huss", "L0000017")
_KEY = b"a key that only the bench signs cookies with"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

Look = Callable[[], object]


class Page(NamedTuple):
    """A kind of page: the looks at it, one after the other, and the seconds that it may take.

    What happens `before` each look is not on the clock.
    """

    name: str
    looks: Iterator[Look]
    mark: float
    before: Look | None = None


def pages(places: Places, kind: str, *, loans: int, runs: int) -> list[Result]:
    """Open lists, loans, borrowers, a branch's book and first page, and search; in one process."""
    engine = places.book(kind, loans).engine()
    try:
        app = _application(engine, places)
        visitors = (_visitor(app, engine, "manager"), _visitor(app, engine, "head"))
        shown = _pages(*visitors, loans, _receipts(engine))
        return [_measured(engine, page, kind, loans=loans, runs=runs) for page in shown]
    finally:
        engine.dispose()


def _application(engine: Engine, places: Places) -> Flask:
    moment = Clock()()
    files = Store(places.folder / "files", _KEY)
    settings = read_settings(None, {})
    here = Surroundings(engine, settings, AUDIT_KEY, _KEY, files, lambda: moment)
    app = create_app(here, secret=_KEY, plain_http=True)
    # The command that serves does so too.
    gc.freeze()
    return app


def _visitor(app: Flask, engine: Engine, username: str) -> FlaskClient:
    """Give the browser of the manager of the first branch, or of head office, signed in."""
    manager = username == "manager"
    role = Role.BRANCH_MANAGER if manager else Role.HEAD_OFFICE
    branch = branch_codes(0)[0] if manager else None
    member = AddStaff(username, username, role, FIRST_DAY, branch_code=branch)
    with writing(engine, audit_key=AUDIT_KEY, clock=_at_last) as tx:
        add_staff(tx, member, actor=ACTOR)
        token = start_session(tx, StartSession(username))
        give_factor(tx, token)
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"] = token
    return browser


def _at_last() -> datetime:
    return Clock()()


def _receipts(engine: Engine) -> Look:
    """Give the cashiers of the institution: at each call one takes a receipt of another loan."""
    position = loan_position.c
    owing = select(loan.c.ref).join(loan_position, position.loan_id == loan.c.id)
    with engine.connect() as connection:
        refs = connection.scalars(owing.where(position.outstanding > AMOUNT).limit(1_000)).all()
    cashier, following = Actor("bench cashier", (Grant(Role.CASHIER),)), cycle(refs)

    def take() -> None:
        command = RecordReceipt(next(following), AMOUNT, LAST_DAY, "cash")
        with writing(engine, audit_key=AUDIT_KEY, clock=_at_last) as tx:
            record_receipt(tx, command, actor=cashier, today=LAST_DAY, backdating_days=2)

    return take


def _pages(manager: FlaskClient, head: FlaskClient, loans: int, take: Look) -> Sequence[Page]:
    rows = [1 + number * STEP % loans for number in range(loans)]
    borrowers = [f"/borrowers/{row // 2 + 1}" for row in rows]
    return (
        Page("list", _opened(head, ["/book/loans?figure=par30"]), PAGE_SECONDS),
        Page("loan", _opened(head, [f"/loans/{row}" for row in rows]), PAGE_SECONDS),
        Page("borrower", _opened(head, borrowers), PAGE_SECONDS),
        Page("branch", _opened(manager, ["/book"]), PAGE_SECONDS),
        Page("dashboard", _opened(head, ["/book"]), DASHBOARD_SECONDS),
        Page("dashboard after a receipt", _opened(head, ["/book"]), DASHBOARD_SECONDS, take),
        Page("home", _opened(manager, ["/"]), DASHBOARD_SECONDS),
        Page("search", _searches(head), SEARCH_SECONDS),
    )


def _opened(browser: FlaskClient, paths: Sequence[str]) -> Iterator[Look]:
    return (partial(_open, browser, path) for path in cycle(paths))


def _open(browser: FlaskClient, path: str) -> None:
    with browser.get(path) as answer:
        if answer.status_code != 200:
            raise AssertionError(f"pages: {path} answers {answer.status}")


def _searches(browser: FlaskClient) -> Iterator[Look]:
    with browser.get("/password") as answer:
        found = _TOKEN.search(answer.get_data(as_text=True))
    if found is None:
        raise AssertionError("pages: a page without a token")
    return (partial(_search, browser, found[1], wanted) for wanted in cycle(SEARCHES))


def _search(browser: FlaskClient, token: str, wanted: str) -> None:
    with browser.post("/find", data={"csrf_token": token, "wanted": wanted}) as answer:
        if answer.status_code not in (200, 303):
            raise AssertionError(f"pages: a search answers {answer.status}")


def _measured(engine: Engine, page: Page, kind: str, *, loans: int, runs: int) -> Result:
    """Look at a page, the first time to warm up and count, then against the clock.

    The first look of a process at what changed builds its statement: no later one pays for that.
    """
    if page.before is not None:
        page.before()
    with counted(engine) as statements:
        next(page.looks)()
    times = []
    for look in islice(page.looks, runs * LOOKS_A_RUN):
        if page.before is not None:
            page.before()
        times.append(seconds_of(look))
    half, almost_all = statistics.median(times), statistics.quantiles(times, n=100)[98]
    return Result(
        f"pages, {page.name}",
        kind,
        loans,
        f"p50 {half * 1000:.0f} ms, p99 {almost_all * 1000:.0f} ms, {len(statements)} statements",
        mark=f"<= {page.mark * 1000:.0f} ms, {MOST_STATEMENTS}",
        held=almost_all <= page.mark and len(statements) <= MOST_STATEMENTS,
    )
