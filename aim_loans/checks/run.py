"""Runs the named checks over the whole book."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from aim_loans.checks import book, borrowers, fees, files, ledger, months
from aim_loans.checks.tables import sealed_tables
from aim_loans.files.store import Store
from aim_loans.identity.verification import verify_chains

CHECKS: Mapping[str, book.Check] = {
    "chart": book.chart_is_complete,
    "loans": book.loans_are_whole,
    "schedules": book.schedules_sum,
    "reversals": book.reversals_are_opposite,
    "money applied": book.money_is_applied_once,
    "positions": book.positions_equal_facts,
    "journal sources": ledger.lines_have_sources,
    "journal entries": ledger.facts_are_posted,
    "control accounts": ledger.control_equals_loans,
    "ledger days": ledger.days_equal_facts,
    "bridging accounts": ledger.bridges_are_empty,
    "receipt numbers": book.numbers_have_no_gaps,
    "fees": fees.fees_belong_to_applications,
    "fees once": fees.fees_are_taken_once,
    "closed months": months.months_are_whole,
    "frozen loans": months.last_close_equals_facts,
    "allowance": months.allowance_equals_ladder,
}


class Outcome(NamedTuple):
    """A check's name and a sentence for each fault that it found."""

    name: str
    faults: list[str]


def verify_book(connection: Connection, *, zone: ZoneInfo, audit_key: bytes) -> Iterator[Outcome]:
    """Run every check in one snapshot, one after the other; the audit chains last."""
    for name, check in CHECKS.items():
        yield Outcome(name, list(check(connection, zone)))
    yield verify_audit(connection, audit_key=audit_key)


def verify_files(connection: Connection, store: Store) -> Outcome:
    """Read every file that was ever attached or issued; it takes as long as there are files."""
    return Outcome("files", list(files.files_are_kept(connection, store)))


def verify_audit(connection: Connection, *, audit_key: bytes) -> Outcome:
    """Verify every audit entry, the rows it signed, what was changed since and every cut."""
    faults = verify_chains(connection, tables=sealed_tables(), audit_key=audit_key)
    return Outcome("audit chains", [*faults, *borrowers.persons_are_as_changed(connection)])
