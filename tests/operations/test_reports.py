"""A month's papers are made once each, kept for good, proved genuine, and made again equal."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from aim_loans.checks.run import verify_book
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import cutting, reading, writing
from aim_loans.errors import Conflict, NotAllowed, NotFound, Refused
from aim_loans.files.store import Store
from aim_loans.identity.models import branch
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.jobs.models import job
from aim_loans.jobs.queue import HELD_FOR, MOST_ATTEMPTS, Job, faults_of, finish_job, take_job
from aim_loans.origination.operations import SetUp, set_up
from aim_loans.portfolio.papers.issued import (
    IssuedReport,
    branches_of,
    newer_edition,
    readable_reports,
    report_download_of,
    reports_of_cut,
)
from aim_loans.portfolio.papers.issuing import TakeReport, take_report
from aim_loans.portfolio.papers.models import issued_report
from aim_loans.portfolio.papers.packs import AskPack, Pack, ask_pack, packs_of
from aim_loans.portfolio.papers.proving import Proof, prove
from aim_loans.portfolio.statement import PortfolioStatement
from aim_loans.portfolio.statement_json import from_json, to_json
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from aim_loans.web.report_work import Workshop, make_next
from tests.book import AUDIT_KEY, BRANCHES, CASHIER, HEAD_OFFICE, MANAGER, SHELL, TODAY, Book
from tests.measured import measure_once

FEBRUARY = date(2026, 2, 28)
SETTINGS = read_settings(None, {})
AT_MULTAN = Actor("at multan", (Grant(Role.BRANCH_MANAGER, frozenset({"MUL-01"})),))
OF_THE_AREA = Actor(
    "of the area", (Grant(Role.AREA_MANAGER, frozenset({"KHI-01", "LHR-01", "MUL-01"})),)
)
# The book of the tests: the institution, one area, three branches.
PAPERS = 5


def drawn(statement: PortfolioStatement, language: str) -> bytes:
    """Stand in for the drawing of a paper: the statement's text, and the language."""
    return f"{language} {to_json(statement)}".encode()


def shop(book: Book, folder: Path) -> Workshop:
    store = Store(folder / "files", b"k" * 32)
    return Workshop(book.engine, SETTINGS, AUDIT_KEY, store, drawn, "0", book.clock)


def ask(book: Book, actor: Actor = SHELL, language: str = "en", key: str | None = None) -> Pack:
    with cutting(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        return ask_pack(tx, AskPack(FEBRUARY, language), actor=actor, today=TODAY, key=key)


def make_all(workshop: Workshop) -> list[str]:
    return [made.subject for made in iter(lambda: make_next(workshop, worker="w"), None)]


def receive_late(book: Book) -> None:
    """Enter money of February."""
    command = RecordReceipt("L1", 900_00, date(2026, 2, 20), "cash")
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=90)


def papers(book: Book, pack: Pack) -> list[IssuedReport]:
    with reading(book.engine) as connection:
        return reports_of_cut(connection, pack.month, pack.cut_number)


def proof_of(book: Book, workshop: Workshop, content: bytes) -> Proof | None:
    with reading(book.engine) as connection:
        return prove(connection, content, settings=SETTINGS, store=workshop.store)


@pytest.fixture
def lending(book: Book) -> Book:
    """Two loans at two branches."""
    book.open_loan("L1")
    book.open_loan("L2", branch="MUL-01", programme="women")
    return book


