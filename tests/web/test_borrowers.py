"""Borrowers on the screen: registered on one page, found in either script, changed with a trace."""

import re

import pytest

from aim_loans.borrowers.models import person
from bench.asked import MOST_STATEMENTS, counted
from tests.web.desk import Browser, Screens

NEW = "/borrowers/new"
BUSHRA = {
    "branch": "LHR-01",
    "name": "بشریٰ پروین",
    "father_or_husband_name": "Muhammad Aslam",
    "mother_name": "",
    "cnic": "35201-1234567-2",
    "cnic_issued_on": "",
    "cnic_expires_on": "",
    "gender": "female",
    "birth_date": "1990-05-04",
    "mobile": "0300 1234567",
    "address": "",
    "district": "Lahore",
    "tehsil": "",
    "disability": "",
    "household": "",
    "nominee_name": "",
    "nominee_cnic": "",
    "nominee_relation": "",
    "enterprise_name": "",
    "business": "",
    "enterprise_district": "",
    "started_on": "",
}


def persons(screens: Screens) -> int:
    return screens.book.count(person)


def officer_at_the_form(screens: Screens) -> Browser:
    officer = screens.browser("officer")
    assert officer.get(NEW).status_code == 200
    return officer


def register(screens: Screens, **other: str) -> tuple[Browser, str]:
    """Register a borrower; gives the officer's browser at the borrower's page, and its path."""
    officer = officer_at_the_form(screens)
    answer = officer.send(NEW, **{**BUSHRA, **other})
    assert answer.status_code == 200
    return officer, answer.request.path


def test_a_borrower_is_registered_on_one_page(screens: Screens) -> None:
    business = {"enterprise_name": "Bushra Tailors", "business": "trade/"}
    officer, path = register(screens, **business)
    assert path.startswith("/borrowers/")
    for said in ("بشریٰ پروین", "35201-1234567-2", "0300-1234567", "Bushra Tailors", "Trade"):
        assert said in officer.page
    assert "New loan" not in officer.page or "applications.ask" in screens.app.view_functions


