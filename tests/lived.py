"""A book that has lived: a row in each table of facts, by the acts that write them."""

from datetime import date
from pathlib import Path

from sqlalchemy import insert

from aim_loans.borrowers.details import PersonDetails
from aim_loans.borrowers.operations import ChangePerson, change_person
from aim_loans.db.bulk import next_ids
from aim_loans.db.engine import Writing, writing
from aim_loans.identity.operations import (
    HEAD_OFFICE_CHAIN,
    AddBranch,
    AddStaff,
    add_staff,
    begin_act,
    seal_act,
)
from aim_loans.identity.permissions import Role
from aim_loans.identity.second_factor import ResetFactor, reset_factor
from aim_loans.identity.sign_in import SetPassword, set_password
from aim_loans.intake.models import data_gap
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import loan_dimension
from aim_loans.loans.operations import change_dimensions
from aim_loans.loans.queries import loan_id_of
from aim_loans.origination.setting_requests import DeclineSetting, decline_setting
from aim_loans.repayment.endings import EndLoan, RefundCredit, refund_credit, waive, write_off
from aim_loans.repayment.operations import (
    ApplyMoney,
    CancelReceipt,
    ReceiveMoney,
    RecordReceipt,
    apply_money,
    cancel_receipt,
    receive_money,
    record_receipt,
)
from aim_loans.repayment.requests import AskToCancel, ask_to_cancel
from aim_loans.repayment.visits import RecordVisit, record_visit
from tests.book import (
    AUDIT_KEY,
    CASHIER,
    HEAD_OFFICE,
    MANAGER,
    SHELL,
    TODAY,
    Book,
    ask_for_a_fee,
    ask_to_waive,
    backdate_receipts,
    close_a_month,
    complain,
    issue_a_report,
    issue_files,
    post_the_allowance,
    use_a_second_factor,
)
from tests.branch import Branch, attach_a_card
from tests.joint import live_with_smeda
from tests.joint_report import ReportOnItsWay

PRINCIPAL = 10_000_00


def live(book: Book, files: Path) -> None:
    """Write a row into each table of facts.

    L1 active, with a receipt, a cancelled one and money half applied; L2 written off with a
    recovery; L3 waived with credit, refunded; L4 agreed on; L5 closed by one receipt; L6 a
    second one of the borrower of L1, backdated and moved to another branch.
    """
    for ref in ("L1", "L2", "L3", "L5"):
        book.open_loan(ref, principal=PRINCIPAL, months=10)
    book.open_loan("L4", principal=PRINCIPAL, months=10, pay_out=False)
    book.open_loan("L6", borrower=1)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        _live_at_the_counter(tx)
        _end_loans(tx)
        _live_in_the_office(tx)
        _transfer(tx, "L6")
    branch = Branch(book)
    asked = branch.approved()
    branch.pay_by("cheque", "001234", asked)
    branch.live()
    ask_to_waive(book, 1)
    close_a_month(book)
    post_the_allowance(book)
    issue_a_report(book)
    attach_a_card(book, branch.person("Nasreen"))
    live_with_smeda(book, branch.read(asked).borrower_id, asked)
    ReportOnItsWay(book, files).walk()
    book.cut()


def _live_at_the_counter(tx: Writing) -> None:
    """Take receipts, cancel one, apply some money, backdate a receipt, and visit."""
    _receive(tx, "L1", 500_00)
    wrong = _receive(tx, "L1", 700_00)
    ask_to_cancel(tx, AskToCancel(wrong, "typed twice"), actor=CASHIER)
    command = CancelReceipt(wrong, "typed twice")
    cancel_receipt(tx, command, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)
    loose = ReceiveMoney("LHR-01", "general", 1_000_00, TODAY, "cash")
    waiting = receive_money(tx, loose, actor=CASHIER, today=TODAY)
    apply_money(tx, ApplyMoney(waiting.id, "L1", 400_00), actor=MANAGER)
    _receive(tx, "L5", PRINCIPAL)
    promise = RecordVisit(1, TODAY, "promised", "family", TODAY, 900_00, "after the harvest")
    record_visit(tx, promise, actor=MANAGER, today=TODAY)
    backdate_receipts(tx, "L6")


def _end_loans(tx: Writing) -> None:
    """Write one loan off and waive another; money comes in for both, and some goes back."""
    write_off(tx, EndLoan("L2", TODAY, "lost"), actor=HEAD_OFFICE, today=TODAY)
    _receive(tx, "L2", 300_00)
    waive(tx, EndLoan("L3", TODAY, "death"), actor=HEAD_OFFICE, today=TODAY)
    _receive(tx, "L3", 200_00)
    back = RefundCredit("L3", 50_00, TODAY, "cash")
    refund_credit(tx, back, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)


def _live_in_the_office(tx: Writing) -> None:
    """Hire somebody, decline a fee, record a complaint, issue files, change a borrower."""
    add_staff(tx, AddStaff("amina", "Amina", Role.CASHIER, TODAY), actor=SHELL)
    set_password(tx, SetPassword("amina", temporary=True), "a lamp in the rain", actor=SHELL)
    use_a_second_factor(tx, "amina")
    reset_factor(tx, ResetFactor("amina"), actor=HEAD_OFFICE)
    ask_for_a_fee(tx)
    decline_setting(tx, DeclineSetting(1, "not decided"), actor=HEAD_OFFICE)
    complain(tx)
    issue_files(tx)
    named = PersonDetails(name="Borrower of the first loan", gender="female")
    change_person(tx, ChangePerson(1, named, "LHR-01"), actor=MANAGER, today=TODAY)


def _transfer(tx: Writing, ref: str) -> None:
    """Move a loan to another branch, and note a gap of it."""
    this = begin_act(
        tx,
        kind="change",
        command=AddBranch("x", "x"),
        actor=HEAD_OFFICE,
        subject=f"loan {ref}",
        chain=HEAD_OFFICE_CHAIN,
    )
    moved = {"branch_code": "MUL-01"}
    loan_id = loan_id_of(tx.connection, ref)
    change_dimensions(tx, this, loan_id, moved, from_on=date(2025, 6, 1), today=TODAY)
    gap = {"loan_ref": ref, "field": "cnic", "reason": "missing", "act_id": this.id}
    gap |= {"id": next_ids(tx.connection, data_gap, 1)[0], "recorded_at": tx.now}
    tx.connection.execute(insert(data_gap).values(**gap))
    seal_act(tx, this, (loan_dimension, journal_line, data_gap))


def _receive(tx: Writing, ref: str, amount: int) -> int:
    command = RecordReceipt(ref, amount, TODAY, "cash")
    taken = record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=2)
    return taken.receipt.id
