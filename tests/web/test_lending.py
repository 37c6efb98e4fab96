"""Groups, the fee, donations and the end of loans, in the browser."""

from collections.abc import Mapping

import pytest

from aim_loans.borrowers.models import borrower_group
from aim_loans.identity.permissions import Role
from aim_loans.origination.models import application_fee
from aim_loans.repayment.models import ending_request
from tests.book import TODAY
from tests.branch import Branch
from tests.web.desk import Screens

DAY = TODAY.isoformat()


def test_a_group_is_made_joined_and_guarantees(screens: Screens) -> None:
    branch = Branch(screens.book)
    people = [branch.person(name) for name in ("Bushra", "Amna", "Sana")]
    officer = screens.browser("officer")
    officer.get("/groups")
    made = officer.send("/groups", branch="LHR-01", name="Sisters", meeting_place="the school")
    path = made.request.path
    for person_id in people[:2]:
        officer.send(f"{path}/members", cnic=branch.cnics[person_id], joined_on=DAY)
    assert "more needed" in officer.page
    officer.get(f"/borrowers/{people[2]}/group")
    assert "Sisters" in officer.page
    number = path.rpartition("/")[2]
    officer.send(f"/borrowers/{people[2]}/group", group=number, joined_on=DAY)
    assert "more needed" not in officer.page
    assert officer.get(f"/borrowers/{people[2]}/group").request.path == path
    asked = f"/applications/{branch.enter(people[0])}"
    officer.get(asked)
    officer.send(f"{asked}/group")
    assert "A group of" in officer.page
    assert "Member of the group" in officer.page
    assert "guarantees this loan" in officer.get(f"{asked}/papers").get_data(as_text=True)
    assert "Sisters" in officer.get("/sheet").get_data(as_text=True)
    officer.get(path)
    officer.send(f"{path}/members/1/leave", left_on=DAY)
    assert "Members before" in officer.page


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"name": ""}, "name"),
        ({"meeting_place": "x" * 600}, "meeting_place"),
        ({"branch": "KHI-01"}, ""),
        ({"branch": "<script>"}, ""),
    ],
)
def test_a_group_with_a_mistake_is_not_made(
    screens: Screens, texts: Mapping[str, str], field: str
) -> None:
    officer = screens.browser("officer")
    officer.get("/groups")
    sent = {"branch": "LHR-01", "name": "Sisters", "meeting_place": "school", **texts}
    assert officer.send("/groups", **sent).status_code in {403, 422}
    assert not field or f'href="#{field}"' in officer.page
    assert screens.book.count(borrower_group) == 0


def test_another_branch_reads_nothing_of_a_group_a_fee_or_a_gift(screens: Screens) -> None:
    branch = Branch(screens.book)
    group_id, people = branch.group("Bushra", "Amna", "Sana")
    fee = branch.take_fee(branch.enter(people[0]))
    stranger = screens.browser("stranger")
    for path in (f"/groups/{group_id}", f"/receipts/{fee.id}", "/donations/new"):
        assert stranger.get(path).status_code == 403
        assert "Bushra" not in stranger.page
    assert "Sisters" not in stranger.get("/groups").get_data(as_text=True)


def test_the_cashier_takes_the_fee_once_and_prints_its_receipt(screens: Screens) -> None:
    branch = Branch(screens.book)
    path = f"/applications/{branch.enter(branch.person('Bushra'))}"
    cashier = screens.browser("cashier")
    cashier.get(path)
    assert "not taken yet" in cashier.page
    assert cashier.send(f"{path}/fee", fee_channel="raast").status_code == 422
    assert "needs its reference" in cashier.page
    for _ in range(2):
        cashier.send(f"{path}/fee", fee_channel="cash")
    for said in ("LHR-01/F/2025/000001", "Rs 200", "Service fee", "Bushra"):
        assert said in cashier.page
    assert screens.book.count(application_fee) == 1


def test_whoever_pays_out_is_told_of_a_fee_that_was_not_taken(screens: Screens) -> None:
    path = f"/applications/{Branch(screens.book).approved()}"
    cashier = screens.browser("cashier")
    assert "The service fee of Rs 200 was not taken yet" in cashier.get(path).get_data(as_text=True)
    cashier.send(f"{path}/fee", fee_channel="cash")
    assert "was not taken yet" not in cashier.get(path).get_data(as_text=True)


def test_a_gift_is_read_by_nobody_who_decides(screens: Screens) -> None:
    cashier = screens.browser("cashier")
    cashier.get("/donations/new")
    gift = {"amount": "500", "fund": "mutual_support", "branch": "LHR-01", "channel": "cash"}
    path = cashier.send("/donations/new", **gift).request.path
    assert "LHR-01/D/2025/000001" in cashier.page
    number = path.rpartition("/")[2]
    for username in ("officer", "manager", "head", "auditor"):
        reader = screens.browser(username)
        for page in (path, f"/receipts/{number}"):
            assert reader.get(page).status_code in {403, 404}
            assert "Rs 500" not in reader.page


def test_head_office_waives_by_two_people_once_the_fund_can_give(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1", officer="officer")
    screens.hire("second", Role.HEAD_OFFICE, None)
    head, second, cashier = (screens.browser(name) for name in ("head", "second", "cashier"))
    head.get(f"/loans/{loan_id}/end")
    asked = {"kind": "waiver", "fund": "mutual_support", "on": DAY}
    assert head.send(f"/loans/{loan_id}/end", **asked).status_code == 422
    head.send(f"/loans/{loan_id}/end", **asked, reason="Her husband died.")
    assert "Nothing is collected" in head.page
    assert "Nothing is due" in cashier.get("/sheet").get_data(as_text=True)
    second.get("/confirmations")
    assert second.send("/confirmations/endings/1", answer="confirm").status_code == 422
    assert "stays waiting" in second.page
    cashier.get("/donations/new")
    gift = {"amount": "50000", "fund": "mutual_support", "branch": "LHR-01", "channel": "cash"}
    cashier.send("/donations/new", **gift)
    second.get("/confirmations")
    second.send("/confirmations/endings/1", answer="confirm")
    assert "Waived" in second.page
    assert screens.book.count(ending_request) == 2


def test_credit_is_paid_back_by_two_people(screens: Screens) -> None:
    loan_id = screens.book.open_loan("L1")
    cashier, manager = screens.browser("cashier"), screens.browser("manager")
    cashier.get(f"/loans/{loan_id}/receipt")
    money = {"amount": "50100", "above": "1", "received_on": DAY, "channel": "cash"}
    cashier.send(f"/loans/{loan_id}/receipt", **money, payer="borrower")
    cashier.get(f"/loans/{loan_id}/refund")
    refund = {"amount": "100", "on": DAY, "channel": "cash", "reason": "Paid too much."}
    cashier.send(f"/loans/{loan_id}/refund", **refund)
    assert "Waits to be confirmed" in cashier.page
    manager.get("/confirmations")
    manager.send("/confirmations/endings/1", answer="decline")
    assert "Give the reason" in manager.page
    manager.send("/confirmations/endings/1", answer="confirm")
    assert "Credit paid back" in manager.page
