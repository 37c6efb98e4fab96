"""An application in the browser: four people from the question to the money."""

import re
from collections.abc import Mapping

import pytest

from aim_loans.borrowers.details import EnterpriseDetails
from aim_loans.borrowers.models import enterprise
from aim_loans.borrowers.operations import AddEnterprise, add_enterprise
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Role
from aim_loans.loans.models import loan
from aim_loans.origination.models import application, appraisal, guarantee
from bench.asked import MOST_STATEMENTS, counted
from tests.book import TODAY
from tests.branch import OFFICER, Branch
from tests.web.desk import Browser, Screens

ASKED = {
    "programme": "general",
    "product": "family_enterprise",
    "principal": "50000",
    "months": "18",
    "sector": "trade/",
    "purpose": "two sewing machines",
    "branch": "LHR-01",
}
HOME = {
    "household_size": "5",
    "earners": "2",
    "income": "45000",
    "expenses": "30000",
    "debt_payments": "0",
    "note": "Neighbours speak well of her.",
}
SHOP = {
    "place": "at home",
    "assets": "60000",
    "running_capital": "15000",
    "sales": "30000",
    "costs": "18000",
    "jobs": "1",
    "buys": "two machines",
    "note": "A steady trade.",
}
# All that the page tells of an application that came to its money.
HAPPENED = [
    ("Submitted", "officer"),
    ("Visit to the household", "officer"),
    ("Visit to the business", "officer"),
    ("Guarantor added · Rashid", "officer"),
    ("Guarantor added · Aslam", "officer"),
    ("Credit bureau · Nothing found", "officer"),
    ("Screening list · Nothing found", "officer"),
    ("Approved", "manager"),
    ("Approved", "area"),
    ("Acknowledged by the borrower · Thumbprint", "officer"),
    ("Loan paid out", "cashier"),
]


@pytest.fixture
def bushra(screens: Screens) -> int:
    branch = Branch(screens.book)
    for name in ("Rashid", "Aslam"):
        branch.person(name)
    return branch.person("Bushra Perveen")


def entered(screens: Screens, borrower: int) -> tuple[Browser, str]:
    officer = screens.browser("officer")
    path = f"/borrowers/{borrower}/application"
    officer.get(path)
    answer = officer.send(path, **ASKED, act="submit")
    return officer, answer.request.path


