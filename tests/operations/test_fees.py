"""The application's fee: at cost, once, its own receipts and account, never part of the loan."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from aim_loans.cash.models import money_in
from aim_loans.checks.run import CHECKS
from aim_loans.db.engine import reading
from aim_loans.errors import NotAllowed, Refused
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.permissions import Role
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import loan_position
from aim_loans.origination.committee import Step
from aim_loans.origination.fees import TakeFee, fee_of, take_fee
from aim_loans.repayment.operations import ApplyMoney, apply_money
from aim_loans.repayment.requests import AskToCancel, ask_to_cancel, confirm_cancelling
from tests.book import SHELL, TODAY, Book
from tests.branch import CASHIER, MANAGER, STRANGER, Branch

ZONE = ZoneInfo("Asia/Karachi")


@pytest.fixture
def branch(sqlite_book: Book) -> Branch:
    return Branch(sqlite_book)


def posted(branch: Branch) -> list[tuple[str, str, int]]:
    with reading(branch.book.engine) as connection:
        rows = connection.execute(
            select(journal_line.c.debit, journal_line.c.credit, journal_line.c.amount)
            .where(journal_line.c.source == "money_in")
            .order_by(journal_line.c.id)
        )
        return [(row.debit, row.credit, row.amount) for row in rows]


def faults(branch: Branch) -> list[str]:
    with reading(branch.book.engine) as connection:
        return [fault for check in CHECKS.values() for fault in check(connection, ZONE)]


def test_the_fee_has_its_own_receipt_and_account_and_leaves_the_loan_whole(branch: Branch) -> None:
    asked = branch.approved()
    taken = branch.take_fee(asked)
    assert (taken.number, taken.amount) == ("LHR-01/F/2025/000001", 200_00)
    assert posted(branch) == [("cash_with_officer", "fee_income", 200_00)]
    loan_id = branch.pay(asked)
    with reading(branch.book.engine) as connection:
        wanted = select(loan_position.c.outstanding).where(loan_position.c.loan_id == loan_id)
        assert connection.execute(wanted).scalar() == 50_000_00
    assert faults(branch) == []


def test_it_is_taken_once_and_counts_once(branch: Branch) -> None:
    asked = branch.approved()
    first = branch.take_fee(asked, key="k")
    assert branch.take_fee(asked, key="k").id == first.id
    with pytest.raises(Refused, match="It is taken once"):
        branch.take_fee(asked)
    assert len(posted(branch)) == 1


def test_a_cancelled_fee_goes_back_and_may_be_taken_again(book: Book) -> None:
    branch = Branch(book)
    asked = branch.approved()
    taken = branch.take_fee(asked)
    cashier = AddStaff(CASHIER.name, "Cashier", Role.CASHIER, TODAY, branch_code="LHR-01")
    branch.do_now(add_staff, cashier, SHELL)
    branch.do_now(ask_to_cancel, AskToCancel(taken.id, "typed twice"), CASHIER)
    branch.do(confirm_cancelling, 1, MANAGER)
    with reading(branch.book.engine) as connection:
        assert fee_of(connection, asked) is None
    assert posted(branch)[1] == ("fee_income", "cash_with_officer", 200_00)
    assert branch.take_fee(asked).number == "LHR-01/F/2025/000002"
    assert faults(branch) == []


def test_a_fee_pays_no_loan(branch: Branch) -> None:
    asked = branch.approved()
    taken = branch.take_fee(asked)
    branch.pay(asked)
    with pytest.raises(Refused, match="pays no loan"):
        branch.do_now(apply_money, ApplyMoney(taken.id, f"LHR-01-L{asked:06d}", 100_00), MANAGER)


def test_after_the_end_no_fee_is_taken(branch: Branch) -> None:
    paid = branch.approved()
    branch.pay(paid)
    rejected = branch.enter(branch.person("Amna"))
    branch.vote(rejected, MANAGER, Step.REJECTED)
    for asked in (paid, rejected):
        with pytest.raises(Refused, match="has ended"):
            branch.take_fee(asked)
    assert posted(branch) == []


def test_another_branch_and_money_without_its_reference_are_refused(branch: Branch) -> None:
    asked = branch.enter(branch.person("Bushra"))
    with pytest.raises(NotAllowed):
        branch.take_fee(asked, STRANGER)
    with pytest.raises(Refused, match="needs its reference"):
        branch.do(take_fee, TakeFee(application_id=asked, channel="raast"), CASHIER)
    with pytest.raises(Refused, match="no channel"):
        branch.do(take_fee, TakeFee(application_id=asked, channel="gold"), CASHIER)


def test_a_fee_written_beside_the_software_is_found(branch: Branch) -> None:
    asked = branch.approved()
    branch.take_fee(asked)
    with branch.book.engine.begin() as connection:
        money = connection.execute(select(money_in)).mappings().one()
        other = dict(money) | {"id": money["id"] + 1, "number": money["number"] + 1}
        connection.execute(money_in.insert().values(**other))
    found = " ".join(faults(branch))
    assert "do not go together" in found
    assert "numbers do not fit" in found
    assert "journal entry is missing" in found
