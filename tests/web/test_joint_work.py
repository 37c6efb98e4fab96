"""The pages of the joint work: officers record, head office invites, SMEDA answers by codes."""

import re
from datetime import timedelta

import pytest

from aim_loans.mou.definitions import PARTS, SPLITS
from aim_loans.mou.models import partner_answer, registration, support, training_attendance
from aim_loans.mou.registering import State
from aim_loans.web.sealed import Seal
from tests.book import AUDIT_KEY, TODAY
from tests.branch import Branch
from tests.joint import JointWork
from tests.web.desk import Screens

NAME, MOBILE = "Zarqa Malik", "03001234567"
DAY = TODAY.isoformat()
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()
SEAL = Seal(AUDIT_KEY)
REVIEW = {
    "kind": "entry",
    "reviewed_on": DAY,
    "running": "yes",
    "ownership": "sole",
    "run_by": "woman",
    "turnover": "to_2m",
    "premises": "home",
    "digital": "phone",
    **dict.fromkeys(("paid_women", "paid_men", "paid_others", "family_women"), "2"),
    **dict.fromkeys(("family_men", "family_others"), "0"),
}


def borrower(screens: Screens) -> tuple[Branch, int, int]:
    branch = Branch(screens.book)
    person_id = branch.person(NAME, mobile=MOBILE, district="Lahore")
    return branch, person_id, JointWork(screens.book).enterprise(person_id)


def test_an_officer_looks_at_an_enterprise_registers_it_and_helps(screens: Screens) -> None:
    _, person_id, shop = borrower(screens)
    officer = screens.browser("officer")
    page = f"/enterprises/{shop}"
    officer.get(f"/borrowers/{person_id}")
    assert page in officer.page
    officer.get(f"{page}/review")
    assert officer.send(f"{page}/review", **REVIEW).status_code == 200
    assert "Micro" in officer.page
    officer.get(f"{page}/registration?type=F2")
    answer = officer.send(f"{page}/registration", type="F2", state="registered", on_day=DAY)
    assert answer.status_code == 422
    assert "Give the number" in officer.page
    proved = {"number": "1234567-8", "proof": "certificate seen"}
    step = {"type": "F2", "state": "registered", "on_day": DAY, **proved}
    officer.send(f"{page}/registration", **step)
    assert "1234567-8" in officer.page
    officer.get(f"{page}/support")
    help_given = {"kind": "mentoring", "on_day": DAY, "month": "3"}
    key = re.search(r'name="key" value="([^"]+)"', officer.page)
    assert key
    for _ in range(2):
        officer.send(f"{page}/support", **help_given, key=key[1])
    assert screens.book.count(support) == 1
    officer.send(f"{page}/undo", what="support", row="1", reason="typed for another")
    assert "No help is written down yet." in officer.page


def test_whoever_entered_a_registration_does_not_verify_it(screens: Screens) -> None:
    _, _, shop = borrower(screens)
    manager, page = screens.browser("manager"), f"/enterprises/{shop}/registration"
    step = {"type": "F5", "on_day": DAY}
    manager.get(f"{page}?type=F5")
    manager.send(page, **step, state="registered", number="7", proof="licence seen")
    manager.get(f"{page}?type=F5")
    assert manager.send(page, **step, state="verified").status_code == 403
    head = screens.browser("head")
    head.get(f"{page}?type=F5")
    assert head.send(page, **step, state="verified").status_code == 200
    assert screens.book.count(registration) == 2


def test_twenty_five_are_invited_and_their_attendance_entered(screens: Screens) -> None:
    for number in range(26):
        screens.book.open_loan(f"L{number}", sector="trade" if number else "livestock")
    head = screens.browser("head")
    head.get("/trainings/new")
    plan = {"title": "Keeping accounts", "branch": "LHR-01", "place": "Town hall"}
    head.send("/trainings/new", **plan, begins_on=YESTERDAY, days="2", seats="30", smeda_code="t 7")
    assert "who fit and are not invited yet: 26." in head.page
    head.send("/trainings/1/invite", sector="trade", count="1")
    assert "who fit and are not invited yet: 25." in head.page
    head.send("/trainings/1/invite", sector="trade")
    officer = screens.browser("officer")
    officer.get("/trainings/1/attendance")
    days = re.findall(r'name="(days-\d+)"', officer.page)
    assert len(days) == 25
    assert officer.send("/trainings/1/attendance", **{days[0]: "3"}).status_code == 422
    assert screens.book.count(training_attendance) == 0
    came = dict.fromkeys(days[:20], "2") | {days[0].replace("days", "completed"): "1"}
    officer.send("/trainings/1/attendance", **came)
    assert screens.book.count(training_attendance) == 20
    stranger = screens.browser("stranger")
    for path in ("/trainings/1", "/trainings/1/attendance"):
        assert stranger.get(path).status_code == 403


