"""The demonstration: its command, its book, and that its people can sign in."""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from csv import DictReader
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, func, select

from aim_loans.borrowers.models import consent, enterprise, enterprise_review, person, referral
from aim_loans.cash.models import money_in
from aim_loans.cli.demo_reports import prepare_joint_report
from aim_loans.config.environment import derived_key
from aim_loans.config.reader import read_settings
from aim_loans.config.resources import resource
from aim_loans.db.engine import open_engine, reading
from aim_loans.db.tables import metadata
from aim_loans.demo.book import Wanted, make_demo
from aim_loans.demo.office import Clock, Office
from aim_loans.demo.towns import HEAD_OFFICE
from aim_loans.files.store import Store
from aim_loans.identity.models import act, branch, staff_grant
from aim_loans.identity.permissions import Role
from aim_loans.loans.models import loan, loan_position
from aim_loans.mou.definitions import Unit
from aim_loans.mou.disclosure import SMALLEST_SHOWN
from aim_loans.mou.editions import SIGNED, editions, last_half, pack_files, report_of
from aim_loans.mou.models import (
    application_referral,
    partner_answer,
    registration,
    support,
    survey_answer,
    survey_member,
    target,
    training,
    training_attendance,
)
from aim_loans.mou.proving import prove_joint
from aim_loans.origination.lookup import application_by_id
from aim_loans.origination.models import application
from aim_loans.origination.setting_requests import open_setting_requests
from aim_loans.portfolio.allowance import is_posted, proposed
from aim_loans.portfolio.months import last_closed
from aim_loans.repayment.models import visit
from aim_loans.repayment.requests import open_requests
from aim_loans.repayment.visits import visits_of_loan
from aim_loans.web.app import create_app
from aim_loans.web.surroundings import Surroundings
from tests.conftest import ROOT, SEALING_KEY
from tests.demo.conftest import (
    LOANS,
    NOW,
    SEED,
    Home,
    environment_of,
    free_port,
    run,
    write_config,
)
from tests.web.desk import Browser

DAY = NOW.date()
# What differs from one making to the next: passwords, second factors and what signs them.
_RANDOM = {
    *("staff_password", "staff_factor", "recovery_code", "web_session", "factor_step"),
    *("act", "audit_entry", "audit_chain", "cut", "issued_file", "issued_part"),
    *("joint_edition", "joint_file", "job", "issued_report", "report_branch"),
}
SECRET = SEALING_KEY.encode()


@pytest.fixture(scope="session")
def engine(home: Home) -> Iterator[Engine]:
    """Open the demonstration's book."""
    opened = open_engine(environment_of(home.folder)["AIM_DATABASE_URL"])
    yield opened
    opened.dispose()


def test_the_command_says_ready_and_leaves_sign_ins_and_reports(home: Home) -> None:
    assert home.made.exit_code == 0, home.made.output
    (ready,) = [line for line in home.made.stdout.splitlines() if line.startswith("READY")]
    assert ready.startswith(f"READY http://127.0.0.1:{home.port}/ ")
    assert "has ended" in ready
    assert "Newest weeks: day 14 of 14" in home.made.stderr
    sign_ins = home.folder / "demo-signins.txt"
    assert sign_ins.stat().st_mode & 0o777 == 0o600
    text = sign_ins.read_text(encoding="utf-8")
    assert "synthetic" in text
    said = re.findall(r"Password: (\S+)", text)
    assert len(set(said)) == len(said) == text.count("\n\n")
    report = home.folder / "reports" / "synthetic-book-by-sector.2026-02.csv"
    assert report.read_text(encoding="utf-8").startswith("sector,active_loans")
    assert not list(home.folder.glob("*.part*"))


def test_every_check_of_the_book_and_of_its_chains_passes(home: Home) -> None:
    assert "FAILED" not in home.run("verify").stdout
    assert home.run("audit", "verify").stdout == "ok      audit chains\n"


def test_no_till_and_no_bank_is_overdrawn(home: Home) -> None:
    said = home.run("trial-balance", "--as-of", f"{DAY}", "--format", "csv").stdout
    held = {row["account"]: float(row["booked"]) for row in DictReader(said.splitlines())}
    assert held["cash_with_officer"] > 0
    assert held["bank"] > 0


def test_the_same_seed_and_day_make_the_same_book(engine: Engine, tmp_path: Path) -> None:
    again = open_engine(f"sqlite:///{tmp_path / 'again.sqlite'}")
    write_config(tmp_path)
    settings = read_settings(tmp_path / "demo.toml", {})
    clock = Clock(settings.institution.zone, NOW)
    office = Office(again, settings, b"another key", b"a third key", clock)
    make_demo(
        office,
        Wanted(LOANS, SEED),
        migrations=resource("migrations"),
        prepare=partial(prepare_joint_report, Store(tmp_path / "files", b"a fourth key")),
        progress=lambda _message, _done, _to_do: None,
    )
    with reading(engine) as first, reading(again) as second:
        for table in metadata.sorted_tables:
            if table.name not in _RANDOM:
                rows = select(table).order_by(*table.primary_key.columns)
                assert first.execute(rows).all() == second.execute(rows).all(), table.name
    again.dispose()


