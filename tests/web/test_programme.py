"""What officers do next for enterprises of the programme, and help that is held for everybody."""

import re
from datetime import date

from sqlalchemy import select

from aim_loans.db.engine import reading
from aim_loans.loans.models import loan
from aim_loans.mou.inviting import STAGES, candidates
from aim_loans.mou.registering import State
from bench.asked import MOST_STATEMENTS, counted
from tests.book import TODAY
from tests.joint import JointWork
from tests.web.desk import Browser, Screens

DAY = TODAY.isoformat()
LONG_AGO = date(2025, 12, 20)


def shop_of_loan(screens: Screens, ref: str, *, officer: str = "officer") -> tuple[int, int]:
    """Lend to somebody with an enterprise; gives the person and the enterprise."""
    loan_id = screens.book.open_loan(ref, officer=officer)
    with reading(screens.book.engine) as connection:
        owner = connection.execute(select(loan.c.borrower_id).where(loan.c.id == loan_id))
        person_id = int(owner.scalar_one())
    return person_id, JointWork(screens.book).enterprise(person_id)


def home(browser: Browser) -> str:
    browser.get("/")
    found = re.search(r"<h2>Enterprises of the programme</h2>.*?</table>", browser.page, re.DOTALL)
    return found[0] if found else ""


def test_next_steps_and_mentoring_stand_on_the_officers_home(screens: Screens) -> None:
    work, officer = JointWork(screens.book), screens.browser("officer")
    owner, shop = shop_of_loan(screens, "L1")
    others, _ = shop_of_loan(screens, "L2", officer="manager")
    assert home(officer) == ""
    work.consent(owner, on=LONG_AGO)
    work.consent(others, on=LONG_AGO)
    work.step(shop, "F2", State.INFORMED)
    shown = home(officer)
    assert f"/enterprises/{shop}/registration?type=F2&amp;state=consented" in shown
    officer.get(f"/enterprises/{shop}/registration?type=F2&state=consented")
    assert 'value="consented" checked' in officer.page
    assert "due since 20 Mar 2026" in shown
    assert "Borrower of L2" not in shown
    with counted(screens.book.engine) as asked:
        officer.get("/")
    assert len(asked) <= MOST_STATEMENTS
    manager = screens.browser("manager")
    assert "Borrower of L2" in manager.get("/programme").get_data(as_text=True)
    assert "Borrower of" not in screens.browser("stranger").get("/programme").get_data(as_text=True)
    page = f"/enterprises/{shop}/support?kind=mentoring&month=3"
    assert page.replace("&", "&amp;") in shown
    officer.get(page)
    assert 'value="mentoring" checked' in officer.page
    assert 'value="3" selected' in officer.page
    officer.send(page, kind="mentoring", month="3", on_day=DAY)
    assert "given on 31 Mar 2026" in officer.page
    assert "due since" not in home(officer)
    work.withdraw(owner)
    assert home(officer) == ""
    work.consent(owner)
    assert "Consented" in home(officer)
    work.review(shop, running=False)
    assert home(officer) == ""


def test_a_help_desk_is_written_down_once_and_taken_back(screens: Screens) -> None:
    officer = screens.browser("officer")
    officer.get("/help-desks")
    desk = {"branch": "LHR-01", "on_day": DAY, "note": "At the bazaar", "smeda_code": "h 1"}
    wrong = officer.send("/help-desks", **{**desk, "on_day": "2026-04-01"})
    assert wrong.status_code == 422
    assert 'value="At the bazaar"' in officer.page
    for _ in range(2):
        officer.send("/help-desks", **desk, key="once")
    assert officer.page.count("At the bazaar") == 1
    assert "At the bazaar" not in screens.browser("stranger").get("/help-desks").text
    assert officer.send("/help-desks", **{**desk, "branch": "KHI-01"}).status_code == 403
    officer.get("/help-desks")
    assert officer.send("/help-desks/undo", row="1", reason="").status_code == 422
    officer.send("/help-desks/undo", row="1", reason="another day", key="undone")
    assert "No help-desk is written down yet." in officer.page


def test_an_invitation_chooses_by_how_far_the_registrations_are(screens: Screens) -> None:
    work = JointWork(screens.book)
    shops = [shop_of_loan(screens, f"L{number}")[1] for number in range(5)]
    training = work.train()
    work.step(shops[1], "F1", State.INFORMED)
    work.undo(work.step(shops[2], "F1", State.INFORMED))
    work.step(shops[3], "F1", State.REGISTERED)
    work.step(shops[4], "F1", State.REGISTERED)
    work.step(shops[4], "F1", State.LAPSED)
    with reading(screens.book.engine) as connection:
        fitting = [
            candidates(connection, training, {"stage": stage}, branches=None) for stage in STAGES
        ]
    assert dict(zip(STAGES, fitting, strict=True)) == {"not_begun": 2, "begun": 2, "registered": 1}
    head = screens.browser("head")
    head.get(f"/trainings/{training}")
    head.send(f"/trainings/{training}/invite", stage="begun", branch_code="LHR-01", count="1")
    assert "who fit and are not invited yet: 2." in head.page
    head.send(f"/trainings/{training}/invite", stage="begun", district="")
    assert head.page.count("Borrower of") == 2
    assert head.send(f"/trainings/{training}/invite", stage="far").status_code == 422
