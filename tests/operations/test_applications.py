"""From the application to the money in hand, with every refusal on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from aim_loans.checks.run import CHECKS, verify_audit
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading
from aim_loans.errors import AimError, Conflict, NotAllowed, NotFound, Refused
from aim_loans.identity.permissions import Actor
from aim_loans.loans.models import loan, loan_fact, loan_position
from aim_loans.origination.applications import (
    ChangeTerms,
    Decide,
    EnterApplication,
    change_terms,
    decide,
    enter_application,
)
from aim_loans.origination.appraisals import (
    AddGuarantor,
    EndGuarantee,
    add_guarantor,
    end_guarantee,
)
from aim_loans.origination.beginnings import Beginning, PaidBy, beginning_of_loan
from aim_loans.origination.committee import State, Step
from aim_loans.origination.models import application, application_loan, payout
from aim_loans.origination.terms import Terms
from aim_loans.origination.waiting import open_applications
from tests.book import AUDIT_KEY, TODAY, Book
from tests.branch import (
    AREA,
    LAHORE,
    MANAGER,
    OFFICER,
    STRANGER,
    TERMS,
    Branch,
)

DATED = read_settings(None, {}).dated


@pytest.fixture
def branch(book: Book) -> Branch:
    return Branch(book)


def test_an_application_becomes_a_loan_in_the_hands_of_four_people(branch: Branch) -> None:
    asked = branch.enter(branch.person("Bushra", district="Lahore"))
    assert branch.state(asked) is State.SUBMITTED
    for name in ("Rashid", "Aslam"):
        branch.guarantee(asked, branch.person(name))
    branch.appraise(asked)
    assert branch.state(asked) is State.APPRAISED
    branch.vote(asked, MANAGER)
    assert branch.state(asked) is State.APPRAISED
    branch.vote(asked, AREA)
    assert branch.state(asked) is State.APPROVED
    branch.answers(asked)
    branch.agree(asked)
    loan_id = branch.pay(asked)
    assert branch.state(asked) is State.PAID_OUT
    with reading(branch.book.engine) as connection:
        row = connection.execute(
            select(loan_position).where(loan_position.c.loan_id == loan_id)
        ).one()
        ref = connection.execute(select(loan.c.ref).where(loan.c.id == loan_id)).scalar_one()
        zone = read_settings(None, {}).institution.zone
        faults = [fault for check in CHECKS.values() for fault in check(connection, zone)]
    assert ref == f"LHR-01-L{asked:06d}"
    assert (row.disbursed, row.outstanding, row.disbursed_on) == (50_000_00, 50_000_00, TODAY)
    assert (row.branch_code, row.sector, row.district) == ("LHR-01", "trade", "Lahore")
    assert faults == []


def test_a_payout_sent_twice_pays_once(branch: Branch) -> None:
    asked = branch.approved()
    first = branch.pay(asked, key="k")
    assert branch.pay(asked, key="k") == first
    with pytest.raises(Refused, match="not paid out yet"):
        branch.pay(asked)
    assert (branch.book.count(loan_fact), branch.book.count(application_loan)) == (1, 1)


@pytest.mark.parametrize("channel", ["cheque", "bank", "easypaisa", "jazzcash", "raast"])
def test_a_payout_by_anything_but_cash_needs_its_reference(branch: Branch, channel: str) -> None:
    asked = branch.approved()
    for missing in (None, ""):
        with pytest.raises(Refused, match=f"by {channel} needs the number") as refused:
            branch.pay_by(channel, missing, asked)
        assert refused.value.field == "payout_reference"
    assert (branch.book.count(loan_fact), branch.book.count(payout)) == (0, 0)
    assert branch.state(asked) is State.APPROVED
    branch.pay_by(channel, "T-77", asked)
    assert branch.read(asked).paid_by == PaidBy(channel, "T-77")


def test_a_payout_by_no_channel_that_there_is_is_refused(branch: Branch) -> None:
    with pytest.raises(Refused, match="There is no channel pigeon"):
        branch.pay_by("pigeon", "T-77", branch.approved())


def test_how_a_loan_was_paid_out_is_kept_sealed_and_counts_once(branch: Branch) -> None:
    asked = branch.approved()
    assert branch.read(asked).paid_by is None
    loan_id = branch.pay_by("cheque", "001234", asked, key="k")
    assert branch.pay_by("cheque", "001234", asked, key="k") == loan_id
    with pytest.raises(Conflict):
        branch.pay_by("cheque", "001235", asked, key="k")
    assert branch.book.count(payout) == 1
    with reading(branch.book.engine) as connection:
        assert beginning_of_loan(connection, loan_id) == Beginning(
            paid_by=PaidBy("cheque", "001234")
        )
        assert beginning_of_loan(connection, loan_id + 1) == Beginning()
        opened = select(application_loan.c.act_id)
        assert connection.execute(select(payout.c.act_id)).all() == connection.execute(opened).all()
        assert list(verify_audit(connection, audit_key=AUDIT_KEY).faults) == []


def test_one_cheque_pays_one_loan_out(branch: Branch) -> None:
    first, second, third, fourth = (branch.approved(branch.person(f"B{n}")) for n in range(4))
    branch.pay_by("cheque", "001234", first)
    with pytest.raises(Conflict, match=r"001234 \(cheque\) has paid out another loan") as refused:
        branch.pay_by("cheque", "001234", second)
    assert refused.value.field == "payout_reference"
    assert (branch.book.count(loan), branch.book.count(payout)) == (1, 1)
    assert branch.state(second) is State.APPROVED
    branch.pay_by("bank", "001234", second)
    branch.pay(third)
    branch.pay(fourth)
    assert (branch.book.count(loan), branch.book.count(payout)) == (4, 4)


def test_the_same_form_of_an_application_counts_once(branch: Branch) -> None:
    borrower = branch.person("Bushra")
    command = EnterApplication(
        borrower_id=borrower, branch="LHR-01", programme="general", terms=TERMS
    )
    first = branch.do(enter_application, command, OFFICER, key="k")
    assert branch.do(enter_application, command, OFFICER, key="k") == first
    assert branch.book.count(application) == 1


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        (replace(TERMS, principal=50_001_00), "between Rs"),
        (replace(TERMS, months=61), "months"),
        (replace(TERMS, months=1), "months"),
        (replace(TERMS, product="housing_rent"), "There is no product"),
    ],
)
def test_terms_that_no_product_has_are_refused(branch: Branch, terms: Terms, sentence: str) -> None:
    borrower = branch.person("Bushra")
    with pytest.raises(AimError) as refused:
        branch.enter(borrower, terms)
    assert sentence in refused.value.message.format(**refused.value.values)
    assert branch.book.count(application) == 0


def test_a_draft_may_be_kept_and_is_changed_before_it_goes_on(branch: Branch) -> None:
    asked = branch.enter(branch.person("Bushra"), replace(TERMS, principal=90_000_00), submit=False)
    assert branch.state(asked) is State.DRAFT
    branch.do(change_terms, ChangeTerms(application_id=asked, terms=TERMS), OFFICER)
    read = branch.read(asked)
    assert (read.state, read.version, read.terms.principal) == (State.SUBMITTED, 2, 50_000_00)
    with pytest.raises(Refused, match="Only a draft or a returned"):
        branch.do(change_terms, ChangeTerms(application_id=asked, terms=TERMS), OFFICER)


def test_a_running_loan_stands_against_another(branch: Branch) -> None:
    borrower = branch.person("Bushra")
    branch.pay(branch.approved(borrower))
    with pytest.raises(Refused, match="not paid back yet"):
        branch.enter(borrower)


def test_of_two_approved_applications_one_is_paid_out_while_the_other_waits(
    branch: Branch,
) -> None:
    borrower = branch.person("Bushra")
    first, second = branch.approved(borrower), branch.approved(borrower)
    branch.pay(first)
    with pytest.raises(Refused, match="one loan at a time"):
        branch.pay(second)
    assert branch.state(second) is State.APPROVED


def test_nobody_guarantees_for_themselves_or_twice(branch: Branch) -> None:
    borrower, rashid = branch.person("Bushra"), branch.person("Rashid")
    asked = branch.enter(borrower)
    with pytest.raises(Refused, match="for themselves"):
        branch.guarantee(asked, borrower)
    branch.guarantee(asked, rashid)
    with pytest.raises(Refused, match="already"):
        branch.guarantee(asked, rashid)
    with pytest.raises(NotFound, match="Register the guarantor"):
        branch.do(
            add_guarantor,
            AddGuarantor(application_id=asked, cnic="3520199999992", relation="friend"),
            OFFICER,
        )
    (held,) = branch.read(asked).guarantors
    command = EndGuarantee(application_id=asked, guarantee_id=held.guarantee_id)
    branch.do(end_guarantee, command, OFFICER)
    assert branch.read(asked).guarantors == []
    branch.guarantee(asked, rashid)


def test_a_third_guarantee_and_the_same_household_block_the_approval(branch: Branch) -> None:
    busy = branch.person("Rashid")
    for name in ("Amna", "Sana"):
        branch.guarantee(branch.enter(branch.person(name)), busy)
    asked = branch.enter(branch.person("Bushra", household="H1"))
    branch.guarantee(asked, busy)
    branch.guarantee(asked, branch.person("Aslam"))
    branch.appraise(asked)
    with pytest.raises(Refused, match="would guarantee"):
        branch.vote(asked, MANAGER)
    (first, _) = branch.read(asked).guarantors
    command = EndGuarantee(application_id=asked, guarantee_id=first.guarantee_id)
    branch.do(end_guarantee, command, OFFICER)
    branch.guarantee(asked, branch.person("Nadia", household="H1"))
    with pytest.raises(Refused, match="household"):
        branch.vote(asked, MANAGER)


def test_nothing_is_approved_before_both_appraisals(branch: Branch) -> None:
    asked = branch.enter(branch.person("Bushra"))
    with pytest.raises(Refused, match="both appraisals"):
        branch.vote(asked, MANAGER)


def test_a_vote_counts_for_the_version_that_was_read(branch: Branch) -> None:
    asked = branch.approved()
    stale = Decide(application_id=asked, version=7, step=Step.REJECTED, reason="late")
    with pytest.raises(Refused, match="changed meanwhile"):
        branch.do(decide, stale, Actor("third", AREA.grants))


def test_a_returned_application_starts_its_votes_anew(branch: Branch) -> None:
    asked = branch.enter(branch.person("Bushra"))
    for name in ("Rashid", "Aslam"):
        branch.guarantee(asked, branch.person(name))
    branch.appraise(asked)
    branch.vote(asked, MANAGER)
    branch.vote(asked, AREA, Step.RETURNED)
    assert branch.state(asked) is State.RETURNED
    smaller = replace(TERMS, principal=40_000_00)
    branch.do(change_terms, ChangeTerms(application_id=asked, terms=smaller), OFFICER)
    assert branch.state(asked) is State.SUBMITTED
    branch.appraise(asked)
    branch.vote(asked, AREA)
    assert branch.state(asked) is State.APPRAISED


def test_what_lies_with_whoever_entered_it_is_not_decided(branch: Branch) -> None:
    draft = branch.enter(branch.person("Bushra"), submit=False)
    sent = branch.enter(branch.person("Amna"))
    branch.vote(sent, MANAGER, Step.RETURNED)
    for asked in (draft, sent):
        for step in (Step.REJECTED, Step.RETURNED):
            with pytest.raises(Refused, match="lies with whoever entered it"):
                branch.vote(asked, MANAGER, step)
        with pytest.raises(Refused, match="Choose one of the list"):
            branch.vote(asked, MANAGER, Step.SUBMITTED)
    branch.vote(draft, OFFICER, Step.WITHDRAWN)
    assert branch.state(draft) is State.WITHDRAWN


def test_a_rejection_needs_a_reason_and_ends_it(branch: Branch) -> None:
    asked = branch.enter(branch.person("Bushra"))
    silent = Decide(application_id=asked, version=1, step=Step.REJECTED)
    with pytest.raises(Refused, match="Give the reason"):
        branch.do(decide, silent, MANAGER)
    branch.vote(asked, MANAGER, Step.REJECTED)
    assert branch.state(asked) is State.REJECTED
    with pytest.raises(Refused):
        branch.appraise(asked)
    with reading(branch.book.engine) as connection:
        assert open_applications(connection, branches=None, dated=DATED, today=TODAY) == []


@pytest.mark.parametrize("actor", [OFFICER, MANAGER, AREA, STRANGER])
def test_who_entered_or_approved_does_not_pay_out(branch: Branch, actor: Actor) -> None:
    asked = branch.approved()
    with pytest.raises(NotAllowed):
        branch.pay(asked, actor)
    assert branch.book.count(loan) == 0


def test_who_entered_does_not_vote(branch: Branch) -> None:
    asked = branch.enter(branch.person("Bushra"))
    for name in ("Rashid", "Aslam"):
        branch.guarantee(asked, branch.person(name))
    branch.appraise(asked)
    with pytest.raises(NotAllowed, match="entered this application"):
        branch.vote(asked, OFFICER)


def test_without_the_acknowledgement_of_these_instalments_nothing_is_paid(branch: Branch) -> None:
    asked = branch.approved()
    # From the eleventh the first due date moves by a month: another schedule.
    branch.today = TODAY + timedelta(days=11)
    with pytest.raises(Refused, match="has not acknowledged these instalments"):
        branch.pay(asked)
    branch.agree(asked)
    branch.pay(asked)


def test_an_expired_card_and_an_adverse_answer_stop_the_payout(branch: Branch) -> None:
    expired = branch.approved(branch.person("Amna", cnic_expires_on=TODAY - timedelta(days=1)))
    with pytest.raises(Refused, match="expired"):
        branch.pay(expired)
    asked = branch.approved()
    branch.answers(asked, "adverse")
    with pytest.raises(Refused, match="speaks against it"):
        branch.pay(asked)


def test_another_branch_may_do_nothing_here(branch: Branch) -> None:
    borrower = branch.person("Bushra")
    command = EnterApplication(
        borrower_id=borrower, branch="LHR-01", programme="general", terms=TERMS
    )
    with pytest.raises(NotAllowed):
        branch.do(enter_application, command, STRANGER)
    asked = branch.enter(borrower)
    with pytest.raises(NotAllowed):
        branch.vote(asked, STRANGER)
    with reading(branch.book.engine) as connection:
        for branches, shown in ((LAHORE, [asked]), (frozenset({"KHI-01"}), []), (None, [asked])):
            rows = open_applications(connection, branches=branches, dated=DATED, today=TODAY)
            assert [row.id for row in rows] == shown


@pytest.mark.parametrize("days", [60, 61])
def test_an_approval_that_nobody_collects_expires(branch: Branch, days: int) -> None:
    asked = branch.approved()
    branch.today = TODAY + timedelta(days=days)
    if days == 60:
        branch.agree(asked)
        branch.pay(asked)
        assert branch.state(asked) is State.PAID_OUT
        return
    assert branch.state(asked) is State.EXPIRED
    with pytest.raises(Refused, match="has expired"):
        branch.pay(asked)
    with pytest.raises(Refused, match="approved"):
        branch.agree(asked)
    listed = listed_states(branch)
    branch.do(decide, withdrawal(asked), OFFICER)
    assert (listed, branch.state(asked)) == ([State.EXPIRED], State.WITHDRAWN)


def test_a_draft_expires_unless_it_is_changed(branch: Branch) -> None:
    asked = branch.enter(branch.person("Bushra"), submit=False)
    branch.today = TODAY + timedelta(days=91)
    assert branch.state(asked) is State.EXPIRED
    with pytest.raises(Refused, match="Only a draft or a returned"):
        branch.do(change_terms, ChangeTerms(application_id=asked, terms=TERMS), OFFICER)
    assert listed_states(branch) == [State.EXPIRED]
    branch.today = TODAY + timedelta(days=90)
    assert listed_states(branch) == [State.DRAFT]


def test_what_waits_for_the_institution_does_not_expire(branch: Branch) -> None:
    asked = branch.enter(branch.person("Bushra"))
    branch.today = TODAY + timedelta(days=1000)
    assert branch.state(asked) is State.SUBMITTED


def withdrawal(asked: int) -> Decide:
    return Decide(application_id=asked, version=1, step=Step.WITHDRAWN, reason="went elsewhere")


def listed_states(branch: Branch) -> list[State]:
    with reading(branch.book.engine) as connection:
        rows = open_applications(connection, branches=None, dated=DATED, today=branch.today)
    return [row.state for row in rows]
