"""Who decides on an application: the committee grows with the amount. Pure.

The number and the rank of approvers come from the limits in force. Whoever entered the
application never votes; an appraiser may, but at least one approver did neither.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from aim_loans.config.settings import CommitteeStep, Expiry
from aim_loans.errors import NotAllowed, Refused

RANKS = ("loan_officer", "branch_manager", "area_manager", "regional_manager", "head_office")


class Step(StrEnum):
    """What somebody decided about a version of an application."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class State(StrEnum):
    """Where an application stands; derived from its steps and never stored."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPRAISED = "appraised"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    PAID_OUT = "paid_out"


class Taken(NamedTuple):
    """A step that was taken, by whom, and as what rank."""

    kind: str
    taken_by: str
    rank: str | None = None


class Committee(NamedTuple):
    """Who decides on an amount, and who had a hand in the application before."""

    step: CommitteeStep
    entered_by: str
    appraisers: Collection[str]


def committee_step(steps: Sequence[CommitteeStep], principal: int) -> CommitteeStep:
    """Give the step that decides on an amount (paisa): the first that reaches it."""
    return next(step for step in steps if step.up_to is None or principal <= step.up_to)


def missing_votes(committee: Committee, taken: Sequence[Taken]) -> list[str]:
    """Give what is still missing for an approval, in words with nothing in them; [] for none."""
    votes = [each for each in taken if each.kind == Step.APPROVED]
    had_a_hand = {committee.entered_by, *committee.appraisers}
    missing = []
    if len(votes) < committee.step.approvers:
        missing.append("votes")
    if not any(_reaches(vote.rank, committee.step.highest_rank) for vote in votes):
        missing.append("rank")
    if all(vote.taken_by in had_a_hand for vote in votes):
        missing.append("fresh_eyes")
    return missing


def state_of(
    taken: Sequence[Taken], committee: Committee, *, appraised: bool, paid_out: bool
) -> State:
    """Derive where the version in hand stands from the steps taken on it."""
    kinds = {each.kind for each in taken}
    if paid_out:
        return State.PAID_OUT
    for step in (Step.WITHDRAWN, Step.REJECTED, Step.RETURNED):
        if step in kinds:
            return State(step.value)
    if Step.SUBMITTED not in kinds:
        return State.DRAFT
    if not missing_votes(committee, taken):
        return State.APPROVED
    return State.APPRAISED if appraised else State.SUBMITTED


def stands_until(state: State, since: date, expiry: Expiry | None) -> date | None:
    """Give the last day of a state in which an application is left for so long; None for none.

    `since` is the day of its last step.
    """
    if expiry is None:
        return None
    if state is State.APPROVED:
        return since + timedelta(days=expiry.approved_days)
    if state in (State.DRAFT, State.RETURNED):
        return since + timedelta(days=expiry.unfinished_days)
    return None


def check_vote(committee: Committee, taken: Sequence[Taken], voter: str) -> None:
    """Refuse the vote of whoever entered the application, or has voted on it already."""
    if voter == committee.entered_by:
        raise NotAllowed(
            "{actor} entered this application and may not decide on it. Ask another person.",
            actor=voter,
        )
    if any(each.taken_by == voter and each.kind == Step.APPROVED for each in taken):
        raise Refused("You have approved this application already. Another person is needed.")


def _reaches(rank: str | None, needed: str) -> bool:
    return rank is not None and RANKS.index(rank) >= RANKS.index(needed)
