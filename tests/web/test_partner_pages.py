"""Pages of referrals and of SMEDA's files: the officer's, the manager's and the partner's."""

import io
import re

import pytest

from aim_loans.borrowers.models import consent_undoing, referral_closing, referral_undoing
from aim_loans.mou.models import training_attendance_undoing, training_undoing
from aim_loans.mou.partner_models import sent_referral
from aim_loans.mou.trainings import Present
from aim_loans.web.sealed import Seal
from tests.book import AUDIT_KEY, TODAY
from tests.branch import Branch
from tests.joint import REFERRALS_HEADER, JointWork
from tests.web.desk import Browser, Screens

# What the pages ask of the book runs on both databases in tests/mou.
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

DAY = TODAY.isoformat()
NAME = "Zarqa Malik"


def upload(browser: Browser, content: str, name: str = "referrals.csv") -> int:
    """Send a file as the form does; gives the status after it was followed."""
    browser.get("/smeda/files")
    texts: dict[str, object] = dict(browser.filled({"kind": "referrals"}))
    texts["file"] = (io.BytesIO(content.encode()), name)
    answer = browser.client.post("/smeda/files", data=texts, follow_redirects=True)
    browser.page = answer.get_data(as_text=True)
    return answer.status_code


def test_smeda_sends_a_file_and_mends_what_was_refused(screens: Screens) -> None:
    partner = screens.browser("partner")
    assert upload(partner, "x", "book.xlsx") == 422
    assert "Only CSV files are read" in partner.page
    assert upload(partner, "code,district\n") == 422
    assert "The file has no column date" in partner.page
    bad = "S-2,03001234567,Lahore,2026-02-01,"
    assert upload(partner, f"{REFERRALS_HEADER}\nS-1,REG-1,Lahore,2026-02-01,\n{bad}\n") == 200
    assert "looks like a CNIC or a telephone number" in partner.page
    link = re.search(r'href="(/smeda/files/[\w-]{32}/rejects)"', partner.page)
    assert link
    rejects = partner.client.get(link[1])
    assert rejects.mimetype == "text/csv"
    mended = rejects.get_data().decode("utf-8-sig")
    assert "03001234567" not in mended
    assert upload(partner, mended) == 200
    assert "Every row is in the book" in partner.page
    assert screens.book.count(sent_referral) == 2
    partner.get("/smeda/referrals")
    assert partner.page.count(">Sent<") == 2
    number, other = (Seal(key).hide("sent", 1) for key in (AUDIT_KEY, bytes(32)))
    assert partner.send(f"/smeda/referrals/{other}/take-back", reason="x").status_code == 404
    partner.get("/smeda/referrals")
    partner.send(f"/smeda/referrals/{number}/take-back", reason="sent twice")
    assert "S-1" not in partner.page
    for other in ("officer", "head", "auditor"):
        assert screens.browser(other).get("/smeda/files").status_code == 403


def test_an_officer_awaits_no_longer_who_does_not_come(screens: Screens) -> None:
    work = JointWork(screens.book)
    work.send_referrals("S-1,,Lahore,2026-02-01,", "S-2,,Lahore,2026-02-01,")
    officer = screens.browser("officer")
    officer.get("/referrals")
    assert "Await no longer" not in officer.page
    work.stand_in("Lahore")
    officer.get("/referrals")
    page = "/referrals/sent/2/close"
    assert officer.send(page, reason="", at="sent-2").status_code == 422
    assert 'href="#reason-sent-2"' in officer.page
    assert officer.page.count('<details class="print-none" open>') == 1
    officer.send(page, reason="She moved to Okara.", at="sent-2")
    assert "S-1" in officer.page
    assert "S-2" not in officer.page
    partner = screens.browser("partner")
    partner.get("/smeda/referrals")
    assert "Nobody came" in partner.page
    assert "Okara" not in partner.page
    assert "Await no longer" not in screens.browser("auditor").get("/referrals").text
    assert "Await no longer" in screens.browser("head").get("/referrals").text


