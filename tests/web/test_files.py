"""Files on the web: made by head office, of people by two, taken after it was written down."""

import csv
import hashlib
import json
import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from aim_loans.db.engine import reading, writing
from aim_loans.errors import Refused
from aim_loans.identity.models import act
from aim_loans.identity.permissions import Role
from aim_loans.identity.staff import EndRole, GiveRole, end_role, give_role
from aim_loans.identity.staff_queries import held_roles
from aim_loans.portfolio.feeder.issued import Issued, issued_files
from aim_loans.portfolio.feeder.issuing import IssueFile, TakeFile, issue_file, take_file
from bench.asked import MOST_STATEMENTS, counted
from tests.book import AUDIT_KEY, HEAD_OFFICE, TODAY
from tests.web.desk import Browser, Screens, closed_ways

MONTH = "2026-02"


@pytest.fixture
def head(screens: Screens) -> Browser:
    """Head office, over a book with a loan."""
    screens.book.open_loan("L1")
    return screens.browser("head")


def ways_to_take(browser: Browser) -> list[str]:
    """Give the downloads that the page offers."""
    return re.findall(r'action="(/files/\d+/download)"', browser.page)


def ask(browser: Browser, name: str, **more: str) -> int:
    """Ask for a file of the month."""
    browser.get(f"/files?month={MONTH}")
    return browser.send("/files", name=name, month=MONTH, **more).status_code


def test_a_file_is_made_once_and_taken_after_it_is_written_down(
    screens: Screens, head: Browser
) -> None:
    head.get(f"/files?month={MONTH}")
    for _ in range(2):
        head.send_only("/files", name="secp_loan_tape", month=MONTH)
    with counted(screens.book.engine) as asked:
        head.get(f"/files?month={MONTH}")
    assert 0 < len(asked) <= MOST_STATEMENTS, asked
    (take,) = ways_to_take(head)
    answer = head.send_only(take)
    assert answer.status_code == 303
    sent = head.client.get(answer.location)
    assert sent.headers["Content-Disposition"].endswith('secp_loan_tape.feeder-v1.2026-02.csv"')
    manifest = json.loads(head.client.get(take.replace("download", "manifest")).data)
    assert hashlib.sha256(sent.data).hexdigest() == manifest["sha256"]
    assert len(list(csv.reader(sent.text.splitlines()))) == 1 + manifest["rows"] == 2
    assert head.client.get(take.replace("download", "schema")).json
    screens.hire("second", Role.HEAD_OFFICE, None)
    for other in ("auditor", "second"):
        assert screens.browser(other).client.get(answer.location).status_code == 404
    with reading(screens.book.engine) as connection:
        kinds = list(connection.execute(select(act.c.kind).order_by(act.c.id)).scalars())
    assert kinds.count("issue_file") == kinds.count("take_file") == 1


def test_whoever_takes_a_file_holds_no_lock_while_its_bytes_are_read(
    screens: Screens, head: Browser
) -> None:
    head.get(f"/files?month={MONTH}")
    head.send_only("/files", name="secp_gender_portfolio", month=MONTH)
    with writing(screens.book.engine, audit_key=AUDIT_KEY) as tx:
        (issued,) = issued_files(tx.connection, date(2026, 2, 28), most=1)
        with counted(screens.book.engine) as asked:
            take_file(tx, TakeFile(issued.id, issued.sha256), actor=HEAD_OFFICE)
        assert not any("packed" in each for each in asked)
        other = TakeFile(issued.id, hashlib.sha256().hexdigest())
        with pytest.raises(Refused, match="not kept here"):
            take_file(tx, other, actor=HEAD_OFFICE)


def test_a_form_sent_twice_at_once_makes_one_edition(screens: Screens) -> None:
    """Of a closed month both give the same bytes, and neither was written down meanwhile."""
    known_at, day, book = datetime(2026, 3, 2, tzinfo=UTC), date(2026, 2, 28), screens.book
    drawn = IssueFile("secp_gender_portfolio", "A", day, known_at, "final", 0, "00" * 32)

    def issue() -> Issued:
        with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
            return issue_file(
                tx,
                drawn,
                manifest=lambda number, *_: f"edition {number}",
                parts=[b"its bytes"],
                actor=HEAD_OFFICE,
                key="one click",
            )

    first = issue()
    assert issue() == first
    with reading(book.engine) as connection:
        assert issued_files(connection, day, most=10) == [first]


