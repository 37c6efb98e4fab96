"""Many clerks at once: numbers without gaps, true positions, no deadlock, no locked database."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Connection, func, select

from aim_loans.borrowers.referrals import Refer, refer
from aim_loans.cash import queries as cash_queries
from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.queries import Receipt
from aim_loans.checks.run import verify_book
from aim_loans.db.engine import Writing, cutting, reading, writing
from aim_loans.errors import Conflict, Refused
from aim_loans.identity.models import audit_chain, audit_entry
from aim_loans.identity.operations import (
    AddBranch,
    AddStaff,
    TakeCut,
    add_staff,
    begin_branch_act,
    seal_act,
    take_cut,
)
from aim_loans.identity.permissions import Role
from aim_loans.identity.queries import branches_within, require_area
from aim_loans.identity.staff import GiveRole, give_role, open_branch
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import loan_dimension, loan_fact, loan_position
from aim_loans.loans.operations import change_dimensions
from aim_loans.mou.applying import NameReferral, name_referral
from aim_loans.mou.signing import ConfirmPart, confirm_part
from aim_loans.mou.supporting import UndoSupport, undo_support
from aim_loans.mou.trainings import PlanTraining, plan_training
from aim_loans.origination.operations import Disburse, disburse
from aim_loans.origination.payout import PayOut, pay_out
from aim_loans.portfolio.feeder.issuing import AskFile, DeclineFile, ask_file, decline_file
from aim_loans.portfolio.reopening import AskToReopen, ask_to_reopen
from aim_loans.repayment.backdating import (
    DeclineBackdating,
    PermitBackdating,
    ask_backdating,
    decline_backdating,
    permit_backdating,
)
from aim_loans.repayment.endings import (
    CancelFact,
    EndLoan,
    RefundCredit,
    cancel_fact,
    refund_credit,
    write_off,
)
from aim_loans.repayment.operations import (
    ApplyMoney,
    CancelReceipt,
    MoveMoney,
    ReceiveMoney,
    Recorded,
    RecordReceipt,
    apply_money,
    cancel_receipt,
    move_money,
    receive_money,
    record_receipt,
)
from tests.book import (
    AUDIT_KEY,
    CASHIER,
    HEAD_OFFICE,
    MANAGER,
    SECOND_AT_HEAD_OFFICE,
    SHELL,
    TODAY,
    Book,
    Ticking,
    ask_for_a_fee,
)
from tests.branch import OFFICER, Branch
from tests.joint import LHR, ZONE, JointWork

CLERKS = 20
PATIENCE = 120  # seconds: far longer than any of this takes, and than a deadlock is noticed
AMINA = AddStaff("amina", "Amina", Role.CASHIER, TODAY)

Deed = Callable[[], Any]


class SharedClock(Ticking):
    """A clock that many threads may look at: each look is later than the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def __call__(self) -> Any:
        with self.lock:
            return super().__call__()


@pytest.fixture
def busy(book: Book) -> Iterator[Book]:
    """An open book for many; what they leave behind must be sound."""
    book.clock = SharedClock()
    yield book
    with reading(book.engine) as connection:
        outcomes = verify_book(connection, zone=ZONE, audit_key=AUDIT_KEY)
        assert [outcome for outcome in outcomes if outcome.faults] == []
        assert numbers_given(connection) == {
            (row.branch_code, row.series): list(range(1, row.last_number + 1))
            for row in connection.execute(select(number_series))
        }
        entries = select(audit_entry.c.chain, func.count()).group_by(audit_entry.c.chain)
        heads = select(audit_chain.c.name, audit_chain.c.last_number)
        assert dict(map(tuple, connection.execute(entries))) == dict(
            map(tuple, connection.execute(heads))
        )


def numbers_given(connection: Any) -> dict[tuple[str, str], list[int]]:
    rows = connection.execute(
        select(number_series.c.branch_code, number_series.c.series, money_in.c.number)
        .join(money_in, money_in.c.series_id == number_series.c.id)
        .order_by(money_in.c.number)
    )
    given: dict[tuple[str, str], list[int]] = {}
    for branch, series, number in rows:
        given.setdefault((branch, series), []).append(number)
    return given


