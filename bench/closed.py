"""The entry that reads a past day from a closed month, with money of it recorded since."""

from datetime import date

from sqlalchemy import Engine, select

from aim_loans.db.engine import cutting, writing
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.loans.models import loan, loan_position
from aim_loans.portfolio.closing import CloseMonth, close_month
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from bench.book import AUDIT_KEY, Clock, analyse
from bench.lives import LAST_DAY, PAST_DAY
from bench.places import POSTGRESQL, Places
from bench.readings import compare, our_book, peer_book
from bench.results import Result, against_peer, seconds
from bench.timing import contest, seconds_of

HEAD_OFFICE = Actor("head office", (Grant(Role.HEAD_OFFICE),))
MANAGER = Actor("manager", (Grant(Role.BRANCH_MANAGER),))
# One loan in so many gets money that was received in the month and is entered a year later.
LATE_ONE_IN = 100
MARKS = {True: 0.3, False: 0.6}


def closed(places: Places, kind: str, *, loans: int, runs: int) -> Result:
    """The book at the end of a closed month, against the sum of all facts up to that day.

    The close itself holds no loans: its Python objects took 8 MiB at most with 40,000 loans and 12
    with 200,000 (groups by branch). On SQLite the process grows all the same, from 120 MiB before
    it to 194 with 40,000 loans, 224 with 100,000 and 256 with 200,000: the page cache and each
    sorting of the ledger's lines fill the room that `cache_size` (48 MiB) gives them, and with a
    `cache_size` of 8 MiB the same closes took 158, 163 and 183. None of it is mapped files.
    """
    database = places.last_of(kind, loans)
    mark = MARKS[kind == POSTGRESQL]
    with database.opened() as (engine, driver):
        took = seconds_of(lambda: close(engine, PAST_DAY))
        enter_late(engine, max(1, loans // LATE_ONE_IN))
        analyse(engine)
        ours, peer = our_book(engine, PAST_DAY), peer_book(driver, database, "past", PAST_DAY)
        compare("closed", kind, ours(), peer())
        found = contest(ours, peer, runs=runs)
    memory = f"the close took {seconds(took)}"
    return against_peer("closed", kind, loans, found, mark, memory=memory)


def close(engine: Engine, day: date, *, minute: int = 0) -> None:
    """Close the month that ends on a day; of several, each at a later minute."""
    with cutting(engine, audit_key=AUDIT_KEY, clock=_later(minute)) as tx:
        close_month(tx, CloseMonth(day), actor=HEAD_OFFICE, today=LAST_DAY)


def enter_late(engine: Engine, count: int) -> None:
    """Enter money of the closed month for some loans."""
    running = (
        select(loan.c.ref)
        .join(loan_position, loan_position.c.loan_id == loan.c.id)
        .where(loan_position.c.outstanding > 0, loan_position.c.disbursed_on < PAST_DAY)
        .order_by(loan.c.id)
        .limit(count)
    )
    with writing(engine, audit_key=AUDIT_KEY, clock=_later()) as tx:
        for ref in tx.connection.execute(running).scalars().all():
            command = RecordReceipt(ref, 500_00, PAST_DAY, "cash")
            record_receipt(
                tx, command, actor=MANAGER, today=LAST_DAY, backdating_days=LAST_DAY.toordinal()
            )


def _later(minute: int = 0) -> Clock:
    """Give a clock that is past all that wrote the book."""
    return Clock(Clock().at.replace(hour=18, minute=minute))
