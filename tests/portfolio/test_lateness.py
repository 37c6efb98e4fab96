"""What a number of days past due means: >= for buckets and classes, > for PAR."""

from dataclasses import replace
from datetime import date

import pytest

from aim_loans.config.reader import read_settings
from aim_loans.config.settings import LadderClass
from aim_loans.portfolio.lateness import PAR_DAYS, scale

LADDER = read_settings(None, {}).dated.ladder_on(date(2025, 1, 1))


@pytest.mark.parametrize(
    ("days", "bucket", "loan_class", "at_risk_over"),
    [
        (0, "current", "regular", []),
        (1, "1-29", "regular", [0]),
        (29, "1-29", "regular", [0]),
        (30, "30-59", "oaem", [0]),
        (31, "30-59", "oaem", [0, 30]),
        (59, "30-59", "oaem", [0, 30]),
        (60, "60-89", "substandard", [0, 30]),
        (61, "60-89", "substandard", [0, 30, 60]),
        (89, "60-89", "substandard", [0, 30, 60]),
        (90, "90-179", "doubtful", [0, 30, 60]),
        (91, "90-179", "doubtful", [0, 30, 60, 90]),
        (179, "90-179", "doubtful", [0, 30, 60, 90]),
        (180, "180+", "loss", [0, 30, 60, 90]),
        (181, "180+", "loss", [0, 30, 60, 90, 180]),
        (5000, "180+", "loss", [0, 30, 60, 90, 180]),
    ],
)
def test_days_have_their_bucket_class_and_par(
    days: int, bucket: str, loan_class: str, at_risk_over: list[int]
) -> None:
    steps = scale(LADDER)
    assert steps.bucket(days) == bucket
    assert steps.loan_class(days) == loan_class
    level = sum(edge <= days for edge in steps.edges)
    assert [over for over in PAR_DAYS if steps.lowest_days(level) > over] == at_risk_over


def test_every_level_is_alike_in_all_its_days() -> None:
    steps = scale(LADDER)
    for days in range(400):
        lowest = steps.lowest_days(sum(edge <= days for edge in steps.edges))
        assert steps.bucket(lowest) == steps.bucket(days)
        assert steps.loan_class(lowest) == steps.loan_class(days)
        assert [lowest > over for over in PAR_DAYS] == [days > over for over in PAR_DAYS]


def test_the_ladder_makes_its_own_edges() -> None:
    classes = (
        LadderClass(name="regular", from_days=0, provision_bps=0),
        LadderClass(name="loss", from_days=45, provision_bps=10_000),
    )
    steps = scale(replace(LADDER, classes=classes))
    assert 45 in steps.edges
    assert [steps.loan_class(days) for days in (0, 44, 45, 400)] == [
        "regular",
        "regular",
        "loss",
        "loss",
    ]
