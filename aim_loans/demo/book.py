"""Makes the whole demonstration: branches, three years by import, the newest weeks by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from aim_loans.config.settings import Product
from aim_loans.dates import is_month_end
from aim_loans.db.engine import cutting, reading
from aim_loans.db.migrate import upgrade
from aim_loans.demo.applicants import applications_of, newcomers_of, take_applications_on
from aim_loans.demo.counter import (
    cancel_receipts,
    take_gifts,
    take_receipts,
    visit_late_borrowers,
)
from aim_loans.demo.files import Span, write_files
from aim_loans.demo.joint_reporting import Prepare
from aim_loans.demo.joint_work import JointWork, work_on_a_newest_day, work_together
from aim_loans.demo.lives import Life, Plan, lives
from aim_loans.demo.office import BUILDER, Office
from aim_loans.demo.programme import programme_of
from aim_loans.demo.records import ask_for_a_fee, assign_officers, complete_persons
from aim_loans.demo.referred import Referred
from aim_loans.demo.seasons import span_ends
from aim_loans.demo.staffing import SignIn, staff_the_branches
from aim_loans.demo.towns import HEAD_OFFICE, TOWNS
from aim_loans.errors import Refused
from aim_loans.identity.operations import TakeCut, take_cut
from aim_loans.identity.queries import SYNTHETIC_BOOK
from aim_loans.intake.operations import import_book
from aim_loans.loans.schedule import ScheduleRules
from aim_loans.origination.operations import SetUp, set_up
from aim_loans.origination.queries import schedule_rules
from aim_loans.portfolio.allowance import proposed
from aim_loans.portfolio.allowance_requests import (
    AskAllowance,
    ConfirmAllowance,
    ask_allowance,
    confirm_allowance,
    open_allowances,
)
from aim_loans.portfolio.closing import CloseMonth, close_month
from aim_loans.portfolio.months import ClosedMonth
from aim_loans.vocabulary import N_

# The newest days are worked by the demonstration's people; before them the book is imported.
WORKED_DAYS = 14
FEWEST_LOANS = 20
# As many as a monthly paper looks back on, and one more for the change of the first.
CLOSED_MONTHS = 15

# Told a message with {done} and {to_do}.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The size of the book, and the seed that it is drawn with."""

    loans: int
    seed: int


def make_demo(
    office: Office, wanted: Wanted, *, migrations: Path, prepare: Prepare, progress: Progress
) -> list[SignIn]:
    """Fill an empty database as of the office's day; gives how its people sign in.

    `prepare` draws the joint reports of the half-years that are over.
    """
    if wanted.loans < FEWEST_LOANS:
        raise Refused(
            "A demonstration has {fewest} loans or more.", field="loans", fewest=FEWEST_LOANS
        )
    plan = plan_of(office, wanted)
    _begin(office, plan, migrations)
    progress(N_("Branches and staff"), 1, 1)
    sign_ins = staff_the_branches(office, wanted.seed, first_day=plan.first_day)
    take_gifts(office)
    book = list(lives(plan))
    work = _joint_work(office, plan, book, prepare)
    _import_history(office, plan, book, work, progress)
    _work_the_newest_days(office, plan, book, work, progress)
    return sign_ins


def plan_of(office: Office, wanted: Wanted) -> Plan:
    """Give the plan of a book whose last day is that of the office's clock."""
    day = office.clock.last_day
    dated = office.settings.dated

    def rules_on(product: str, on: date) -> ScheduleRules:
        found: Product = dated.product_on(product, on)
        return schedule_rules(found)

    return Plan(
        seed=wanted.seed,
        loans=wanted.loans,
        day=day,
        last_payout=day - timedelta(days=WORKED_DAYS),
        dated=dated,
        rules_on=rules_on,
    )


def _begin(office: Office, plan: Plan, migrations: Path) -> None:
    """Make the tables and the settings; the first cut says what kind of book this is."""
    upgrade(office.engine, migrations)
    office.clock.open(plan.first_day)
    with office.writing() as tx:
        set_up(tx, SetUp(office.settings), actor=BUILDER)
    with cutting(office.engine, audit_key=office.audit_key, clock=office.clock) as tx:
        take_cut(tx, TakeCut(SYNTHETIC_BOOK), actor=BUILDER)


