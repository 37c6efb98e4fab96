"""The committee: how many approve, of what rank, and who may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aim_loans.config.reader import read_settings
from aim_loans.config.settings import CommitteeStep
from aim_loans.errors import NotAllowed, Refused
from aim_loans.origination.committee import (
    RANKS,
    Committee,
    State,
    Taken,
    check_vote,
    committee_step,
    missing_votes,
    state_of,
)

TWO = CommitteeStep(up_to=None, approvers=2, highest_rank="branch_manager")
SUBMITTED = Taken("submitted", "officer")
MANAGER, AREA = (
    Taken("approved", "manager", "branch_manager"),
    Taken("approved", "a", "area_manager"),
)


def committee(*appraisers: str, entered_by: str = "officer") -> Committee:
    return Committee(TWO, entered_by, appraisers)


@pytest.mark.parametrize(
    ("rupees", "approvers", "rank"),
    [
        (1, 2, "branch_manager"),
        (100_000, 2, "branch_manager"),
        (100_001, 3, "area_manager"),
        (250_000, 3, "area_manager"),
        (250_001, 3, "regional_manager"),
    ],
)
def test_the_committee_grows_with_the_amount(rupees: int, approvers: int, rank: str) -> None:
    steps = read_settings(None, {}).dated.limits[0].committee
    step = committee_step(steps, rupees * 100)
    assert (step.approvers, step.highest_rank) == (approvers, rank)


@pytest.mark.parametrize(
    ("taken", "appraisers", "missing"),
    [
        ([], (), ["votes", "rank", "fresh_eyes"]),
        ([MANAGER], (), ["votes"]),
        ([MANAGER, AREA], (), []),
        ([MANAGER, AREA], ("manager",), []),
        ([MANAGER, AREA], ("manager", "a"), ["fresh_eyes"]),
        (
            [Taken("approved", "x", "loan_officer"), Taken("approved", "y", "loan_officer")],
            (),
            ["rank"],
        ),
    ],
)
def test_what_is_missing_is_named(
    taken: list[Taken], appraisers: tuple[str, ...], missing: list[str]
) -> None:
    assert missing_votes(committee(*appraisers), taken) == missing


@pytest.mark.parametrize(
    ("taken", "appraised", "paid_out", "state"),
    [
        ([], False, False, State.DRAFT),
        ([SUBMITTED], False, False, State.SUBMITTED),
        ([SUBMITTED], True, False, State.APPRAISED),
        ([SUBMITTED, MANAGER], True, False, State.APPRAISED),
        ([SUBMITTED, MANAGER, AREA], True, False, State.APPROVED),
        ([SUBMITTED, MANAGER, AREA], True, True, State.PAID_OUT),
        ([SUBMITTED, MANAGER, Taken("rejected", "a")], True, False, State.REJECTED),
        ([SUBMITTED, Taken("returned", "a")], True, False, State.RETURNED),
        ([SUBMITTED, MANAGER, AREA, Taken("withdrawn", "officer")], True, False, State.WITHDRAWN),
    ],
)
def test_the_state_follows_from_the_steps(
    taken: list[Taken], appraised: bool, paid_out: bool, state: State
) -> None:
    assert state_of(taken, committee(), appraised=appraised, paid_out=paid_out) is state


def test_whoever_entered_never_votes_and_nobody_twice() -> None:
    with pytest.raises(NotAllowed, match="entered this application"):
        check_vote(committee(), [], "officer")
    with pytest.raises(Refused, match="approved this application already"):
        check_vote(committee(), [MANAGER], "manager")
    check_vote(committee(), [MANAGER], "a")


PEOPLE = st.sampled_from(["officer", "second", "manager", "a", "b"])


@given(
    votes=st.lists(st.tuples(PEOPLE, st.sampled_from(RANKS)), unique_by=lambda vote: vote[0]),
    appraisers=st.sets(PEOPLE, max_size=2),
    approvers=st.integers(1, 4),
    rank=st.sampled_from(RANKS[1:]),
)
def test_an_approval_always_has_the_number_the_rank_and_fresh_eyes(
    votes: list[tuple[str, str]], appraisers: set[str], approvers: int, rank: str
) -> None:
    step = CommitteeStep(up_to=None, approvers=approvers, highest_rank=rank)
    taken = [SUBMITTED, *(Taken("approved", name, held) for name, held in votes)]
    asked = Committee(step, "officer", appraisers)
    approved = state_of(taken, asked, appraised=True, paid_out=False) is State.APPROVED
    # Counted the plain way.
    enough = len(votes) >= approvers
    high = any(RANKS.index(held) >= RANKS.index(rank) for _, held in votes)
    fresh = any(name != "officer" and name not in appraisers for name, _ in votes)
    assert approved == (enough and high and fresh)