@pytest.fixture
def measured_once(lending: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it is the queue that is tried."""
    measure_once(lending, monkeypatch)


def test_a_closed_months_papers_stay_true_after_a_late_receipt(
    lending: Book, tmp_path: Path
) -> None:
    closed, workshop = lending.close(FEBRUARY), shop(lending, tmp_path)
    pack = ask(lending, key="one click")
    assert pack.cut_number == closed.cut_id
    assert ask(lending, key="one click") == pack
    receive_late(lending)
    paper = make_next(workshop, worker="w")
    assert paper is not None
    assert paper.subject == "whole"
    made = papers(lending, pack)
    assert [(each.state, each.edition, each.seal) for each in made] == [("final", 1, closed.seal)]
    content = workshop.store.get(made[0].file_name)
    proof = proof_of(lending, workshop, content)
    assert proof is not None
    assert (proof.kept_whole, proof.recomputes, proof.same_settings) == (True, True, True)
    assert (proof.report, proof.newer) == (made[0], None)
    statement = from_json(content.decode().removeprefix("en "))
    assert (statement.identity.edition, statement.identity.known_at) == (1, closed.known_at)
    assert proof_of(lending, workshop, content + b" ") is None
    # What is done is not done again, and the same bytes are no new edition.
    assert ask(lending) == pack
    assert take(lending, "w").subject == "area Centre"


@pytest.mark.usefixtures("measured_once")
def test_an_open_month_is_shown_at_a_new_cut_each_time_and_editions_are_linked(
    lending: Book, tmp_path: Path
) -> None:
    workshop = shop(lending, tmp_path)
    first = ask(lending)
    assert make_next(workshop, worker="w") is not None
    # A pack that was stopped goes on where it was.
    assert ask(lending) == first
    rest = ["area Centre", "branch KHI-01", "branch LHR-01", "branch MUL-01"]
    assert make_all(workshop) == rest
    receive_late(lending)
    second = ask(lending)
    assert second.cut_number > first.cut_number
    assert len(make_all(workshop)) == PAPERS
    old, new = papers(lending, first)[0], papers(lending, second)[0]
    assert (old.state, old.edition, new.edition) == ("provisional", 1, 2)
    with reading(lending.engine) as connection:
        assert newer_edition(connection, old) == new
        assert newer_edition(connection, new) is None


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_lost_bytes_are_noticed(lending: Book, tmp_path: Path) -> None:
    workshop, pack = shop(lending, tmp_path), ask(lending)
    make_next(workshop, worker="w")
    (report,) = papers(lending, pack)
    content = workshop.store.get(report.file_name)
    for path in (tmp_path / "files").rglob(report.file_name):
        path.unlink()
    proof = proof_of(lending, workshop, content)
    assert proof is not None
    assert (proof.kept_whole, proof.recomputes) == (False, True)


@pytest.mark.usefixtures("measured_once")
def test_two_workers_never_make_the_same_paper(lending: Book, tmp_path: Path) -> None:
    workshop, pack = shop(lending, tmp_path), ask(lending)
    made: list[str] = []

    def work(name: str) -> None:
        made.extend(each.subject for each in iter(lambda: make_next(workshop, worker=name), None))

    workers = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert len(made) == len(set(made)) == PAPERS
    assert [each.edition for each in papers(lending, pack)] == [1] * PAPERS


@pytest.mark.usefixtures("measured_once")
def test_a_killed_workers_job_is_taken_up_again_and_counts_once(
    lending: Book, tmp_path: Path
) -> None:
    workshop, pack = shop(lending, tmp_path), ask(lending)
    killed = take(lending, "killed")
    assert killed.subject == "whole"
    assert len(make_all(workshop)) == PAPERS - 1
    lending.clock.at += HELD_FOR + timedelta(seconds=1)
    assert make_all(workshop) == ["whole"]
    # Should it have been only slow, what it writes comes too late.
    with (
        pytest.raises(Conflict, match="Another worker"),
        writing(lending.engine, audit_key=AUDIT_KEY, clock=lending.clock) as tx,
    ):
        finish_job(tx, killed)
    assert len(papers(lending, pack)) == PAPERS


@pytest.mark.usefixtures("measured_once")
def test_what_kills_its_worker_every_time_is_given_up(lending: Book, tmp_path: Path) -> None:
    pack = ask(lending)
    for _ in range(MOST_ATTEMPTS):
        assert take(lending, "killed").subject == "whole"
        lending.clock.at += HELD_FOR + timedelta(seconds=1)
    assert len(make_all(shop(lending, tmp_path))) == PAPERS - 1
    with reading(lending.engine) as connection:
        (state,) = packs_of(connection, FEBRUARY)
        assert (state.done, state.failed, state.waiting) == (PAPERS - 1, 1, 0)
        assert faults_of(connection, pack.batch, most=5) == [("whole", "killed")]


def take(book: Book, worker: str) -> Job:
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        found = take_job(tx, worker=worker)
    assert found is not None
    return found


@pytest.mark.usefixtures("measured_once")
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_refuses_is_given_up_and_what_fails_is_tried_again(
    lending: Book, tmp_path: Path
) -> None:
    faults = [Refused("It does not reconcile."), OSError("no room"), None]

    def draw(statement: PortfolioStatement, language: str) -> bytes:
        fault = faults.pop(0) if faults else None
        if fault is not None:
            raise fault
        return drawn(statement, language)

    good = shop(lending, tmp_path)
    bad = Workshop(good.engine, SETTINGS, AUDIT_KEY, good.store, draw, "0", lending.clock)
    pack = ask(lending)
    assert make_next(bad, worker="w") is not None
    with pytest.raises(OSError, match="no room"):
        make_next(bad, worker="w")
    assert len(make_all(bad)) == PAPERS - 1
    with reading(lending.engine) as connection:
        (state,) = packs_of(connection, FEBRUARY)
        assert (state.jobs, state.done, state.failed, state.waiting) == (5, 4, 1, 0)
        (fault,) = faults_of(connection, pack.batch, most=5)
    assert fault == ("whole", "It does not reconcile.")
    assert ask(lending) == pack
    assert make_all(good) == ["whole"]


@pytest.mark.usefixtures("measured_once")
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_who_asks_and_who_reads(lending: Book, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        ask(lending, actor=MANAGER)
    with pytest.raises(Refused, match="Choose one"):
        ask(lending, language="pashto")
    with (
        pytest.raises(Refused, match="not over"),
        cutting(lending.engine, audit_key=AUDIT_KEY, clock=lending.clock) as tx,
    ):
        ask_pack(tx, AskPack(TODAY, "en"), actor=SHELL, today=TODAY)
    assert lending.count(job) == 0
    pack = ask(lending)
    make_all(shop(lending, tmp_path))
    with reading(lending.engine) as connection:
        mine = readable_reports(connection, FEBRUARY, actor=AT_MULTAN, most=10)
        area = readable_reports(connection, FEBRUARY, actor=OF_THE_AREA, most=10)
        every = readable_reports(connection, FEBRUARY, actor=HEAD_OFFICE, most=10)
    assert [each.scope.name for each in area] == ["MUL-01", "LHR-01", "KHI-01", "Centre"]
    assert [each.scope.name for each in mine] == ["MUL-01"]
    assert len(every) == PAPERS
    whole = papers(lending, pack)[0]
    with writing(lending.engine, audit_key=AUDIT_KEY, clock=lending.clock) as tx:
        with pytest.raises(NotAllowed, match="not yours"):
            take_report(tx, TakeReport(whole.id), actor=AT_MULTAN)
        with pytest.raises(NotFound):
            take_report(tx, TakeReport(999), actor=HEAD_OFFICE)
        taken = take_report(tx, TakeReport(mine[0].id), actor=AT_MULTAN)
    now = lending.clock()
    with reading(lending.engine) as connection:
        assert report_download_of(connection, taken, actor=AT_MULTAN, now=now) == mine[0]
        for actor, moment in ((HEAD_OFFICE, now), (AT_MULTAN, now + timedelta(hours=1))):
            with pytest.raises(NotFound, match="over"):
                report_download_of(connection, taken, actor=actor, now=moment)
        assert connection.execute(select(func.count()).select_from(issued_report)).scalar() == 5


def test_a_later_ladder_or_area_changes_no_proof(lending: Book, tmp_path: Path) -> None:
    lending.close(FEBRUARY)
    workshop, pack = shop(lending, tmp_path), ask(lending)
    for _ in range(2):
        assert make_next(workshop, worker="w") is not None
    whole, area = papers(lending, pack)
    # An upgrade copies another ladder for days that have passed, and the area gets other branches.
    (ladder,) = SETTINGS.dated.ladder
    stricter = replace(ladder, effective_from=date(2026, 1, 1), general_provision_bps=1_000)
    dated = replace(SETTINGS.dated, ladder=(ladder, stricter))
    with writing(lending.engine, audit_key=AUDIT_KEY, clock=lending.clock) as tx:
        set_up(tx, SetUp(replace(SETTINGS, dated=dated)), actor=SHELL)
        move = update(branch).where(branch.c.code == "MUL-01").values(area_id=None)
        tx.connection.execute(move)
    for report in (whole, area):
        proof = proof_of(lending, workshop, workshop.store.get(report.file_name))
        assert proof is not None
        assert (proof.kept_whole, proof.recomputes, proof.same_settings) == (True, True, True)
    with reading(lending.engine) as connection:
        assert branches_of(connection, whole) is None
        assert branches_of(connection, area) == frozenset(BRANCHES)
        outcomes = verify_book(connection, zone=ZoneInfo("Asia/Karachi"), audit_key=AUDIT_KEY)
        assert not [fault for outcome in outcomes for fault in outcome.faults]