def told(browser: Browser) -> list[tuple[str, str]]:
    """Give what the page says that happened, and who did it."""
    happened = browser.page.partition("<h2>What happened</h2>")[2].partition("</table>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th><td>.*?</td><td>(.*?)</td>', happened)
    return [(re.sub("<[^>]+>", "", what), re.sub("<[^>]+>", "", who)) for what, who in rows]


def test_from_the_question_to_the_money_in_the_hands_of_four_people(
    screens: Screens, bushra: int
) -> None:
    screens.hire("area", Role.AREA_MANAGER, "LHR-01")
    officer, path = entered(screens, bushra)
    assert "Submitted" in officer.page
    assert "then the committee decides" in officer.page
    assert f'href="/borrowers/{bushra}"' in officer.page
    for kind, found in (("social", HOME), ("business", SHOP)):
        officer.get(f"{path}/appraisal/{kind}")
        officer.send(f"{path}/appraisal/{kind}", **found)
    assert "Rs 27,000" in officer.page
    for cnic in ("35201-1000000-2", "35201-1000001-2"):
        officer.send(f"{path}/guarantors", cnic=cnic, relation="neighbour")
    for kind in ("bureau", "screening"):
        officer.send(f"{path}/checks", kind=kind, result="clear", checked_on=TODAY.isoformat())
    for username in ("manager", "area"):
        voter = screens.browser(username)
        # Two clicks: the application in the list of what waits, and the button.
        assert path in voter.get("/applications").get_data(as_text=True)
        voter.get(path)
        assert "Approvals needed: 2" in voter.page
        voter.send(f"{path}/decide", step="approved", version="1")
        assert "Approved" in voter.page
    officer.get(f"{path}/papers")
    for said in ("Key fact statement", "Loan agreement", "Rs 50,000", "no charge", "Rs 200"):
        assert said in officer.page
    officer.get(path)
    assert "has not acknowledged the papers yet" in officer.page
    assert "To be paid out by " in officer.page
    assert "ollected" not in officer.page
    assert "Conditions" in officer.page
    officer.send(
        f"{path}/acknowledgement",
        planned_on=TODAY.isoformat(),
        manner="thumbprint",
        paper_language="ur",
    )
    assert "Acknowledged on" in officer.page
    cashier = screens.browser("cashier")
    cashier.get(path)
    answer = cashier.send(f"{path}/payout", payout_channel="cash")
    assert answer.request.path.startswith("/loans/")
    assert "Rs 50,000" in cashier.page
    assert "<dt>Paid out by</dt><dd>Cash</dd>" in cashier.page
    assert screens.book.count(loan) == 1
    # What stood against it once is no condition of a loan that was paid out.
    cashier.get(path)
    assert "Conditions" not in cashier.page
    assert told(cashier) == HAPPENED
    with counted(screens.book.engine) as statements:
        cashier.get(path)
    assert 0 < len(statements) <= MOST_STATEMENTS, statements


def test_a_payout_by_cheque_needs_its_number_and_the_loan_shows_it(
    screens: Screens, bushra: int
) -> None:
    branch = Branch(screens.book)
    branch.cnics = {1: "3520110000002", 2: "3520110000012", bushra: "3520110000022"}
    first, second = branch.approved(bushra), branch.approved(branch.person("Zainab"))
    cashier, path = screens.browser("cashier"), f"/applications/{first}"
    cashier.get(path)
    assert cashier.page.count('name="payout_reference"') == 1
    assert cashier.send(f"{path}/payout", payout_channel="cheque").status_code == 422
    sent = {"payout_channel": "cheque", "payout_reference": "x" * 600}
    assert cashier.send(f"{path}/payout", **sent).status_code == 422
    assert "too long" in cashier.page
    for channel, number, sentence in (
        ("bank", " ", "Paying out by bank needs the number"),
        ("", "001234", "Fill this in"),
    ):
        sent = {"payout_channel": channel, "payout_reference": number}
        assert cashier.send(f"{path}/payout", **sent).status_code == 422
        assert sentence in cashier.page
    assert 'value="001234"' in cashier.page
    assert screens.book.count(loan) == 0
    sent = {"payout_channel": "cheque", "payout_reference": "001234"}
    again = [cashier.send_only(f"{path}/payout", **sent) for _ in range(2)]
    assert again[0].headers["Location"] == again[1].headers["Location"]
    assert screens.book.count(loan) == 1
    for shown in (again[0].headers["Location"], path):
        with counted(screens.book.engine) as statements:
            cashier.get(shown)
        assert 0 < len(statements) <= MOST_STATEMENTS, statements
        assert re.search(r"<dt>Paid out by</dt><dd>Cheque, .*001234.*</dd>", cashier.page)
    path = f"/applications/{second}"
    cashier.get(path)
    assert cashier.send(f"{path}/payout", **sent).status_code == 422
    assert "001234 (cheque) has paid out another loan" in cashier.page
    assert cashier.page.count('id="payout_reference"') == 1
    assert '<a href="#payout_reference">' in cashier.page
    assert 'id="payout_reference-fault"' in cashier.page
    assert 'value="001234"' in cashier.page
    cashier.send("/language", language="ur", back=path)
    cashier.get(path)
    cashier.send(f"{path}/payout", payout_channel="raast")
    assert "منتقلی کا نمبر ضروری ہے" in cashier.page
    assert screens.book.count(loan) == 1


def test_the_schedule_is_shown_by_a_button_and_nothing_is_written(
    screens: Screens, bushra: int
) -> None:
    officer = screens.browser("officer")
    path = f"/borrowers/{bushra}/application"
    officer.get(path)
    assert "A first loan is Rs 50,000 at most." in officer.page
    answer = officer.send(path, **ASKED, act="preview")
    assert answer.status_code == 200
    for said in ("2,800", "2,400", "17"):
        assert said in officer.page
    assert 'value="two sewing machines"' in officer.page
    assert screens.book.count(application) == 0


@pytest.mark.parametrize(
    ("texts", "field", "sentence"),
    [
        ({"principal": ""}, "principal", "Fill this in"),
        ({"principal": "0"}, "principal", "more than 0"),
        ({"principal": "-1"}, "principal", ""),
        ({"principal": "1e9"}, "principal", ""),
        ({"principal": "60000"}, "principal", "between Rs"),
        ({"months": "0"}, "months", "whole number"),
        ({"months": "1.5"}, "months", "whole number"),
        ({"months": "\u0661\u0662"}, "months", "whole number"),
        ({"months": "400"}, "months", "months"),
        ({"sector": "gold/"}, "sector", "Choose one of the list"),
        ({"product": "rent"}, "product", "Choose one of the list"),
        ({"purpose": ""}, "purpose", "Fill this in"),
        ({"purpose": "x" * 600}, "purpose", "too long"),
        ({"branch": "KHI-01"}, "branch", "Choose one of the list"),
        ({"sector": "trade/<script>alert(1)</script>"}, "sector", "Choose one of the list"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    screens: Screens, bushra: int, texts: Mapping[str, str], field: str, sentence: str
) -> None:
    officer = screens.browser("officer")
    path = f"/borrowers/{bushra}/application"
    officer.get(path)
    answer = officer.send(path, **{**ASKED, **texts}, act="submit")
    assert answer.status_code == 422
    assert f'href="#{field}"' in officer.page
    assert sentence in officer.page
    assert "<script>alert" not in officer.page
    assert screens.book.count(application) == 0


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"income": "-5"}, ""),
        ({"income": "many"}, ""),
        ({"household_size": "0"}, "whole number"),
        ({"note": ""}, "Fill this in"),
    ],
)
def test_a_visit_with_a_mistake_is_not_written(
    screens: Screens, bushra: int, texts: Mapping[str, str], sentence: str
) -> None:
    officer, path = entered(screens, bushra)
    officer.get(f"{path}/appraisal/social")
    answer = officer.send(f"{path}/appraisal/social", **{**HOME, **texts})
    assert answer.status_code == 422
    assert sentence in officer.page
    assert 'value="30000"' in officer.page
    assert screens.book.count(appraisal) == 0


