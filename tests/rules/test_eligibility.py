"""The conditions of a loan: each by its name, met, to be weighed, or not met."""

from dataclasses import replace
from datetime import date

import pytest

from aim_loans.config.reader import read_settings
from aim_loans.origination.eligibility import (
    Applicant,
    Asked,
    Check,
    Guarantor,
    Verdict,
    age_on,
    eligibility,
)

ON = date(2026, 3, 31)
DATED = read_settings(None, {}).dated
LIMITS = DATED.limits_on(ON)
PRODUCT = DATED.product_on("family_enterprise", ON)
BUSHRA = Applicant(
    cnic="3520112345672",
    cnic_expires_on=date(2030, 1, 1),
    birth_date=date(1990, 5, 1),
    loans_before=0,
    unpaid=(),
)
ASKED = Asked(
    principal=50_000_00, months=18, sector="trade", instalment=2_800_00, left_over=9_000_00
)
RASHID = Guarantor(
    name="Rashid",
    same_household=False,
    in_arrears=False,
    live_guarantees=1,
    guaranteed_by_borrower=False,
)
TWO = [RASHID, replace(RASHID, name="Aslam")]


def checks(
    applicant: Applicant = BUSHRA, asked: Asked = ASKED, guarantors: list[Guarantor] = TWO
) -> list[Check]:
    return eligibility(applicant, asked, guarantors, product=PRODUCT, limits=LIMITS, on=ON)


def test_a_sound_application_meets_every_condition() -> None:
    assert {check.verdict for check in checks()} == {Verdict.OK}


@pytest.mark.parametrize(
    ("change", "name", "verdict"),
    [
        ({"cnic": None}, "cnic", Verdict.BLOCK),
        ({"cnic_expires_on": date(2026, 3, 30)}, "cnic", Verdict.WARN),
        ({"cnic_expires_on": ON}, "cnic", Verdict.OK),
        ({"cnic_expires_on": None}, "cnic", Verdict.WARN),
        ({"birth_date": None}, "age", Verdict.BLOCK),
        ({"birth_date": date(2008, 4, 1)}, "age", Verdict.BLOCK),
        ({"birth_date": date(2008, 3, 31)}, "age", Verdict.OK),
        ({"birth_date": date(1963, 4, 1)}, "age", Verdict.OK),
        ({"birth_date": date(1963, 3, 31)}, "age", Verdict.BLOCK),
        ({"unpaid": ("L1",)}, "running_loan", Verdict.BLOCK),
    ],
)
def test_of_the_borrower(change: dict[str, object], name: str, verdict: Verdict) -> None:
    (found,) = (c for c in checks(replace(BUSHRA, **change)) if c.name == name)  # type: ignore[arg-type]  # one field of several kinds
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("loans_before", "rupees", "verdict"),
    [
        (0, 50_000, Verdict.OK),
        (0, 50_001, Verdict.BLOCK),
        (1, 75_000, Verdict.OK),
        (1, 75_001, Verdict.BLOCK),
        (99, 500_001, Verdict.BLOCK),
    ],
)
def test_the_amount_grows_with_the_loans_repaid(
    loans_before: int, rupees: int, verdict: Verdict
) -> None:
    asked = replace(ASKED, principal=rupees * 100)
    found = checks(replace(BUSHRA, loans_before=loans_before), asked)
    assert next(c for c in found if c.name == "amount").verdict is verdict


@pytest.mark.parametrize(
    ("left_over", "verdict"),
    [(None, Verdict.WARN), (2_799_99, Verdict.WARN), (2_800_00, Verdict.OK)],
)
def test_an_instalment_above_what_is_left_over_is_weighed(
    left_over: int | None, verdict: Verdict
) -> None:
    found = checks(asked=replace(ASKED, left_over=left_over))
    assert next(c for c in found if c.name == "affordable").verdict is verdict


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"same_household": True}, Verdict.BLOCK),
        ({"in_arrears": True}, Verdict.BLOCK),
        ({"live_guarantees": LIMITS.max_live_guarantees}, None),
        ({"live_guarantees": LIMITS.max_live_guarantees + 1}, Verdict.BLOCK),
        ({"guaranteed_by_borrower": True}, Verdict.WARN),
    ],
)
def test_of_a_guarantor(change: dict[str, object], verdict: Verdict | None) -> None:
    found = checks(guarantors=[RASHID, replace(RASHID, **change)])  # type: ignore[arg-type]  # one field of several kinds
    assert [c.verdict for c in found if c.name == "guarantor"] == ([verdict] if verdict else [])


def test_too_few_guarantors_stand_in_the_way() -> None:
    (found,) = (c for c in checks(guarantors=[RASHID]) if c.name == "guarantors")
    assert (found.verdict, found.values["count"]) == (Verdict.BLOCK, 1)


def test_a_guarantor_who_may_not_guarantee_does_not_count() -> None:
    late = replace(RASHID, in_arrears=True)
    for guarantors, verdict, count in (
        ([RASHID, late], Verdict.BLOCK, 1),
        ([RASHID, RASHID, late], Verdict.OK, 2),
    ):
        found = checks(guarantors=guarantors)
        (enough,) = (each for each in found if each.name == "guarantors")
        assert (enough.verdict, enough.values["count"]) == (verdict, count)
        assert [each.verdict for each in found if each.name == "guarantor"] == [Verdict.BLOCK]


def test_a_birthday_counts_on_its_day() -> None:
    assert age_on(date(2000, 2, 29), date(2018, 2, 28)) == 17
    assert age_on(date(2000, 2, 29), date(2018, 3, 1)) == 18


def test_a_group_of_three_to_six_stands_in_for_the_guarantors() -> None:
    busy = replace(RASHID, in_group=True, live_guarantees=9, guaranteed_by_borrower=True)
    for others, verdict in ((1, Verdict.BLOCK), (2, Verdict.OK), (5, Verdict.OK)):
        found = checks(guarantors=[busy] * others)
        assert [each.verdict for each in found if each.name == "guarantors"] == [verdict]
        assert not [each for each in found if each.name == "guarantor"]
    late = replace(busy, in_arrears=True)
    assert Verdict.BLOCK in {each.verdict for each in checks(guarantors=[late, busy])}
