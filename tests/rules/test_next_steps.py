"""What an enterprise of the programme needs next, by rules that name no database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aim_loans.config.mou import REGISTRATIONS
from aim_loans.config.reader import read_settings
from aim_loans.dates import add_months
from aim_loans.mou.next_steps import (
    MENTORING_MONTHS,
    InProgramme,
    Mentoring,
    NextStep,
    mentoring_due,
    next_registration,
    to_do,
)
from aim_loans.mou.registering import HELD, State, next_states

SETTINGS = read_settings(None, {})
SINCE, TODAY = date(2025, 8, 31), date(2026, 3, 31)


def shop(number: int, since: date = SINCE, **more: object) -> InProgramme:
    known: dict[str, object] = {"turnover": None, "sector": "trade", "states": {}}
    return InProgramme(
        enterprise_id=number,
        name="Shop",
        owner="Owner",
        since=since,
        **{**known, "mentored": frozenset(), **more},  # type: ignore[arg-type]  # by name
    )


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        ({}, NextStep("F1", State.INFORMED)),
        ({"F2": State.APPLIED, "F1": State.CONSENTED}, NextStep("F2", State.REGISTERED)),
        ({"F1": State.REGISTERED, "F2": State.NOT_APPLICABLE}, NextStep("F5", State.INFORMED)),
        ({"F1": State.LAPSED, "F2": State.INFORMED}, NextStep("F2", State.CONSENTED)),
        ({"F1": State.VERIFIED, "F5": State.LAPSED, "F2": State.VERIFIED}, ("F5", State.APPLIED)),
        ({"F1": State.VERIFIED, "F2": State.REGISTERED, "F5": State.NOT_APPLICABLE}, None),
    ],
)  # fmt: skip
def test_what_was_begun_is_finished_first(
    states: dict[str, State], wanted: NextStep | None
) -> None:
    assert next_registration(states, ("F1", "F2", "F5")) == wanted


@given(st.dictionaries(st.sampled_from(REGISTRATIONS), st.sampled_from(State)), st.data())
def test_a_step_is_one_that_may_follow_and_applies(
    states: dict[str, State], data: st.DataObject
) -> None:
    applicable = data.draw(st.lists(st.sampled_from(REGISTRATIONS), unique=True))
    found = next_registration(states, applicable)
    done = HELD | {State.NOT_APPLICABLE}
    assert (found is None) == all(states.get(each) in done for each in applicable)
    if found:
        assert found.type in applicable
        assert found.state in next_states(states.get(found.type))


@given(
    st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    st.frozensets(st.sampled_from(MENTORING_MONTHS)),
    st.dates(date(2024, 1, 1), date(2028, 12, 31)),
)
def test_the_latest_mentoring_that_fell_due_is_asked_for(
    since: date, done: frozenset[int], today: date
) -> None:
    expected = None
    for month in (3, 6, 12):
        day = add_months(since, month)
        if day - today <= timedelta(days=14) and all(month > other for other in done):
            expected = Mentoring(month, day)
    assert mentoring_due(since, done, today) == expected


def test_mentoring_comes_before_registrations_and_who_has_nothing_left_is_not_listed() -> None:
    mou = SETTINGS.mou
    assert mou is not None
    applicable, limits = mou.applicable_on(TODAY), SETTINGS.dated.limits_on(TODAY)
    held = dict.fromkeys(REGISTRATIONS, State.VERIFIED)
    rows = [
        shop(1, TODAY),
        shop(2, states=held, mentored=frozenset({6})),
        shop(3, states=held),
        shop(4, since=SINCE - timedelta(days=20), mentored=frozenset({3})),
    ]
    found = to_do(rows, applicable, limits, TODAY)
    assert [each.enterprise.enterprise_id for each in found] == [4, 3, 1]
    assert found[1].registration is None
    assert found[1].mentoring == Mentoring(6, date(2026, 2, 28))
    assert to_do([shop(1, TODAY)], None, limits, TODAY) == []


def test_a_larger_enterprise_needs_more() -> None:
    mou = SETTINGS.mou
    assert mou is not None
    applicable, limits = mou.applicable_on(TODAY), SETTINGS.dated.limits_on(TODAY)
    held = dict.fromkeys(("F1", "F2", "F5", "F7"), State.VERIFIED)
    rows = [shop(1, TODAY, states=held), shop(2, TODAY, states=held, turnover="to_150m")]
    (only,) = to_do(rows, applicable, limits, TODAY)
    assert only.enterprise.enterprise_id == 2
    assert only.registration == NextStep("F3", State.INFORMED)
