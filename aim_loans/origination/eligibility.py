"""Whether an application meets the conditions: each one by name, with its verdict. Pure.

The figures are the institution's dated limits. A block must be mended before the
application goes on; a warning is for whoever decides to weigh.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from aim_loans.borrowers.details import LEAST_MEMBERS, MOST_MEMBERS
from aim_loans.config.settings import Limits, Product
from aim_loans.money import Rupees
from aim_loans.vocabulary import N_


class Verdict(StrEnum):
    """How a condition stands."""

    OK = "ok"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: its name, how it stands, and the sentence with its values."""

    name: str
    verdict: Verdict
    message: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """What the conditions ask of the borrower; `unpaid` are references of running loans."""

    cnic: str | None
    cnic_expires_on: date | None
    birth_date: date | None
    loans_before: int
    unpaid: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantor:
    """What the conditions ask of a guarantor; `in_group` with the borrower, or alone.

    `live_guarantees` counts those that were given alone.
    """

    name: str
    same_household: bool
    in_arrears: bool
    live_guarantees: int
    guaranteed_by_borrower: bool
    in_group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: principal and the instalment in paisa; income left over a month."""

    principal: int
    months: int
    sector: str
    instalment: int
    left_over: int | None


def eligibility(
    applicant: Applicant,
    asked: Asked,
    guarantors: Sequence[Guarantor],
    *,
    product: Product,
    limits: Limits,
    on: date,
) -> list[Check]:
    """Check every condition on a day, in the order in which a page shows them."""
    return [
        _identity(applicant, on),
        _age(applicant, limits, on),
        _no_running_loan(applicant),
        _amount(applicant, asked, product, limits),
        _months(asked, product),
        _sector(asked, product),
        _affordable(asked),
        *(check for each in guarantors for check in _guarantor(each, limits)),
        _enough_guarantors(guarantors, limits),
    ]


def age_on(birth_date: date, day: date) -> int:
    """Give the age in whole years on a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def _identity(applicant: Applicant, on: date) -> Check:
    if applicant.cnic is None:
        return Check("cnic", Verdict.BLOCK, N_("The CNIC is missing. Enter it from the card."))
    expires = applicant.cnic_expires_on
    if expires is None:
        return Check(
            "cnic",
            Verdict.WARN,
            N_("When the CNIC expires is not known. Read it on the card, unless it is for life."),
        )
    if expires < on:
        return Check(
            "cnic",
            Verdict.WARN,
            N_("The CNIC expired on {day}. Nothing is paid out before it is renewed."),
            {"day": expires},
        )
    return Check("cnic", Verdict.OK, N_("The CNIC is there and has not expired."))


def _age(applicant: Applicant, limits: Limits, on: date) -> Check:
    if applicant.birth_date is None:
        return Check("age", Verdict.BLOCK, N_("The date of birth is missing. Enter it."))
    age = age_on(applicant.birth_date, on)
    values = {"age": age, "least": limits.age_min, "most": limits.age_max}
    if limits.age_min <= age <= limits.age_max:
        return Check("age", Verdict.OK, N_("Aged {age}; {least} to {most} are allowed."), values)
    return Check(
        "age", Verdict.BLOCK, N_("Aged {age}; only {least} to {most} are allowed."), values
    )


def _no_running_loan(applicant: Applicant) -> Check:
    if applicant.unpaid:
        return Check(
            "running_loan",
            Verdict.BLOCK,
            N_("Loan {refs} is not paid back yet."),
            {"refs": ", ".join(applicant.unpaid)},
        )
    return Check("running_loan", Verdict.OK, N_("No other loan is running here."))


def _amount(applicant: Applicant, asked: Asked, product: Product, limits: Limits) -> Check:
    by_cycle = limits.max_principal_by_cycle
    most = min(by_cycle[min(applicant.loans_before, len(by_cycle) - 1)], product.max_principal)
    values = {
        "least": Rupees(product.min_principal),
        "most": Rupees(most),
        "number": applicant.loans_before + 1,
    }
    if product.min_principal <= asked.principal <= most:
        return Check(
            "amount",
            Verdict.OK,
            N_("The amount lies within Rs {least} to Rs {most}, for loan number {number}."),
            values,
        )
    return Check(
        "amount",
        Verdict.BLOCK,
        N_("For loan number {number} the amount lies between Rs {least} and Rs {most}."),
        values,
    )


def _months(asked: Asked, product: Product) -> Check:
    values = {"least": product.min_months, "most": product.max_months}
    if product.min_months <= asked.months <= product.max_months:
        return Check("months", Verdict.OK, N_("The months lie within {least} to {most}."), values)
    return Check("months", Verdict.BLOCK, N_("This product runs {least} to {most} months."), values)


def _sector(asked: Asked, product: Product) -> Check:
    if product.sectors and asked.sector not in product.sectors:
        return Check("sector", Verdict.BLOCK, N_("This product is not for this sector."))
    return Check("sector", Verdict.OK, N_("The product is for this sector."))


def _affordable(asked: Asked) -> Check:
    if asked.left_over is None:
        return Check("affordable", Verdict.WARN, N_("The household was not appraised yet."))
    values = {"instalment": Rupees(asked.instalment), "left": Rupees(asked.left_over)}
    if asked.instalment > asked.left_over:
        return Check(
            "affordable",
            Verdict.WARN,
            N_("An instalment of Rs {instalment} is more than the Rs {left} left over a month."),
            values,
        )
    return Check(
        "affordable",
        Verdict.OK,
        N_("An instalment of Rs {instalment} fits the Rs {left} left over a month."),
        values,
    )


def _enough_guarantors(guarantors: Sequence[Guarantor], limits: Limits) -> Check:
    """Ask for a group, the borrower included, or for so many guarantors as the limits say."""
    members = 1 + sum(each.in_group for each in guarantors)
    if LEAST_MEMBERS <= members <= MOST_MEMBERS:
        return Check(
            "guarantors",
            Verdict.OK,
            N_("A group of {count} who guarantee each other."),
            {"count": members},
        )
    fit = sum(_may_guarantee(each, limits) for each in guarantors)
    values = {"count": fit, "needed": limits.guarantors_required}
    enough = fit >= limits.guarantors_required
    return Check(
        "guarantors",
        Verdict.OK if enough else Verdict.BLOCK,
        N_("Guarantors who count: {count}; needed: {needed}."),
        values,
    )


def _may_guarantee(each: Guarantor, limits: Limits) -> bool:
    return all(check.verdict is not Verdict.BLOCK for check in _guarantor(each, limits))


def _guarantor(each: Guarantor, limits: Limits) -> Iterator[Check]:
    name = {"name": each.name}
    if each.same_household:
        yield Check(
            "guarantor", Verdict.BLOCK, N_("{name} lives in the borrower's household."), name
        )
    if each.in_arrears:
        yield Check("guarantor", Verdict.BLOCK, N_("{name} is late with a loan."), name)
    if each.in_group:
        # They guarantee for each other: that is what the group is for.
        return
    if each.live_guarantees > limits.max_live_guarantees:
        yield Check(
            "guarantor",
            Verdict.BLOCK,
            N_("{name} would guarantee {count} loans; {most} are allowed."),
            {**name, "count": each.live_guarantees, "most": limits.max_live_guarantees},
        )
    if each.guaranteed_by_borrower:
        yield Check("guarantor", Verdict.WARN, N_("The borrower also guarantees for {name}."), name)
