"""The registrations of an enterprise: which there are, and how one state follows another. Pure.

The types are those of the joint statement, F1 to F9. A state is reached by an act of one
person; what follows which is a rule of our own: help is offered before it is given, a
registration has its number and proof, and whoever entered it does not verify it.
"""

from collections.abc import Mapping
from enum import StrEnum

from aim_loans.errors import Refused


class State(StrEnum):
    """How far an enterprise is with one registration."""

    NOT_APPLICABLE = "not_applicable"
    INFORMED = "informed"
    CONSENTED = "consented"
    ASSISTED = "assisted"
    APPLIED = "applied"
    REGISTERED = "registered"
    VERIFIED = "verified"
    LAPSED = "lapsed"


# An enterprise may prove at any time that it is registered already, or that it need not be.
_FOLLOWS: Mapping[State | None, frozenset[State]] = {
    None: frozenset({State.NOT_APPLICABLE, State.INFORMED, State.REGISTERED}),
    State.NOT_APPLICABLE: frozenset({State.INFORMED, State.REGISTERED}),
    State.INFORMED: frozenset({State.CONSENTED, State.NOT_APPLICABLE, State.REGISTERED}),
    State.CONSENTED: frozenset(
        {State.ASSISTED, State.APPLIED, State.NOT_APPLICABLE, State.REGISTERED}
    ),
    State.ASSISTED: frozenset({State.APPLIED, State.NOT_APPLICABLE, State.REGISTERED}),
    State.APPLIED: frozenset({State.REGISTERED, State.ASSISTED, State.NOT_APPLICABLE}),
    State.REGISTERED: frozenset({State.VERIFIED, State.LAPSED}),
    State.VERIFIED: frozenset({State.LAPSED}),
    State.LAPSED: frozenset({State.APPLIED, State.REGISTERED}),
}
HELD = frozenset({State.REGISTERED, State.VERIFIED})


def next_states(state: State | None) -> list[State]:
    """Give what may follow a state (None: nothing was recorded yet), in the order of the funnel."""
    return [each for each in State if each in _FOLLOWS[state]]


def check_step(before: State | None, after: State) -> None:
    """Refuse a state that cannot follow."""
    if after in _FOLLOWS[before]:
        return
    known = ", ".join(each.value for each in next_states(before))
    raise Refused(
        "After {before} comes one of: {known}. Choose one of them.",
        field="state",
        before=before.value if before else "none",
        known=known,
    )


def next_step(state: State | None) -> State | None:
    """Give the step that leads on along the funnel; None when there is nothing left to do."""
    onward: Mapping[State | None, State] = {
        None: State.INFORMED,
        State.INFORMED: State.CONSENTED,
        State.CONSENTED: State.ASSISTED,
        State.ASSISTED: State.APPLIED,
        State.APPLIED: State.REGISTERED,
        State.REGISTERED: State.VERIFIED,
        State.LAPSED: State.APPLIED,
    }
    return onward.get(state)