def together(*deeds: Deed) -> list[Any]:
    """Do all at the same moment, each in a thread; give the answers, or what was raised."""
    answers: list[Any] = [None] * len(deeds)
    gate = threading.Barrier(len(deeds))

    def do(place: int, deed: Deed) -> None:
        gate.wait()
        try:
            answers[place] = deed()
        except Exception as error:  # whatever it is, the test looks at it
            answers[place] = error

    threads = [
        threading.Thread(target=do, args=(place, deed), daemon=True)
        for place, deed in enumerate(deeds)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "somebody still waits"
    unexpected = [
        answer
        for answer in answers
        if isinstance(answer, Exception) and not isinstance(answer, Refused)
    ]
    assert unexpected == []
    return answers


def outcomes(answers: Sequence[Any]) -> Counter[str]:
    """Count what became of all: done, or the kind of refusal."""
    return Counter(
        type(answer).__name__ if isinstance(answer, Exception) else "done" for answer in answers
    )


def within(book: Book, deed: Callable[[Writing], Any]) -> Deed:
    """Make a deed of one transaction."""

    def do() -> Any:
        with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
            return deed(tx)

    return do


def receipt(book: Book, command: RecordReceipt, *, key: str | None = None) -> Deed:
    return within(
        book,
        lambda tx: record_receipt(
            tx, command, actor=CASHIER, today=TODAY, backdating_days=2, key=key
        ),
    )


def cash(ref: str, amount: int = 100_00, *, branch: str | None = None) -> RecordReceipt:
    return RecordReceipt(ref, amount, TODAY, "cash", branch=branch)


def raast(ref: str, reference: str, *, branch: str | None = None) -> RecordReceipt:
    return RecordReceipt(ref, 100_00, TODAY, "raast", "HBL", reference, branch=branch)


def apply(book: Book, money: int, ref: str, amount: int) -> Deed:
    command = ApplyMoney(money, ref, amount)
    return within(book, lambda tx: apply_money(tx, command, actor=MANAGER))


def move(book: Book, fact: int, ref: str) -> Deed:
    command = MoveMoney(fact, ref, "wrong loan")
    return within(book, lambda tx: move_money(tx, command, actor=MANAGER))


def cancellation(book: Book, money: int) -> Deed:
    command = CancelReceipt(money, "typed twice")
    return within(
        book,
        lambda tx: cancel_receipt(tx, command, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY),
    )


def refund(book: Book, ref: str, amount: int) -> Deed:
    command = RefundCredit(ref, amount, TODAY, "cash")
    return within(
        book,
        lambda tx: refund_credit(tx, command, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY),
    )


def loose_money(book: Book, amount: int, *, branch: str = "LHR-01") -> int:
    command = ReceiveMoney(branch, "general", amount, TODAY, "cash")
    deed = within(book, lambda tx: receive_money(tx, command, actor=CASHIER, today=TODAY))
    return int(deed().id)


def position(book: Book, loan_id: int) -> Any:
    with reading(book.engine) as connection:
        wanted = select(loan_position).where(loan_position.c.loan_id == loan_id)
        return connection.execute(wanted).one()


def count(book: Book, *where: ColumnElement[bool]) -> int:
    return book.count(money_in, *where)


def fact_of(book: Book, money: int) -> int:
    with reading(book.engine) as connection:
        wanted = select(loan_fact.c.id).where(loan_fact.c.money_in_id == money)
        return int(connection.execute(wanted).scalar_one())


def test_twenty_clerks_on_one_loan(busy: Book) -> None:
    loan_id = busy.open_loan("L1")
    answers = together(*[receipt(busy, cash("L1", 100_00 + n)) for n in range(CLERKS)])
    assert outcomes(answers) == {"done": CLERKS}
    assert len({answer.receipt.number for answer in answers}) == CLERKS
    paid = CLERKS * 100_00 + sum(range(CLERKS))
    assert position(busy, loan_id).applied == paid
    # Each clerk saw a balance of a moment: no two saw the same.
    assert len({answer.outstanding for answer in answers}) == CLERKS
    assert min(answer.outstanding for answer in answers) == 50_000_00 - paid


def test_twenty_clerks_at_one_branch(busy: Book) -> None:
    ids = [busy.open_loan(f"L{n}") for n in range(CLERKS)]
    answers = together(*[receipt(busy, cash(f"L{n}")) for n in range(CLERKS)])
    assert outcomes(answers) == {"done": CLERKS}
    numbers = sorted(answer.receipt.number for answer in answers)
    assert numbers == [f"LHR-01/R/2025/{n:06d}" for n in range(1, CLERKS + 1)]
    assert {position(busy, loan_id).applied for loan_id in ids} == {100_00}


def test_branches_in_parallel_each_count_for_themselves(busy: Book) -> None:
    branches = ("LHR-01", "MUL-01", "KHI-01")
    for n in range(21):
        busy.open_loan(f"L{n}", branch=branches[n % 3])
    answers = together(*[receipt(busy, cash(f"L{n}")) for n in range(21)])
    assert outcomes(answers) == {"done": 21}
    assert Counter(answer.receipt.branch_code for answer in answers) == dict.fromkeys(branches, 7)


def test_loans_and_branches_crosswise(busy: Book) -> None:
    """Loans of one branch paid at another, both ways at once, on two loans."""
    busy.open_loan("L1", branch="LHR-01")
    busy.open_loan("L2", branch="MUL-01")
    deeds = [
        receipt(busy, cash(f"L{1 + n % 2}", branch=("LHR-01", "MUL-01", "KHI-01")[n % 3]))
        for n in range(CLERKS)
    ]
    assert outcomes(together(*deeds)) == {"done": CLERKS}


def test_one_key_from_twenty_clerks_is_one_receipt(busy: Book) -> None:
    loan_id = busy.open_loan("L1")
    answers = together(*[receipt(busy, cash("L1"), key="form 1") for _ in range(CLERKS)])
    assert outcomes(answers) == {"done": CLERKS}
    assert Counter(answer.repeated for answer in answers) == {False: 1, True: CLERKS - 1}
    assert len({answer.receipt for answer in answers}) == 1
    assert count(busy) == 1
    assert position(busy, loan_id).applied == 100_00


def test_one_key_for_different_commands_is_one_receipt_and_conflicts(busy: Book) -> None:
    for n in range(CLERKS):
        busy.open_loan(f"L{n}", branch=("LHR-01", "MUL-01")[n % 2])
    answers = together(*[receipt(busy, cash(f"L{n}"), key="form 1") for n in range(CLERKS)])
    assert outcomes(answers) == {"done": 1, "Conflict": CLERKS - 1}
    assert count(busy) == 1


@pytest.mark.parametrize("branches", [("LHR-01",), ("LHR-01", "MUL-01", "KHI-01")])
def test_one_reference_comes_in_once(busy: Book, branches: Sequence[str]) -> None:
    for n in range(CLERKS):
        busy.open_loan(f"L{n}")
    deeds = [
        receipt(busy, raast(f"L{n}", "R-77", branch=branches[n % len(branches)]))
        for n in range(CLERKS)
    ]
    answers = together(*deeds)
    assert outcomes(answers) == {"done": 1, "Conflict": CLERKS - 1}
    assert all("R-77" in str(a) for a in answers if isinstance(a, Conflict))
    assert count(busy) == 1


def test_a_receipt_is_cancelled_once(busy: Book) -> None:
    loan_id = busy.open_loan("L1")
    first: Recorded = receipt(busy, cash("L1"))()
    answers = together(*[cancellation(busy, first.receipt.id) for _ in range(CLERKS)])
    assert outcomes(answers) == {"done": 1, "Refused": CLERKS - 1}
    assert position(busy, loan_id).applied == 0


def test_reversals_and_receipts_on_one_loan(busy: Book) -> None:
    loan_id = busy.open_loan("L1", principal=1_000_00, months=10)
    standing = [receipt(busy, cash("L1"))().receipt.id for _ in range(CLERKS // 2)]
    deeds = [cancellation(busy, money) for money in standing]
    deeds += [receipt(busy, cash("L1", 150_00)) for _ in range(CLERKS // 2)]
    assert outcomes(together(*deeds)) == {"done": CLERKS}
    after = position(busy, loan_id)
    assert (after.applied, after.outstanding) == (1_500_00, 0)


def test_one_credit_is_refunded_once(busy: Book) -> None:
    loan_id = busy.open_loan("L1", principal=1_000_00, months=10)
    receipt(busy, cash("L1", 1_300_00))()
    answers = together(*[refund(busy, "L1", 300_00) for _ in range(6)])
    assert outcomes(answers) == {"done": 1, "Refused": 5}
    assert position(busy, loan_id).refunded == 300_00


def test_a_refund_against_the_cancellation_of_what_it_pays_back(busy: Book) -> None:
    loan_id = busy.open_loan("L1", principal=1_000_00, months=10)
    above: Recorded = receipt(busy, cash("L1", 1_300_00))()
    answers = together(refund(busy, "L1", 300_00), cancellation(busy, above.receipt.id))
    assert outcomes(answers) == {"done": 1, "Refused": 1}
    after = position(busy, loan_id)
    assert (after.applied, after.refunded) in [(1_300_00, 300_00), (0, 0)]


def test_the_rest_of_one_money_is_applied_once(busy: Book) -> None:
    for n in range(CLERKS):
        busy.open_loan(f"L{n}")
    money = loose_money(busy, 1_000_00)
    apply(busy, money, "L0", 400_00)()
    answers = together(*[apply(busy, money, f"L{n}", 600_00) for n in range(CLERKS)])
    assert outcomes(answers) == {"done": 1, "Refused": CLERKS - 1}


def test_parts_of_one_money_never_exceed_it(busy: Book) -> None:
    ids = [busy.open_loan(f"L{n}") for n in range(CLERKS)]
    money = loose_money(busy, 1_000_00)
    answers = together(*[apply(busy, money, f"L{n}", 70_00) for n in range(CLERKS)])
    assert outcomes(answers) == {"done": 14, "Refused": CLERKS - 14}
    assert sum(position(busy, loan_id).applied for loan_id in ids) == 14 * 70_00


def test_money_is_moved_once_and_loans_are_locked_in_one_order(busy: Book) -> None:
    ids = [busy.open_loan(f"L{n}") for n in range(4)]
    facts = [fact_of(busy, receipt(busy, cash(f"L{n % 4}"))().receipt.id) for n in range(8)]
    deeds = [move(busy, fact, f"L{(n + 1) % 4}") for n, fact in enumerate(facts)]
    deeds += [move(busy, fact, f"L{(n + 3) % 4}") for n, fact in enumerate(facts)]
    assert outcomes(together(*deeds)) == {"done": 8, "Refused": 8}
    assert sum(position(busy, loan_id).applied for loan_id in ids) == 8 * 100_00


def test_a_move_against_the_cancellation_of_the_receipt(busy: Book) -> None:
    ids = [busy.open_loan(f"L{n}") for n in range(4)]
    receipts = [receipt(busy, cash("L0"))().receipt.id for _ in range(5)]
    deeds = [move(busy, fact_of(busy, money), "L3") for money in receipts]
    deeds += [cancellation(busy, money) for money in receipts]
    answers = together(*deeds)
    assert all(not isinstance(answer, Exception) for answer in answers[5:])
    assert sum(position(busy, loan_id).applied for loan_id in ids) == 0


def test_who_wants_the_same_money_and_the_same_loan_never_waits_for_ever(
    busy: Book, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancellation that has looked but not locked, an application, and one more behind it."""
    loan_id = busy.open_loan("L1")
    money = loose_money(busy, 1_000_00)
    looked, applied, locked = threading.Event(), threading.Event(), threading.Event()
    real = cash_queries.receipt

    def in_turn(connection: Connection, money_in_id: int, *, lock: bool = False) -> Receipt:
        role = threading.current_thread().name if lock else ""
        if role == "cancel":
            looked.set()
            applied.wait(PATIENCE)
        if role == "second":
            locked.wait(PATIENCE)
        taken = real(connection, money_in_id, lock=lock)
        if role == "cancel":
            locked.set()
        return taken

    def named(role: str, deed: Deed) -> Deed:
        def do() -> Any:
            threading.current_thread().name = role
            return deed()

        return do

    def first() -> Any:
        looked.wait(PATIENCE)
        try:
            return apply(busy, money, "L1", 10_00)()
        finally:
            applied.set()

    # SQLite has one writer at a time: there nobody can come in between.
    if database_kind == "postgresql":
        monkeypatch.setattr("aim_loans.repayment.operations.receipt", in_turn)
    else:
        looked.set()

    def second() -> Any:
        applied.wait(PATIENCE)
        return apply(busy, money, "L1", 20_00)()

    deeds = [named("cancel", cancellation(busy, money)), first, named("second", second)]
    answers = together(*deeds)
    assert not isinstance(answers[0], Exception)
    assert position(busy, loan_id).applied == 0


def test_a_loan_is_paid_out_once(busy: Book) -> None:
    loan_id = busy.open_loan("L1", pay_out=False)
    command = Disburse("L1", date(2025, 1, 8), "cash")
    deed = within(busy, lambda tx: disburse(tx, command, actor=MANAGER, today=TODAY))
    assert outcomes(together(*[deed] * 6)) == {"done": 1, "Refused": 5}
    assert position(busy, loan_id).disbursed == 50_000_00


def test_a_write_off_among_receipts_takes_the_rest(busy: Book) -> None:
    loan_id = busy.open_loan("L1", principal=1_000_00, months=10)
    command = EndLoan("L1", TODAY, "lost")
    ending = within(busy, lambda tx: write_off(tx, command, actor=HEAD_OFFICE, today=TODAY))
    deeds = [receipt(busy, cash("L1", 60_00)) for _ in range(12)]
    assert outcomes(together(ending, *deeds)) == {"done": 13}
    after = position(busy, loan_id)
    assert after.applied + after.written_off == 1_000_00
    assert after.applied + after.recovered == 12 * 60_00


def test_a_fact_is_taken_back_once(busy: Book) -> None:
    loan_id = busy.open_loan("L1")
    command = EndLoan("L1", TODAY, "lost")
    within(busy, lambda tx: write_off(tx, command, actor=HEAD_OFFICE, today=TODAY))()
    with reading(busy.engine) as connection:
        wanted = select(loan_fact.c.id).where(loan_fact.c.kind == "write_off")
        fact_id = connection.execute(wanted).scalar_one()
    back = CancelFact(fact_id, "a mistake")
    deed = within(busy, lambda tx: cancel_fact(tx, back, asked_by=CASHIER, confirmed_by=MANAGER))
    assert outcomes(together(*[deed] * 6)) == {"done": 1, "Refused": 5}
    assert position(busy, loan_id).outstanding == 50_000_00


def test_a_request_for_a_file_of_people_is_answered_once(busy: Book) -> None:
    asked = AskFile("programme_report", date(2026, 2, 28), "letter of the owner")
    within(busy, lambda tx: ask_file(tx, asked, actor=HEAD_OFFICE))()
    written = threading.Event()

    def decline(tx: Writing) -> None:
        decline_file(tx, DeclineFile(1, "not needed"), actor=SECOND_AT_HEAD_OFFICE)
        written.set()
        time.sleep(0.3)

    def afterwards() -> None:
        written.wait(PATIENCE)
        within(busy, decline)()

    answers = together(within(busy, decline), afterwards)
    assert outcomes(answers) == {"done": 1, "Refused": 1}


def transfer(book: Book, loan_id: int, branch: str, on: date) -> Deed:
    def do(tx: Writing) -> None:
        this = begin_branch_act(
            tx,
            kind="transfer",
            command=EndLoan(str(loan_id), on, branch),
            actor=HEAD_OFFICE,
            subject=f"loan {loan_id}",
            branch_code=branch,
        )
        change_dimensions(tx, this, loan_id, {"branch_code": branch}, from_on=on, today=TODAY)
        seal_act(tx, this, (loan_dimension, journal_line))

    return within(book, do)


def test_transfers_among_receipts_carry_the_whole_balance(busy: Book) -> None:
    loan_id = busy.open_loan("L1")
    branches = ("LHR-01", "MUL-01", "KHI-01")
    deeds = [transfer(busy, loan_id, branches[n % 3], date(2026, 1, 1 + n)) for n in range(6)]
    deeds += [receipt(busy, cash("L1")) for _ in range(14)]
    assert outcomes(together(*deeds)) == {"done": CLERKS}
    assert position(busy, loan_id).applied == 14 * 100_00


def test_what_a_cut_knew_it_knows_for_ever(busy: Book) -> None:
    for n in range(8):
        busy.open_loan(f"L{n}")
    recorded = select(func.count(), func.sum(loan_fact.c.amount))

    def cut() -> Any:
        with cutting(busy.engine, audit_key=AUDIT_KEY, clock=busy.clock) as tx:
            known_at = take_cut(tx, TakeCut("test"), actor=HEAD_OFFICE)
            return known_at, tuple(tx.connection.execute(recorded).one())

    deeds = [receipt(busy, cash(f"L{n % 8}")) for n in range(16)]
    answers = together(cut, *deeds[:8], cut, *deeds[8:], cut)
    cuts = [answer for answer in answers if isinstance(answer, tuple)]
    assert len(cuts) == 3
    with reading(busy.engine) as connection:
        for known_at, then in cuts:
            known = recorded.where(loan_fact.c.recorded_at <= known_at)
            assert tuple(connection.execute(known).one()) == then


def test_whoever_reads_meanwhile_sees_whole_receipts(busy: Book) -> None:
    """In every snapshot the control account is the sum of the positions."""
    for n in range(4):
        busy.open_loan(f"L{n}")
    differences: list[tuple[int, int]] = []

    def read() -> None:
        for _ in range(20):
            with reading(busy.engine) as connection:
                lines = connection.execute(select(journal_line)).all()
                held = select(func.sum(loan_position.c.outstanding))
                outstanding = int(connection.execute(held).scalar_one())
            debits = sum(line.amount for line in lines if line.debit == "loans")
            credits = sum(line.amount for line in lines if line.credit == "loans")
            if debits - credits != outstanding:
                differences.append((debits - credits, outstanding))

    together(read, read, *[receipt(busy, cash(f"L{n % 4}")) for n in range(CLERKS)])
    assert differences == []


def test_what_many_ask_for_at_once_waits_once(busy: Book) -> None:
    """The same file, the same dated rule, the same month, the same part of a joint report."""
    month = date(2026, 2, 28)
    busy.close(month)
    file = AskFile("programme_report", month, "letter of the owner")
    reopen, part = AskToReopen(month, "a receipt was forgotten"), ConfirmPart("2026-02")
    asks: list[Callable[[Writing], Any]] = [
        lambda tx: ask_file(tx, file, actor=HEAD_OFFICE),
        ask_for_a_fee,
        lambda tx: ask_to_reopen(tx, reopen, actor=HEAD_OFFICE),
        lambda tx: confirm_part(tx, part, actor=HEAD_OFFICE, today=TODAY),
    ]
    for ask in asks:
        answers = together(*[within(busy, ask) for _ in range(6)])
        assert outcomes(answers) == {"done": 1, "Refused": 5}
        refused = {str(answer) for answer in answers if isinstance(answer, Refused)}
        assert all("already" in sentence for sentence in refused)


def test_a_borrower_of_two_approved_applications_is_paid_one(busy: Book) -> None:
    branch = Branch(busy)
    borrower = branch.person("Bushra")
    payouts = [PayOut(application_id=branch.approved(borrower), channel="cash") for _ in range(2)]

    def pay(command: PayOut) -> Deed:
        return within(busy, lambda tx: pay_out(tx, command, actor=CASHIER, today=TODAY))

    answers = together(*[pay(command) for command in payouts * 3])
    assert outcomes(answers) == {"done": 1, "Refused": 5}


def test_a_cheque_that_many_pay_out_with_pays_one_loan_out(busy: Book) -> None:
    branch = Branch(busy)
    payouts = [
        PayOut(
            application_id=branch.approved(branch.person(f"Borrower {number}")),
            channel="cheque",
            reference="001234",
        )
        for number in range(4)
    ]

    def pay(command: PayOut) -> Deed:
        return within(busy, lambda tx: pay_out(tx, command, actor=CASHIER, today=TODAY))

    answers = together(*[pay(command) for command in payouts])
    assert outcomes(answers) == {"done": 1, "Conflict": 3}
    refused = {str(answer) for answer in answers if isinstance(answer, Conflict)}
    assert all("001234 (cheque)" in sentence for sentence in refused)


def test_what_is_done_once_of_the_joint_work_is_done_once_by_many(busy: Book) -> None:
    """Help taken back, a referral named by one application, one file of SMEDA, one role."""
    work, branch = JointWork(busy), Branch(busy)
    borrower = branch.person("Bushra")
    helped = UndoSupport(work.help("advice", work.enterprise(borrower)), "typed twice")
    sent = work.refer(borrower, smeda_code="S-1")
    named = [NameReferral(branch.enter(borrower, submit=False), sent) for _ in range(2)]
    role = GiveRole("amina", Role.BRANCH_MANAGER, TODAY, branch_code="LHR-01")
    within(busy, lambda tx: add_staff(tx, AMINA, actor=SHELL))()

    def name(command: NameReferral) -> Deed:
        return within(
            busy, lambda tx: name_referral(tx, command, actor=OFFICER, today=TODAY, zone=ZONE)
        )

    for deeds in (
        [within(busy, lambda tx: undo_support(tx, helped, actor=OFFICER))] * 4,
        [name(command) for command in named * 2],
        [within(busy, lambda tx: give_role(tx, role, actor=HEAD_OFFICE, today=TODAY))] * 4,
    ):
        answers = together(*deeds)
        assert sum(not isinstance(answer, Exception) for answer in answers) == 1
    files = together(*[lambda: work.send_referrals("S-9,,Lahore,2026-02-01,")] * 4)
    assert Counter((each.added, each.already_there) for each in files) == {(1, 0): 1, (0, 1): 3}


def random_deed(book: Book, chance: random.Random) -> Deed:
    """Choose one of all deeds, on few loans and few receipts, so that they meet."""
    ref = f"L{chance.randrange(4)}"
    with reading(book.engine) as connection:
        money = list(
            connection.execute(
                select(money_in.c.id).where(money_in.c.reverses_id.is_(None))
            ).scalars()
        )
        facts = list(
            connection.execute(
                select(loan_fact.c.id).where(loan_fact.c.money_in_id.is_not(None))
            ).scalars()
        )
    branch = chance.choice(["LHR-01", "MUL-01"])
    kinds: list[Callable[[], Deed]] = [
        lambda: receipt(book, cash(ref, 10_00, branch=branch)),
        lambda: apply(book, chance.choice(money), ref, 10_00),
        lambda: move(book, chance.choice(facts), ref),
        lambda: cancellation(book, chance.choice(money)),
        lambda: refund(book, ref, 1_00),
    ]
    return chance.choices(kinds, [3, 4, 4, 2, 1])[0]()


def test_a_storm_of_all_deeds_ends_in_a_sound_book(busy: Book) -> None:
    for n in range(4):
        busy.open_loan(f"L{n}", principal=1_000_00, months=10, branch=("LHR-01", "MUL-01")[n % 2])
    for n in range(4):
        apply(busy, loose_money(busy, 100_00, branch=("LHR-01", "MUL-01")[n % 2]), f"L{n}", 50_00)()

    def clerk(number: int) -> Counter[str]:
        chance = random.Random(number)
        done: Counter[str] = Counter()
        for _ in range(15):
            try:
                random_deed(busy, chance)()
            except Refused:
                done["refused"] += 1
            else:
                done["done"] += 1
        return done

    def work(number: int) -> Deed:
        return lambda: clerk(number)

    total: Counter[str] = sum(together(*map(work, range(8))), Counter())
    assert total.total() == 120
    assert total["done"] > 30


def test_two_who_write_one_code_of_smeda_at_once_are_told_apart(busy: Book) -> None:
    branch = Branch(busy)
    people = [branch.person("Zarqa"), branch.person("Sana")]
    sent = [
        Refer(person_id=each, branch_code=LHR, on_day=TODAY, smeda_code="S-1") for each in people
    ]
    plan = PlanTraining(
        branch_code=LHR,
        title="Books",
        place="Hall",
        begins_on=TODAY,
        days=1,
        seats=9,
        smeda_code="T",
    )
    answers = [
        *together(
            *[
                within(busy, partial(refer, command=each, actor=OFFICER, today=TODAY))
                for each in sent
            ]
        ),
        *together(*[within(busy, partial(plan_training, command=plan, actor=MANAGER))] * 2),
    ]
    assert outcomes(answers[:2]) == outcomes(answers[2:]) == {"done": 1, "Conflict": 1}
    refusals = [each for each in answers if isinstance(each, Conflict)]
    assert {(each.field, each.values["code"]) for each in refusals} == {
        ("smeda_code", "S-1"),
        ("smeda_code", "T"),
    }


def test_a_branch_is_opened_once_and_several_at_once_share_their_new_area(busy: Book) -> None:
    def opening(code: str) -> Deed:
        command = AddBranch(code, code, area="West")
        return within(busy, lambda tx: open_branch(tx, command, actor=HEAD_OFFICE))

    assert outcomes(together(*[opening(f"QTA-0{n}") for n in range(6)])) == {"done": 6}
    answers = together(*[opening("HUB-01")] * 4)
    assert outcomes(answers) == {"done": 1, "Conflict": 3}
    assert all("exists already" in str(each) for each in answers if isinstance(each, Conflict))
    with reading(busy.engine) as connection:
        assert len(branches_within(connection, require_area(connection, "West"))) == 7


def test_of_several_who_answer_one_request_to_backdate_one_is_heard(busy: Book) -> None:
    busy.open_loan("L1")
    long_ago = RecordReceipt("L1", 700_00, date(2026, 3, 2), "cash", reason="forgotten")
    asked = within(
        busy,
        partial(ask_backdating, command=long_ago, actor=CASHIER, today=TODAY, backdating_days=2),
    )
    with writing(busy.engine, audit_key=AUDIT_KEY, clock=busy.clock) as tx:
        add_staff(tx, AddStaff("cashier", "Cashier", Role.CASHIER, TODAY), actor=SHELL)
    assert outcomes(together(*[asked] * 4)) == {"done": 1, "Refused": 3}
    yes = partial(
        permit_backdating,
        command=PermitBackdating(1),
        actor=MANAGER,
        today=TODAY,
        backdating_days=2,
    )
    no = partial(decline_backdating, command=DeclineBackdating(1, "not so"), actor=HEAD_OFFICE)
    answers = together(*[within(busy, yes), within(busy, no)] * 4)
    assert outcomes(answers) == {"done": 1, "Refused": 7}
    (heard,) = (answer for answer in answers if not isinstance(answer, Exception))
    assert count(busy) == isinstance(heard, Recorded)