def _joint_work(office: Office, plan: Plan, book: Sequence[Life], prepare: Prepare) -> JointWork:
    """Plan the work under the memorandum; Refused without one in the settings."""
    if office.settings.mou is None:
        raise Refused("There is no memorandum in the settings. Add the section [mou].")
    programme = programme_of(plan, office.settings.mou, book)
    return JointWork(programme, Referred(newcomers_of(plan, book)), prepare)


def _import_history(
    office: Office,
    plan: Plan,
    book: Sequence[Life],
    work: JointWork,
    progress: Progress,
) -> None:
    """Import month by month, so that the book is known as it was at the end of each.

    The newest whole months are closed, each before anything of the next is known. The joint work
    of a month is done by hand before the month is imported.
    """
    ends = span_ends(plan.first_day, plan.last_payout)
    closed = ends[-CLOSED_MONTHS:]
    after = plan.first_day - timedelta(days=1)
    with TemporaryDirectory(prefix="aim-demo-") as folder:
        for done, until in enumerate(ends, start=1):
            if is_month_end(until):
                work_together(office, work, until)
            if after < until:
                _live_through(office, book, Span(after, until), Path(folder))
            if is_month_end(until) and until in closed:
                _set_aside(office, _close(office, until))
            after = until
            progress(N_("History: month {done} of {to_do}"), done, len(ends))


def _live_through(office: Office, book: Sequence[Life], span: Span, folder: Path) -> None:
    """Import what happened, and say who looks after the loans that were paid out."""
    _import_span(office, book, span, folder)
    lent = [life for life in book if span.after < life.paid_out <= span.until]
    for town in TOWNS:
        assign_officers(office, town, lent)


def _close(office: Office, month: date) -> ClosedMonth:
    with cutting(office.engine, audit_key=office.audit_key, clock=office.clock) as tx:
        actor = office.somebody(HEAD_OFFICE[1])
        return close_month(tx, CloseMonth(month), actor=actor, today=office.clock.today)


def _set_aside(office: Office, closed: ClosedMonth) -> None:
    """Post the loss allowance that a close proposes: one of head office asks, another confirms."""
    asks, confirms = HEAD_OFFICE
    with reading(office.engine) as connection:
        if not any(each.amount for each in proposed(connection, closed)):
            return
    office.do_now(ask_allowance, AskAllowance(closed.id), asks)
    with reading(office.engine) as connection:
        (asked,) = open_allowances(connection)
    office.do(confirm_allowance, ConfirmAllowance(asked.id), confirms)


def _import_span(office: Office, book: Sequence[Life], span: Span, folder: Path) -> None:
    office.clock.open(span.until + timedelta(days=1))
    report = import_book(
        office.engine,
        write_files(folder, book, span),
        settings=office.settings,
        actor=BUILDER,
        audit_key=office.audit_key,
        clock=office.clock,
    )
    with report:
        if report.refused:
            faults = [fault.error for fault in report.faults()]
            raise Refused("The made-up book was refused:\n{faults}", faults=faults)


def _work_the_newest_days(
    office: Office, plan: Plan, book: Sequence[Life], work: JointWork, progress: Progress
) -> None:
    progress(N_("Families of borrowers"), 1, 1)
    enrolled = {member.life.person.ref for member in work.programme.members}
    complete_persons(office, book, enrolled=enrolled)
    applications = applications_of(plan, book, work.referred.newcomers)
    for done in range(1, WORKED_DAYS + 1):
        day = plan.last_payout + timedelta(days=done)
        office.clock.open(day)
        take_receipts(office, book, day)
        visit_late_borrowers(office, book, day, left=WORKED_DAYS - done)
        take_applications_on(office, applications, step=done)
        work_on_a_newest_day(office, work, first=done == 1)
        progress(N_("Newest weeks: day {done} of {to_do}"), done, WORKED_DAYS)
    cancel_receipts(office, book)
    ask_for_a_fee(office)
