"""How far the enterprises of the joint work come with each registration, month by month."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from aim_loans.demo.office import Office
from aim_loans.demo.programme import Member, Programme
from aim_loans.demo.towns import manager_of
from aim_loans.mou.registering import State
from aim_loans.mou.registrations import TakeStep, take_step

# All of the joint work's enterprises are micro until a review tells otherwise.
_MICRO = "micro"
# The funnel, and in which month after its beginning each step is taken.
_COURSE = (
    (State.INFORMED, 0),
    (State.CONSENTED, 0),
    (State.ASSISTED, 1),
    (State.APPLIED, 1),
    (State.REGISTERED, 2),
    (State.VERIFIED, 3),
)
_BEGINS_WITHIN = 9  # months after joining


class _Kind(NamedTuple):
    """Of a thousand: registered before the programme, begin now; how far these come, in tenths."""

    before: int
    begins: int
    reaches: Sequence[int]
    proof: str
    with_smeda: bool = False


# How many steps of the course are taken, one of ten each.
_FAR = (2, 4, 5, 6, 6, 6, 6, 6, 6, 6)
_HALF = (1, 2, 2, 3, 4, 4, 5, 6, 6, 6)
_KINDS: Mapping[str, _Kind] = {
    "F1": _Kind(0, 280, _FAR, "certificate of SMEDA seen", with_smeda=True),
    "F2": _Kind(60, 330, _HALF, "NTN certificate seen"),
    "F5": _Kind(140, 280, _HALF, "licence of the municipality seen"),
    "F7": _Kind(120, 250, _FAR, "first statement of the account seen"),
    "F8": _Kind(20, 180, _HALF, "certificate of the authority seen"),
}


def note_what_is_registered(office: Office, programme: Programme) -> None:
    """Write down what enterprises that join this month were registered for before."""
    today = office.clock.today
    for member in programme.members:
        if member.months_in(today) == 0:
            for kind in _applicable(programme, member, today):
                if member.holds(f"{kind} before", _KINDS[kind].before):
                    _register_before(office, programme, member, kind)


def take_steps(office: Office, programme: Programme) -> None:
    """Take the steps that fall into this month, each by the officer, verified by the manager."""
    today = office.clock.today
    for member in programme.taking_part(today):
        for kind in _applicable(programme, member, today):
            for state in _steps_of_month(member, kind, member.months_in(today)):
                _take(office, member, kind, state)


def _applicable(programme: Programme, member: Member, day: date) -> list[str]:
    listed = programme.mou.applicable_on(day)
    needed = listed.of(member.life.sector, _MICRO) if listed else ()
    return [kind for kind in needed if kind in _KINDS]


def _steps_of_month(member: Member, kind: str, month: int) -> Iterator[State]:
    known = _KINDS[kind]
    if member.holds(f"{kind} before", known.before) or not member.holds(kind, known.begins):
        return
    begins = member.chance(f"{kind} begins").randrange(_BEGINS_WITHIN)
    reach = member.chance(f"{kind} reaches").choice(known.reaches)
    yield from (state for state, after in _COURSE[:reach] if begins + after == month)


def _register_before(office: Office, programme: Programme, member: Member, kind: str) -> None:
    since = member.chance(f"{kind} since").randint(30, 900)
    _take(office, member, kind, State.REGISTERED, programme.mou.started_on - timedelta(since))


def _take(
    office: Office, member: Member, kind: str, state: State, on_day: date | None = None
) -> None:
    known, registered = _KINDS[kind], state is State.REGISTERED
    number = f"{kind}-{member.life.person.number:06d}"
    coded = registered and known.with_smeda and member.shares(office.clock.today)
    command = TakeStep(
        enterprise_id=member.enterprise_id,
        branch_code=member.town.code,
        type=kind,
        state=state,
        on_day=on_day or office.clock.today,
        number=number if registered else None,
        proof=known.proof if registered else None,
        smeda_code=f"SME-{member.code}" if coded else None,
    )
    by = manager_of(member.town) if state is State.VERIFIED else member.officer
    office.do(take_step, command, by)