def test_an_officer_follows_a_referral_from_its_code_to_the_application(screens: Screens) -> None:
    branch, work = Branch(screens.book), JointWork(screens.book)
    person_id = branch.person(NAME, district="Lahore")
    work.send_referrals("S-1,REG-1,Lahore,2026-02-01,A dairy", "S-2,,Lahore,2026-02-01,")
    officer = screens.browser("officer")
    officer.get("/referrals")
    assert "REG-1" in officer.page
    officer.get("/referrals/new?code=S-1")
    texts = {"cnic": branch.cnics[person_id], "on_day": DAY, "smeda_code": "s-1"}
    assert officer.send("/referrals/new", **texts | {"cnic": "3520110999992"}).status_code == 422
    officer.send("/referrals/new", **texts)
    assert "A dairy" in officer.page
    assert NAME in officer.page
    asked = branch.enter(person_id, submit=False)
    officer.get(f"/applications/{asked}")
    assert f"/applications/{asked}/referral" in officer.page
    page = f"/applications/{asked}/referral"
    assert officer.send(page, referral="S-9").status_code == 422
    officer.get(page)
    officer.send(page, referral="S-1")
    assert "/referrals/1" in officer.page
    officer.get("/referrals?state=applied&direction=from_smeda")
    assert NAME in officer.page
    stranger = screens.browser("stranger")
    stranger.get("/referrals")
    assert NAME not in stranger.page
    assert stranger.get("/referrals/1").status_code == 403
    for act in ("close", "take-back"):
        sent = stranger.send(f"/referrals/1/{act}", reason="x", outcome="declined", on_day=DAY)
        assert sent.status_code == 403


def test_an_application_names_the_code_on_its_form(screens: Screens) -> None:
    branch, work = Branch(screens.book), JointWork(screens.book)
    person_id = branch.person(NAME)
    work.send_referrals("S-1,REG-1,Lahore,2026-02-01,A dairy")
    officer, page = screens.browser("officer"), f"/borrowers/{person_id}/application"
    officer.get(f"{page}?referral=S-1")
    assert 'value="S-1"' in officer.page
    texts = {"branch": "LHR-01", "programme": "general", "product": "family_enterprise"}
    wanted = {"principal": "50000", "months": "12", "sector": "trade/", "purpose": "two goats"}
    form = {**texts, **wanted, "act": "keep"}
    assert officer.send(page, **form, referral="S-7").status_code == 422
    assert "No referral carries the code S-7" in officer.page
    entered = officer.send(page, **form, referral="S-1").request.path
    officer.get(f"{entered}/referral")
    assert "SMEDA sent the borrower" in officer.page


def test_mistakes_are_taken_back_on_the_pages(screens: Screens) -> None:
    branch, work = Branch(screens.book), JointWork(screens.book)
    person_id = branch.person(NAME)
    work.consent(person_id)
    work.refer(person_id, smeda_code="S-1")
    work.consent(person_id, "bank")
    bank = work.refer(person_id, bank="Bank of Punjab")
    screens.book.open_loan("L1")
    training = work.train()
    work.invite(training)
    work.attend(training, [Present(one, 3, True) for one in work.invitations(training)])
    officer, manager = screens.browser("officer"), screens.browser("manager")
    page = f"/borrowers/{person_id}"
    officer.get(f"{page}/partners")
    assert officer.send(f"{page}/consent/take-back", row="1", reason="").status_code == 422
    officer.send(f"{page}/consent/take-back", row="1", reason="signed by another")
    assert "Never given: signed by another" in officer.page
    officer.get("/referrals/1")
    officer.send("/referrals/1/take-back", what="referral", row="1", reason="typed twice")
    assert "Taken back: typed twice" in officer.page
    officer.get(f"/referrals/{bank}")
    ended = {"outcome": "accepted", "on_day": DAY, "note": "Rs 500,000"}
    officer.send(f"/referrals/{bank}/close", **ended)
    assert "Accepted by the bank" in officer.page
    officer.get(f"/trainings/{training}")
    back = f"/trainings/{training}/take-back"
    officer.send(back, what="attendance", row="1", reason="another came")
    assert officer.send(back, what="training", reason="x").status_code == 403
    manager.get(f"/trainings/{training}")
    manager.send(back, what="training", row=str(training), reason="never held")
    assert "Taken back: never held" in manager.page
    facts = (consent_undoing, referral_undoing, referral_closing, training_undoing)
    assert [screens.book.count(table) for table in (*facts, training_attendance_undoing)] == [1] * 5