@pytest.mark.parametrize(
    ("texts", "field", "sentence"),
    [
        ({"name": ""}, "name", "Fill this in"),
        ({"name": "0"}, "name", "with its letters"),
        ({"name": "\u202e"}, "name", "with its letters"),
        ({"name": "x" * 600}, "name", "too long"),
        ({"father_or_husband_name": ""}, "father_or_husband_name", "Fill this in"),
        ({"cnic": ""}, "cnic", "Fill this in"),
        ({"cnic": "352011234567"}, "cnic", "this one has 12"),
        ({"cnic": "۳۵۲۰۱۱۲۳۴۵۶۷۲"}, "cnic", "digits 0-9"),
        ({"cnic": "-1"}, "cnic", "13 digits"),
        ({"cnic": "1e9"}, "cnic", "only digits and dashes"),
        ({"mobile": "0300"}, "mobile", "11 digits"),
        ({"gender": "robot"}, "gender", "Choose one of the list"),
        ({"gender": "unknown"}, "gender", "Choose one of the list"),
        ({"birth_date": "1990-02-31"}, "birth_date", "not a real date"),
        ({"district": "<script>alert(1)</script>"}, "district", "not a district we know"),
        ({"enterprise_name": "Shop"}, "business", "Fill this in"),
        ({"enterprise_name": "Shop", "business": "piracy/"}, "business", "Choose one"),
        ({"business": "trade/"}, "enterprise_name", "Fill this in"),
        ({"birth_date": "2030-01-01"}, "birth_date", "future"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    screens: Screens, texts: dict[str, str], field: str, sentence: str
) -> None:
    officer = officer_at_the_form(screens)
    answer = officer.send(NEW, **{**BUSHRA, "tehsil": "Raiwind", **texts})
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in officer.page
    assert sentence in officer.page
    assert 'value="Raiwind"' in officer.page
    assert "<script>alert" not in officer.page
    assert persons(screens) == 0


def test_what_is_wrong_is_summed_up_in_the_order_of_the_page(screens: Screens) -> None:
    officer = officer_at_the_form(screens)
    officer.send(NEW, **dict.fromkeys(BUSHRA, ""))
    summed_up = officer.page.partition('role="alert"')[2].partition("</div>")[0]
    named = re.findall(r'href="#(\w+)"', summed_up)
    assert named.index("father_or_husband_name") < named.index("gender") < named.index("birth_date")
    fields = [officer.page.index(f'id="{name}-fault"') for name in named if name != "branch"]
    assert fields == sorted(fields)


def test_what_may_be_left_empty_says_so(screens: Screens) -> None:
    officer = officer_at_the_form(screens)
    places = re.search(r"<legend>Urban or rural(.*?)</legend>", officer.page)
    gender = re.search(r"<legend>Gender(.*?)</legend>", officer.page)
    assert places is not None
    assert gender is not None
    assert ("(optional)" in places[1], gender[1]) == (True, "")


def test_a_name_with_tags_is_shown_as_it_is(screens: Screens) -> None:
    officer, _ = register(screens, name="<b>Bushra</b>")
    assert "&lt;b&gt;Bushra&lt;/b&gt;" in officer.page
    assert "<b>Bushra" not in officer.page


def test_the_same_form_sent_twice_counts_once(screens: Screens) -> None:
    officer = officer_at_the_form(screens)
    first, second = (officer.send_only(NEW, **BUSHRA) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert persons(screens) == 1


def test_a_cnic_that_is_taken_names_who_has_it_within_reach_only(screens: Screens) -> None:
    register(screens)
    officer = officer_at_the_form(screens)
    assert officer.send(NEW, **{**BUSHRA, "name": "Saima"}, another="1").status_code == 422
    assert "already belongs to بشریٰ پروین, branch LHR-01" in officer.page
    stranger = screens.browser("stranger")
    stranger.get(NEW)
    answer = stranger.send(NEW, **{**BUSHRA, "branch": "KHI-01", "name": "Saima"})
    assert answer.status_code == 422
    assert "of another branch" in stranger.page
    assert "پروین" not in stranger.page
    assert persons(screens) == 1


def test_likely_duplicates_come_back_and_may_be_another_person(screens: Screens) -> None:
    register(screens)
    twin = {**BUSHRA, "name": "Bushra Perveen", "cnic": "35201-7654321-2", "mobile": ""}
    officer = officer_at_the_form(screens)
    assert officer.send(NEW, **twin).status_code == 422
    assert "Is it one of these?" in officer.page
    assert "35201-*****67-2" in officer.page
    assert persons(screens) == 1
    assert officer.send(NEW, **twin, another="1").status_code == 200
    assert persons(screens) == 2


def test_cautions_stand_beside_what_they_concern_and_stop_nothing(screens: Screens) -> None:
    old = {"gender": "male", "cnic_expires_on": "2020-01-01", "birth_date": "1940-01-01"}
    officer, _ = register(screens, **old)
    for said in ("odd for men and even for women", "expired on", "86 years old"):
        assert said in officer.page


def test_nobody_registers_at_another_branch(screens: Screens) -> None:
    officer = officer_at_the_form(screens)
    assert officer.send(NEW, **{**BUSHRA, "branch": "KHI-01"}).status_code == 403
    assert persons(screens) == 0


def test_another_branch_reads_nothing_of_a_borrower(screens: Screens) -> None:
    _, path = register(screens)
    stranger = screens.browser("stranger")
    for page in (path, f"{path}/details", f"{path}/enterprise", f"{path}/changes"):
        assert stranger.get(page).status_code == 403
        assert "پروین" not in stranger.page
    for wanted in ("bushra", "35201-1234567-2", "0300-1234567"):
        stranger.send("/find", wanted=wanted)
        assert "Nothing was found" in stranger.page
    assert stranger.send(f"{path}/details", **BUSHRA).status_code == 403


@pytest.mark.parametrize("wanted", ["Bushra", "بشری پروین", "3520112345672", "0300-1234567"])
def test_a_single_hit_opens_at_once(screens: Screens, wanted: str) -> None:
    _, path = register(screens)
    cashier = screens.browser("cashier")
    answer = cashier.send("/find", wanted=wanted)
    assert answer.request.path == path
    assert wanted not in answer.request.url
    assert "Change details" not in cashier.page


def test_several_hits_are_a_list_with_masked_cnics(screens: Screens) -> None:
    register(screens)
    register(screens, name="Bushra Bibi", cnic="3520177777772", mobile="")
    cashier = screens.browser("cashier")
    cashier.send("/find", wanted="bushra")
    assert "Bushra Bibi" in cashier.page
    assert "35201-*****67-2" in cashier.page
    assert "35201-1234567-2" not in cashier.page


def test_a_loan_leads_to_its_borrower_and_back(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    officer = screens.browser("officer")
    officer.get(f"/loans/{loan_id}")
    assert 'href="/borrowers/1"' in officer.page
    officer.get("/borrowers/1")
    assert f'href="/loans/{loan_id}"' in officer.page
    assert "days late" in officer.page


def test_a_change_is_written_with_what_was_there_before(screens: Screens) -> None:
    officer, path = register(screens)
    officer.get(f"{path}/details")
    assert 'value="0300-1234567"' in officer.page
    seen = {"seen_change": "0"}
    officer.send(f"{path}/details", **{**BUSHRA, **seen, "mobile": "0321-7654321"})
    assert f'href="{path}/changes"' in officer.page
    officer.get(f"{path}/changes")
    for said in ("What was changed", "0300-1234567", "0321-7654321"):
        assert said in officer.page
    officer.get(f"{path}/details")
    answer = officer.send(f"{path}/details", **{**BUSHRA, **seen, "key": "another"})
    assert answer.status_code == 422
    assert "meanwhile" in officer.page


def test_an_imported_borrower_is_completed_at_the_branch_of_the_loan(screens: Screens) -> None:
    screens.book.open_loan("L1")
    officer = screens.browser("officer")
    officer.get("/borrowers/1/details")
    texts = {"name": "Borrower of L1", "gender": "female", "cnic": "3520112345672"}
    assert officer.send("/borrowers/1/details", seen_change="0", **texts).status_code == 200
    assert "35201-1234567-2" in officer.page


def test_an_enterprise_is_added(screens: Screens) -> None:
    officer, path = register(screens)
    officer.get(f"{path}/enterprise")
    assert officer.send(f"{path}/enterprise", enterprise_name="Goats").status_code == 422
    business = {"enterprise_name": "Goats", "business": "livestock/", "started_on": "2030-01-01"}
    assert officer.send(f"{path}/enterprise", **business).status_code == 422
    assert 'id="started_on-fault"' in officer.page
    officer.send(f"{path}/enterprise", **{**business, "started_on": "2024-01-01"})
    assert "Goats" in officer.page
    assert "1 Jan 2024" in officer.page


def test_the_pages_speak_urdu(screens: Screens) -> None:
    officer, path = register(screens)
    officer.send("/language", language="ur", back=path)
    assert "والد یا شوہر کا نام" in officer.page
    officer.get(NEW)
    assert "قرض دار کا اندراج کیجیے" in officer.page


def test_a_page_asks_the_database_little(screens: Screens) -> None:
    officer, path = register(screens)
    for page in (path, f"{path}/details", NEW):
        with counted(screens.book.engine) as statements:
            assert officer.get(page).status_code == 200
        assert len(statements) <= MOST_STATEMENTS, statements
    with counted(screens.book.engine) as statements:
        officer.send_only("/find", wanted="bushra parveen")
    assert 1 <= len(statements) <= MOST_STATEMENTS, statements