def test_every_role_is_there_and_every_branch_has_loans(engine: Engine) -> None:
    with reading(engine) as connection:
        roles = set(connection.execute(select(staff_grant.c.role)).scalars())
        branches = set(connection.execute(select(branch.c.code)).scalars())
        lending = set(connection.execute(select(loan_position.c.branch_code)).scalars())
        imported = select(func.count()).where(loan.c.source == "import")
        assert connection.execute(imported).scalar_one() == LOANS
    assert roles == {role.value for role in Role} - {"operator"}
    assert len(branches) == 8
    assert lending == branches


def test_applications_wait_at_each_stage(engine: Engine) -> None:
    with reading(engine) as connection:
        ids = connection.execute(select(application.c.id)).scalars().all()
        found = {application_by_id(connection, each, today=DAY).state.value for each in ids}
    assert found == {
        *("draft", "submitted", "appraised", "approved", "paid_out"),
        *("returned", "rejected", "withdrawn"),
    }


def test_the_newest_weeks_have_receipts_visits_and_things_to_confirm(engine: Engine) -> None:
    with reading(engine) as connection:
        since = DAY - timedelta(days=14)
        by_hand = select(func.count()).where(
            money_in.c.received_on > since, money_in.c.account != "import", money_in.c.amount > 0
        )
        assert connection.execute(by_hand).scalar_one() > 5
        cancelled = select(func.count()).where(money_in.c.reverses_id.is_not(None))
        assert connection.execute(cancelled).scalar_one() == 2
        assert len(open_requests(connection, branches=None)) == 2
        assert len(open_setting_requests(connection)) == 1
        visited = connection.execute(select(visit.c.loan_id).distinct()).scalars().all()
        promises = {
            each.promise.standing
            for loan_id in visited
            for each in visits_of_loan(connection, loan_id, today=DAY)
            if each.promise
        }
    assert "broken" in promises


def test_both_parties_signed_the_report_of_the_last_half_year(home: Home, engine: Engine) -> None:
    with reading(engine) as connection:
        (edition,) = editions(connection)
        report = report_of(connection, edition.id)
        files = pack_files(connection, edition.id)
    assert (edition.period, edition.state) == (last_half(DAY).name, SIGNED)
    assert report.head.state == "final"
    out = home.folder / "reports" / f"synthetic-joint-report.{edition.period}"
    assert sorted(path.name for path in out.iterdir()) == [file.name for file in files]
    digests = {file.name: file.sha256 for file in files}
    for path in out.iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digests[path.name]
    assert "FAILED" not in home.run("export", "check", str(out)).stdout
    brief = home.folder / "reports" / "synthetic-joint-brief.2026-02" / "joint-brief.2026-02.pdf"
    assert brief.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_monthly_paper_is_issued_and_proves_genuine(home: Home, language: str) -> None:
    paper = home.folder / "reports" / f"synthetic-portfolio.2026-02.{language}.pdf"
    proved = home.run("report", "verify", str(paper))
    assert proved.exit_code == 0, proved.stderr
    assert "is genuine" in proved.stderr
    assert "figure by figure" in proved.stderr


def test_each_file_of_the_signed_joint_report_proves_genuine(home: Home, engine: Engine) -> None:
    out = home.folder / "reports" / "synthetic-joint-report.2025-H2"
    proved = home.run("report", "verify", str(out / "joint-report.2025-H2.pdf"))
    assert proved.exit_code == 0, proved.stderr
    assert "figure by figure" in proved.stderr
    settings = read_settings(home.folder / "demo.toml", {})
    store = Store(home.folder / "files", derived_key(SECRET, "files"))
    # By other rules the book gives other figures; with other bytes the file is another one.
    assert settings.mou is not None
    later = replace(settings.mou, started_on=date(2025, 11, 5))
    with reading(engine) as connection:
        for path in out.iterdir():
            content = path.read_bytes()
            proof = prove_joint(connection, content, mou=settings.mou, store=store)
            assert proof is not None
            assert (proof.file.name, proof.newer) == (path.name, None)
            assert proof.kept_whole
            assert proof.recomputes
            assert prove_joint(connection, content + b" ", mou=later, store=store) is None
        paper = (out / "joint-report.2025-H2.pdf").read_bytes()
        changed = prove_joint(connection, paper, mou=later, store=store)
    assert changed is not None
    assert not changed.recomputes


def test_a_paper_that_was_only_drawn_is_not_called_genuine(home: Home) -> None:
    brief = home.folder / "reports" / "synthetic-joint-brief.2026-02" / "joint-brief.2026-02.pdf"
    proved = home.run("report", "verify", str(brief))
    assert (proved.exit_code, "was issued" in proved.stderr) == (1, True)


