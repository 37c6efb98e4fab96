"""The calendar of the joint work with SMEDA: what its people do on which day of a month."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from aim_loans.demo.enrolling import enrol, review_again, withdraw_some
from aim_loans.demo.formalising import note_what_is_registered, take_steps
from aim_loans.demo.helping import give_help
from aim_loans.demo.joint_reporting import Prepare, answer_events, set_targets, sign_the_last_half
from aim_loans.demo.office import Office
from aim_loans.demo.outcomes import ask_about_outcomes
from aim_loans.demo.programme import FIRST_DAY, Programme
from aim_loans.demo.referred import (
    Referred,
    collect_from_them,
    receive_referrals,
    send_to_banks,
    take_them_on,
)
from aim_loans.demo.training import AHEAD, enter_who_came, plan_trainings

# The day on which the loans of the standard product fall due.
_DUE_DAY = 10
_LAST_DAY = 28
# Trainings begin so long after they are planned, and so long after that they are over.
_ATTENDED = FIRST_DAY + 2 * AHEAD.days
# What is newer than so much waits for SMEDA yet, unless its half-year is to be reported.
_WAITS = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class JointWork:
    """The joint work of a book under way: its plan, whom SMEDA sent, who draws the papers."""

    programme: Programme
    referred: Referred
    prepare: Prepare


def work_together(office: Office, work: JointWork, month: date) -> None:
    """Do the joint work of a whole month, day by day; nothing before the programme begins."""
    if month < work.programme.first:
        return
    for day in range(FIRST_DAY, _LAST_DAY + 1):
        office.clock.open(month.replace(day=day))
        take_them_on(office, work.referred, step=day - FIRST_DAY)
        if day in _CALENDAR:
            _CALENDAR[day](office, work)


def work_on_a_newest_day(office: Office, work: JointWork, *, first: bool) -> None:
    """Collect what is due; on the `first` of these days sign what no whole month left time for."""
    if first or office.clock.today.day == _DUE_DAY:
        collect_from_them(office, work.referred)
    if first:
        sign_the_last_half(office, work.programme, work.prepare)


def _begin(office: Office, work: JointWork) -> None:
    set_targets(office, work.programme)
    receive_referrals(office, work.programme, work.referred)
    plan_trainings(office, work.programme)


def _collect(office: Office, work: JointWork) -> None:
    collect_from_them(office, work.referred)


def _attend(office: Office, work: JointWork) -> None:
    enter_who_came(office, work.programme)


def _enrol(office: Office, work: JointWork) -> None:
    enrol(office, work.programme)
    note_what_is_registered(office, work.programme)


def _visit(office: Office, work: JointWork) -> None:
    take_steps(office, work.programme)
    give_help(office, work.programme)
    review_again(office, work.programme)


def _look_back(office: Office, work: JointWork) -> None:
    send_to_banks(office, work.programme)
    ask_about_outcomes(office, work.programme)


def _answer(office: Office, work: JointWork) -> None:
    plan = work.programme.plan
    answer_events(office, until=max(work.programme.reported.last, plan.last_payout - _WAITS))
    withdraw_some(office, work.programme)
    sign_the_last_half(office, work.programme, work.prepare)


_CALENDAR: Mapping[int, Callable[[Office, JointWork], None]] = {
    FIRST_DAY: _begin,
    _DUE_DAY: _collect,
    _ATTENDED: _attend,
    22: _enrol,
    24: _visit,
    26: _look_back,
    _LAST_DAY: _answer,
}