def test_a_file_of_people_needs_two_of_head_office(screens: Screens, head: Browser) -> None:
    assert ask(head, "secp_loan_tape_identified") == 422
    assert "Give the reason" in head.page
    assert ask(head, "secp_loan_tape_identified", reason="Letter of SECP") == 200
    assert "another person releases it" in head.page
    assert ask(head, "secp_loan_tape_identified", reason="Again") == 422
    head.get(f"/files?month={MONTH}")
    assert head.send("/files/requests/1", answer="release").status_code == 403
    screens.hire("second", Role.HEAD_OFFICE, None)
    second = screens.browser("second")
    second.get("/files")
    assert second.send("/files/requests/1", answer="release").status_code == 200
    (take,) = ways_to_take(second)
    made_by = json.loads(second.client.get(take.replace("download", "manifest")).data)["made_by"]
    assert made_by == ["head", "second"]
    assert "Borrower of L1" in second.client.get(second.send_only(take).location).text
    second.get("/files")
    assert second.send("/files/requests/1", answer="release").status_code == 422


def test_a_declined_request_makes_nothing(screens: Screens, head: Browser) -> None:
    ask(head, "programme_report", reason="Letter of the owner")
    screens.hire("second", Role.HEAD_OFFICE, None)
    second = screens.browser("second")
    second.get("/files")
    assert second.send("/files/requests/1", answer="decline", reason="").status_code == 422
    second.send("/files/requests/1", answer="decline", reason="Not needed")
    assert ways_to_take(second) == []
    assert "/files/requests/" not in second.page


def test_an_auditor_reads_what_was_issued_and_takes_no_file_of_people(
    screens: Screens, head: Browser
) -> None:
    ask(head, "secp_loan_tape")
    ask(head, "secp_loan_tape_identified", reason="Letter of SECP")
    screens.hire("second", Role.HEAD_OFFICE, None)
    second = screens.browser("second")
    second.get("/files")
    second.send("/files/requests/1", answer="release")
    of_people, pseudonymous = ways_to_take(second)
    ask(head, "programme_report", reason="Letter of the owner")
    auditor = screens.browser("auditor")
    auditor.get(f"/files?month={MONTH}")
    assert ways_to_take(auditor) == [pseudonymous]
    assert "for head office alone" in auditor.page
    assert "Letter of the owner" in auditor.page
    assert closed_ways(screens, auditor, Role.AUDITOR) == set()
    taken = auditor.client.get(auditor.send_only(pseudonymous).location).text
    assert len(taken.splitlines()) == 2
    assert "Borrower of L1" not in taken
    assert auditor.client.get(of_people.replace("download", "manifest")).status_code == 200
    for path, texts in (
        (of_people, {}),
        ("/files", {"name": "secp_loan_tape", "month": MONTH}),
        ("/files/requests/2", {"answer": "release"}),
    ):
        assert auditor.send_only(path, **texts).status_code == 403, path


def test_a_download_ends_with_the_right_to_take_the_file(screens: Screens, head: Browser) -> None:
    ask(head, "secp_loan_tape_identified", reason="Letter of SECP")
    screens.hire("second", Role.HEAD_OFFICE, None)
    second = screens.browser("second")
    second.get("/files")
    second.send("/files/requests/1", answer="release")
    (take,) = ways_to_take(second)
    contents = second.send_only(take).location
    assert second.client.get(contents).status_code == 200
    with screens.writing() as tx:
        role = GiveRole("second", Role.AUDITOR, TODAY)
        give_role(tx, role, actor=HEAD_OFFICE, today=TODAY)
        held = {each.role: each.grant_id for each in held_roles(tx.connection, ["second"])}
        ends = EndRole(held[Role.HEAD_OFFICE], TODAY)
        end_role(tx, ends, actor=HEAD_OFFICE, today=TODAY)
    assert second.client.get(contents).status_code == 403


@pytest.mark.parametrize("username", ["officer", "manager", "partner", "stranger"])
def test_nobody_but_head_office_and_auditors_sees_files(screens: Screens, username: str) -> None:
    browser = screens.browser(username)
    assert browser.get("/files").status_code == 403


@pytest.mark.parametrize("month", ["2026-03", "2026-13", "soon", "0000-01"])
def test_a_month_that_is_not_over_or_none_is_refused(head: Browser, month: str) -> None:
    head.get("/files")
    name = "secp_gender_portfolio"
    assert head.send("/files", name=name, month=month).status_code == 422
    assert head.send("/files", name="nothing", month=MONTH).status_code == 404