def test_the_loss_allowance_of_the_last_closed_month_is_posted_by_two(engine: Engine) -> None:
    with reading(engine) as connection:
        closed = last_closed(connection)
        assert closed is not None
        assert is_posted(connection, closed.id)
        moves = proposed(connection, closed)
        two = select(act.c.actor, act.c.second_actor).where(act.c.kind == "post_allowance")
        pairs = set(connection.execute(two).all())
    assert any(move.held for move in moves)
    assert not any(move.amount for move in moves)
    assert pairs == {HEAD_OFFICE}


def test_what_its_partner_reads_tells_of_no_few_people(engine: Engine) -> None:
    with reading(engine) as connection:
        report = report_of(connection, editions(connection)[0].id)
    counts = [
        shown.number
        for line in report.lines
        if line.unit is Unit.COUNT and not line.id.startswith("O1")
        for shown in (line.actual, line.cohort, line.baseline)
        if shown is not None
    ]
    counts += [cell.number for table in report.tables for cell in table.cells]
    counts += [stage.number for funnel in report.funnels for stage in funnel.stages]
    assert any(counts)
    assert not [count for count in counts if count and count < SMALLEST_SHOWN]


def test_no_code_of_its_partner_holds_the_number_of_a_borrower(engine: Engine) -> None:
    with reading(engine) as connection:
        told = select(support.c.smeda_code, person.c.ref).where(
            support.c.enterprise_id == enterprise.c.id,
            enterprise.c.owner_id == person.c.id,
            support.c.smeda_code.is_not(None),
        )
        found = connection.execute(told).all()
    assert found
    assert not [code for code, ref in found if re.sub(r"\D", "", ref)[-6:].zfill(6) in code]


# How a thing of the joint work stands in the book: each has some.
JOINT_FACTS = (
    *(consent, enterprise_review, referral, application_referral, registration, training),
    *(training_attendance, support, partner_answer, target, survey_member, survey_answer),
)


@pytest.mark.parametrize("table", JOINT_FACTS, ids=lambda table: table.name)
def test_the_joint_work_has_something_of_each_kind(engine: Engine, table: Table) -> None:
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_its_people_sign_in_by_the_file_and_every_page_says_synthetic(
    home: Home, engine: Engine
) -> None:
    text = (home.folder / "demo-signins.txt").read_text(encoding="utf-8")
    (mine,) = [part for part in text.split("\n\n") if part.startswith("lhr-manager ")]
    password = re.search(r"Password: (\S+)", mine)
    code = re.search(r"Recovery codes: (\S+)", mine)
    assert password
    assert code
    keys = (derived_key(SECRET, "audit chain"), derived_key(SECRET, "second factor"))
    store = Store(home.folder / "files", derived_key(SECRET, "files"))
    here = Surroundings(engine, read_settings(home.folder / "demo.toml", {}), *keys, store)
    browser = Browser(create_app(here, secret=SECRET, plain_http=True).test_client())
    browser.get("/sign-in")
    browser.send("/sign-in", username="lhr-manager", password=password[1])
    browser.send("/second-factor", code=code[1])
    browser.get("/")
    assert "Sign out" in browser.page
    assert "Synthetic book" in browser.page
    browser.send("/language", language="ur", back="/")
    assert "فرضی کھاتا" in browser.page


def test_a_made_up_book_is_not_opened_by_a_configuration_that_hides_it(home: Home) -> None:
    hidden = run(environment_of(home.folder) | {"AIM_CONFIG": ""}, "verify")
    assert (hidden.exit_code, "This book is synthetic" in hidden.stderr) == (1, True)


def acts(engine: Engine) -> int:
    """Count what was done; a new month has new papers, for the process goes by its own clock."""
    papers = ("issue_file", "cut", "ask_pack", "issue_report")
    done = select(func.count()).select_from(act).where(act.c.kind.not_in(papers))
    with reading(engine) as connection:
        return connection.execute(done).scalar_one()


_PROGRAM = "from aim_loans.cli.main import main; main()"


def test_a_second_run_serves_at_once_adds_nothing_and_ends_when_it_is_told(
    home: Home, engine: Engine
) -> None:
    before = acts(engine)
    port = free_port()
    command = [sys.executable, "-c", _PROGRAM, "demo", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment_of(home.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == f"READY http://127.0.0.1:{port}/\n"
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 0, said
    assert "used as it is" in said
    assert acts(engine) == before


def test_a_port_in_use_is_refused(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        busy = home.run("demo", "--port", port, "--no-serve")
    assert (busy.exit_code, f"Port {port} is in use" in busy.stderr) == (1, True)


def test_another_book_and_a_configuration_of_real_people_are_refused(tmp_path: Path) -> None:
    write_config(tmp_path)
    place = environment_of(tmp_path)
    assert run(place, "init").exit_code == 0
    other = run(place, "demo", "--no-serve")
    assert (other.exit_code, "holds another book" in other.stderr) == (1, True)
    real = run(place | {"AIM_CONFIG": ""}, "demo", "--no-serve")
    assert (real.exit_code, "synthetic = true" in real.stderr) == (1, True)
    server = run(place | {"AIM_DATABASE_URL": "postgresql://localhost/x"}, "demo", "--no-serve")
    assert (server.exit_code, "keeps its book in SQLite" in server.stderr) == (1, True)