@pytest.mark.parametrize(
    ("cnic", "sentence"),
    [
        ("35201-100000-2", "13 digits"),
        ("\u0663\u0665\u0662\u0660\u0661", "digits 0-9"),
        ("35201-9999999-9", "Register the guarantor first"),
        ("35201-1000002-2", "for themselves"),
    ],
)
def test_a_guarantor_is_somebody_else_who_is_registered(
    screens: Screens, bushra: int, cnic: str, sentence: str
) -> None:
    officer, path = entered(screens, bushra)
    answer = officer.send(f"{path}/guarantors", cnic=cnic, relation="friend")
    assert answer.status_code in {404, 422}
    assert sentence in officer.page
    assert screens.book.count(guarantee) == 0


def test_a_guarantor_who_is_taken_off_is_told_of(screens: Screens, bushra: int) -> None:
    officer, path = entered(screens, bushra)
    officer.send(f"{path}/guarantors", cnic="35201-1000000-2", relation="neighbour")
    (end,) = re.findall(r'action="([^"]+/guarantors/\d+/end)"', officer.page)
    officer.send(end)
    assert [what for what, _ in told(officer)] == [
        "Submitted",
        "Guarantor added · Rashid",
        "Guarantor taken off · Rashid",
    ]


def test_the_borrower_withdraws_with_a_reason(screens: Screens, bushra: int) -> None:
    officer, path = entered(screens, bushra)
    officer.send(f"{path}/withdraw", version="1")
    assert "Give the reason" in officer.page
    officer.send(f"{path}/withdraw", version="1", reason="The shop is sold.")
    assert "Withdrawn" in officer.page
    assert "To enter an application" in officer.get("/applications").get_data(as_text=True)


def test_another_branch_sees_nothing_of_an_application(screens: Screens, bushra: int) -> None:
    _, path = entered(screens, bushra)
    stranger = screens.browser("stranger")
    for page in (path, f"{path}/papers", f"{path}/appraisal/social", f"{path}/change"):
        assert stranger.get(page).status_code == 403
        assert "Bushra" not in stranger.page
    assert "Bushra" not in stranger.get("/applications").get_data(as_text=True)


