"""Help to enterprises of the joint work: advice, plans, mentoring, links, visits, help-desks."""

import random
from collections.abc import Mapping
from typing import NamedTuple

from aim_loans.dates import month_index
from aim_loans.demo.office import Office
from aim_loans.demo.programme import Member, Programme
from aim_loans.demo.towns import TOWNS, manager_of
from aim_loans.mou.next_steps import MENTORING_MONTHS
from aim_loans.mou.supporting import (
    HELP_DESK,
    MENTORING,
    GiveSupport,
    give_support,
)


class _Help(NamedTuple):
    """Of a thousand enterprises those that get it in a month; whether it is SMEDA's."""

    of_thousand: int
    note: str
    with_smeda: bool = True


_KINDS: Mapping[str, _Help] = {
    "advice": _Help(17, "Costs and prices gone through together."),
    "business_plan": _Help(14, "Plan for the next twelve months."),
    "pre_feasibility": _Help(3, "Study of SMEDA handed over and explained."),
    "market_link": _Help(11, "Brought together with a buyer of the district."),
    "common_facility": _Help(14, "A day at the common facility centre."),
    "follow_up": _Help(16, "Visited at work.", with_smeda=False),
}
# Of a thousand enterprises those that are mentored at all.
_MENTORED = 450


def give_help(office: Office, programme: Programme) -> None:
    """Give the help of a month, and hold a help-desk at two branches."""
    today = office.clock.today
    for member in programme.taking_part(today):
        months = member.months_in(today)
        for kind, known in _KINDS.items():
            if months and member.holds(f"{kind}/{months}", known.of_thousand):
                _give(office, member, kind)
        if months in MENTORING_MONTHS and member.holds(MENTORING, _MENTORED):
            _give(office, member, MENTORING, month=months)
    _hold_help_desks(office)


def _give(office: Office, member: Member, kind: str, *, month: int | None = None) -> None:
    known, today = _KINDS.get(kind), office.clock.today
    coded = (known is None or known.with_smeda) and member.shares(today)
    code = f"{kind[:2].upper()}-{member.code}-{today:%y%m}"
    command = GiveSupport(
        kind=kind,
        branch_code=member.town.code,
        on_day=today,
        enterprise_id=member.enterprise_id,
        month=month,
        smeda_code=code if coded else None,
        satisfaction=_satisfied(member.chance(f"{kind}/{today}")),
        note=known.note if known else None,
    )
    office.do(give_support, command, member.officer)


def _hold_help_desks(office: Office) -> None:
    today = office.clock.today
    month = month_index(today)
    for place in (month % len(TOWNS), (month + 3) % len(TOWNS)):
        town = TOWNS[place]
        command = GiveSupport(
            kind=HELP_DESK,
            branch_code=town.code,
            on_day=today,
            smeda_code=f"HD-{town.code[:3]}-{today:%y%m}",
            note="Questions about registration and tax.",
        )
        office.do(give_support, command, manager_of(town))


def _satisfied(chance: random.Random) -> int | None:
    return chance.choice((None, 3, 4, 4, 5))
