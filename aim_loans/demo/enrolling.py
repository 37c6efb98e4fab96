"""Enterprises that join: written down, reviewed at once and later, with or without consent."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from aim_loans.borrowers.consents import (
    GiveConsent,
    WithdrawConsent,
    give_consent,
    withdraw_consent,
)
from aim_loans.borrowers.enterprises import ReviewEnterprise, review_enterprise
from aim_loans.borrowers.operations import (
    AddEnterprise,
    ChangePerson,
    add_enterprise,
    change_person,
)
from aim_loans.borrowers.queries import person, persons_by_ref
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.dates import month_index
from aim_loans.db.engine import reading
from aim_loans.demo.office import Office
from aim_loans.demo.programme import Member, Programme
from aim_loans.demo.records import details_of, enterprise_of

SMEDA_SCOPE = "smeda"
# Reviews after so many months of the first loan, by their kind.
_LATER: Mapping[int, str] = {12: "month_12", 24: "month_24"}
# Of a thousand: enterprises closed at a later review, owners with a disability.
_CLOSED, _DISABLED = 40, 60
_DISABILITIES = ("walks with a crutch", "lost two fingers", "hard of hearing", "weak sight")
# Each by weights out of a hundred.
_OWNERSHIP = {"sole": 84, "family": 13, "partnership": 3}
_PREMISES = {"home": 46, "rented": 33, "owned": 13, "open": 8}
_DIGITAL = {"none": 28, "phone": 44, "payments": 24, "online": 4}
_TURNOVER = {"to_500k": 52, "to_2m": 39, "to_10m": 8, "to_30m": 1}


def enrol(office: Office, programme: Programme) -> None:
    """Write down the enterprises that join this month, with a first review and the consents."""
    today = office.clock.today
    joining = [each for each in programme.members if each.months_in(today) == 0]
    with reading(office.engine) as connection:
        known = persons_by_ref(connection, [each.life.person.ref for each in joining])
    add = partial(add_enterprise, sectors=SECTOR_KEYS)
    for member in joining:
        member.person_id = known[member.life.person.ref].id
        if member.holds("disability", _DISABLED):
            _write_disability(office, member)
        details = enterprise_of(member.life.person, member.life)
        command = AddEnterprise(member.person_id, details, member.town.code)
        member.enterprise_id = office.do(add, command, member.officer)
        _review(office, member, "entry")
        if member.consents:
            scope = (member.person_id, SMEDA_SCOPE, today, "thumbprint", member.town.code)
            office.do(give_consent, GiveConsent(*scope), member.officer)


def review_again(office: Office, programme: Programme) -> None:
    """Look again at enterprises 12 and 24 months after the loan that they joined with."""
    today = office.clock.today
    for member in programme.taking_part(today):
        kind = _LATER.get(month_index(today) - month_index(member.life.paid_out))
        if kind and member.months_in(today) > 0:
            _review(office, member, kind)


def withdraw_some(office: Office, programme: Programme) -> None:
    """Write down who takes the consent back this month."""
    today = office.clock.today
    for member in programme.taking_part(today):
        if member.withdraws_in == member.months_in(today):
            scope = (member.person_id, SMEDA_SCOPE, today, member.town.code)
            office.do(withdraw_consent, WithdrawConsent(*scope), member.officer)


def _review(office: Office, member: Member, kind: str) -> None:
    chance, today = member.chance(f"review/{kind}"), office.clock.today
    running = kind == "entry" or chance.randrange(1_000) >= _CLOSED
    jointly = chance.randrange(100) < 9
    workers = _workers(member, kind) if running else {}
    command = ReviewEnterprise(
        enterprise_id=member.enterprise_id,
        branch_code=member.town.code,
        kind=kind,
        reviewed_on=today,
        running=running,
        ownership=_drawn(member, "ownership", _OWNERSHIP),
        run_by="jointly" if jointly else member.run_by,
        turnover=_drawn(member, "turnover", _TURNOVER),
        premises=_drawn(member, "premises", _PREMISES),
        digital=_drawn(member, "digital", _DIGITAL),
        started_on=enterprise_of(member.life.person, member.life).started_on,
        **workers,
    )
    office.do(review_enterprise, command, member.officer)


def _workers(member: Member, kind: str) -> dict[str, int]:
    """Give the workers: most have none but the family, and some take one on later."""
    chance, own = member.chance("workers"), member.life.person.gender == "female"
    paid = chance.choice((0, 0, 0, 0, 1, 1, 2)) + (kind != "entry" and chance.random() < 0.2)
    family = chance.choice((0, 1, 1, 2))
    of_women = family if own else chance.randint(0, family)
    return {
        "paid_women" if own else "paid_men": paid,
        "family_women": of_women,
        "family_men": family - of_women,
    }


def _drawn(member: Member, about: str, weights: Mapping[str, int]) -> str:
    (drawn,) = member.chance(about).choices(list(weights), list(weights.values()))
    return drawn


def _write_disability(office: Office, member: Member) -> None:
    with reading(office.engine) as connection:
        held = person(connection, member.person_id)
    found = member.chance("which disability").choice(_DISABILITIES)
    details = replace(details_of(held), disability=found)
    command = ChangePerson(member.person_id, details, member.town.code)
    office.do(change_person, command, member.officer)