def test_a_draft_is_changed_and_submitted(screens: Screens, bushra: int) -> None:
    officer = screens.browser("officer")
    path = f"/borrowers/{bushra}/application"
    officer.get(path)
    drafted = officer.send(path, **{**ASKED, "principal": "90000"}, act="keep").request.path
    assert "Draft" in officer.page
    officer.get(f"{drafted}/change")
    assert 'value="90000"' in officer.page
    officer.send(f"{drafted}/change", **{**ASKED, "principal": "45000"}, act="submit")
    assert "Submitted" in officer.page
    assert "Rs 45,000" in officer.page


def test_the_papers_speak_urdu(screens: Screens, bushra: int) -> None:
    officer, path = entered(screens, bushra)
    officer.send("/language", language="ur", back=f"{path}/papers")
    assert "\u0642\u0631\u0636\u0650 \u062d\u0633\u0646\u06c1" in officer.page
    assert "Key fact statement" not in officer.page


def test_the_enterprise_is_chosen_or_registered_on_the_form(screens: Screens, bushra: int) -> None:
    officer = screens.browser("officer")
    path = f"/borrowers/{bushra}/application"
    officer.get(path)
    new = {"enterprise_name": "Bushra Tailors", "business": "trade/tailoring"}
    assert officer.send(path, **ASKED, **new, act="preview").status_code == 200
    assert 'value="Bushra Tailors"' in officer.page
    assert screens.book.count(enterprise) == 0
    assert officer.send(path, **ASKED, **new | {"business": ""}, act="keep").status_code == 422
    assert 'id="business-fault"' in officer.page
    first = [officer.send_only(path, **ASKED, **new, act="keep") for _ in range(2)]
    assert first[0].headers["Location"] == first[1].headers["Location"]
    assert (screens.book.count(enterprise), screens.book.count(application)) == (1, 1)
    officer.get(first[0].headers["Location"])
    assert "Bushra Tailors" in officer.page
    officer.get(path)
    assert '<option value="1" selected>Bushra Tailors' in officer.page
    assert '<option value="trade/tailoring" selected' in officer.page
    officer.send(path, **ASKED, enterprise="1", act="keep")
    assert "Bushra Tailors" in officer.page
    assert (screens.book.count(enterprise), screens.book.count(application)) == (1, 2)


def test_an_enterprise_of_another_is_not_chosen(screens: Screens, bushra: int) -> None:
    branch = Branch(screens.book)
    stall = EnterpriseDetails(name="Stall", sector="trade")
    command = AddEnterprise(1, stall, "LHR-01")
    owned = branch.do(add_enterprise, command, OFFICER, sectors=SECTOR_KEYS)
    officer = screens.browser("officer")
    path = f"/borrowers/{bushra}/application"
    officer.get(path)
    assert officer.send(path, **ASKED, enterprise=str(owned), act="keep").status_code == 422
    with pytest.raises(Refused, match="not the borrower's"):
        branch.enter(bushra, enterprise_id=owned)
    assert screens.book.count(application) == 0


def test_a_borrowers_page_shows_applications_and_live_guarantees(
    screens: Screens, bushra: int
) -> None:
    branch = Branch(screens.book)
    branch.cnics = {1: "3520110000002"}
    asked = branch.enter(bushra)
    branch.guarantee(asked, 1)
    officer = screens.browser("officer")
    officer.get(f"/borrowers/{bushra}")
    assert "Open applications" in officer.page
    with counted(screens.book.engine) as statements:
        officer.get(f"/borrowers/{bushra}")
    assert len(statements) <= MOST_STATEMENTS
    assert f'href="/applications/{asked}"' in officer.page
    with counted(screens.book.engine) as statements:
        officer.get(f"/applications/{asked}")
    assert 0 < len(statements) <= MOST_STATEMENTS, statements
    officer.get("/borrowers/1")
    assert "Guarantees for" in officer.page
    assert "Bushra Perveen" in officer.page
    officer.get(f"/applications/{asked}")
    officer.send(f"/applications/{asked}/withdraw", version="1", reason="sold")
    for person in (bushra, 1):
        officer.get(f"/borrowers/{person}")
        assert f"/applications/{asked}" not in officer.page
