"""What was a mistake is taken back: out of every figure from then on, still at an earlier cut."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from aim_loans.borrowers.consents import consents_of, has_consent, take_back_consent
from aim_loans.borrowers.models import consent
from aim_loans.borrowers.referrals import referral_by_code, referrals_of, take_back_referral
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading
from aim_loans.errors import Conflict, NotAllowed, NotFound, Refused
from aim_loans.identity.models import act
from aim_loans.identity.operations import AddBranch
from aim_loans.identity.staff import open_branch
from aim_loans.mou import referral_list
from aim_loans.mou.applying import referral_of
from aim_loans.mou.events import events
from aim_loans.mou.measuring import joint_statement
from aim_loans.mou.mistakes import take_back_attendance, take_back_training, taken_back_of
from aim_loans.mou.models import training_attendance
from aim_loans.mou.periods import parse_period
from aim_loans.mou.referral_list import WantedReferrals, list_referrals, own_referrals
from aim_loans.mou.registering import State
from aim_loans.mou.sent import not_come
from aim_loans.mou.trainings import Present, invited_to, training_by_id
from aim_loans.origination.queries import settings_in_force
from tests.book import HEAD_OFFICE, SHELL, TODAY, Book
from tests.branch import OFFICER, STRANGER, Branch
from tests.joint import LHR, ZONE, JointWork

LINES = ("A7.received", "A7.applied", "A7.approved", "A8", "H1.trainings", "H1.attendances")


def figures(book: Book, known_at: datetime | None = None) -> dict[str, int]:
    """Give the lines that trainings and referrals are counted in."""
    with reading(book.engine) as connection:
        statement = joint_statement(
            connection,
            period=parse_period("2026-H1"),
            known_at=known_at,
            mou=read_settings(None, {}).mou,
            dated=settings_in_force(connection),
        )
    found = {line.id: line.actual for line in statement.lines}
    return {name: figure.number for name in LINES if (figure := found[name])}


def test_mistakes_leave_the_figures_and_stay_at_an_earlier_cut(book: Book) -> None:
    branch, work = Branch(book), JointWork(book)
    person_id = branch.person("Zarqa")
    work.consent(person_id, "bank")
    asked = branch.enter(person_id)
    sent = work.refer(person_id, smeda_code="S-1")
    work.consent(person_id)
    work.answer("referral", sent)
    work.apply(asked, sent)
    to_bank = work.refer(person_id, bank="Bank of Punjab")
    for ref in ("L1", "L2"):
        book.open_loan(ref)
    kept, wrong = work.train(), work.train()
    for each in (kept, wrong):
        work.invite(each)
        work.attend(each, [Present(one, 3, True, 5) for one in work.invitations(each)])
    before = figures(book)
    assert before == dict(zip(LINES, (1, 1, 0, 1, 2, 4), strict=True))
    known = book.cut()
    work.take_back(take_back_attendance, work.last(training_attendance.c.id) - 3)
    work.take_back(take_back_training, wrong, HEAD_OFFICE)
    for each in (sent, to_bank):
        work.take_back(take_back_referral, each)
    assert figures(book) == dict(zip(LINES, (0, 0, 0, 0, 1, 1), strict=True))
    assert figures(book, known) == before
    with reading(book.engine) as connection:
        assert training_by_id(connection, wrong).taken_back == "typed for another"
        assert [each.taken_back for each in referrals_of(connection, person_id)] == [
            "typed for another"
        ] * 2
        assert referral_of(connection, asked) is None
        assert events(connection, today=TODAY, page=1) == []


def test_a_code_taken_back_stands_on_the_right_person_and_application(book: Book) -> None:
    branch, work = Branch(book), JointWork(book)
    wrong, right = branch.person("Zarqa"), branch.person("Amna")
    work.consent(right)
    work.take_back(take_back_referral, work.refer(wrong, smeda_code="S-1"))
    again = work.refer(right, smeda_code="S-1")
    with pytest.raises(Conflict):
        work.refer(wrong, smeda_code="s-1")
    asked = branch.enter(right)
    work.apply_with(asked, "s-1")
    work.take_back(take_back_referral, again)
    third = work.refer(right, smeda_code="S-1")
    work.apply_with(asked, "S-1")
    with reading(book.engine) as connection:
        found = referral_of(connection, asked)
        assert found is not None
        assert found.id == third
        (own,) = own_referrals(connection, today=TODAY, page=1)
        assert (own.smeda_code, own.state) == ("S-1", "applied")


def test_an_application_names_whom_smeda_sent_by_the_code(book: Book) -> None:
    branch, work = Branch(book), JointWork(book)
    work.send_referrals("S-1,REG-1,Lahore,2026-02-01,A dairy", "S-2,,Lahore,2026-02-01,")
    person_id = branch.person("Zarqa")
    asked = branch.enter(person_id)
    with pytest.raises(NotFound, match="S-9"):
        work.apply_with(asked, "S-9")
    work.apply_with(asked, "s-1")
    with reading(book.engine) as connection:
        found = referral_by_code(connection, "S-1")
        assert found is not None
        assert (found.person_id, found.on_day) == (person_id, TODAY)
        assert [each.smeda_code for each in not_come(connection, branches=None)] == ["S-2"]
        rows = list_referrals(connection, WantedReferrals(None), zone=ZONE)
        assert [(row.state, row.days_to(row.applied_on)) for row in rows] == [("applied", 0)]
        own = own_referrals(connection, today=TODAY, page=1)
        assert {each.smeda_code: each.state for each in own} == {"S-1": "sent", "S-2": "sent"}
    work.consent(person_id)
    with reading(book.engine) as connection:
        own = own_referrals(connection, today=TODAY, page=1)
        assert {each.smeda_code: each.state for each in own} == {"S-1": "applied", "S-2": "sent"}


def test_whom_smeda_sent_waits_at_the_branches_of_the_district(sqlite_book: Book) -> None:
    """Where no branch is in the district, every branch sees it."""
    work = JointWork(sqlite_book)
    near = AddBranch("FSD-01", "Faisalabad", area="Centre", district="Faisalabad")
    work.do(open_branch, near, SHELL, clock=False)
    work.send_referrals("S-1,,Faisalabad,2026-02-01,", "S-2,,Swat,2026-02-01,")
    with reading(sqlite_book.engine) as connection:
        codes = {
            branch: [each.smeda_code for each in not_come(connection, branches=frozenset({branch}))]
            for branch in ("FSD-01", LHR)
        }
    assert codes == {"FSD-01": ["S-2", "S-1"], LHR: ["S-2"]}


def test_nobody_applied_before_the_referral_came_in(book: Book) -> None:
    """A code that is named days later came with the application; a later referral did not."""
    branch, work = Branch(book), JointWork(book)
    work.send_referrals("S-1,REG-1,Lahore,2026-02-01,A dairy")
    first, second = (branch.enter(branch.person(name)) for name in ("Zarqa", "Amna"))
    later = JointWork(book, today=TODAY + timedelta(days=3))
    later.apply_with(first, "S-1")
    with reading(book.engine) as connection:
        found = referral_by_code(connection, "S-1")
        assert found is not None
        assert found.on_day == TODAY
    sent = later.refer(branch.read(second).borrower_id, smeda_code="S-2")
    with pytest.raises(Refused, match="after the application of"):
        later.apply(second, sent)


def test_how_far_a_referral_is_follows_from_what_came_of_it(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch, work = Branch(book), JointWork(book)
    person_id = branch.person("Bushra")
    sent = work.refer(person_id, smeda_code="S-1", on=date(2026, 2, 1))
    asked = branch.approved(person_id)
    work.apply(asked, sent)
    branch.pay(asked)
    work.consent(person_id, "bank")
    work.end(work.refer(person_id, bank="Bank of Punjab"), "accepted")
    with reading(book.engine) as connection:
        rows = list_referrals(connection, WantedReferrals(frozenset({LHR})), zone=ZONE)
        found = {row.direction: row for row in rows}
        assert found["to_bank"].state == "accepted"
        smeda = found["from_smeda"]
        waited = (TODAY - date(2026, 2, 1)).days
        assert smeda.state == "disbursed"
        assert [smeda.days_to(day) for day in (smeda.approved_on, smeda.paid_on)] == [waited] * 2
        for wanted in (
            WantedReferrals(None, state="disbursed"),
            WantedReferrals(None, direction="from_smeda"),
        ):
            assert list_referrals(connection, wanted, zone=ZONE) == [smeda]
        monkeypatch.setattr(referral_list, "PAGE_ROWS", 1)
        pages = [
            list_referrals(connection, WantedReferrals(None, page=page), zone=ZONE)
            for page in (1, 2, 3)
        ]
        assert pages == [rows, rows[1:], []]
        elsewhere = WantedReferrals(frozenset({"KHI-01"}))
        assert list_referrals(connection, elsewhere, zone=ZONE) == []


def test_a_consent_that_nobody_gave_never_held(sqlite_book: Book) -> None:
    work = JointWork(sqlite_book)
    person_id = Branch(sqlite_book).person("Zarqa")
    work.consent(person_id, on=date(2026, 1, 1))
    given = work.last(consent.c.id)
    work.take_back(take_back_consent, given, branch_code=LHR)
    with reading(sqlite_book.engine) as connection:
        for day in (date(2026, 1, 1), TODAY):
            assert not has_consent(connection, person_id, "smeda", on=day)
        (shown,) = consents_of(connection, person_id)
        assert shown.taken_back == "typed for another"
    with pytest.raises(Refused, match="already"):
        work.take_back(take_back_consent, given, branch_code=LHR)
    work.consent(person_id)
    with reading(sqlite_book.engine) as connection:
        assert has_consent(connection, person_id, "smeda", on=TODAY)


def test_attendance_taken_back_lets_what_was_entered_before_hold_again(sqlite_book: Book) -> None:
    work = JointWork(sqlite_book)
    sqlite_book.open_loan("L1")
    training = work.train()
    work.invite(training)
    (one,) = work.invitations(training)
    work.attend(training, [Present(one, 1, False)])
    work.attend(training, [Present(one, 3, True)])
    work.take_back(take_back_attendance, work.last(training_attendance.c.id))
    with reading(sqlite_book.engine) as connection:
        (row,) = invited_to(connection, training)
        assert (row.days, row.completed) == (1, False)
        first = connection.execute(select(training_attendance.c.id)).scalars().first()
    work.take_back(take_back_attendance, first or 0)
    with reading(sqlite_book.engine) as connection:
        (row,) = invited_to(connection, training)
        assert row.days is None


def test_a_training_taken_back_is_neither_filled_nor_attended(sqlite_book: Book) -> None:
    work = JointWork(sqlite_book)
    sqlite_book.open_loan("L1")
    training = work.train()
    work.take_back(take_back_training, training, HEAD_OFFICE)
    for attempt in (lambda: work.invite(training), lambda: work.attend(training, [])):
        with pytest.raises(Refused, match="taken back"):
            attempt()


def test_only_the_own_branch_takes_back_and_says_why(sqlite_book: Book) -> None:
    work = JointWork(sqlite_book)
    person_id = Branch(sqlite_book).person("Zarqa")
    sent, training = work.refer(person_id, smeda_code="S-1"), work.train()
    work.consent(person_id)
    given = work.last(consent.c.id)
    with pytest.raises(NotAllowed):
        work.take_back(take_back_referral, sent, STRANGER)
    with pytest.raises(NotAllowed):
        work.take_back(take_back_consent, given, STRANGER, branch_code="KHI-01")
    for actor in (STRANGER, OFFICER):
        with pytest.raises(NotAllowed):
            work.take_back(take_back_training, training, actor)
    with pytest.raises(NotFound):
        work.take_back(take_back_referral, 99)


def test_steps_taken_back_are_told_of_the_enterprise(sqlite_book: Book) -> None:
    work = JointWork(sqlite_book)
    shop = work.enterprise(Branch(sqlite_book).person("Zarqa"))
    work.undo(work.step(shop, "F2", State.INFORMED))
    work.undo_help(work.help("advice", shop))
    with reading(sqlite_book.engine) as connection:
        told = taken_back_of(connection, shop)
    assert [(each.kind, each.detail, each.reason) for each in told] == [
        ("support", "advice", "typed twice"),
        ("registration", "F2", "typed for another"),
    ]


def test_the_audit_trail_names_the_enterprise_whose_help_was_taken_back(sqlite_book: Book) -> None:
    work = JointWork(sqlite_book)
    shop = work.enterprise(Branch(sqlite_book).person("Zarqa"))
    work.undo_help(work.help("advice", shop))
    work.undo_help(work.help("help_desk", None))
    with reading(sqlite_book.engine) as connection:
        trail = select(act.c.kind, act.c.subject).order_by(act.c.id.desc()).limit(4)
        told = [tuple(row) for row in connection.execute(trail)]
    assert told == [
        ("undo_support", "support"),
        ("give_support", "support"),
        ("undo_support", f"enterprise {shop}"),
        ("give_support", f"enterprise {shop}"),
    ]


def test_a_referral_ends_once_and_not_before_it_began(sqlite_book: Book) -> None:
    work = JointWork(sqlite_book)
    sent = work.refer(Branch(sqlite_book).person("Zarqa"), smeda_code="S-1")
    for outcome, day in (("accepted", TODAY), ("declined", date(2026, 1, 1))):
        with pytest.raises(Refused):
            work.end(sent, outcome, day)
    work.end(sent, "declined")
    with pytest.raises(Refused, match="ended already"):
        work.end(sent, "withdrew")
