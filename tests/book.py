"""A small book to try operations on: an engine set up, people, branches, loans paid out."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from pyotp import TOTP
from sqlalchemy import ColumnElement, Engine, Table, func, insert, make_url, select

from aim_loans.borrowers.complaints import RecordComplaint, TakeStep, record_complaint, take_step
from aim_loans.borrowers.models import person
from aim_loans.borrowers.operations import write_name_keys
from aim_loans.config.dated import DatedRow
from aim_loans.config.reader import read_settings
from aim_loans.config.resources import resource
from aim_loans.db.bulk import next_ids
from aim_loans.db.engine import Writing, cutting, open_engine, reading, writing
from aim_loans.db.migrate import upgrade
from aim_loans.identity.one_time_codes import nonce_of_session, totp_secret
from aim_loans.identity.operations import (
    HEAD_OFFICE_CHAIN,
    AddBranch,
    AddStaff,
    TakeCut,
    add_branch,
    add_staff,
    begin_act,
    seal_act,
    take_cut,
)
from aim_loans.identity.permissions import Actor, Grant, Role, shell_actor
from aim_loans.identity.queries import staff_exists
from aim_loans.identity.second_factor import enrol, give_code
from aim_loans.identity.sign_in import StartSession, start_session
from aim_loans.jobs.queue import take_job
from aim_loans.loans.operations import CONTRACT_TABLES, Contract, Dimensions, open_loans
from aim_loans.loans.positions import refresh_positions
from aim_loans.loans.schedule import Request, Schedule, build
from aim_loans.origination.operations import (
    Disburse,
    SetUp,
    disburse,
    ensure_programme,
    set_up,
)
from aim_loans.origination.queries import product_in_force, schedule_rules
from aim_loans.origination.setting_requests import AskSetting, ask_setting
from aim_loans.portfolio.allowance_requests import (
    AskAllowance,
    ConfirmAllowance,
    ask_allowance,
    confirm_allowance,
    open_allowances,
)
from aim_loans.portfolio.closing import CloseMonth, close_month
from aim_loans.portfolio.feeder.issued import open_file_requests
from aim_loans.portfolio.feeder.issuing import (
    AskFile,
    IssueFile,
    TakeFile,
    ask_file,
    issue_file,
    take_file,
)
from aim_loans.portfolio.measuring import portfolio_statement
from aim_loans.portfolio.months import ClosedMonth
from aim_loans.portfolio.papers.issuing import KeptPaper, TakeReport, issue_report, take_report
from aim_loans.portfolio.papers.packs import AskPack, ask_pack, asked_at, paper_of
from aim_loans.portfolio.reopening import AskToReopen, ask_to_reopen
from aim_loans.repayment.backdating import PermitBackdating, ask_backdating, permit_backdating
from aim_loans.repayment.ending_requests import AskEnding, Ending, ask_ending
from aim_loans.repayment.operations import RecordReceipt
from tests.databases import copy_database, empty_database, engine_at

AUDIT_KEY = b"a key that only the tests sign with"
FACTOR_KEY = b"a key that only the tests derive second factors from"
TODAY = date(2026, 3, 31)
SHELL = shell_actor("tester")
CASHIER = Actor("cashier", (Grant(Role.CASHIER), Grant(Role.BRANCH_MANAGER)))
MANAGER = Actor("manager", (Grant(Role.BRANCH_MANAGER),))
HEAD_OFFICE = Actor("head office", (Grant(Role.HEAD_OFFICE),))
SECOND_AT_HEAD_OFFICE = Actor("second", (Grant(Role.HEAD_OFFICE),))


@dataclass
class Ticking:
    """A clock that moves one second at each look."""

    at: datetime = field(default=datetime(2026, 3, 31, 6, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        """Give the next second."""
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class Book:
    """An empty book with three branches and two programmes, and short ways to fill it."""

    engine: Engine
    clock: Ticking = field(default_factory=Ticking)

    def count(self, table: Table, *where: ColumnElement[bool]) -> int:
        """Count the rows of a table, or those for which all of this holds."""
        with reading(self.engine) as connection:
            rows = select(func.count()).select_from(table).where(*where)
            return connection.execute(rows).scalar_one()

    def close(self, month: date) -> ClosedMonth:
        """Let head office close a month."""
        with cutting(self.engine, audit_key=AUDIT_KEY, clock=self.clock) as tx:
            return close_month(tx, CloseMonth(month), actor=HEAD_OFFICE, today=TODAY)

    def cut(self) -> datetime:
        """Take a cut; gives its moment."""
        with cutting(self.engine, audit_key=AUDIT_KEY, clock=self.clock) as tx:
            return take_cut(tx, TakeCut("test"), actor=HEAD_OFFICE)

    def open_loan(
        self,
        ref: str,
        *,
        principal: int = 50_000_00,
        months: int = 18,
        on: date = date(2025, 1, 8),
        branch: str = "LHR-01",
        programme: str = "general",
        sector: str = "trade",
        gender: str = "female",
        pay_out: bool = True,
        schedule: Schedule | None = None,
        officer: str | None = None,
        district: str | None = None,
        borrower: int | None = None,
    ) -> int:
        """Agree on a loan with a new borrower or a known one, and pay it out; gives its id."""
        with writing(self.engine, audit_key=AUDIT_KEY, clock=self.clock) as tx:
            this = begin_act(
                tx,
                kind="agree",
                command=AddBranch(ref, ref),
                actor=MANAGER,
                subject=f"loan {ref}",
                chain=HEAD_OFFICE_CHAIN,
            )
            if borrower is None:
                borrower = next_ids(tx.connection, person, 1)[0]
                who = {"id": borrower, "name": f"Borrower of {ref}", "gender": gender}
                who |= {"district": district, "act_id": this.id}
                tx.connection.execute(insert(person).values(**who))
                write_name_keys(tx.connection, [(borrower, f"Borrower of {ref}")])
            rules = schedule_rules(product_in_force(tx.connection, "family_enterprise", on))
            plan = schedule or build(
                Request(principal=principal, disbursed_on=on, months=months), rules
            )
            contract = Contract(
                ref=ref,
                borrower_id=borrower,
                product="family_enterprise",
                fund=programme,
                principal=principal,
                instalments_asked=plan.asked,
                frequency="monthly",
                source="application",
                from_on=on,
                schedule=plan,
                dimensions=Dimensions(branch, sector, programme, gender, officer=officer),
            )
            (opened,) = open_loans(tx, this, [contract])
            refresh_positions(tx.connection, [opened.loan_id])
            seal_act(tx, this, (person, *CONTRACT_TABLES))
        if pay_out:
            with writing(self.engine, audit_key=AUDIT_KEY, clock=self.clock) as tx:
                disburse(tx, Disburse(ref, on, "cash"), actor=MANAGER, today=TODAY)
        return opened.loan_id


BRANCHES = ("LHR-01", "MUL-01", "KHI-01")


def open_book(url: str, *, branches: tuple[str, ...] = BRANCHES) -> Book:
    """Give a book that is set up: a copy of one, made once a process."""
    model = _model(make_url(url).get_backend_name(), branches)
    copy_database(model.url, url)
    return Book(engine_at(url), Ticking(model.at))


class _Model(NamedTuple):
    """A book that is set up, and the moment at which that was done."""

    url: str
    at: datetime


@cache
def _model(kind: str, branches: tuple[str, ...]) -> _Model:
    """Migrate an empty database and set it up; nothing is ever changed in it."""
    url, clock = empty_database(kind), Ticking()
    engine = open_engine(url)
    upgrade(engine, resource("migrations"))
    with writing(engine, audit_key=AUDIT_KEY, clock=clock) as tx:
        set_up(tx, SetUp(read_settings(None, {})), actor=SHELL)
        this = begin_act(
            tx,
            kind="add_branches",
            command=AddBranch("all", "all"),
            actor=SHELL,
            subject="branches",
            chain=HEAD_OFFICE_CHAIN,
        )
        for code in branches:
            add_branch(tx, AddBranch(code, code, area="Centre"), actor=SHELL, within=this)
        ensure_programme(tx, this, "women")
        seal_act(tx, this, ())
    engine.dispose()
    return _Model(url, clock.at)


def use_a_second_factor(tx: Writing, username: str) -> None:
    """Let somebody set a second factor up and come in by a recovery code once."""
    actor, token = Actor(username, ()), start_session(tx, StartSession(username))
    secret = totp_secret(FACTOR_KEY, username, nonce_of_session(FACTOR_KEY, token))
    first = TOTP(secret).at(tx.now)
    codes = enrol(tx, first, token=token, actor=actor, factor_key=FACTOR_KEY)
    give_code(tx, codes[0], token=token, actor=actor, factor_key=FACTOR_KEY)


def ask_to_waive(book: Book, loan_id: int) -> None:
    """Let head office ask for a waiver; it waits for a second person and for the fund."""
    asked = AskEnding(
        loan_id=loan_id, kind=Ending.WAIVER, on=TODAY, reason="death", fund="mutual_support"
    )
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        ask_ending(tx, asked, actor=HEAD_OFFICE, today=TODAY)


def backdate_receipts(tx: Writing, ref: str) -> None:
    """Let a new cashier ask for two receipts of days long past: one is permitted, one waits."""
    add_staff(tx, AddStaff("counter", "Counter", Role.CASHIER, TODAY), actor=SHELL)
    asker, asked = Actor("counter", (Grant(Role.CASHIER),)), 0
    for number in ("B-1", "B-2"):
        forgotten = RecordReceipt(
            ref,
            300_00,
            TODAY - timedelta(days=9),
            "raast",
            account="HBL",
            reference=number,
            payer="family",
            book_number=number,
            reason="The slip lay in the drawer.",
        )
        asked = ask_backdating(tx, forgotten, actor=asker, today=TODAY, backdating_days=2)
    permit = PermitBackdating(asked)
    permit_backdating(tx, permit, actor=MANAGER, today=TODAY, backdating_days=2)


def ask_for_a_fee(tx: Writing, paisa: int = 300_00, day: date = TODAY) -> None:
    """Let head office ask for another application fee; it waits for a second person."""
    row = DatedRow(
        table="fee",
        key="institution",
        effective_from=day,
        source="decision of the board",
        verified=True,
        body=f'{{"amount":{paisa}}}',
    )
    ask_setting(tx, AskSetting(row), actor=HEAD_OFFICE, today=TODAY)


def close_a_month(book: Book, month: date = date(2026, 2, 28)) -> None:
    """Let head office close a month, and ask to reopen it."""
    book.close(month)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        ask_to_reopen(tx, AskToReopen(month, "a receipt was forgotten"), actor=HEAD_OFFICE)


def issue_a_report(book: Book, month: date = date(2026, 2, 28), *, count: int = 2) -> None:
    """Let head office ask for a month's reports, a worker issue the first few, and take one."""
    settings = read_settings(None, {})
    with cutting(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        ask_pack(tx, AskPack(month, "en"), actor=HEAD_OFFICE, today=TODAY)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        for kept in (KeptPaper(f"f{each}", f"d{each}", 7) for each in range(count)):
            job = take_job(tx, worker="one")
            assert job is not None
            asked = asked_at(tx.connection, paper_of(job))
            made = portfolio_statement(tx.connection, asked, settings=settings, code_version="0")
            issue_report(tx, job, made, kept)
        take_report(tx, TakeReport(1), actor=HEAD_OFFICE)


def post_the_allowance(book: Book, close_id: int = 1) -> None:
    """Let one at head office ask for the movement that a close proposes, another confirm it."""
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        if not staff_exists(tx.connection, HEAD_OFFICE.name):
            add_staff(
                tx, AddStaff(HEAD_OFFICE.name, "Finance", Role.HEAD_OFFICE, TODAY), actor=SHELL
            )
        ask_allowance(tx, AskAllowance(close_id), actor=HEAD_OFFICE)
        (asked,) = open_allowances(tx.connection)
        confirm = ConfirmAllowance(asked.id)
        confirm_allowance(tx, confirm, actor=SECOND_AT_HEAD_OFFICE, today=TODAY)


def complain(tx: Writing) -> None:
    """Record a complaint and close it the same day."""
    told = RecordComplaint(
        branch="LHR-01",
        received_on=TODAY,
        channel="branch",
        category="delay",
        gender="female",
        words="No answer for two months",
        contact="0300-1234567",
    )
    number = record_complaint(tx, told, actor=MANAGER, today=TODAY)
    closed = TakeStep(
        complaint_id=number, kind="closed", done_on=TODAY, note="Told her.", outcome="upheld"
    )
    take_step(tx, closed, actor=MANAGER, today=TODAY)


def issue_files(tx: Writing) -> None:
    """Ask for a file of people, release it by another, and take it; then its next edition."""
    name, day, contents = "programme_report", date(2026, 2, 28), b"a file\r\n"
    digest = hashlib.sha256(contents).hexdigest()
    made = IssueFile(name, "C", day, tx.now, "provisional", 0, digest)
    for _ in range(2):
        ask_file(tx, AskFile(name, day, "letter of the owner"), actor=HEAD_OFFICE)
        (asked,) = open_file_requests(tx.connection)
        issued = issue_file(
            tx,
            made,
            manifest=lambda number, *_: f"edition {number}",
            parts=[contents],
            actor=SECOND_AT_HEAD_OFFICE,
            request_id=asked.id,
        )
        take_file(tx, TakeFile(issued.id, digest), actor=HEAD_OFFICE)