def test_smeda_reads_codes_and_nothing_of_people(screens: Screens) -> None:
    branch, person_id, shop = borrower(screens)
    work = JointWork(screens.book)
    work.consent(person_id)
    work.refer(person_id, smeda_code="S-1")
    work.step(shop, "F1", State.REGISTERED, smeda_code="S-2")
    work.help("advice", shop, smeda_code="S-3", note=NAME)
    screens.book.open_loan("L1")
    training = work.train(code="S-4")
    work.invite(training)
    partner = screens.browser("partner")
    opened = ["/", "/smeda/events", "/targets"]
    for path in opened:
        assert partner.get(path).status_code == 200
        for secret in (NAME, "Zarqa", MOBILE, branch.cnics[person_id], "Borrower of"):
            assert secret not in partner.page, path
    partner.get("/smeda/events")
    assert all(f"S-{number}" in partner.page for number in (1, 2, 3, 4))
    counts = re.findall(r">\s*(?:<bdi[^>]*>)?([1-9])(?:</bdi>)?\s*<", partner.page)
    assert counts == []
    answer = {kind: {"kind": kind, "event": SEAL.hide(kind, 1)} for kind in ("support", "training")}
    partner.send("/smeda/events", **answer["support"], answer="confirmed")
    assert "confirmed by SMEDA" in partner.page
    disputed = partner.send("/smeda/events", **answer["training"], answer="disputed")
    assert disputed.status_code == 422
    other = answer["training"] | {"kind": "support"}
    assert partner.send("/smeda/events", **other, answer="confirmed").status_code == 404
    assert screens.book.count(partner_answer) == 1
    for path in ("/trainings", f"/enterprises/{shop}", f"/borrowers/{person_id}", "/book"):
        assert partner.get(path).status_code == 403, path


def test_who_takes_consent_back_is_in_no_row_for_smeda(screens: Screens) -> None:
    _, person_id, shop = borrower(screens)
    work = JointWork(screens.book)
    advice = work.help("advice", shop, smeda_code="S-3")
    partner, officer = screens.browser("partner"), screens.browser("officer")
    partner.get("/smeda/events")
    assert "S-3" not in partner.page
    page = f"/borrowers/{person_id}"
    officer.get(f"{page}/partners")
    officer.send(f"{page}/consent", scope="smeda", manner="signature", on_day=DAY)
    partner.get("/smeda/events")
    assert "S-3" in partner.page
    officer.get(f"{page}/partners")
    officer.send(f"{page}/consent", scope="smeda", on_day=DAY, act="withdraw", key="another")
    partner.get("/smeda/events")
    assert "S-3" not in partner.page
    event = SEAL.hide("support", advice)
    sent = partner.send("/smeda/events", kind="support", event=event, answer="confirmed")
    assert sent.status_code == 422
    assert screens.book.count(partner_answer) == 0


@pytest.mark.parametrize("who", ["head", "partner"])
def test_each_party_sets_its_own_targets(screens: Screens, who: str) -> None:
    browser = screens.browser(who)
    browser.get("/targets?period=2026-H1")
    own, other = ("A10.on_time", "H2") if who == "head" else ("H8", "A1")
    texts = {"period": "2026-h1", "line": own, "value": "4.25"}
    browser.send("/targets", **texts)
    assert "4.25" in browser.page
    if who == "head":
        browser.send("/targets", **texts | {"line": "A2", "value": "21000000"})
        assert "21,000,000" in browser.page
    assert browser.send("/targets", **texts | {"line": other}).status_code == 422
    browser.get("/targets?period=2026-H1")
    browser.send("/targets", **texts | {"value": ""})
    assert "4.25" not in browser.page


def test_of_registrations_only_steps_that_apply_and_that_the_reader_may_take_are_offered(
    screens: Screens,
) -> None:
    _, _, shop = borrower(screens)
    work, page = JointWork(screens.book), f"/enterprises/{shop}"
    work.step(shop, "F1", State.NOT_APPLICABLE)
    work.step(shop, "F2", State.REGISTERED)

    def offered(username: str) -> set[tuple[str, str]]:
        """Give the registrations that somebody may go on with, each with its next state."""
        found = screens.browser(username).get(page).text
        return set(re.findall(r"registration\?type=(F\d)&amp;state=(\w+)", found))

    # Trade needs no food certificate, and a micro enterprise no sales tax, by the agreed list.
    begun = {("F5", "informed"), ("F7", "informed")}
    assert offered("officer") == begun
    assert offered("manager") == {*begun, ("F2", "verified")}
    assert offered("head") == {("F2", "verified")}
    assert offered("auditor") == set()
    assert screens.browser("auditor").get(f"{page}/registration?type=F5").status_code == 403
    assert screens.browser("officer").get(page).text.count("It applies after all") == 6


def test_nobody_attended_a_day_that_is_still_to_come(screens: Screens) -> None:
    screens.book.open_loan("L1")
    work = JointWork(screens.book)
    training = work.train(TODAY - timedelta(days=1))
    work.invite(training)
    (invited,) = work.invitations(training)
    officer = screens.browser("officer")
    officer.get(f"/trainings/{training}/attendance")
    refused = officer.send(f"/trainings/{training}/attendance", **{f"days-{invited}": "3"})
    assert refused.status_code == 422
    assert "so many days of the training have passed" in officer.page
    over = {f"days-{invited}": "2", f"completed-{invited}": "1"}
    assert officer.send(f"/trainings/{training}/attendance", **over).status_code == 422
    assert "nobody has completed it yet" in officer.page
    officer.send(f"/trainings/{training}/attendance", **{f"days-{invited}": "2"})
    assert screens.book.count(training_attendance) == 1


def test_a_target_for_a_part_names_one_that_the_statement_knows(screens: Screens) -> None:
    head = screens.browser("head")
    head.get("/targets?period=2026-H1")
    texts = {"period": "2026-H1", "line": "A1", "value": "120"}
    for part in ("gender Female", "sector", "colour green"):
        assert head.send("/targets", **texts, split=part).status_code == 422
    texts["split"] = "gender female"
    assert head.send("/targets", **texts | {"line": "A7.received"}).status_code == 422
    head.send("/targets", **texts)
    assert "Gender: Woman" in head.page
    head.send("/targets", **texts | {"value": "", "key": "another"})
    assert "Gender: Woman" not in head.page


def test_each_one_way_split_has_its_parts() -> None:
    assert set(PARTS) == {by[0] for by in SPLITS if len(by) == 1}
